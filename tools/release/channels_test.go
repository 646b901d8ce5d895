package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// download is a file as a package manager's description names it.
type download struct {
	URL, SHA256 string
}

// check holds that it is the release's for a platform.
func (d download) check(t *testing.T, base string) {
	t.Helper()
	sum, err := (&release{dist: made.dist}).sum(base)
	if err != nil {
		t.Fatal(err)
	}
	if d.URL != made.url+"/"+base || d.SHA256 != sum {
		t.Errorf("%s %s, want %s/%s %s", d.URL, d.SHA256, made.url, base, sum)
	}
}

func archiveOf(platform string) string { return name + "_" + made.version + "_" + platform }

// unpacked is the directory that is in an archive of the release.
func unpacked(t *testing.T, base string) string {
	t.Helper()
	dir := t.TempDir()
	run(t, "tar", "-xzf", path(t, base+".tar.gz"), "-C", dir)
	return filepath.Join(dir, base)
}

// TestHomebrew has Ruby run the formula: for each platform it names the release's
// archive, and what it installs is in there.
func TestHomebrew(t *testing.T) {
	formula := path(t, name+".rb")
	for arguments, platform := range map[string]string{"macos intel": "darwin_amd64", "macos arm": "darwin_arm64", "linux intel": "linux_amd64", "linux arm": "linux_arm64"} {
		var found struct {
			download
			Version string
			Places  []string
		}
		base := archiveOf(platform)
		args := append([]string{"testdata/formula.rb", formula, unpacked(t, base)}, strings.Fields(arguments)...)
		if err := json.Unmarshal([]byte(runHere(t, "ruby", args...)), &found); err != nil {
			t.Fatal(err)
		}
		found.check(t, base+".tar.gz")
		if places := strings.Join(found.Places, " "); found.Version != made.version || places != "bin man1 bash_completion fish_completion zsh_completion" {
			t.Errorf("version %s, %s", found.Version, places)
		}
	}
}

// TestNix has Nix evaluate the expression for each platform, and runs what it
// installs with.
func TestNix(t *testing.T) {
	for system, platform := range map[string]string{"x86_64-linux": "linux_amd64", "aarch64-linux": "linux_arm64", "x86_64-darwin": "darwin_amd64", "aarch64-darwin": "darwin_arm64"} {
		var found struct {
			Version, InstallPhase string
			Src                   download
			Meta                  struct{ MainProgram string }
		}
		out := runHere(t, "nix-instantiate", "--eval", "--strict", "--json", "testdata/nixpkgs.nix", "--arg", "package", path(t, "package.nix"), "--argstr", "system", system)
		if err := json.Unmarshal([]byte(out), &found); err != nil {
			t.Fatal(err)
		}
		base := archiveOf(platform)
		found.Src.check(t, base+".tar.gz")
		if found.Version != made.version || found.Meta.MainProgram != name {
			t.Errorf("%s: %+v", system, found)
		}
		// What nixpkgs' functions are given must be there.
		to := t.TempDir()
		run(t, "bash", "-ec", "runHook() { :; }; installManPage() { ls -- \"$@\"; }; installShellCompletion() { ls -- \"$2\"; }; cd \"$1\"; out=$2\n"+found.InstallPhase, "bash", unpacked(t, base), to)
		if _, err := os.Stat(filepath.Join(to, "bin", name)); err != nil {
			t.Error(err)
		}
	}
}

func TestScoop(t *testing.T) {
	var scoop struct {
		Version, Bin string
		Architecture map[string]struct {
			URL, Hash  string
			ExtractDir string `json:"extract_dir"`
		}
	}
	content, err := os.ReadFile(path(t, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &scoop); err != nil || len(scoop.Architecture) != 2 || scoop.Version != made.version {
		t.Fatalf("%+v %v", scoop, err)
	}
	for arch, platform := range map[string]string{"64bit": "windows_amd64", "arm64": "windows_arm64"} {
		its, base := scoop.Architecture[arch], archiveOf(platform)
		download{its.URL, its.Hash}.check(t, base+".zip")
		if listed := run(t, "python3", "-m", "zipfile", "-l", path(t, base+".zip")); !strings.Contains(listed, its.ExtractDir+"/"+scoop.Bin+" ") {
			t.Errorf("no %s/%s in\n%s", its.ExtractDir, scoop.Bin, listed)
		}
	}
}

func TestSBOM(t *testing.T) {
	f, err := os.Open(path(t, archiveOf("linux_amd64")+".cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(f, cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	licenses := map[string]string{}
	for _, c := range append(*bom.Components, *bom.Metadata.Component) {
		if c.Version == "" || c.PackageURL != "pkg:golang/"+c.Name+"@"+c.Version || c.BOMRef != c.PackageURL {
			t.Errorf("%s %s: %s %s", c.Name, c.Version, c.PackageURL, c.BOMRef)
		}
		licenses[c.Name] = (*c.Licenses)[0].License.ID
	}
	for part, want := range map[string]string{
		name: "MIT", "std": "BSD-3-Clause", "github.com/golang-jwt/jwt/v5": "MIT", "github.com/spf13/cobra": "Apache-2.0",
		"github.com/Azure/azure-sdk-for-go/sdk/azidentity": "MIT", "github.com/docker/docker-credential-helpers": "MIT",
	} {
		if licenses[part] != want {
			t.Errorf("%s: %q, want %s", part, licenses[part], want)
		}
	}
	if bom.Metadata.Component.Version != "v"+made.version {
		t.Errorf("version %s", bom.Metadata.Component.Version)
	}
}
