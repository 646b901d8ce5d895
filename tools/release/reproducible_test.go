package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReproducible builds the release again, elsewhere and as somebody with
// other habits, and compares every byte.
func TestReproducible(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := filepath.Join(t.TempDir(), "a longer path with spaces")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(dir, "dist")
	err := build(filepath.Join(dir, "clone"), again, made.version, "", "TZ=Asia/Tokyo", "LC_ALL=C", "USER=somebody", "HOSTNAME=elsewhere", "GOFLAGS=-tags=unknown", "SOURCE_DATE_EPOCH=")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = filepath.WalkDir(made.dist, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(made.dist, path)
		if err != nil {
			return err
		}
		one, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		other, err := os.ReadFile(filepath.Join(again, relative))
		if err != nil {
			return err
		}
		if !bytes.Equal(one, other) {
			t.Errorf("%s differs", relative)
		}
		n++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// Each platform has an archive and an SBOM, those of Linux three packages.
	if want := 10*2 + 6*3; n < want {
		t.Errorf("%d files, want %d and more", n, want)
	}
	run(t, "sh", "-c", `cd "$1" && sha256sum --quiet -c SHA256SUMS`, "sh", made.dist)
}
