//go:build unix

package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// scripted is the helper of testdata/helper.
var scripted string

// task is what a process of its own does, for tests that kill it.
type task struct {
	Store Store
	Turn  time.Duration
	Put   *Credential // or nil for Delete
}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		if text := os.Getenv("STORE_TASK"); text != "" {
			return work(text)
		}
		dir, err := os.MkdirTemp("", "docker-credential-acr-store")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
		scripted = filepath.Join(dir, "helper.exe")
		build := exec.Command("go", "build", "-o", scripted, "testdata/helper/main.go")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the scripted helper: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

func work(text string) int {
	var w task
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		panic(err)
	}
	w.Store.turn = w.Turn
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	var err error
	if w.Put == nil {
		err = w.Store.Delete(ctx, registry)
	} else {
		_, err = w.Store.Put(ctx, registry, *w.Put)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// world is a machine with some helpers on PATH.
type world struct {
	Store
	t       *testing.T
	helpers string // what they keep
	path    string
}

// newWorld is a machine with helpers, each "NAME MODES".
func newWorld(t *testing.T, installed ...string) *world {
	t.Helper()
	w := &world{Store{Dir: filepath.Join(t.TempDir(), "stored"), turn: time.Second}, t, t.TempDir(), t.TempDir()}
	t.Setenv("FAKE_HELPERS", w.helpers)
	t.Setenv("PATH", w.path)
	for _, name := range installed {
		w.install(name)
	}
	return w
}

// install puts a helper on PATH, or changes its modes.
func (w *world) install(helper string) {
	w.t.Helper()
	name, modes, _ := strings.Cut(helper, " ")
	w.must(os.WriteFile(filepath.Join(w.helpers, name+".mode"), []byte(modes), 0o600))
	if err := os.Symlink(scripted, filepath.Join(w.path, prefix+name)); err != nil && !os.IsExist(err) {
		w.t.Fatal(err)
	}
}

func (w *world) remove(name string) {
	w.t.Helper()
	w.must(os.Remove(filepath.Join(w.path, prefix+name)))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) put(user, secret, where string) Credential {
	w.t.Helper()
	c := Credential{user, secret}
	got, err := w.Put(w.ctx(), registry, c)
	if err != nil || got != where {
		w.t.Fatalf("put: %v, in %q, want %q", err, got, where)
	}
	return c
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	w.t.Cleanup(cancel)
	return ctx
}

// has fails the test unless the registry has this credential.
func (w *world) has(want Credential) {
	w.t.Helper()
	c, found, err := w.Get(w.ctx(), registry)
	if err != nil || !found || c != want {
		w.t.Fatalf("get: %.60q %v %v, want %.60q", c, found, err, want)
	}
}

func (w *world) hasNone() {
	w.t.Helper()
	if c, found, err := w.Get(w.ctx(), registry); err != nil || found {
		w.t.Fatalf("get: %.60q %v %v, want none", c, found, err)
	}
}

// refuses fails the test unless get is an error that says something.
func (w *world) refuses(says string) {
	w.t.Helper()
	_, found, err := w.Get(w.ctx(), registry)
	if err == nil || !found || !strings.Contains(err.Error(), says) {
		w.t.Fatalf("get: %v %v, want an error with %q", found, err, says)
	}
	if strings.Contains(err.Error(), "hunter2") || strings.ContainsAny(err.Error(), "\n") {
		w.t.Errorf("the error tells too much: %v", err)
	}
}

func (w *world) erase() {
	w.t.Helper()
	w.must(w.Delete(w.ctx(), registry))
	w.hasNone()
}

// runs are what the helpers were asked since the last call.
func (w *world) runs() []string {
	w.t.Helper()
	name := filepath.Join(w.helpers, "runs")
	content, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	_ = os.Remove(name)
	return strings.FieldsFunc(string(content), func(r rune) bool { return r == '\n' })
}

// entries is how many entries a helper keeps.
func (w *world) entries(name string) int {
	w.t.Helper()
	found, err := os.ReadDir(filepath.Join(w.helpers, name))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	return len(found)
}

// forms are how a secret can be written down.
func forms(secret string) []string {
	escaped, _ := json.Marshal(secret)
	all := []string{secret, strings.Trim(string(escaped), `"`)}
	for _, form := range slices.Clone(all) {
		for lead := range 3 { // Base64 looks different at each offset
			text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", lead) + form))
			from := (lead + 2) / 3 * 3
			if groups := (lead + len(form) - from) / 3; groups > 1 {
				all = append(all, text[from/3*4:][:groups*4])
			}
		}
	}
	return all
}

// clean fails the test if something of a secret is left anywhere.
func (w *world) clean(secrets ...string) {
	w.t.Helper()
	for _, dir := range []string{w.helpers, w.Dir} {
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil
			}
			content, err := os.ReadFile(path)
			w.must(err)
			for _, secret := range secrets {
				for _, form := range forms(secret) {
					if strings.Contains(string(content), form) {
						w.t.Errorf("something of the secret is left in %s", path)
					}
				}
			}
			return nil
		})
	}
}

// files lists the directory of the index, without its locks.
func (w *world) files() []string {
	w.t.Helper()
	entries, err := os.ReadDir(w.Dir)
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) != locking && e.Name() != chosen {
			names = append(names, e.Name())
		}
	}
	return names
}

// process is another process that puts or, with nil, deletes.
func (w *world) process(c *Credential) *exec.Cmd {
	w.t.Helper()
	text, err := json.Marshal(task{w.Store, w.turn, c})
	w.must(err)
	self, err := os.Executable()
	w.must(err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "STORE_TASK="+string(text), "GORACE=atexit_sleep_ms=0")
	return cmd
}
