package cache

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"docker-credential-acr/internal/privatefile"
)

// Health is the state of a cache's directory.
type Health struct {
	// Err is why nothing can be kept there, or nil.
	Err error
	// Foreign reports that others can write to the directory, or that it is
	// another user's.
	Foreign bool
	// Tokens is the number of entries that Get would return, and Damaged that of
	// files which it would not, though they are not sealed with another key.
	Tokens, Damaged int
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
	files, err := c.files()
	if h.Err == nil && err != nil {
		h.Err = err
	}
	h.Tokens = len(c.Entries())
	id := c.seal()
	for _, f := range files {
		if f.kind != tokenFile || f.seal != "" && f.seal != id {
			continue
		}
		if _, ok := c.load(f.path, f.seal); !ok {
			h.Damaged++
		}
	}
	return h
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
	free, err := l.TryLockContext(ctx, pollMin)
	return !free && errors.Is(err, context.DeadlineExceeded)
}
