package cache

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// clock is a clock that a test sets.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newCache(t *testing.T) (Cache, *clock) {
	t.Helper()
	c := &clock{start}
	return Cache{Dir: filepath.Join(t.TempDir(), "cache"), Now: c.Now}, c
}

func entry(registry, identity string, life time.Duration) Entry {
	return Entry{Key: Key{registry, identity}, Secret: "secret of " + registry + " for " + identity, Obtained: start, Expires: start.Add(life)}
}

func put(t *testing.T, c Cache, e Entry) {
	t.Helper()
	if err := c.Put(e); err != nil {
		t.Fatal(err)
	}
}

func same(a, b Entry) bool {
	return a.Key == b.Key && a.Secret == b.Secret && a.Obtained.Equal(b.Obtained) && a.Expires.Equal(b.Expires)
}

func TestPutGet(t *testing.T) {
	c, _ := newCache(t)
	want := entry("myregistry.azurecr.io", "anna", 3*time.Hour)
	put(t, c, want)
	if got, ok := c.Get(want.Key); !ok || !same(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, ok, want)
	}
	for _, k := range []Key{{"myregistry.azurecr.io", "bert"}, {"otherregistry.azurecr.io", "anna"}, {}} {
		if got, ok := c.Get(k); ok {
			t.Errorf("%+v finds %+v", k, got)
		}
	}
	put(t, c, entry("myregistry.azurecr.io", "anna", time.Hour))
	if got, _ := c.Get(want.Key); !got.Expires.Equal(start.Add(time.Hour)) {
		t.Errorf("after a second Put the entry expires at %v", got.Expires)
	}
}

func TestZeroCacheKeepsNothing(t *testing.T) {
	var c Cache
	e := entry("myregistry.azurecr.io", "anna", time.Hour)
	put(t, c, e)
	if err := c.Fail(e.Key, Failure{Message: "why"}); err != nil {
		t.Error(err)
	}
	c.Lock(t.Context(), e.Key)()
	if err := c.Drop(e.Registry); err != nil {
		t.Error(err)
	}
	if _, ok := c.Get(e.Key); ok || len(c.Entries()) != 0 {
		t.Error("an entry was kept")
	}
	if _, ok := c.Failed(e.Key); ok {
		t.Error("a failure was kept")
	}
}

func TestFreshAndUsable(t *testing.T) {
	for _, tt := range []struct {
		name          string
		life, age     time.Duration
		fresh, usable bool
	}{
		{"new", 195 * time.Minute, 0, true, true},
		{"more than an hour and a half left", 195 * time.Minute, 105*time.Minute - time.Second, true, true},
		{"an hour left", 195 * time.Minute, 135 * time.Minute, false, true},
		{"more than a minute left", 195 * time.Minute, 193 * time.Minute, false, true},
		{"a minute left", 195 * time.Minute, 194 * time.Minute, false, false},
		{"expired", 195 * time.Minute, 196 * time.Minute, false, false},
		{"short, more than three quarters left", 30 * time.Minute, 7 * time.Minute, true, true},
		{"short, half left", 30 * time.Minute, 15 * time.Minute, false, true},
		{"clock a little back", 195 * time.Minute, -time.Minute, true, true},
		{"clock far back", 195 * time.Minute, -time.Hour, false, false},
		{"clock years back", 195 * time.Minute, -100000 * time.Hour, false, false},
		{"clock years ahead", 195 * time.Minute, 100000 * time.Hour, false, false},
	} {
		e := entry("myregistry.azurecr.io", "anna", tt.life)
		now := start.Add(tt.age)
		if e.Fresh(now) != tt.fresh || e.Usable(now) != tt.usable {
			t.Errorf("%s: fresh %v, usable %v; want %v, %v", tt.name, e.Fresh(now), e.Usable(now), tt.fresh, tt.usable)
		}
	}
	if (Entry{}).Fresh(start) || (Entry{}).Usable(start) {
		t.Error("an empty entry is of use")
	}
}

// Machines that were started together, each with a token of its own, spread their
// renewals evenly over half an hour; and processes of one machine agree.
func TestRenewalsAreSpread(t *testing.T) {
	const machines, minutes = 3000, 30
	var renewals [minutes]int
	for i := range machines {
		e := entry("myregistry.azurecr.io", "anna", 195*time.Minute)
		e.Secret = fmt.Sprintf("header.payload-%d.signature", i)
		for age := range 195 {
			now := start.Add(time.Duration(age) * time.Minute)
			if !e.Fresh(now) {
				renewals[age-106]++ // out of range if it is not between 90 and 60 minutes before the end
				break
			}
		}
	}
	for minute, n := range renewals {
		if n < machines/minutes/2 || n > machines/minutes*2 {
			t.Errorf("minute %d: %d of %d", minute, n, machines)
		}
	}
}

// damages are what can happen to a file, and what somebody may have put in its place.
var damages = map[string]func(t *testing.T, path string){
	"empty":     func(t *testing.T, path string) { write(t, path, nil) },
	"cut short": func(t *testing.T, path string) { content := read(t, path); write(t, path, content[:len(content)/2]) },
	"cut by one": func(t *testing.T, path string) {
		content := read(t, path)
		write(t, path, content[:len(content)-1])
	},
	"longer":      func(t *testing.T, path string) { write(t, path, append(read(t, path), read(t, path)...)) },
	"zeros":       func(t *testing.T, path string) { write(t, path, make([]byte, len(read(t, path)))) },
	"random text": func(t *testing.T, path string) { write(t, path, []byte("nonsense\n{}")) },
	"bit flipped": func(t *testing.T, path string) {
		content := read(t, path)
		content[len(content)/2] ^= 1
		write(t, path, content)
	},
	"null": func(t *testing.T, path string) { write(t, path, []byte("null")) },
	"huge": func(t *testing.T, path string) { write(t, path, make([]byte, 2*maxFile)) },
	"directory": func(t *testing.T, path string) {
		unlink(t, path)
		if err := os.MkdirAll(filepath.Join(path, "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
	},
	"of another key": func(t *testing.T, path string) {
		key := sealer(1)
		other := Cache{Dir: t.TempDir(), Now: func() time.Time { return start }}
		if strings.HasSuffix(path, "-01"+tokenFile) {
			other.Sealer = &key
		}
		put(t, other, entry("otherregistry.azurecr.io", "anna", time.Hour))
		write(t, path, read(t, list(t, other.Dir)[0]))
	},
}

func TestDamagedEntryIsAMiss(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) { damaged(t, name, damage, 0) })
		t.Run("sealed, "+name, func(t *testing.T) { damaged(t, name, damage, 1) })
	}
}

func damaged(t *testing.T, name string, damage func(t *testing.T, path string), key sealer) {
	c := sharing(t, key)[0]
	e := entry("myregistry.azurecr.io", "anna", time.Hour)
	put(t, c, e)
	damage(t, c.tokenPath(e.Key, key.ID()))
	if got, ok := c.Get(e.Key); ok {
		t.Errorf("got %+v", got)
	}
	if all := c.Entries(); len(all) != 0 {
		t.Errorf("listed %+v", all)
	}
	err := c.Put(e)
	if name == "directory" {
		return // whoever made it may want it
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := c.Get(e.Key); !ok || !same(got, e) {
		t.Errorf("after renewal %+v, %v", got, ok)
	}
}

func TestDropForgetsAllIdentitiesOfOneRegistry(t *testing.T) {
	c, _ := newCache(t)
	kept := entry("otherregistry.azurecr.io", "anna", time.Hour)
	put(t, c, kept)
	foreign := filepath.Join(c.Dir, "somebody.else")
	write(t, foreign, []byte("theirs"))
	for _, identity := range []string{"anna", "bert"} {
		put(t, c, entry("myregistry.azurecr.io", identity, time.Hour))
	}
	failed := Key{"myregistry.azurecr.io", "carl"}
	if err := c.Fail(failed, Failure{Message: "why"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Drop("myregistry.azurecr.io"); err != nil {
		t.Fatal(err)
	}
	all := c.Entries()
	if len(all) != 1 || !same(all[0], kept) {
		t.Errorf("left: %+v", all)
	}
	if _, ok := c.Failed(failed); ok {
		t.Error("the failure is still remembered")
	}
	if string(read(t, foreign)) != "theirs" {
		t.Error("somebody else's file was touched")
	}
	if err := c.Drop("myregistry.azurecr.io"); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if err := (Cache{Dir: filepath.Join(c.Dir, "missing")}).Drop("myregistry.azurecr.io"); err != nil {
		t.Errorf("without a directory: %v", err)
	}
}

func TestFailureIsRememberedForFiveSeconds(t *testing.T) {
	c, clock := newCache(t)
	k := Key{"myregistry.azurecr.io", "anna"}
	if err := c.Fail(k, Failure{Message: "no role"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		age  time.Duration
		want bool
	}{{0, true}, {4 * time.Second, true}, {5 * time.Second, false}, {time.Hour, false}, {-time.Second, false}} {
		clock.now = start.Add(tt.age)
		if f, ok := c.Failed(k); ok != tt.want || ok && f.Message != "no role" {
			t.Errorf("after %v: %+v, %v", tt.age, f, ok)
		}
	}
	clock.now = start
	if _, ok := c.Failed(Key{"myregistry.azurecr.io", "bert"}); ok {
		t.Error("another identity is told of it")
	}
	if content, err := os.ReadFile(c.path(k, failureFile)); err != nil || strings.Contains(string(content), k.Identity) {
		t.Errorf("the file names who failed: %s, %v", content, err)
	}
	put(t, c, entry(k.Registry, k.Identity, time.Hour))
	if _, ok := c.Failed(k); ok {
		t.Error("a success does not end it")
	}
}

func TestNotes(t *testing.T) {
	c, clock := newCache(t)
	c.SetNote("source", "azure-cli", 30*24*time.Hour)
	for _, tt := range []struct {
		age  time.Duration
		want string
	}{{0, "azure-cli"}, {6 * 24 * time.Hour, "azure-cli"}, {8 * 24 * time.Hour, ""}, {-time.Hour, ""}} {
		clock.now = start.Add(tt.age)
		if got := c.Note("source"); got != tt.want {
			t.Errorf("after %v: %q", tt.age, got)
		}
	}
	clock.now = start
	if got := c.Note("another"); got != "" {
		t.Errorf("another: %q", got)
	}
	c.SetNote("source", "azure-powershell", time.Hour)
	if got := c.Note("source"); got != "azure-powershell" {
		t.Errorf("changed: %q", got)
	}
	clock.now = start.Add(time.Hour + time.Second)
	if got := c.Note("source"); got != "" {
		t.Errorf("past its life: %q", got)
	}
	clock.now = start
	c.SetNote("source", "", 0)
	if got := c.Note("source"); got != "" {
		t.Errorf("forgotten: %q", got)
	}
	if err := c.Drop("note"); err != nil || len(c.Entries()) != 0 {
		t.Errorf("%v", err)
	}
	(Cache{}).SetNote("source", "x", time.Hour)
	if got := (Cache{}).Note("source"); got != "" {
		t.Errorf("without a cache: %q", got)
	}
}

func TestSweep(t *testing.T) {
	c, clock := newCache(t)
	expired, live := entry("one.azurecr.io", "anna", time.Hour), entry("two.azurecr.io", "anna", 3*time.Hour)
	put(t, c, expired)
	put(t, c, live)
	if err := c.Fail(Key{"one.azurecr.io", "bert"}, Failure{Message: "why"}); err != nil {
		t.Fatal(err)
	}
	c.Lock(t.Context(), expired.Key)()
	held := c.Lock(t.Context(), live.Key)
	left := c.path(expired.Key, temporaryFile) + "-123"
	write(t, left, []byte("a token"))
	foreign := filepath.Join(c.Dir, "notes.token")
	write(t, foreign, []byte("theirs"))

	clock.now = time.Now().Add(2 * time.Hour) // files that were written now are older than any limit
	late := entry("three.azurecr.io", "anna", time.Hour)
	late.Obtained, late.Expires = clock.now, clock.now.Add(time.Hour)
	old := live
	old.Expires = clock.now.Add(time.Hour)
	put(t, c, old)
	put(t, c, late)
	want := map[string]bool{
		c.path(live.Key, tokenFile): true, c.path(live.Key, lockFile): true, // the lock is held
		c.path(late.Key, tokenFile): true, foreign: true,
	}
	for _, path := range list(t, c.Dir) {
		if !want[path] {
			t.Errorf("left: %s", path)
		}
		delete(want, path)
	}
	for path := range want {
		t.Errorf("gone: %s", path)
	}
	held()
}

func TestNoMoreThan500Files(t *testing.T) {
	c, clock := newCache(t)
	clock.now = time.Now()
	for i := range limit + 50 {
		e := entry(fmt.Sprintf("registry%d.azurecr.io", i), "anna", 0)
		e.Obtained, e.Expires = clock.now, clock.now.Add(time.Hour+time.Duration(i)*time.Second)
		unlock := c.Lock(t.Context(), e.Key)
		put(t, c, e)
		unlock()
	}
	if n := len(list(t, c.Dir)); n > limit {
		t.Errorf("%d files", n)
	}
	all := c.Entries()
	if len(all) < limit-10 {
		t.Errorf("only %d entries are left", len(all))
	}
	for _, e := range all {
		if e.Registry == "registry0.azurecr.io" {
			t.Error("the entry that ends first was kept before others")
		}
	}
}

func TestTemporaryFilesOfAKilledWriterGo(t *testing.T) {
	c, _ := newCache(t)
	e := entry("myregistry.azurecr.io", "anna", time.Hour)
	put(t, c, e)
	left := c.path(e.Key, temporaryFile) + "-123"
	write(t, left, []byte("a token"))
	put(t, c, e)
	if _, err := os.Stat(left); err == nil {
		t.Error("it is still there")
	}
}

func TestLockIsBoundedByContext(t *testing.T) {
	c, _ := newCache(t)
	k := Key{"myregistry.azurecr.io", "anna"}
	unlock := c.Lock(t.Context(), k)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	c.Lock(ctx, k)() // returns although the first holder never unlocks
	if ctx.Err() == nil {
		t.Error("a second holder came in before the context ended")
	}
	unlock()
	again := c.Lock(t.Context(), k)
	again()
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func unlink(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	return paths
}
