package dockerconfig

import "golang.org/x/sys/unix"

// exchange exchanges two files in one step: renamex_np(2).
func exchange(a, b string) error { return swapped(unix.RenamexNp(a, b, unix.RENAME_SWAP)) }
