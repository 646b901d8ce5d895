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

// sweep deletes what nobody will ask for again: expired entries, failures and
// notes past their memory, temporary files of killed writers (they hold tokens), and lock
// files left from earlier. If more than limit files remain, it goes on with
// lock files that are free, then failures, notes, and the entries that end
// soonest.
//
// It opens no entry; the modification time of each says when it ends.
func (c Cache) sweep() {
	files, _ := c.files()
	now := c.now()
	type aged struct {
		file
		modified time.Time
	}
	var kept []aged
	for _, f := range files {
		info, err := f.entry.Info()
		if err != nil {
			continue // it is gone
		}
		if modified := info.ModTime(); !modified.Add(keeps[f.kind]).Before(now) || !remove(f) {
			kept = append(kept, aged{f, modified})
		}
	}
	slices.SortFunc(kept, func(a, b aged) int {
		return cmp.Or(rank[a.kind]-rank[b.kind], a.modified.Compare(b.modified))
	})
	for excess := len(kept) - limit; excess > 0 && len(kept) > 0; kept = kept[1:] {
		if remove(kept[0].file) {
			excess--
		}
	}
}

// keeps is how long a file of each kind is of use after its modification time.
var keeps = map[string]time.Duration{
	tokenFile:     0, // it is set to the end of the entry
	failureFile:   memory,
	noteFile:      noteLife,
	claimFile:     claimLife,
	temporaryFile: abandoned,
	lockFile:      abandoned,
}

// rank is the order in which files go when there are too many.
var rank = map[string]int{lockFile: 0, claimFile: 1, failureFile: 2, noteFile: 3, tokenFile: 4, temporaryFile: 5}

// remove deletes a file, unless it is a lock that is held, and reports whether
// it is gone.
func remove(f file) bool {
	if f.kind == lockFile {
		return removeLock(f.path)
	}
	return os.Remove(f.path) == nil
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
