//go:build unix

package process

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// CanDetach reports whether a process that is left behind here is nobody's
// burden: the init system is one that reaps what it inherits. That is so on
// macOS, and on Linux under systemd, which says so with this directory
// (sd_booted(3)). In a container process 1 is mostly some program that does not,
// and would collect dead children.
func CanDetach() bool {
	if runtime.GOOS == "darwin" {
		return true
	}
	info, err := os.Lstat("/run/systemd/system")
	return err == nil && info.IsDir()
}

// Detach starts a program that goes on when this process has ended. It reads
// stdin, which must fit into a pipe, and its output goes nowhere. It is in a
// session of its own and has no file of the caller's open, so that nobody who
// waits for this process, its process group or its pipes waits for it.
func Detach(path string, args, env []string, stdin string) error {
	if err := closeOnExec(); err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // only read
	_, err = w.WriteString(stdin)
	_ = w.Close()
	if err != nil {
		return err
	}
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Stdin = env, r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// closeOnExec keeps from the next program what this process was started with
// beyond the standard streams: Go's own files are so from the start, but a shell's
// are not, such as the lock of flock(1) or the jobs of make.
func closeOnExec() error {
	dir, err := os.Open("/dev/fd") // on Linux a link to /proc/self/fd
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // only read
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
	return nil
}
