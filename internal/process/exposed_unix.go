//go:build unix

package process

import (
	"io/fs"
	"os"
	"syscall"
)

// firstPerson is the first group id that is not a system's own, on Linux and the
// like (Debian's policy, 9.2.2). Groups below, such as staff and admin, hold
// those who administer the machine anyhow.
const firstPerson = 1000

// foreign reports whether somebody else than this user and root can change a
// file, or what is in a directory.
func foreign(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	mode, gid := info.Mode().Perm(), int(stat.Gid)
	switch {
	case otherOwner(info):
		return true
	case mode&0o002 != 0:
		return true
	}
	return mode&0o020 != 0 && gid >= firstPerson && gid != os.Getegid()
}

// otherOwner reports whether a file belongs to neither this user nor root.
func otherOwner(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid()
}
