// Package kept answers a get from what is kept on this machine, where that takes
// no network and no other program.
package kept

import (
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/internal/atrest"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/store"
)

// Stored is the identity under which tokens that a client stored are cached.
// It contains no parenthesis, and so is no identity's ID.
const Stored = "stored by a client"

// Cache is the cache in a directory. A nil clock means time.Now.
func Cache(dir string, now func() time.Time) cache.Cache {
	return cache.Cache{Dir: dir, Now: now, Sealer: atrest.Sealer{}}
}

// Store is where passwords are kept.
func Store(c config.Config) store.Store {
	return store.Store{Dir: c.StoreDir(), Name: c.Store()}
}

// Find returns the token that answers a get for a login server at once: one that a
// client stored, which is usable, or else a fresh one of the identity that id
// names. ok is false where neither is there, or where a password is stored, which
// goes first.
func Find(s store.Store, c cache.Cache, loginServer string, id func() string) (entry cache.Entry, ok bool) {
	if name, _, err := s.Look(loginServer); name != "" || err != nil {
		return cache.Entry{}, false
	}
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	if entry, ok := c.Get(cache.Key{Registry: loginServer, Identity: Stored}); ok && entry.Usable(now()) {
		return entry, true
	}
	entry, ok = c.Get(cache.Key{Registry: loginServer, Identity: id()})
	return entry, ok && entry.Fresh(now())
}
