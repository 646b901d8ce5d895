# The release fills in version, addresses and checksums. Use:
#   pkgs.callPackage ./package.nix { }
{
  lib,
  stdenvNoCC,
  fetchurl,
  installShellFiles,
}:

let
  version = "@version@";
  sources = {
    x86_64-linux = {
      name = "linux_amd64";
      sha256 = "@sha256 docker-credential-acr_@version@_linux_amd64.tar.gz@";
    };
    aarch64-linux = {
      name = "linux_arm64";
      sha256 = "@sha256 docker-credential-acr_@version@_linux_arm64.tar.gz@";
    };
    x86_64-darwin = {
      name = "darwin_amd64";
      sha256 = "@sha256 docker-credential-acr_@version@_darwin_amd64.tar.gz@";
    };
    aarch64-darwin = {
      name = "darwin_arm64";
      sha256 = "@sha256 docker-credential-acr_@version@_darwin_arm64.tar.gz@";
    };
  };
  system = stdenvNoCC.hostPlatform.system;
  source = sources.${system} or (throw "docker-credential-acr is not built for ${system}");
in
stdenvNoCC.mkDerivation {
  pname = "docker-credential-acr";
  inherit version;

  src = fetchurl {
    url = "@url@/docker-credential-acr_${version}_${source.name}.tar.gz";
    inherit (source) sha256;
  };

  nativeBuildInputs = [ installShellFiles ];

  installPhase = ''
    runHook preInstall
    install -Dm755 docker-credential-acr -t $out/bin
    installManPage man/*
    installShellCompletion --bash completions/docker-credential-acr.bash
    installShellCompletion --fish completions/docker-credential-acr.fish
    installShellCompletion --zsh completions/_docker-credential-acr
    runHook postInstall
  '';

  meta = {
    description = "Docker credential helper for Azure Container Registry";
    homepage = "https://learn.microsoft.com/azure/container-registry/container-registry-authentication";
    license = lib.licenses.mit;
    mainProgram = "docker-credential-acr";
    platforms = builtins.attrNames sources;
    sourceProvenance = [ lib.sourceTypes.binaryNativeCode ];
  };
}
