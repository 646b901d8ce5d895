package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The recipes of the documentation are run with the release that was made here,
// as far as that is possible without the services that they are for.

// recipes are the blocks of a language in docs/recipes.md, for this release: its
// files are on the server, its version takes the place of 0.1.0.
func recipes(t *testing.T, language string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		all = append(all, strings.NewReplacer("/v0.1.0/", "/", "0.1.0", made.version).Replace(m[1]))
	}
	return all
}

// recipe is the only YAML block that has a text.
func recipe(t *testing.T, has string, into any) (text string) {
	t.Helper()
	for _, r := range recipes(t, "yaml") {
		if strings.Contains(r, has) {
			if text != "" {
				t.Fatalf("two recipes have %q", has)
			}
			text = r
		}
	}
	if err := yaml.Unmarshal([]byte(text), into); err != nil || text == "" {
		t.Fatalf("%q: %v", has, err)
	}
	return text
}

// pasted runs lines of a recipe in a fresh home, with dir on PATH.
func pasted(t *testing.T, dir, lines string) (said, home string) {
	t.Helper()
	home = t.TempDir()
	cmd := exec.Command("sh", "-ec", lines)
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + home, "RELEASES=" + made.url}
	return output(t, cmd), home
}

func isHere(t *testing.T, dir string) {
	t.Helper()
	if said := run(t, filepath.Join(dir, name), "version"); !strings.Contains(said, " v"+made.version+" ") {
		t.Error(said)
	}
}

func TestRecipeAzurePipelines(t *testing.T) {
	var job struct{ Steps []struct{ Bash string } }
	recipe(t, "Agent.ToolsDirectory", &job)
	dir := t.TempDir()
	said, _ := pasted(t, dir, strings.ReplaceAll(job.Steps[0].Bash, "$(Agent.ToolsDirectory)", dir))
	if said != "##vso[task.prependpath]"+dir+"\n" {
		t.Error(said)
	}
	isHere(t, dir)
}

func TestRecipeGitLab(t *testing.T) {
	var jobs map[string]struct {
		Before []string `yaml:"before_script"`
	}
	recipe(t, "id_tokens:", &jobs)
	dir := t.TempDir()
	_, home := pasted(t, dir, strings.ReplaceAll(strings.Join(jobs["image"].Before, "\n"), "/usr/local/bin", dir))
	isHere(t, dir)
	config, err := os.ReadFile(filepath.Join(home, ".docker/config.json"))
	if err != nil || !strings.Contains(string(config), `"myregistry.azurecr.io": "acr"`) {
		t.Errorf("%s %v", config, err)
	}
}

// TestRecipeGitHub has actionlint read the workflow, beside the action of the
// release: it compares the action's inputs.
func TestRecipeGitHub(t *testing.T) {
	var workflow any
	text := recipe(t, "runs-on:", &workflow)
	actionlint := filepath.Join(t.TempDir(), "actionlint")
	runHere(t, "go", "build", "-C", "..", "-buildvcs=false", "-o", actionlint, "github.com/rhysd/actionlint/cmd/actionlint")
	repository := t.TempDir()
	run(t, "git", "init", "--quiet", repository)
	for _, dir := range []string{"workflows", "actions"} {
		if err := os.MkdirAll(filepath.Join(repository, ".github", dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "tar", "-xzf", path(t, action+".tar.gz"), "-C", filepath.Join(repository, ".github/actions"))
	if err := os.WriteFile(filepath.Join(repository, ".github/workflows/build.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(actionlint)
	cmd.Dir = repository
	output(t, cmd)
	// It would have said so.
	spoilt := strings.ReplaceAll(text, "registries:", "registry:")
	if err := os.WriteFile(filepath.Join(repository, ".github/workflows/build.yml"), []byte(spoilt), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(actionlint)
	cmd.Dir = repository
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), `"registry" is not defined in action`) {
		t.Errorf("actionlint did not find the action: %v %s", err, out)
	}
}

// TestRecipeFiles finds every file of the release that the recipes name.
func TestRecipeFiles(t *testing.T) {
	named := 0
	for _, r := range recipes(t, "yaml") {
		for _, base := range regexp.MustCompile(name+`_[\w.-]+\.(?:tar\.gz|deb)`).FindAllString(r, -1) {
			path(t, base)
			named++
		}
	}
	if named < 3 {
		t.Errorf("only %d files", named)
	}
}
