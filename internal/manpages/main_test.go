package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"docker-credential-acr/internal/command"
)

// Every command has its page, the same at each run, and old pages go.
func TestPages(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1760000000")
	dir := t.TempDir()
	old := filepath.Join(dir, "docker-credential-acr-gone.1")
	if err := os.WriteFile(old, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	first := pages(t, dir)
	second := pages(t, dir)
	var want []string
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		want = append(want, name)
		page := first[name]
		if page != second[name] {
			t.Errorf("%s is another at the second run", name)
		}
		for _, part := range []string{".SH NAME", ".SH DESCRIPTION", ".SH OPTIONS", ".SH EXAMPLE", cmd.Short, "Oct 2025"} {
			if !strings.Contains(page, part) {
				t.Errorf("%s lacks %q", name, part)
			}
		}
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				walk(c)
			}
		}
	}
	walk(command.Manual())
	if len(first) != len(want) {
		t.Errorf("%d pages, want %v", len(first), want)
	}
	root := first["docker-credential-acr.1"]
	for _, part := range []string{".SH ENVIRONMENT", "DOCKER_CREDENTIAL_ACR_CACHE", ".SH EXIT CODES"} {
		if !strings.Contains(root, part) {
			t.Errorf("the program's page lacks %q", part)
		}
	}
	if !slices.Contains(want, "docker-credential-acr-cache-clear.1") {
		t.Error("a command of a command has no page")
	}
}

// pages are the pages that write makes, by name.
func pages(t *testing.T, dir string) map[string]string {
	t.Helper()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[f.Name()] = string(content)
	}
	return found
}

// What help says is no Markdown: <token> would be a tag.
func TestEscape(t *testing.T) {
	cmd := &cobra.Command{Short: "a_b", Long: "the user <token>, *all*\n    literal <token>\n# HEADING"}
	plain(cmd)
	if want := "the user \\<token>, \\*all\\*\n    literal <token>\n# HEADING"; cmd.Long != want || cmd.Short != `a\_b` {
		t.Errorf("%q, %q", cmd.Short, cmd.Long)
	}
}
