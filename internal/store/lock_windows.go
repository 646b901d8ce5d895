package store

import (
	"os"
	"os/exec"

	"golang.org/x/sys/windows"
)

func openLock(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	return &lock{f}, err
}

// try takes the lock if it is free. An error means that there are no locks.
func (l *lock) try() (free bool, err error) {
	err = windows.LockFileEx(windows.Handle(l.file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
	if err == windows.ERROR_LOCK_VIOLATION {
		return false, nil
	}
	return err == nil, err
}

func (l *lock) release() {
	if l == nil {
		return
	}
	_ = l.file.Close() // and with it the lock
}

// share does nothing: helpers end with this process.
func (l *lock) share(*exec.Cmd) {}
