package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// TestChannels has each package manager's own parser read its file, as far as
// Debian has it.
func TestChannels(t *testing.T) {
	for _, base := range []string{"homebrew/" + name + ".rb", "scoop/" + name + ".json", "nix/package.nix", "setup-" + name + "/install.sh"} {
		content, err := os.ReadFile(path(t, base))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(content), made.version) || !strings.Contains(string(content), made.url) || blank.Match(content) {
			t.Errorf("%s is not filled in", base)
		}
	}
	run(t, "ruby", "-c", path(t, "homebrew/"+name+".rb"))
	run(t, "nix-instantiate", "--parse", path(t, "nix/package.nix"))

	var scoop struct {
		Version      string
		Architecture map[string]struct{ URL, Hash string }
	}
	content, err := os.ReadFile(path(t, "scoop/"+name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &scoop); err != nil || len(scoop.Architecture) != 2 {
		t.Fatalf("%v %v", scoop, err)
	}
	r := release{dist: made.dist}
	for arch, a := range scoop.Architecture {
		if sum, err := r.sum(filepath.Base(a.URL)); err != nil || sum != a.Hash {
			t.Errorf("%s: %v", arch, err)
		}
	}
}

// TestAction runs what the GitHub Action does, with the release on a server.
func TestAction(t *testing.T) {
	base := name + "_" + made.version + "_linux_amd64"
	install := func(t *testing.T, script string) (result string, home string, err error) {
		t.Helper()
		home = t.TempDir()
		cmd := exec.Command("bash", script)
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + home, "RUNNER_OS=Linux", "RUNNER_ARCH=X64", "RUNNER_TEMP=" + home,
			"GITHUB_PATH=" + home + "/path", "GITHUB_OUTPUT=" + home + "/output", "REGISTRIES=myregistry.azurecr.io\nother.azurecr.io",
		}
		out, err := cmd.CombinedOutput()
		return string(out), home, err
	}
	script := path(t, "setup-"+name+"/install.sh")
	said, home, err := install(t, script)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	on, err := os.ReadFile(filepath.Join(home, "path"))
	if err != nil {
		t.Fatal(err)
	}
	if said := run(t, filepath.Join(strings.TrimSpace(string(on)), name), "version"); !strings.Contains(said, " v"+made.version+" ") {
		t.Error(said)
	}
	output, err := os.ReadFile(filepath.Join(home, "output"))
	if err != nil || string(output) != "version="+made.version+"\n" {
		t.Errorf("%q %v", output, err)
	}
	var docker struct{ CredHelpers map[string]string }
	config, err := os.ReadFile(filepath.Join(home, ".docker", "config.json"))
	if err != nil || json.Unmarshal(config, &docker) != nil || docker.CredHelpers["myregistry.azurecr.io"] != "acr" || docker.CredHelpers["other.azurecr.io"] != "acr" {
		t.Errorf("%s %v", config, err)
	}

	// What is not the release's file is not run.
	content, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := (&release{dist: made.dist}).sum(base + ".tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	spoilt := filepath.Join(t.TempDir(), "install.sh")
	if err := os.WriteFile(spoilt, []byte(strings.Replace(string(content), sum, strings.Repeat("0", 64), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	said, home, err = install(t, spoilt)
	if err == nil || !strings.Contains(said, "::error::"+base+".tar.gz is not the file of the release") {
		t.Errorf("%v: %s", err, said)
	}
	if _, err := os.Stat(filepath.Join(home, "path")); err == nil {
		t.Error("it is on PATH all the same")
	}
}

func TestSBOM(t *testing.T) {
	f, err := os.Open(path(t, name+"_"+made.version+"_linux_amd64.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(f, cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	parts := map[string]bool{}
	for _, c := range *bom.Components {
		parts[c.Name] = c.Version != ""
	}
	for _, want := range []string{"std", "github.com/Azure/azure-sdk-for-go/sdk/azidentity", "github.com/golang-jwt/jwt/v5", "github.com/docker/docker-credential-helpers"} {
		if !parts[want] {
			t.Errorf("no %s", want)
		}
	}
	if bom.Metadata.Component.Version != "v"+made.version {
		t.Errorf("version %s", bom.Metadata.Component.Version)
	}
}
