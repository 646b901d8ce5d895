# As much of nixpkgs as package.nix asks for; it hands back what it is given.
{ package, system }:
import package {
  lib = {
    licenses.mit = "MIT";
    sourceTypes.binaryNativeCode = "binaryNativeCode";
  };
  stdenvNoCC = {
    hostPlatform.system = system;
    mkDerivation = attributes: attributes;
  };
  fetchurl = attributes: attributes;
  installShellFiles = "installShellFiles";
}
