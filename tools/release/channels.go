package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const sums = "SHA256SUMS"

// checksums writes what sha256sum -c reads.
func (r *release) checksums() error {
	slices.Sort(r.files)
	var lines bytes.Buffer
	for _, base := range r.files {
		sum, err := r.sum(base)
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, base)
	}
	return r.write(sums, func(w io.Writer) error { _, err := lines.WriteTo(w); return err })
}

func (r *release) sum(base string) (string, error) {
	content, err := os.ReadFile(filepath.Join(r.dist, base))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}

// blank is what the files under packaging leave open:
//
//	@version@          0.1.0
//	@url@              where the files of the release are
//	@sha256 FILE@      of a file whose name may contain @version@
var blank = regexp.MustCompile(`@(version|url|sha256 [a-z0-9_.-]+)@`)

// channels fills in the files for package managers, which lie under packaging
// as they will under dist.
func (r *release) channels() error {
	from := filepath.Join(r.root, "packaging")
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := strings.NewReplacer("@version@", r.version, "@url@", r.url).Replace(string(content))
		text = blank.ReplaceAllStringFunc(text, func(found string) string {
			base := strings.TrimPrefix(strings.Trim(found, "@"), "sha256 ")
			sum, missing := r.sum(base)
			if missing != nil {
				err = fmt.Errorf("packaging/%s names %s, which was not built", relative, base)
			}
			return sum
		})
		if err != nil {
			return err
		}
		to := filepath.Join(r.dist, relative)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		fmt.Println("dist:", relative)
		return os.WriteFile(to, []byte(text), info.Mode().Perm())
	})
}
