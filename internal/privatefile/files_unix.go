//go:build unix

package privatefile

import (
	"io/fs"
	"os"
	"syscall"
)

// NoFollow is a flag for os.OpenFile. It refuses a symbolic link in the last place of a path, and opens a
// FIFO without waiting for its other end.
const NoFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// Private reports whether the file is this user's and no other can write it.
func Private(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}

// Rename replaces newpath by oldpath in one step.
func Rename(oldpath, newpath string) error { return os.Rename(oldpath, newpath) }
