package main

import (
	"io"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk"
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

const (
	summary  = "Docker credential helper for Azure Container Registry"
	license  = "MIT"
	homepage = "https://learn.microsoft.com/azure/container-registry/container-registry-authentication"
)

// packages writes the packages of Debian, Fedora and Alpine and their relatives.
func (r *release) packages(b binary, shared []file) error {
	if b.os != "linux" {
		return nil
	}
	for _, format := range []string{"deb", "rpm", "apk"} {
		contents := files.Contents{{Source: b.path, Destination: "/usr/bin/" + name, FileInfo: &files.ContentFileInfo{Mode: 0o755}}}
		for _, f := range shared {
			if to := installed(f.name); to != "" {
				contents = append(contents, &files.Content{Source: f.path, Destination: to, FileInfo: &files.ContentFileInfo{Mode: 0o644}})
			}
		}
		arch := b.arch
		if arch == "arm" {
			arch += arm
		}
		info := nfpm.WithDefaults(&nfpm.Info{
			Name: name, Arch: arch, Platform: "linux", Version: r.version, Release: "1", MTime: r.time,
			Section: "utils", Priority: "optional", Maintainer: "The docker-credential-acr authors <docker-credential-acr@users.noreply.github.com>",
			Description: summary + "\nSigns in with the Azure identity that is there anyway, and exchanges its\ntoken for one of the registry.",
			Homepage:    homepage, License: license,
			Overridables: nfpm.Overridables{Contents: contents, Suggests: []string{"docker-cli"}, RPM: nfpm.RPM{BuildHost: "localhost", Summary: summary}, Umask: 0o022},
		})
		packager, err := nfpm.Get(format)
		if err != nil {
			return err
		}
		if err := nfpm.PrepareForPackager(info, format); err != nil {
			return err
		}
		if err := r.write(packager.ConventionalFileName(info), func(w io.Writer) error { return packager.Package(info, w) }); err != nil {
			return err
		}
	}
	return nil
}

// installed is where a package puts a file of the archives.
func installed(archived string) string {
	base := archived[strings.LastIndex(archived, "/")+1:]
	switch {
	case strings.HasPrefix(archived, "man/"):
		return "/usr/share/man/man1/" + base
	case archived == "completions/"+name+".bash":
		return "/usr/share/bash-completion/completions/" + name
	case archived == "completions/"+name+".fish":
		return "/usr/share/fish/vendor_completions.d/" + base
	case archived == "completions/_"+name:
		return "/usr/share/zsh/vendor-completions/" + base
	case strings.HasPrefix(archived, "completions/"):
		return "" // PowerShell's
	case base == "LICENSE":
		return "/usr/share/doc/" + name + "/copyright" // where Debian looks
	}
	return "/usr/share/doc/" + name + "/" + base
}
