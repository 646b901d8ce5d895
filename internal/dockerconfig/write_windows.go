package dockerconfig

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

func isReadOnlyDisk(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }

// otherOwner is nothing that decides: access lists do.
func otherOwner(fs.FileInfo) bool { return false }

// likewise and inherit leave access to what the directory, which is in the user's
// own profile, hands down to its files.
func likewise(*os.File, fs.FileInfo) error { return nil }

func inherit(*os.File, string) error { return nil }

func inheritDirectory(*os.Root, string) error { return nil }

// moveTo renames a file to a path at which there must be none.
func moveTo(name, path string) error {
	from, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	to, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	err = windows.MoveFileEx(from, to, windows.MOVEFILE_WRITE_THROUGH)
	if errors.Is(err, fs.ErrExist) {
		return errChanged
	}
	return err
}

// exchange is nothing that Windows can do.
func exchange(string, string) error { return errors.ErrUnsupported }
