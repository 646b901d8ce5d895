//go:build unix

package cache

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestFilesArePrivate(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	c, _ := newCache(t)
	e := entry("myregistry.azurecr.io", "anna", time.Hour)
	c.Lock(t.Context(), e.Key)()
	put(t, c, e)
	if err := c.Fail(e.Key, Failure{Message: "why"}); err != nil {
		t.Fatal(err)
	}
	paths := append(list(t, c.Dir), c.Dir)
	if len(paths) != 4 {
		t.Errorf("files: %v", paths)
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
	}
}

func TestUntrustedFileIsAMiss(t *testing.T) {
	for name, replace := range map[string]func(path string) error{
		"link": func(path string) error {
			if err := os.Rename(path, path+".real"); err != nil {
				return err
			}
			return os.Symlink(path+".real", path)
		},
		"dangling link":        func(path string) error { _ = os.Remove(path); return os.Symlink("/nowhere", path) },
		"fifo":                 func(path string) error { _ = os.Remove(path); return syscall.Mkfifo(path, 0o600) },
		"writable by others":   func(path string) error { return os.Chmod(path, 0o666) },
		"unreadable":           func(path string) error { _ = os.Remove(path); return os.WriteFile(path, nil, 0) },
		"somebody else's file": func(path string) error { return os.Chown(path, 12345, -1) },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "somebody else's file" && os.Geteuid() != 0 {
				t.Skip("only root can give a file away")
			}
			c, _ := newCache(t)
			e := entry("myregistry.azurecr.io", "anna", time.Hour)
			put(t, c, e)
			if err := replace(c.path(e.Key, tokenFile)); err != nil {
				t.Fatal(err)
			}
			if got, ok := c.Get(e.Key); ok {
				t.Errorf("got %+v", got)
			}
			put(t, c, e)
			if got, ok := c.Get(e.Key); !ok || !same(got, e) {
				t.Errorf("after renewal %+v, %v", got, ok)
			}
		})
	}
}

// A cache that cannot be written costs time and never an answer.
func TestUnwritableDirectory(t *testing.T) {
	e := entry("myregistry.azurecr.io", "anna", time.Hour)
	for name, dir := range map[string]string{
		"of proc":      "/proc/nowhere/cache",
		"a file":       filepath.Join(t.TempDir(), "file"),
		"below a file": filepath.Join(t.TempDir(), "file", "cache"),
	} {
		t.Run(name, func(t *testing.T) {
			if name == "of proc" {
				if _, err := os.Stat("/proc/self"); err != nil {
					t.Skip("there is no /proc here")
				}
			}
			if name == "a file" {
				write(t, dir, nil)
			}
			if name == "below a file" {
				write(t, filepath.Dir(dir), nil)
			}
			c := Cache{Dir: dir}
			c.Lock(t.Context(), e.Key)()
			if c.Put(e) == nil || c.Fail(e.Key, Failure{Message: "why"}) == nil {
				t.Error("no error")
			}
			if _, ok := c.Get(e.Key); ok || len(c.Entries()) != 0 {
				t.Error("an entry from nowhere")
			}
		})
	}
}
