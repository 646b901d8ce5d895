//go:build unix

package process_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"docker-credential-acr/internal/process"
)

func TestExposed(t *testing.T) {
	root := t.TempDir()
	dir := func(name string, mode os.FileMode) string {
		path := filepath.Join(root, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		return path
	}
	program := func(in, name string, mode os.FileMode) string {
		path := filepath.Join(in, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	private, open, shared, late := dir("private", 0o755), dir("open", 0o777), dir("shared", 0o1777), dir("late", 0o777)
	program(private, "az", 0o755)
	anybody := program(private, "anybody", 0o777)
	program(late, "tool", 0o755)
	if err := os.Symlink(filepath.Join(late, "tool"), filepath.Join(private, "linked")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path, name string
		want       []string
	}{
		{private, "az", nil},
		{private + ":" + open, "az", nil},
		{open + ":" + private, "az", []string{open}},
		{shared + ":" + private, "az", []string{shared}},
		{"relative::" + private, "az", nil},
		{private, "anybody", []string{anybody}},
		{private, "linked", []string{late}},
		{private + ":" + late, "nowhere", []string{late}},
	} {
		t.Setenv("PATH", tt.path)
		if got := process.Exposed(tt.name); !slices.Equal(got, tt.want) {
			t.Errorf("PATH=%s: %s: %q, want %q", tt.path, tt.name, got, tt.want)
		}
	}
}
