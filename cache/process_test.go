package cache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test program be the other processes of its own tests.
func TestMain(m *testing.M) {
	switch os.Getenv("CACHE_TEST_ROLE") {
	case "writer":
		writer()
	case "counter":
		counter()
	default:
		os.Exit(m.Run())
	}
}

// writer puts entries of one key, of very different lengths, until it is killed.
func writer() {
	c := Cache{Dir: os.Getenv("CACHE_TEST_DIR")}
	for i := 0; ; i++ {
		now := time.Now()
		e := Entry{Key: Key{"myregistry.azurecr.io", "anna"}, Secret: strings.Repeat("x", 1+rand.IntN(30000)), Obtained: now, Expires: now.Add(time.Hour)}
		e.Secret = strconv.Itoa(len(e.Secret)) + ":" + e.Secret
		if err := c.Put(e); err != nil && os.Getenv("CACHE_TEST_ALONE") != "" {
			panic(err)
		}
		if i == 0 {
			fmt.Println("ready")
		}
	}
}

// counter adds one to a number in a file, under the lock; two holders at once
// would lose a step.
func counter() {
	c := Cache{Dir: os.Getenv("CACHE_TEST_DIR")}
	for range 20 {
		unlock := c.Lock(context.Background(), Key{"myregistry.azurecr.io", "anna"})
		path := filepath.Join(c.Dir, "number")
		content, _ := os.ReadFile(path)
		n, _ := strconv.Atoi(string(content))
		if err := os.WriteFile(path, []byte(strconv.Itoa(n+1)), 0o600); err != nil {
			panic(err)
		}
		unlock()
		// As a sweep does that finds the lock free and old.
		removeLock(c.path(Key{"myregistry.azurecr.io", "anna"}, lockFile))
	}
}

func child(t *testing.T, role, dir string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), "CACHE_TEST_ROLE="+role, "CACHE_TEST_DIR="+dir), env...)
	cmd.Stderr = os.Stderr
	return cmd
}

// A writer that is killed at any moment leaves the old entry or the new one.
func TestKilledWriterLeavesAWholeEntry(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c := Cache{Dir: dir}
	k := Key{"myregistry.azurecr.io", "anna"}
	for range 25 {
		cmd := child(t, "writer", dir, "CACHE_TEST_ALONE=1")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil { // its first entry is written
			t.Fatal(err)
		}
		for range rand.IntN(200) {
			whole(t, c, k)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		whole(t, c, k)
	}
	now := time.Now()
	put(t, c, Entry{Key: k, Secret: "1:x", Obtained: now, Expires: now.Add(time.Hour)})
	for _, path := range list(t, dir) {
		if path != c.path(k, tokenFile) {
			t.Errorf("left behind: %s", path)
		}
	}
}

func whole(t *testing.T, c Cache, k Key) {
	t.Helper()
	e, ok := c.Get(k)
	if !ok {
		t.Fatal("the entry is gone")
	}
	length, rest, _ := strings.Cut(e.Secret, ":")
	if n, err := strconv.Atoi(length); err != nil || n != len(rest) {
		t.Fatalf("the entry is torn: %q, %d bytes", length, len(rest))
	}
}

// Several writers at once may undo each other's work, and never tear it.
func TestParallelWriters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c := Cache{Dir: dir}
	var writers []*exec.Cmd
	for range 4 {
		cmd := child(t, "writer", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		writers = append(writers, cmd)
	}
	for range 300 {
		whole(t, c, Key{"myregistry.azurecr.io", "anna"})
	}
	for _, cmd := range writers {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	whole(t, c, Key{"myregistry.azurecr.io", "anna"})
}

// Two processes never hold one lock, even while others delete its file.
func TestLockExcludesWhileItsFileIsDeleted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	var counters []*exec.Cmd
	for range 8 {
		cmd := child(t, "counter", dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		counters = append(counters, cmd)
	}
	for _, cmd := range counters {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	if n := string(read(t, filepath.Join(dir, "number"))); n != "160" {
		t.Errorf("the number is %s, want 160", n)
	}
}
