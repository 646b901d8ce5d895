package dockerconfig

import "golang.org/x/sys/unix"

// exchange exchanges two files in one step: renameat2(2).
func exchange(a, b string) error {
	return swapped(unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE))
}
