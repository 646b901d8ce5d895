package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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
