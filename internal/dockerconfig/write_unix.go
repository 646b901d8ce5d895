//go:build unix

package dockerconfig

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

func isReadOnlyDisk(err error) bool { return errors.Is(err, syscall.EROFS) }

// otherOwner reports whether a file is another user's.
func otherOwner(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) != os.Geteuid()
}

// likewise gives a new file the owner of an old one. Who cannot, must not replace
// it.
func likewise(f *os.File, old fs.FileInfo) error {
	want, ok := old.Sys().(*syscall.Stat_t)
	info, err := f.Stat()
	if err != nil || !ok {
		return err
	}
	is, ok := info.Sys().(*syscall.Stat_t)
	if !ok || is.Uid == want.Uid && is.Gid == want.Gid {
		return nil
	}
	err = f.Chown(int(want.Uid), int(want.Gid))
	if is.Uid == want.Uid && old.Mode().Perm()&0o070 == 0 {
		return nil // the group has no say
	}
	if errors.Is(err, fs.ErrPermission) {
		return &Problem{Code: OtherOwner}
	}
	return err
}

// inherit gives a file that root made in somebody else's directory to them, so
// that a sudo in one's own home leaves nothing that one cannot change.
func inherit(f *os.File, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

// inheritDirectory does the same for a directory below root.
func inheritDirectory(root *os.Root, name string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := root.Stat(".")
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return root.Lchown(name, int(owner.Uid), int(owner.Gid))
}

// moveTo renames a file to a path at which there must be none.
func moveTo(name, path string) error {
	err := os.Link(name, path)
	switch {
	case err == nil:
		return os.Remove(name)
	case errors.Is(err, fs.ErrExist):
		return errChanged
	}
	// A disk without hard links.
	if _, err := os.Lstat(path); err == nil {
		return errChanged
	}
	return os.Rename(name, path)
}

// swapped reads the error of exchanging two files.
func swapped(err error) error {
	switch {
	case errors.Is(err, syscall.EINVAL): // what a disk says that cannot
		return errors.ErrUnsupported
	case errors.Is(err, syscall.EBUSY):
		return &Problem{Code: Mounted}
	}
	return err
}
