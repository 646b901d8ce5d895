package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The tests build a whole release, twice, and install it. They need Linux, root
// and Debian's tools; see .ci/run.

// made is the release that the tests look at, in dist.
var made struct {
	dist, url, version, commit string
}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "release-test")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // temporary
		made.dist, made.version = filepath.Join(dir, "dist"), "0.2.0"
		server := httptest.NewServer(http.FileServer(http.Dir(made.dist)))
		defer server.Close()
		made.url = server.URL
		if err := build(filepath.Join(dir, "sources"), made.dist, made.version, ""); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		commit, err := exec.Command("git", "rev-parse", "HEAD").Output()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		made.commit = strings.TrimSpace(string(commit))
		return m.Run()
	}())
}

// build makes a release of a clone of this repository, of all platforms unless
// some are named.
func build(clone, dist, version, platforms string, env ...string) error {
	if out, err := exec.Command("git", "clone", "-q", "../..", clone).CombinedOutput(); err != nil {
		return fmt.Errorf("git clone: %w: %s", err, out)
	}
	binary := clone + ".release"
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	cmd := exec.Command(binary, "-root", clone, "-o", dist, "-url", made.url, "-platforms", platforms)
	cmd.Env = append(os.Environ(), append(env, "VERSION=v"+version)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("release: %w: %s", err, out)
	}
	return nil
}

// run runs a program that must succeed, and returns what it says.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	return feed(t, nil, name, args...)
}

// runHere is run in this directory.
func runHere(t *testing.T, name string, args ...string) string {
	t.Helper()
	return output(t, exec.Command(name, args...))
}

// feed is run with standard input.
func feed(t *testing.T, stdin []byte, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = t.TempDir()
	cmd.Stdin = bytes.NewReader(stdin)
	return output(t, cmd)
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, stderr.Bytes())
	}
	return string(out)
}

// path returns the path of a file of the release.
func path(t *testing.T, base string) string {
	t.Helper()
	p := filepath.Join(made.dist, base)
	if _, err := os.Stat(p); err != nil {
		t.Fatal(err)
	}
	return p
}
