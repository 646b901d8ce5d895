package cache

import (
	"errors"
	"io/fs"
	"os"
)

// Clear forgets everything, of every registry and identity, and returns how many
// tokens that were. What somebody else has put into the directory stays, and so
// does a lock that is held. An error means that something could not be deleted.
func (c Cache) Clear() (tokens int, err error) {
	if c.Dir == "" {
		return 0, nil
	}
	files, err := c.files()
	failed := []error{err}
	for _, f := range files {
		if f.kind == lockFile {
			removeLock(f.path)
			continue
		}
		switch err := os.Remove(f.path); {
		case err == nil && f.kind == tokenFile:
			tokens++
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			failed = append(failed, err)
		}
	}
	return tokens, errors.Join(failed...)
}
