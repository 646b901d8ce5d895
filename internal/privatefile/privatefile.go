// Package privatefile reads and writes files that hold secrets: whole or not at
// all, and for their owner only, from birth.
package privatefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// ErrNotPrivate is the error of Read for a file that is not this user's alone to
// write, or not a regular file of the expected size.
var ErrNotPrivate = errors.New("not a private file of this user")

// Read reads a regular file of at most limit bytes that belongs to this user and
// that no other can write. It neither follows a link nor waits for a pipe's
// writer.
func Read(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|NoFollow, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit || !Private(info) {
		return nil, ErrNotPrivate
	}
	return io.ReadAll(io.LimitReader(f, limit))
}

// Write replaces the file at path by content, in one step: others see the old
// file or the new one, and a kill leaves one of them, perhaps beside a temporary
// file whose name begins with temporary in the same directory. The directory is
// made with mode 0700 if need be. A modified time other than zero becomes the
// file's.
func Write(path, temporary string, content []byte, modified time.Time) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, temporary+"-*") // 0600 from birth
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	if err == nil {
		err = tmp.Sync() // a rename that survives a power cut before its content would be an empty file
	}
	err = errors.Join(err, tmp.Close())
	if err == nil && !modified.IsZero() {
		err = os.Chtimes(tmp.Name(), time.Time{}, modified)
	}
	if err == nil {
		err = Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}
