package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnpacked looks into the packages that Debian cannot install.
func TestUnpacked(t *testing.T) {
	rpm, err := os.ReadFile(path(t, name+"-"+made.version+"-1.x86_64.rpm"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	feed(t, rpm, "sh", "-c", `rpm2cpio - | (cd "$1" && cpio -id --quiet --no-absolute-filenames)`, "sh", dir)
	for _, place := range elsewhere {
		if _, err := os.Stat(dir + place); err != nil {
			t.Errorf("rpm: %v", err)
		}
	}
	isHere(t, filepath.Join(dir, "usr/bin"))

	// An .apk is some .tar.gz one behind the other.
	f, err := os.Open(path(t, name+"_"+made.version+"-r1_x86_64.apk"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for r := tar.NewReader(bytes.NewReader(content)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		found["/"+h.Name] = true
	}
	for _, place := range elsewhere {
		if !found[place] {
			t.Errorf("apk: no %s", place)
		}
	}
	if !found["/.PKGINFO"] {
		t.Error("apk: no .PKGINFO")
	}
}

// TestArchive unpacks what people download by hand.
func TestArchive(t *testing.T) {
	isHere(t, unpacked(t, archiveOf("linux_amd64")))
	base := archiveOf("windows_amd64")
	listed := run(t, "python3", "-m", "zipfile", "-l", path(t, base+".zip"))
	for _, want := range []string{base + "/" + name + ".exe", base + "/LICENSE", base + "/THIRD_PARTY_LICENSES", base + "/completions/" + name + ".ps1"} {
		if !strings.Contains(listed, want) {
			t.Errorf("no %s in\n%s", want, listed)
		}
	}
}
