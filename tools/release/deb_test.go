package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// everywhere is what each package puts where, and own what only one format has.
var (
	everywhere = []string{
		"/usr/bin/docker-credential-acr",
		"/usr/share/man/man1/docker-credential-acr.1.gz",
		"/usr/share/man/man1/docker-credential-acr-configure.1.gz",
		"/usr/share/bash-completion/completions/docker-credential-acr",
		"/usr/share/fish/vendor_completions.d/docker-credential-acr.fish",
		"/usr/share/doc/docker-credential-acr/README.md",
		"/usr/share/doc/docker-credential-acr/CHANGELOG.md",
	}
	debs = append(slices.Clone(everywhere),
		"/usr/share/zsh/vendor-completions/_docker-credential-acr",
		"/usr/share/doc/docker-credential-acr/copyright",
		"/usr/share/doc/docker-credential-acr/THIRD_PARTY_LICENSES",
		"/usr/share/doc/docker-credential-acr/changelog.Debian.gz")
	elsewhere = append(slices.Clone(everywhere),
		"/usr/share/zsh/site-functions/_docker-credential-acr",
		"/usr/share/licenses/docker-credential-acr/LICENSE",
		"/usr/share/licenses/docker-credential-acr/THIRD_PARTY_LICENSES")
)

// TestDeb installs the package on this machine, upgrades and removes it.
func TestDeb(t *testing.T) {
	if _, err := os.Stat(debs[0]); err == nil {
		t.Fatal("docker-credential-acr is installed on this machine; remove it first")
	}
	dir := t.TempDir()
	if err := build(filepath.Join(dir, "clone"), filepath.Join(dir, "dist"), "0.1.0", "linux-amd64"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("dpkg", "-P", name).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	for _, release := range []struct{ dist, version string }{{filepath.Join(dir, "dist"), "0.1.0"}, {made.dist, made.version}} {
		run(t, "dpkg", "-i", filepath.Join(release.dist, name+"_"+release.version+"-1_amd64.deb"))
		if said := run(t, name, "version"); !strings.Contains(said, " v"+release.version+" ") {
			t.Errorf("version %s says %s", release.version, said)
		}
		run(t, "dpkg", "--verify", name)
	}
	for _, place := range debs {
		if _, err := os.Stat(place); err != nil {
			t.Error(err)
		}
	}
	if page := run(t, "sh", "-c", "zcat "+debs[1]); !strings.Contains(page, ".TH") {
		t.Errorf("this is no manual page: %.100s", page)
	}
	run(t, "bash", "-n", debs[3])
	if changes := run(t, "zcat", "/usr/share/doc/docker-credential-acr/changelog.Debian.gz"); !strings.HasPrefix(changes, name+" ("+made.version+"-1) unstable;") {
		t.Error(changes)
	}
	run(t, "dpkg", "-r", name)
	for _, place := range append(debs, "/usr/share/doc/docker-credential-acr") {
		if _, err := os.Stat(place); err == nil {
			t.Errorf("%s is left", place)
		}
	}
}
