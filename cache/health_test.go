package cache_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"docker-credential-acr/cache"
)

func TestHealth(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c := cache.Cache{Dir: dir}
	if h := c.Health(); h != (cache.Health{}) {
		t.Errorf("a new directory: %+v", h)
	}
	k := cache.Key{Registry: "r", Identity: "i"}
	now := time.Now()
	if err := c.Put(cache.Entry{Key: k, Secret: "s", Obtained: now, Expires: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("Health left something behind: %v, %v", files, err)
	}
	if h := c.Health(); h != (cache.Health{Files: cache.Count{Clear: 1}}) {
		t.Errorf("with an entry: %+v", h)
	}
	if err := os.WriteFile(files[0], []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if h := c.Health(); h != (cache.Health{Files: cache.Count{Damaged: 1}}) {
		t.Errorf("with a damaged entry: %+v", h)
	}
	if h := (cache.Cache{Dir: files[0]}).Health(); h.Err == nil {
		t.Error("a file is no directory")
	}
	if h := (cache.Cache{}).Health(); h != (cache.Health{}) {
		t.Errorf("no cache: %+v", h)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if h := c.Health(); !h.Foreign {
		t.Errorf("a directory for everybody: %+v", h)
	}
}

func TestLocked(t *testing.T) {
	c := cache.Cache{Dir: t.TempDir()}
	k := cache.Key{Registry: "r", Identity: "i"}
	ended, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if c.Locked(ended, k) {
		t.Error("locked without a lock")
	}
	unlock := c.Lock(t.Context(), k)
	if !c.Locked(ended, k) {
		t.Error("a lock that is held is not seen")
	}
	unlock()
	if c.Locked(t.Context(), k) {
		t.Error("locked after it was freed")
	}
}
