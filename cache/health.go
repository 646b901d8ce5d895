package cache

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"docker-credential-acr/internal/privatefile"
)

// Health is the state of a cache's directory.
type Health struct {
	// Err is why nothing can be kept there, or nil.
	Err error
	// Foreign reports that others can write to the directory, or that it is
	// another user's.
	Foreign bool
	// Unsealed is why entries are written in clear; nil if they are sealed, or if
	// there is no Sealer.
	Unsealed error
	// Files are those of the entries.
	Files Count
}

// Count is the number of files that hold entries.
type Count struct {
	// Sealed and Clear are files that Get reads, whatever the entries' age.
	Sealed, Clear int
	// Elsewhere are sealed with a key that is not here: it is lost, or another
	// machine's. Those past their entries' end are not counted.
	Elsewhere int
	// Damaged are all others: Get takes them for not there.
	Damaged int
}

// Health looks at the directory, and keeps something in it for a moment in the
// way of Put, which makes it if need be. The zero Cache is in good health.
func (c Cache) Health() Health {
	var h Health
	if c.Dir == "" {
		return h
	}
	probe := noteKey("health")
	h.Err = c.write(probe, noteFile, note{About: probe.Identity, At: c.now()}, c.now())
	_ = os.Remove(c.path(probe, noteFile))
	if info, err := os.Stat(c.Dir); err == nil {
		h.Foreign = !privatefile.Private(info)
	}
	if c.Sealer != nil {
		_, _, h.Unsealed = c.Sealer.Seal([]byte(probe.Identity), nil)
	}
	var err error
	if h.Files, err = c.count(); h.Err == nil {
		h.Err = err
	}
	return h
}

// Count counts, and changes nothing. What cannot be listed is not there.
func (c Cache) Count() Count {
	n, _ := c.count()
	return n
}

func (c Cache) count() (n Count, err error) {
	files, err := c.files()
	id := c.seal()
	for _, f := range files {
		switch {
		case f.kind != tokenFile:
			continue
		case f.seal != "" && f.seal != id:
			if c.alive(f) {
				n.Elsewhere++
			}
			continue
		}
		_, ok := c.load(f.path, f.seal)
		switch {
		case !ok:
			n.Damaged++
		case f.seal == "":
			n.Clear++
		default:
			n.Sealed++
		}
	}
	return n, err
}

// Elsewhere reports whether k has an entry that is sealed with a key which is not
// here, and has not expired.
func (c Cache) Elsewhere(k Key) bool {
	files, _ := c.files()
	id := c.seal()
	for _, f := range files {
		if f.kind == tokenFile && f.seal != "" && f.seal != id && f.path == c.tokenPath(k, f.seal) && c.alive(f) {
			return true
		}
	}
	return false
}

// alive reports whether the entry in f, which need not be opened for that, has
// not expired; see save.
func (c Cache) alive(f file) bool {
	info, err := f.entry.Info()
	return err == nil && info.ModTime().After(c.now())
}

// Locked reports whether another process still works on k when ctx ends. Where
// locks are not to be had, nobody does.
func (c Cache) Locked(ctx context.Context, k Key) bool {
	path := c.path(k, lockFile)
	if c.Dir == "" {
		return false
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return false
	}
	l := newLock(path)
	defer l.Close() //nolint:errcheck // nothing was written
	free, err := l.TryLockContext(ctx, 5*time.Millisecond)
	return !free && errors.Is(err, context.DeadlineExceeded)
}
