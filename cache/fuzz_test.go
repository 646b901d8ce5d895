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
	key := sealer(1)
	sealed := c
	sealed.Sealer = &key
	e := entry("myregistry.azurecr.io", "anna", time.Hour)
	paths := []string{c.tokenPath(e.Key, ""), c.tokenPath(e.Key, key.ID())}
	for i, c := range []Cache{c, sealed} {
		if err := c.Put(e); err != nil {
			f.Fatal(err)
		}
		good, err := os.ReadFile(paths[i])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(good, i == 1)
		f.Add(good[:70], i == 1)
	}
	f.Add([]byte("null"), false)
	f.Fuzz(func(t *testing.T, content []byte, isSealed bool) {
		c, path := c, paths[0]
		if isSealed {
			c, path = sealed, paths[1]
			write(t, paths[0], nil)
		}
		write(t, path, content)
		got, ok := c.Get(e.Key)
		if ok && !same(got, e) {
			t.Fatalf("got %+v", got)
		}
		c.Entries()
	})
}
