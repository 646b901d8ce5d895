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

// action is the directory of the GitHub Action, which becomes an archive.
const action = "setup-" + name

// channels fills in the files for package managers, which lie under packaging.
func (r *release) channels(work string) error {
	from := filepath.Join(r.root, "packaging")
	var actions []file
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := r.filled(path)
		if err != nil {
			return err
		}
		if filepath.Base(filepath.Dir(path)) != action {
			return r.write(d.Name(), func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
		}
		f := file{action + "/" + d.Name(), filepath.Join(work, d.Name()), 0o644}
		actions = append(actions, f)
		return os.WriteFile(f.path, []byte(text), 0o600)
	})
	if err != nil {
		return err
	}
	return r.tarball(action+".tar.gz", actions)
}

// filled is the text of a file with its blanks filled in.
func (r *release) filled(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text := strings.NewReplacer("@version@", r.version, "@url@", r.url).Replace(string(content))
	text = blank.ReplaceAllStringFunc(text, func(found string) string {
		base := strings.TrimPrefix(strings.Trim(found, "@"), "sha256 ")
		sum, missing := r.sum(base)
		if missing != nil {
			err = fmt.Errorf("%s names %s, which was not built", path, base)
		}
		return sum
	})
	return text, err
}
