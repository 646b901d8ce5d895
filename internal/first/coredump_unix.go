//go:build unix

package first

import (
	"runtime"
	"syscall"
)

// noCoreDump keeps tokens out of core files, for this process and the tools that
// it runs, which hold tokens as well. Go dumps core only if GOTRACEBACK=crash asks
// for it, or somebody else's signal kills the process.
//
// Linux takes no notice of a limit of 0 where core_pattern names a program, as
// systemd-coredump is one, but of 1 it does (fs/coredump.c); no file is so small
// either. The rest of what prctl(PR_SET_DUMPABLE) does is not wanted: it breaks
// proot, strace and debuggers, and what it hides from programs of the same user
// they get by running this one.
func noCoreDump() {
	limit := syscall.Rlimit{}
	if runtime.GOOS == "linux" {
		limit = syscall.Rlimit{Cur: 1, Max: 1}
	}
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &limit) // refused where the limit is lower
}
