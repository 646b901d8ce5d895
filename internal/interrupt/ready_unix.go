//go:build unix

package interrupt

import (
	"os"

	"golang.org/x/sys/unix"
)

// atOnce is how much a pipe that is writable takes without waiting, see pipe(7).
const atOnce = 4096

// whole reports whether reading to the end of f does not wait: it is a file, or
// its writer has closed it.
func whole(f *os.File) bool {
	if poll(f, unix.POLLIN)&unix.POLLHUP != 0 {
		return true
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// takes reports whether f takes n bytes without waiting.
func takes(f *os.File, n int) bool {
	return n <= atOnce && poll(f, unix.POLLOUT) != 0
}

// poll returns what of f is ready, or 0.
func poll(f *os.File, event int16) (ready int16) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { // Fd would change the mode of a file that others have, too
		fds := []unix.PollFd{{Fd: int32(fd), Events: event}}
		if n, err := unix.Poll(fds, 0); err == nil && n == 1 {
			ready = fds[0].Revents
		}
	})
	return ready
}
