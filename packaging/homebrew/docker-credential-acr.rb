# The release fills in version, addresses and checksums. For a tap:
# https://docs.brew.sh/How-to-Create-and-Maintain-a-Tap
class DockerCredentialAcr < Formula
  desc "Docker credential helper for Azure Container Registry"
  homepage "https://learn.microsoft.com/azure/container-registry/container-registry-authentication"
  version "@version@"
  license "MIT"

  on_macos do
    on_arm do
      url "@url@/docker-credential-acr_@version@_darwin_arm64.tar.gz"
      sha256 "@sha256 docker-credential-acr_@version@_darwin_arm64.tar.gz@"
    end
    on_intel do
      url "@url@/docker-credential-acr_@version@_darwin_amd64.tar.gz"
      sha256 "@sha256 docker-credential-acr_@version@_darwin_amd64.tar.gz@"
    end
  end

  on_linux do
    on_arm do
      url "@url@/docker-credential-acr_@version@_linux_arm64.tar.gz"
      sha256 "@sha256 docker-credential-acr_@version@_linux_arm64.tar.gz@"
    end
    on_intel do
      url "@url@/docker-credential-acr_@version@_linux_amd64.tar.gz"
      sha256 "@sha256 docker-credential-acr_@version@_linux_amd64.tar.gz@"
    end
  end

  def install
    bin.install "docker-credential-acr"
    man1.install Dir["man/*"]
    bash_completion.install "completions/docker-credential-acr.bash" => "docker-credential-acr"
    fish_completion.install "completions/docker-credential-acr.fish"
    zsh_completion.install "completions/_docker-credential-acr"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/docker-credential-acr version")
  end
end
