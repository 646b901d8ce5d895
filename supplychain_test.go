package main_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var (
	uses   = regexp.MustCompile(`(?m)^\s*(?:- )?uses:\s*(.*)$`)
	pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
)

// TestActionsArePinned holds that a workflow runs no action but by its commit,
// with the release beside it for people and dependabot, and gives its token no
// right that a job does not ask for.
func TestActionsArePinned(t *testing.T) {
	actions := 0
	check := func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yml" && filepath.Ext(path) != ".yaml" {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(content), "\r\n", "\n")
		for _, m := range uses.FindAllStringSubmatch(text, -1) {
			actions++
			if action := strings.TrimSpace(m[1]); !pinned.MatchString(action) && !strings.HasPrefix(action, "./") {
				t.Errorf("%s: %s is not pinned by its commit, with its release as a comment", path, action)
			}
		}
		if filepath.Base(filepath.Dir(path)) == "workflows" && !strings.Contains(text, "\npermissions: {}\n") && !strings.Contains(text, "\npermissions:\n  contents: read\n\n") {
			t.Errorf("%s: at its top the workflow must have permissions of contents: read, or none", path)
		}
		return nil
	}
	for _, dir := range []string{".github", "packaging"} {
		if err := filepath.WalkDir(dir, check); err != nil {
			t.Fatal(err)
		}
	}
	if actions == 0 {
		t.Error("no action was found")
	}
}

// TestDependabot holds that updates are offered for every module.
func TestDependabot(t *testing.T) {
	content, err := os.ReadFile(".github/dependabot.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Updates []struct {
			Ecosystem   string `yaml:"package-ecosystem"`
			Directory   string
			Directories []string
		}
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	offered := map[string]bool{}
	for _, u := range config.Updates {
		for _, dir := range append(u.Directories, u.Directory) {
			offered[u.Ecosystem+" "+dir] = true
		}
	}
	modules := 0
	for base, ecosystem := range map[string]string{"go.mod": "gomod", "package.json": "npm"} {
		for file := range sources(t, base) {
			if strings.Contains(file, "testdata/") {
				continue
			}
			modules++
			if want := ecosystem + " " + path.Dir("/"+file); !offered[want] {
				t.Errorf(".github/dependabot.yml does not have %s", want)
			}
		}
	}
	if modules < 10 {
		t.Errorf("only %d modules were found", modules)
	}
}
