// Package cache keeps ACR refresh tokens on disk, one file an entry.
//
// A cache may forget; it may not lie, leak or block. Whatever is wrong with a
// file or the directory, Get answers "not there" and the caller goes on without.
// Entries are independent files, written to a temporary file and renamed, so
// that neither parallel writers nor a kill in the middle lose or tear one.
//
// Files are readable by their owner only, from birth. Get trusts no file that
// another user owns or could have written, and follows no symbolic link. With a
// Sealer, entries are of no use to whoever copies them; see there.
package cache

import (
	"hash/fnv"
	"maps"
	"os"
	"slices"
	"time"
)

// version is the format of the files. It is part of their names, so that
// another format is another file and programs of both versions can live side
// by side.
const version = 1

// Cache is a directory of entries. The zero value keeps nothing: every Get
// misses and every Put is forgotten.
type Cache struct {
	// Dir is made with mode 0700 when something is first put there.
	// Empty means no cache.
	Dir string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Sealer seals entries; nil means that they stand in clear.
	Sealer Sealer
}

// Key names an entry. Neither part is secret.
type Key struct {
	// Registry is a login server, in lower case.
	Registry string `json:"registry"`
	// Identity tells whose token it is. Another identity is another entry.
	Identity string `json:"identity"`
}

// Entry is a refresh token and its life by the clock of this machine.
type Entry struct {
	Key
	Secret   string    `json:"secret"`
	Obtained time.Time `json:"obtained"`
	Expires  time.Time `json:"expires"`
}

const (
	// plenty is the life an entry must have left to be fresh: clients keep a
	// token for up to an hour (regctl) or for their own life (JVM clients).
	plenty = time.Hour
	// lastCall is the life below which a token is not worth handing out.
	lastCall = time.Minute
	// slack is how far a clock may step back before times written ahead of it
	// are no longer believed.
	slack = 5 * time.Minute
)

// Fresh reports whether e can be handed out without thinking of renewal: more
// than an hour of its life remains, or more than half if its life is shorter
// than two hours, and up to half as much again. How much depends on the token, so
// that machines which were started together do not renew together. An entry from
// the future is not fresh: the clock was set back since, by nobody knows how much.
func (e Entry) Fresh(now time.Time) bool {
	margin := min(plenty, e.Expires.Sub(e.Obtained)/2)
	return e.plausible(now) && e.Expires.Sub(now) > margin+e.spread(margin/2)
}

// spread returns a duration below most that is the same for everybody who has
// this token and another for everybody else: registries sign an id into each.
func (e Entry) spread(most time.Duration) time.Duration {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(e.Secret))
	return time.Duration(float64(most) * float64(sum.Sum32()) / (1 << 32))
}

// Ample reports whether e, if it is no longer fresh, has more than half of the
// life left that it would need to be: enough to be handed out at once, while it
// is renewed.
func (e Entry) Ample(now time.Time) bool {
	return e.Usable(now) && e.Expires.Sub(now) > min(plenty, e.Expires.Sub(e.Obtained)/2)/2
}

// Usable reports whether e still lives long enough, more than a minute, to be
// handed out when it cannot be renewed.
func (e Entry) Usable(now time.Time) bool {
	return e.plausible(now) && e.Expires.Sub(now) > lastCall
}

func (e Entry) plausible(now time.Time) bool {
	return e.Secret != "" && !now.Before(e.Obtained.Add(-slack))
}

// Get returns the entry of k, whatever its age. An entry that is missing,
// damaged, of another format, of another key, not private, or sealed elsewhere
// counts as not there.
func (c Cache) Get(k Key) (Entry, bool) {
	if c.Dir == "" {
		return Entry{}, false
	}
	e, ok := c.load(c.tokenPath(k, ""), "")
	if id := c.seal(); id != "" {
		if sealed, found := c.load(c.tokenPath(k, id), id); found && (!ok || sealed.Obtained.After(e.Obtained)) {
			e, ok = sealed, true
		}
	}
	if !ok {
		return Entry{}, false
	}
	return e, true
}

// Put keeps e, replacing what stood under its key, and sweeps the directory.
// An error means that e was not kept and that the old entry is as it was.
//
// What others have put under this key with another Sealer's key stays. If each
// replaced the other's, both would ask the registry every time.
func (c Cache) Put(e Entry) error {
	_, err := c.put(e)
	return err
}

// Replace is Put for an entry that somebody has chosen: what others have put under
// its key, with another Sealer's key, is forgotten.
func (c Cache) Replace(e Entry) error {
	path, err := c.put(e)
	if err != nil {
		return err
	}
	return c.forget(e.Key, path)
}

// put returns the file that e is in.
func (c Cache) put(e Entry) (path string, err error) {
	if c.Dir == "" {
		return "", nil
	}
	c.dropTemporary(e.Key)
	if path, err = c.save(e); err != nil {
		return "", err
	}
	_ = os.Remove(c.path(e.Key, failureFile))
	c.sweep()
	return path, nil
}

// Remove forgets one entry. What is not there is not an error.
func (c Cache) Remove(k Key) error { return c.forget(k, "") }

// forget deletes the files of an entry, but the one that is kept.
func (c Cache) forget(k Key, kept string) error {
	return c.removeFiles(func(f file) bool {
		return f.kind == tokenFile && f.path == c.tokenPath(k, f.seal) && f.path != kept
	})
}

// Drop forgets all entries of a registry, of every identity, with the failures
// remembered for it. What is not there is not an error.
func (c Cache) Drop(registry string) error {
	return c.removeFiles(func(f file) bool {
		return f.registry == hash(registry) && f.kind != lockFile
	})
}

// Entries returns all entries that Get would return, in no order.
func (c Cache) Entries() []Entry {
	if c.Dir == "" {
		return nil
	}
	files, _ := c.files()
	id := c.seal()
	all := map[Key]Entry{}
	for _, f := range files {
		if f.kind != tokenFile || f.seal != "" && f.seal != id {
			continue
		}
		if e, ok := c.load(f.path, f.seal); ok && !all[e.Key].Obtained.After(e.Obtained) {
			all[e.Key] = e
		}
	}
	return slices.Collect(maps.Values(all))
}

func (c Cache) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}
