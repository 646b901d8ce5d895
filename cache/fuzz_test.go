package cache

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzGet reads whatever stands in an entry's file: never a panic, never an
// entry that Put has not written.
func FuzzGet(f *testing.F) {
	c := Cache{Dir: filepath.Join(f.TempDir(), "cache"), Now: func() time.Time { return start }}
	e := entry("myregistry.azurecr.io", "anna", time.Hour)
	if err := c.Put(e); err != nil {
		f.Fatal(err)
	}
	path := c.path(e.Key, tokenFile)
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("null"))
	f.Add(good[:70])
	f.Fuzz(func(t *testing.T, content []byte) {
		write(t, path, content)
		got, ok := c.Get(e.Key)
		if ok && !same(got, e) {
			t.Fatalf("got %+v", got)
		}
		c.Entries()
	})
}
