package privatefile

import (
	"io/fs"
	"os"
	"time"
)

// NoFollow has no counterpart: making a link needs a privilege on Windows.
const NoFollow = 0

// Private leaves the question to the access list that the directory, which is
// in the user's own profile, hands down to its files.
func Private(fs.FileInfo) bool { return true }

// Rename replaces newpath by oldpath. While another process has newpath open or
// renames to it, Windows refuses with "access denied" or a sharing violation,
// which passes; cmd/go's robustio waits in the same way
// (https://github.com/golang/go/issues/8914).
func Rename(oldpath, newpath string) error {
	const patience = 500 * time.Millisecond
	for start, wait := time.Now(), time.Millisecond; ; wait *= 2 {
		err := os.Rename(oldpath, newpath)
		if err == nil || time.Since(start)+wait > patience {
			return err
		}
		time.Sleep(wait)
	}
}
