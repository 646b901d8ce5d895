#!/usr/bin/env bash
# What the action does. Needs bash, curl and tar, which all of GitHub's runners
# have; Windows' tar opens .zip.
set -euo pipefail

version='@version@'
url='@url@'

case "$RUNNER_OS-$RUNNER_ARCH" in
Linux-X64) platform=linux_amd64 sum='@sha256 docker-credential-acr_@version@_linux_amd64.tar.gz@' ;;
Linux-ARM64) platform=linux_arm64 sum='@sha256 docker-credential-acr_@version@_linux_arm64.tar.gz@' ;;
Linux-ARM) platform=linux_arm sum='@sha256 docker-credential-acr_@version@_linux_arm.tar.gz@' ;;
macOS-X64) platform=darwin_amd64 sum='@sha256 docker-credential-acr_@version@_darwin_amd64.tar.gz@' ;;
macOS-ARM64) platform=darwin_arm64 sum='@sha256 docker-credential-acr_@version@_darwin_arm64.tar.gz@' ;;
Windows-X64) platform=windows_amd64 sum='@sha256 docker-credential-acr_@version@_windows_amd64.zip@' ;;
Windows-ARM64) platform=windows_arm64 sum='@sha256 docker-credential-acr_@version@_windows_arm64.zip@' ;;
*)
	echo "::error::docker-credential-acr is not built for $RUNNER_OS on $RUNNER_ARCH"
	exit 1
	;;
esac
extension=tar.gz
temporary=$RUNNER_TEMP
if [ "$RUNNER_OS" = Windows ]; then
	extension=zip
	temporary=$(cygpath -u "$RUNNER_TEMP") # D:\... cannot stand in this shell's PATH
fi
base="docker-credential-acr_${version}_$platform"
dir="$temporary/docker-credential-acr-$version"
mkdir -p "$dir"
cd "$dir"

curl --fail --silent --show-error --location --retry 3 --max-time 120 --output "$base.$extension" "$url/$base.$extension"
if command -v sha256sum >/dev/null; then
	found=$(sha256sum "$base.$extension")
else
	found=$(shasum -a 256 "$base.$extension") # macOS
fi
if [ "${found%% *}" != "$sum" ]; then
	echo "::error::$base.$extension is not the file of the release: its SHA-256 is ${found%% *}, not $sum"
	exit 1
fi
if [ "$RUNNER_OS" = Windows ]; then
	"${SYSTEMROOT:?}/System32/tar.exe" -xf "$base.$extension"
	directory=$(cygpath -w "$dir/$base")
else
	tar -xf "$base.$extension"
	directory="$dir/$base"
fi

echo "$directory" >>"$GITHUB_PATH"
echo "version=$version" >>"$GITHUB_OUTPUT"
if [ -n "${REGISTRIES//[[:space:]]/}" ]; then
	set -f # the words are names, not patterns
	# The helper must be found for the check that configure makes.
	# shellcheck disable=SC2086 # several words
	PATH="$dir/$base:$PATH" docker-credential-acr configure $REGISTRIES
fi
