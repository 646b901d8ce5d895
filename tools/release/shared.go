package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// thirdParty is the file with the licences of what is linked into the program; a
// test of the program keeps it true.
const thirdParty = "THIRD_PARTY_LICENSES"

// shared collects what goes beside the program, the same for every platform.
func (r *release) shared(work string) ([]file, error) {
	var files []file
	for _, base := range []string{"CHANGELOG.md", "LICENSE", "README.md", thirdParty} {
		files = append(files, file{base, filepath.Join(r.root, base), 0o644})
	}
	if err := r.manual(filepath.Join(work, "man")); err != nil {
		return nil, fmt.Errorf("manual pages: %w", err)
	}
	if err := r.completions(work); err != nil {
		return nil, fmt.Errorf("completions: %w", err)
	}
	for _, dir := range []string{"completions", "man"} {
		err := filepath.WalkDir(filepath.Join(work, dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, file{dir + "/" + d.Name(), path, 0o644})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// manual writes the manual pages, compressed as all distributions have them.
func (r *release) manual(dir string) error {
	if _, err := r.host("go", "run", "./internal/manpages", dir); err != nil {
		return err
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(pages) == 0 {
		return errors.Join(err, errors.New("there are none"))
	}
	for _, page := range pages {
		content, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		var small bytes.Buffer
		z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(content); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(page+".gz", small.Bytes(), 0o644); err != nil { //nolint:gosec // everybody reads it
			return err
		}
		if err := os.Remove(page); err != nil {
			return err
		}
	}
	return nil
}

// completions has the program itself write them.
func (r *release) completions(work string) error {
	program := filepath.Join(work, "host", name)
	if _, err := r.host("go", "build", "-buildvcs=false", "-o", program, "."); err != nil {
		return err
	}
	dir := filepath.Join(work, "completions")
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // temporary
		return err
	}
	for shell, base := range map[string]string{"bash": name + ".bash", "zsh": "_" + name, "fish": name + ".fish", "powershell": name + ".ps1"} {
		script, err := r.host(program, "completion", shell)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, base), script, 0o644); err != nil { //nolint:gosec // everybody reads it
			return err
		}
	}
	return nil
}

// host runs a program of this machine's in the sources.
func (r *release) host(program string, args ...string) ([]byte, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir = r.root
	cmd.Env = append(os.Environ(), "GOOS=", "GOARCH=", "GOFLAGS=", "GOWORK=off", "SOURCE_DATE_EPOCH="+strconv.FormatInt(r.time.Unix(), 10))
	cmd.Stderr = os.Stderr
	return cmd.Output()
}
