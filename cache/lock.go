package cache

import (
	"context"
	"os"
	"time"

	"github.com/gofrs/flock"

	"docker-credential-acr/internal/lockwait"
	"docker-credential-acr/internal/privatefile"
)

// Lock waits until no other process or goroutine works on k, or ctx ends.
// It is best effort: where no lock is to be had (read-only disk, file system
// without locks, a lock file that another user has put there, a holder that is
// stuck) it returns all the same, and the cost is a second exchange. Unlock it
// once; unlock is never nil.
//
// The lock goes with the process that holds it, however that ends.
func (c Cache) Lock(ctx context.Context, k Key) (unlock func()) {
	if c.Dir == "" || os.MkdirAll(c.Dir, 0o700) != nil {
		return func() {}
	}
	path := c.path(k, lockFile)
	start := time.Now()
	for ctx.Err() == nil {
		// Whoever else could open the file could hold it for ever.
		if info, err := os.Lstat(path); err == nil && (!info.Mode().IsRegular() || !privatefile.Private(info)) {
			break
		}
		l := newLock(path)
		held, err := l.TryLock()
		if held && current(l) {
			return func() { _ = l.Unlock() }
		}
		_ = l.Close() // which unlocks
		if err != nil {
			break
		}
		if held {
			continue // sweep deleted the file meanwhile: two processes could each hold a different one
		}
		select {
		case <-time.After(lockwait.Next(start)):
		case <-ctx.Done():
		}
	}
	return func() {}
}

func newLock(path string) *flock.Flock {
	return flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|privatefile.NoFollow), flock.SetPermissions(0o600))
}

// current reports whether the locked file is still the one that its path leads
// to. Everybody who holds a lock has asked, so a lock file can be deleted by
// whoever holds it.
func current(l *flock.Flock) bool {
	held, err := l.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(l.Path())
	return err == nil && os.SameFile(held, named)
}
