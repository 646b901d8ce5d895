package store

import (
	"context"
	"errors"
	"os"
	"time"

	"docker-credential-acr/internal/lockwait"
)

// lock lets one process at a time change what is kept for a registry. A nil one
// locks nothing. It is not gofrs/flock's, as in package cache, because helpers
// must inherit the file, which that keeps to itself.
type lock struct{ file *os.File }

var errBusy = errors.New("another login or logout for it is still going on; try again when that has ended")

// reserve is what is kept of the time for the work behind the lock.
const reserve = 5 * time.Second

// lock waits until little is left of ctx. Where a directory has no locks, it goes
// on without.
func (s Store) lock(ctx context.Context, registry string) (*lock, error) {
	patience := 24 * time.Hour
	if end, ok := ctx.Deadline(); ok {
		left := time.Until(end)
		patience = left - min(left/2, reserve)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if os.MkdirAll(s.Dir, 0o700) != nil {
		return nil, s.unwritable()
	}
	l, err := openLock(s.path(registry, locking))
	if err != nil {
		return nil, s.unwritable()
	}
	start := time.Now()
	for {
		if free, err := l.try(); free || err != nil {
			return l, nil
		}
		select {
		case <-ctx.Done():
			l.release()
			return nil, errBusy
		case <-time.After(lockwait.Next(start)):
		}
	}
}
