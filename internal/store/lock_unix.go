//go:build unix

package store

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"docker-credential-acr/internal/privatefile"
)

func openLock(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|privatefile.NoFollow, 0o600)
	return &lock{f}, err
}

// try takes the lock if it is free. An error means that there are no locks.
func (l *lock) try() (free bool, err error) {
	err = syscall.Flock(int(l.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}

// release gives the lock up for all who share it: what a helper leaves running
// does not hold it.
func (l *lock) release() {
	if l == nil {
		return
	}
	_ = syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN)
	_ = l.file.Close()
}

// share lets a helper and its children hold the lock, too. If this process is
// killed, they go on, and would write after whoever is next.
func (l *lock) share(cmd *exec.Cmd) {
	if l != nil {
		cmd.ExtraFiles = []*os.File{l.file}
	}
}
