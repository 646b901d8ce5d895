package cache

import (
	"cmp"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

const (
	// limit is how many files the directory keeps.
	limit = 500
	// abandoned is the age at which a temporary file has lost its writer, and a
	// lock file nobody has waited for it.
	abandoned = 10 * time.Minute
)

// sweep deletes what nobody will ask for again: expired entries, failures past
// their memory, temporary files of killed writers (they hold tokens), and lock
// files left from earlier. If more than limit files remain, it goes on with
// lock files that are free, then failures, then the entries that end soonest.
//
// It opens no entry; the modification time of each says when it ends.
func (c Cache) sweep() {
	files, _ := c.files()
	now := c.now()
	var kept []file
	for _, f := range files {
		modified := f.info.ModTime()
		gone := false
		switch f.kind {
		case tokenFile:
			gone = modified.Before(now) && os.Remove(f.path) == nil
		case failureFile:
			gone = modified.Add(memory).Before(now) && os.Remove(f.path) == nil
		case temporaryFile:
			gone = modified.Add(abandoned).Before(now) && os.Remove(f.path) == nil
		case lockFile:
			gone = modified.Add(abandoned).Before(now) && removeLock(f.path)
		}
		if !gone {
			kept = append(kept, f)
		}
	}
	if len(kept) <= limit {
		return
	}
	rank := map[string]int{lockFile: 0, failureFile: 1, tokenFile: 2, temporaryFile: 3}
	slices.SortFunc(kept, func(a, b file) int {
		return cmp.Or(rank[a.kind]-rank[b.kind], a.info.ModTime().Compare(b.info.ModTime()))
	})
	for _, f := range kept[:len(kept)-limit] {
		if f.kind == lockFile {
			removeLock(f.path)
		} else {
			_ = os.Remove(f.path)
		}
	}
}

// removeLock deletes a lock file that nobody holds, and reports whether it did.
//
// House rule says never to delete one, because a waiter can then hold the
// deleted file while another holds its successor. Lock rules that out by
// asking current, and without deletion the directory could not be bounded.
func removeLock(path string) bool {
	l := newLock(path)
	defer l.Close() //nolint:errcheck // nothing was written
	if ok, err := l.TryLock(); !ok || err != nil || !current(l) {
		return false
	}
	if runtime.GOOS == "windows" {
		// An open file cannot be deleted there: close ours, and if somebody
		// else has opened it meanwhile, Remove fails and the file stays.
		_ = l.Unlock()
	}
	return os.Remove(path) == nil
}

// dropTemporary deletes what a killed writer of k has left. It is called by the
// next writer of k, who holds k's lock; without a lock the worst is that
// another writer's rename fails and its token is not kept.
func (c Cache) dropTemporary(k Key) {
	files, _ := c.files()
	for _, f := range files {
		if f.kind == temporaryFile && strings.HasPrefix(f.path, c.path(k, temporaryFile)+"-") {
			_ = os.Remove(f.path)
		}
	}
}
