package e2e

import (
	"path/filepath"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/internal/atrest"
	"docker-credential-acr/internal/azuretest"
)

// expire makes the tokens in the cache ones that were obtained yesterday.
func (w *world) expire() {
	w.t.Helper()
	yesterday := func() time.Time { return time.Now().Add(-24 * time.Hour) }
	c := cache.Cache{Dir: filepath.Join(w.home, ".cache", "docker-credential-acr"), Now: yesterday, Sealer: atrest.Sealer{}}
	entries := c.Entries()
	if len(entries) == 0 {
		w.t.Fatal("the cache is empty")
	}
	for _, e := range entries {
		life := e.Expires.Sub(e.Obtained)
		e.Obtained = yesterday()
		e.Expires = e.Obtained.Add(life)
		e.Secret = w.azure.Issue(e.Registry, azuretest.TokenOptions{Age: azuretest.Duration(24 * time.Hour)})
		w.must(c.Put(e))
	}
}
