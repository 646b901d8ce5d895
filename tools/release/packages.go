package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

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
	authors  = "The docker-credential-acr authors"
	revision = "1" // of the packages of one version
)

// packages writes the packages of Debian, Fedora and Alpine and their relatives.
func (r *release) packages(b binary, shared []file) error {
	if b.os != "linux" {
		return nil
	}
	changes, err := r.changes(filepath.Dir(b.path))
	if err != nil {
		return err
	}
	for _, format := range []string{"deb", "rpm", "apk"} {
		contents := files.Contents{{Source: b.path, Destination: "/usr/bin/" + name, FileInfo: &files.ContentFileInfo{Mode: 0o755}}}
		for _, f := range shared {
			if to, kind := installed(format, f.name); to != "" {
				contents = append(contents, &files.Content{Source: f.path, Destination: to, Type: kind, FileInfo: &files.ContentFileInfo{Mode: 0o644}})
			}
		}
		if format == "rpm" { // leaves directories behind that no package owns
			for _, dir := range []string{docs, licenses} {
				contents = append(contents, &files.Content{Destination: dir, Type: files.TypeDir, FileInfo: &files.ContentFileInfo{Mode: 0o755}})
			}
		}
		arch := b.arch
		if arch == "arm" {
			arch += arm
		}
		info := nfpm.WithDefaults(&nfpm.Info{
			Name: name, Arch: arch, Platform: "linux", Version: r.version, Release: revision, MTime: r.time,
			Section: "utils", Priority: "optional", Maintainer: maintainer,
			Description: summary + "\nSigns in with the Azure identity that is there anyway, and exchanges its\ntoken for one of the registry.",
			Homepage:    homepage, License: license, Changelog: changes,
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

// changes writes the changelog that Debian and Fedora want in a form of their own:
// https://github.com/goreleaser/chglog. What is new stands in CHANGELOG.md.
func (r *release) changes(dir string) (path string, err error) {
	path = filepath.Join(dir, "changes.yaml")
	text := fmt.Sprintf(`- semver: %s-%s
  date: %s
  packager: %s
  deb:
    urgency: medium
    distributions: [unstable]
  changes:
    - note: see %s/CHANGELOG.md
`, r.version, revision, r.time.Format(time.RFC3339), maintainer, docs)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

const (
	maintainer = authors + " <" + name + "@users.noreply.github.com>"
	docs       = "/usr/share/doc/" + name
	licenses   = "/usr/share/licenses/" + name
)

// installed is where a package puts a file of the archives, and as what; nowhere
// if that is empty. Debian has places of its own for licences and for what zsh
// completes:
// https://www.debian.org/doc/debian-policy/ch-docs.html#copyright-information.
func installed(format, archived string) (to, kind string) {
	doc, legal := "", ""
	if format == "rpm" {
		doc, legal = files.TypeRPMDoc, files.TypeRPMLicense
	}
	deb := format == "deb"
	base := archived[strings.LastIndex(archived, "/")+1:]
	switch {
	case strings.HasPrefix(archived, "man/"):
		return "/usr/share/man/man1/" + base, doc
	case archived == "completions/"+name+".bash":
		return "/usr/share/bash-completion/completions/" + name, ""
	case archived == "completions/"+name+".fish":
		return "/usr/share/fish/vendor_completions.d/" + base, ""
	case archived == "completions/_"+name && deb:
		return "/usr/share/zsh/vendor-completions/" + base, ""
	case archived == "completions/_"+name:
		return "/usr/share/zsh/site-functions/" + base, ""
	case strings.HasPrefix(archived, "completions/"):
		return "", "" // PowerShell's
	case base == "LICENSE" && deb:
		return docs + "/copyright", ""
	case (base == "LICENSE" || base == thirdParty) && !deb:
		return licenses + "/" + base, legal
	}
	return docs + "/" + base, doc
}
