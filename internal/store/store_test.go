//go:build unix

package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAnyUserAndPassword(t *testing.T) {
	for _, store := range []string{"pass", File} {
		w := newWorld(t, "pass notfound=empty")
		w.Name = store
		for _, c := range odd {
			w.put(c.Username, c.Secret, store)
			w.has(c)
			if got := w.List(); len(got) != 1 || got[registry] != c.Username {
				t.Errorf("list: %.60q", got)
			}
		}
		w.erase()
		if w.entries("pass") != 0 || len(w.files()) != 0 {
			t.Errorf("left: %d entries, %q", w.entries("pass"), w.files())
		}
		if _, err := w.Put(w.ctx(), registry, Credential{"u", "\xff"}); err == nil {
			t.Error("what JSON would spoil is taken")
		}
	}
}

func TestWithoutAStoredCredentialNoHelperRuns(t *testing.T) {
	w := newWorld(t, "pass", "secretservice hang")
	w.hasNone()
	w.must(w.Delete(w.ctx(), registry))
	if len(w.List()) != 0 || len(w.runs()) != 0 {
		t.Errorf("runs: %q", w.runs())
	}
	if _, err := os.Stat(w.Dir); !os.IsNotExist(err) {
		t.Errorf("reading made the directory: %v", err)
	}
	w.put("anna", "hunter2", "pass")
	w.runs()
	if _, found, err := w.Get(w.ctx(), "other.azurecr.io"); found || err != nil || len(w.runs()) != 0 {
		t.Errorf("another registry: %v %v", found, err)
	}
	w.has(Credential{"anna", "hunter2"})
	if got := w.runs(); !slices.Equal(got, []string{"pass get"}) {
		t.Errorf("runs: %q", got)
	}
}

func TestOrderOfThePlatform(t *testing.T) {
	for goos, want := range map[string]string{"linux": "pass secretservice desktop", "darwin": "osxkeychain desktop", "windows": "wincred desktop"} {
		if got := strings.Join(platforms[goos], " "); got != want {
			t.Errorf("%s: %s", goos, got)
		}
	}
	if runtime.GOOS != "linux" {
		t.Skip("the rest is about Linux")
	}
	for _, test := range []struct {
		installed []string
		want      string
	}{
		{nil, File},
		{[]string{"secretservice", "pass", "desktop"}, "pass"},
		{[]string{"secretservice", "desktop"}, "secretservice"},
		{[]string{"desktop", "other"}, "desktop"},
		{[]string{"pass uninitialized", "secretservice"}, "secretservice"},
		{[]string{"pass uninitialized", "secretservice locked", "desktop crash"}, File},
		{[]string{"pass wrong=store"}, File},
		{[]string{"pass garbage=get"}, File},
		{[]string{"pass flood=get"}, File},
		{[]string{"pass crashbetween=store", "secretservice"}, "secretservice"},
		{[]string{"acr", "acr-env"}, File},
	} {
		w := newWorld(t, test.installed...)
		if strings.Contains(strings.Join(test.installed, " "), "locked") {
			w.turn = 400 * time.Millisecond // none of these answers, however long it has
		}
		c := w.put("anna", "hunter2-hunter2", test.want)
		w.has(c)
		for _, run := range w.runs() {
			if strings.HasPrefix(run, "acr") {
				t.Errorf("it ran itself: %s", run)
			}
		}
	}
}

func TestLaterHelperHidesNothing(t *testing.T) {
	w := newWorld(t, "secretservice")
	first := w.put("anna", "hunter2-1", "secretservice")
	w.install("pass")
	w.has(first)
	w.must(w.Delete(w.ctx(), registry))
	w.put("anna", "hunter2-2", "secretservice") // remembered, though nothing was stored
	// The file is only what is left.
	w = newWorld(t)
	w.put("anna", "hunter2-in-a-file", File)
	w.install("pass")
	w.has(Credential{"anna", "hunter2-in-a-file"})
	w.put("anna", "another-one", "pass")
	w.clean("hunter2-in-a-file")
}

func TestNamedStore(t *testing.T) {
	w := newWorld(t, "pass", "mine")
	w.Name = "mine"
	first := w.put("anna", "hunter2-1", "mine")
	w.Name = File
	w.has(first)
	second := w.put("anna", "hunter2-2", File)
	if w.entries("mine") != 0 {
		t.Error("the old one is left")
	}
	for name, says := range map[string]string{
		"nonexistent": "nonexistent is not on PATH",
		"pass":        "see what it says: docker-credential-pass list",
		"acr":         "this program itself", "acr-env": "this program itself",
		"linked": "this program under another name",
	} {
		w.install("pass uninitialized")
		self, err := os.Executable()
		w.must(err)
		_ = os.Symlink(self, filepath.Join(w.path, prefix+"linked"))
		w.Name = name
		if _, err := w.Put(w.ctx(), registry, Credential{"anna", "hunter2-3"}); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %s", name, err, says)
		}
		w.has(second)
	}
	w.clean("hunter2-1", "hunter2-3")
}

// Windows keeps 2,560 bytes.
func TestLimitOfTheHelper(t *testing.T) {
	w := newWorld(t, "pass limit=2560 erasemissing=error")
	short := w.put("anna", "hunter2-short", "pass")
	long := strings.Repeat("hunter2-", 400)
	w.put("anna", long, File)
	w.has(Credential{"anna", long})
	w.clean(short.Secret)
	w.put("anna", short.Secret, "pass")
	w.clean(long)
	w.Name = "pass"
	if _, err := w.Put(w.ctx(), registry, Credential{"anna", long}); err == nil {
		t.Error("no error")
	}
	w.has(short)
	w.erase()
	w.clean(short.Secret, long)
	if len(w.files()) != 0 {
		t.Errorf("left: %q", w.files())
	}
}

// However a helper says that it has nothing, the index learns of it, once.
func TestStoreEmptiedBehindItsBack(t *testing.T) {
	for _, mode := range []string{"notfound=standard", "notfound=empty", "notfound=text", "notfound=text erasemissing=error"} {
		w := newWorld(t, "pass "+mode)
		w.put("anna", "hunter2", "pass")
		w.must(os.RemoveAll(filepath.Join(w.helpers, "pass")))
		w.hasNone()
		w.runs()
		w.hasNone()
		if got := w.runs(); len(got) != 0 || len(w.List()) != 0 {
			t.Errorf("%s: still asked: %q", mode, got)
		}
		w.put("anna", "hunter2", "pass")
		w.must(os.RemoveAll(filepath.Join(w.helpers, "pass")))
		w.erase()
		w.put("anna", "hunter2", "pass")
		w.must(os.RemoveAll(filepath.Join(w.helpers, "pass")))
		w.has(w.put("anna", "hunter2-new", "pass"))
		w.erase()
		if len(w.files()) != 0 || w.entries("pass") != 0 {
			t.Errorf("%s: left: %q", mode, w.files())
		}
	}
}

// Two logins in a row may erase what Get asks for and lead back to the same
// record: one answer is not enough to forget.
func TestNotFoundOnce(t *testing.T) {
	w := newWorld(t, "pass")
	c := w.put("anna", "hunter2", "pass")
	w.install("pass blink=get")
	w.has(c)
	w.has(c)

	// A login that is going on is waited for, and none is no answer.
	w.must(os.RemoveAll(filepath.Join(w.helpers, "pass")))
	l, err := w.lock(w.ctx(), registry)
	w.must(err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, found, err := w.Get(ctx, registry); err == nil || !found {
		t.Errorf("%v %v", found, err)
	}
	l.release()
	w.hasNone()
}

// A locked keyring answers like an empty one (docker-credential-secretservice
// 0.6.4 with gnome-keyring). That is neither a loss nor an erase.
func TestLockedIsNotEmpty(t *testing.T) {
	w := newWorld(t, "secretservice")
	c := w.put("anna", "hunter2", "secretservice")
	w.install("secretservice locked")
	w.refuses("locked?")
	w.refuses("locked?")
	w.install("secretservice")
	w.has(c)

	w.install("secretservice locked")
	if err := w.Delete(w.ctx(), registry); err == nil {
		t.Error("it says that all is erased")
	}
	w.hasNone()
	w.install("secretservice")
	w.must(w.Delete(w.ctx(), registry))
	w.clean("hunter2")
	if w.entries("secretservice") != 0 || len(w.files()) != 0 {
		t.Errorf("left: %q", w.files())
	}

	// A login while it is locked goes to the file, and the old one goes later.
	w.put("anna", "hunter2", "secretservice")
	w.install("secretservice locked")
	w.put("anna", "second", File)
	w.install("secretservice")
	w.put("anna", "third", "secretservice")
	w.clean("hunter2", "second")
}

func TestHelperFails(t *testing.T) {
	for modes, says := range map[string]string{
		"uninitialized": "pass, which fails; see what it says: docker-credential-pass list",
		"denied=get":    "pass, which fails",
		"crash":         "pass, which fails",
		"garbage=get":   "pass, which fails",
	} {
		w := newWorld(t, "pass")
		c := w.put("anna", "hunter2", "pass")
		w.install("pass " + modes)
		w.refuses(says)
		w.install("pass")
		w.has(c)
	}
	w := newWorld(t, "pass")
	c := w.put("anna", "hunter2", "pass")
	w.remove("pass")
	w.refuses("is not on PATH (docker-credential-pass)")
	if err := w.Delete(w.ctx(), registry); err == nil {
		t.Error("it says that all is erased")
	}
	w.hasNone()
	w.install("pass")
	w.must(w.Delete(w.ctx(), registry))
	w.clean(c.Secret)
}

func TestSomethingElseInItsPlace(t *testing.T) {
	w := newWorld(t, "pass")
	w.put("anna", "hunter2", "pass")
	other, err := pack("other.azurecr.io", Credential{"olga", "hunter2-olga"})
	w.must(err)
	for _, secret := range []string{"hunter2-plain", "bm90IGpzb24=", other} {
		h, err := find(w.ctx(), "pass", nil)
		w.must(err)
		entry := fmt.Sprintf(`{"ServerURL":%q,"Username":"x","Secret":%q}`, place{registry, "pass", "a"}.key(), secret)
		p := &rawRun{h, "store", entry}
		w.must(p.run())
		w.refuses("has something else in its place")
	}
	w.erase()
	w.clean("hunter2", "hunter2-olga")
}

// rawRun runs a helper with any input.
type rawRun struct {
	*helper
	verb, input string
}

func (p *rawRun) run() error {
	r := p.program(p.verb)
	r.Input(strings.NewReader(p.input))
	_, err := r.Output()
	return err
}

// A helper that waits for somebody is killed with what it has started.
func TestHelperHangs(t *testing.T) {
	ended := func(w *world) {
		t.Helper()
		content, err := os.ReadFile(filepath.Join(w.helpers, "hanging"))
		w.must(err)
		for _, pid := range strings.Fields(string(content)) {
			for range 100 {
				stat, err := os.ReadFile("/proc/" + pid + "/stat")
				if err != nil || strings.Contains(string(stat), ") Z ") {
					pid = ""
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if pid != "" {
				t.Errorf("process %s still runs", pid)
			}
		}
	}
	for _, mode := range []string{"hang", "hangafter=store", "hang=get"} {
		w := newWorld(t, "pass "+mode, "secretservice")
		w.turn = time.Second
		start := time.Now()
		c := w.put("anna", "hunter2-new", "secretservice")
		if d := time.Since(start); d > 6*time.Second {
			t.Errorf("%s: it took %v", mode, d)
		}
		ended(w)
		w.has(c)
		w.install("pass")
		w.erase()
		w.clean(c.Secret)
	}

	w := newWorld(t, "pass")
	w.turn = time.Second
	c := w.put("anna", "hunter2", "pass")
	for _, mode := range []string{"hang=get", "hang"} {
		w.install("pass " + mode)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		start := time.Now()
		_, found, err := w.Get(ctx, registry)
		if d := time.Since(start); err == nil || !found || !strings.Contains(err.Error(), "does not answer (is it locked?)") || d > 6*time.Second {
			t.Errorf("get: %v %v after %v", found, err, d)
		}
		cancel()
		ended(w)
	}
	w.Name = "pass"
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	if _, err := w.Put(ctx, registry, Credential{"anna", "hunter2-new"}); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("put: %v", err)
	}
	w.install("pass")
	w.has(c)
	// Logging out takes no longer, and is made up for.
	w.install("pass hang=erase")
	if err := w.Delete(w.ctx(), registry); err == nil {
		t.Error("it says that all is erased")
	}
	w.hasNone()
	w.install("pass")
	w.must(w.Delete(w.ctx(), registry))
	w.clean("hunter2", "hunter2-new")
	if len(w.files()) != 0 {
		t.Errorf("left: %q", w.files())
	}
}

// A password is not written in the clear because somebody pressed Ctrl-C.
func TestInterrupted(t *testing.T) {
	w := newWorld(t, "pass hang")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if store, err := w.Put(ctx, registry, Credential{"anna", "hunter2"}); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("%q %v", store, err)
	}
	w.hasNone()
	w.clean("hunter2")
}

func TestFiles(t *testing.T) {
	w := newWorld(t)
	w.put("anna", "hunter2", File)
	for path, mode := range map[string]os.FileMode{w.Dir: 0o700, w.index(): 0o600} {
		info, err := os.Stat(path)
		w.must(err)
		if info.Mode().Perm() != mode {
			t.Errorf("%s: %v", path, info.Mode())
		}
	}
	spoil := map[string]func(){
		"empty": func() { w.must(os.WriteFile(w.index(), nil, 0o600)) },
		"half":  func() { w.must(os.Truncate(w.index(), 20)) },
		"list":  func() { w.must(os.WriteFile(w.index(), []byte("[]"), 0o600)) },
		"null":  func() { w.must(os.WriteFile(w.index(), []byte("null"), 0o600)) },
		"another's": func() {
			w.must(os.WriteFile(w.index(), []byte(`{"registry":"other.azurecr.io","username":"u","store":"file"}`), 0o600))
		},
		"itself": func() {
			w.must(os.WriteFile(w.index(), []byte(`{"registry":"myregistry.azurecr.io","username":"u","store":"acr","slot":"a"}`), 0o600))
		},
		"path": func() {
			w.must(os.WriteFile(w.index(), []byte(`{"registry":"myregistry.azurecr.io","username":"u","store":"../x","slot":"a"}`), 0o600))
		},
		"slot": func() {
			w.must(os.WriteFile(w.index(), []byte(`{"registry":"myregistry.azurecr.io","username":"u","store":"pass","slot":"x/y"}`), 0o600))
		},
		"large":      func() { w.must(os.WriteFile(w.index(), make([]byte, maxRecord+1), 0o600)) },
		"writable":   func() { w.must(os.Chmod(w.index(), 0o666)) },
		"link":       func() { w.must(os.Rename(w.index(), w.Dir+"/../moved")); w.must(os.Symlink("../moved", w.index())) },
		"dangling":   func() { w.must(os.Remove(w.index())); w.must(os.Symlink("nowhere", w.index())) },
		"pipe":       func() { w.must(os.Remove(w.index())); w.must(syscall.Mkfifo(w.index(), 0o600)) },
		"directory":  func() { w.must(os.Remove(w.index())); w.must(os.Mkdir(w.index(), 0o700)) },
		"somebody's": func() { w.must(os.Chown(w.index(), 12345, 12345)) },
	}
	for name, f := range spoil {
		if name == "somebody's" && os.Geteuid() != 0 {
			continue
		}
		w.put("anna", "hunter2", File)
		f()
		w.refuses("log in again, or log out")
		if len(w.List()) != 0 {
			t.Errorf("%s: listed", name)
		}
		w.must(w.Delete(w.ctx(), registry))
		w.hasNone()
		if name != "link" {
			w.clean("hunter2")
		}
	}
	// What lies about is no secret any more when the index was damaged.
	w.install("pass")
	w.put("anna", "hunter2-in-pass", "pass")
	w.must(os.WriteFile(w.index(), nil, 0o600))
	w.must(w.Delete(w.ctx(), registry))
	w.clean("hunter2-in-pass")
	for _, dir := range []string{"/proc/nowhere", "/dev/null/x", ""} {
		s := Store{Dir: dir}
		if _, err := s.Put(w.ctx(), registry, Credential{"anna", "hunter2"}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", dir, err)
		}
		if _, found, err := s.Get(w.ctx(), registry); found || err != nil || s.Delete(w.ctx(), registry) != nil || len(s.List()) != 0 {
			t.Errorf("%q: %v %v", dir, found, err)
		}
	}
}

func (w *world) index() string { return w.Store.path(registry, indexed) }

// A file that a killed process has left is nobody's for long.
func TestSweep(t *testing.T) {
	w := newWorld(t)
	leave := func() {
		w.must(os.MkdirAll(w.Dir, 0o700))
		w.must(os.WriteFile(filepath.Join(w.Dir, registry+".tmp-123"), []byte("hunter2-left"), 0o600))
	}
	leave()
	w.must(w.Delete(w.ctx(), registry))
	w.clean("hunter2-left")
	leave()
	w.put("anna", "hunter2", File)
	w.clean("hunter2-left")
}
