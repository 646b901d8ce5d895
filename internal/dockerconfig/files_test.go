package dockerconfig_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docker-credential-acr/internal/dockerconfig"
)

func (u *user) editor() dockerconfig.Editor {
	return dockerconfig.Editor{Undo: filepath.Join(u.home, "undo")}
}

func (u *user) read(path string) string {
	u.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		u.t.Fatal(err)
	}
	return string(content)
}

// secrets stand in the files of testdata/files; no diff may show them.
var secrets = []string{"b2N0", "dXNl", "eDp5", "hunter2", "MDAw", "bm90", "ctrl-e", "proxy.example.com"}

// Files as tools and people write them keep every byte but the entry, and have
// all of them again after unconfigure.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/files/*.json")
	if err != nil || len(paths) < 12 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t)
			before, want := u.read(path), u.read(strings.TrimSuffix(path, "json")+"golden")
			path := u.write(".docker/config.json", before)
			dry := u.editor()
			dry.DryRun = true
			planned, err := dry.Configure(path, []string{registry})
			if err != nil || u.read(path) != before {
				t.Fatalf("the dry run left %q: %v", u.read(path), err)
			}
			diff := planned.Diff()
			if !strings.Contains(diff, "\n+") {
				t.Errorf("the diff is %s", diff)
			}
			for _, secret := range secrets {
				if strings.Contains(diff, secret) {
					t.Errorf("the diff shows a secret:\n%s", diff)
				}
			}
			done, err := u.editor().Configure(path, []string{registry})
			if err != nil || len(done.Changes) != 1 {
				t.Fatalf("changes %v: %v", done.Changes, err)
			}
			if got := u.read(path); got != want {
				t.Errorf("configured:\n%q, want\n%q", got, want)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := u.editor().Configure(path, []string{registry}); err != nil || len(again.Changes) > 0 || again.Diff() != "" {
				t.Errorf("a second run: %v %v", again.Changes, err)
			}
			if now, err := os.Stat(path); err != nil || !os.SameFile(info, now) || !now.ModTime().Equal(info.ModTime()) {
				t.Errorf("a second run has written the file: %v", err)
			}
			if f := dockerconfig.Read(path); f.Helper(registry) != dockerconfig.Name {
				t.Errorf("the helper is %q: %v", f.Helper(registry), f.Err)
			}
			if _, err := u.editor().Unconfigure(path, nil); err != nil {
				t.Fatal(err)
			}
			if got := u.read(path); got != before {
				t.Errorf("unconfigured:\n%q, want\n%q", got, before)
			}
			if left, err := filepath.Glob(filepath.Join(u.home, "undo", "*.json")); err != nil || len(left) > 0 {
				t.Errorf("there is still to undo: %v %v", left, err)
			}
		})
	}
}

// A file with 10,000 logins is edited as any other.
func TestManyLogins(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	logins := map[string]any{}
	for i := range 10_000 {
		logins[fmt.Sprintf("registry%d.example.com", i)] = map[string]string{"auth": basic("user", strings.Repeat("x", 300))}
	}
	for _, indent := range []string{"\t", ""} {
		var content []byte
		var err error
		if indent == "" {
			content, err = json.Marshal(map[string]any{"auths": logins})
		} else {
			content, err = json.MarshalIndent(map[string]any{"auths": logins}, "", indent)
		}
		if err != nil {
			t.Fatal(err)
		}
		path := u.write(".docker/config.json", string(content))
		done, err := u.editor().Configure(path, []string{registry})
		if err != nil {
			t.Fatal(err)
		}
		if diff := done.Diff(); strings.Count(diff, "\n") > 20 || strings.Contains(diff, basic("user", "x")[:8]) {
			t.Errorf("the diff has %d lines", strings.Count(diff, "\n"))
		}
		if got := u.read(path); !bytes.HasPrefix(content, []byte(got[:len(content)-3])) || len(got) > len(content)+100 {
			t.Error("more than the entry has changed")
		}
		if _, err := u.editor().Unconfigure(path, nil); err != nil || u.read(path) != string(content) {
			t.Errorf("unconfigure gives back another file: %v", err)
		}
	}
}
