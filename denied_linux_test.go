package main_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"docker-credential-acr/internal/azuretest"
)

// denyVariable makes the test program a launcher: it starts the program that its
// arguments name, for which system calls fail as the variable says.
const denyVariable = "DENIED_SYSTEM_CALLS"

// denial is a system call that fails.
type denial struct {
	name   string
	call   uintptr
	errno  syscall.Errno
	create bool // of openat, only where it would make a file
	kill   bool // in place of the error, the process dies at once
}

// launch denies system calls to this process with a filter of the kernel's, and
// becomes the program. No privilege is needed for it, and what is denied is what
// a file system answers: NFS without a lock daemon says ENOLCK, a quota EDQUOT
// (flock(2), openat(2), fsync(2)).
func launch() {
	var filter []unix.SockFilter
	load := func(offset uint32) {
		filter = append(filter, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset})
	}
	for _, text := range strings.Fields(os.Getenv(denyVariable)) {
		var call, errno uint32
		var create, kill bool
		if _, err := fmt.Sscanf(text, "%d:%d:%t:%t", &call, &errno, &create, &kill); err != nil {
			panic(err)
		}
		deny := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | errno}
		if kill {
			deny.K = unix.SECCOMP_RET_KILL_PROCESS
		}
		load(0) // the number of the call
		if !create {
			filter = append(filter, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: call}, deny)
			continue
		}
		filter = append(filter, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 3, K: call})
		load(16 + 2*8) // the low half of the third argument, the flags
		filter = append(filter, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, Jf: 1, K: unix.O_CREAT}, deny)
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	must(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	must(os.Unsetenv(denyVariable))
	// The filter is this thread's, and becomes the program's with the thread.
	must(unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0))
	must(syscall.Exec(os.Args[1], os.Args[1:], os.Environ()))
}

// denied is the program for which system calls fail.
func (e emulated) denied(t *testing.T, denials []denial, verb, input string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := e.command(t.Context(), verb, input, env...)
	var texts []string
	for _, d := range denials {
		texts = append(texts, fmt.Sprintf("%d:%d:%t:%t", d.call, int(d.errno), d.create, d.kill))
	}
	cmd.Env = append(cmd.Env, denyVariable+"="+strings.Join(texts, " "))
	cmd.Path, cmd.Args = self, append([]string{self}, cmd.Args...)
	return cmd
}

// A file system that refuses costs a request, never an answer: nothing is said,
// nothing half-written is left, and what was kept before is still there.
func TestFileSystemRefuses(t *testing.T) {
	var denials []denial
	for _, call := range []struct {
		name   string
		number uintptr
		errnos []syscall.Errno
		create bool
	}{
		{"flock", unix.SYS_FLOCK, []syscall.Errno{unix.ENOLCK, unix.EOPNOTSUPP, unix.ENOSYS, unix.EIO}, false},
		{"openat to create", unix.SYS_OPENAT, []syscall.Errno{unix.EDQUOT, unix.ENOSPC, unix.EROFS, unix.EACCES, unix.EIO, unix.ENFILE, unix.EMFILE}, true},
		{"fsync", unix.SYS_FSYNC, []syscall.Errno{unix.EDQUOT, unix.ENOSPC, unix.EIO}, false},
		{"renameat", unix.SYS_RENAMEAT, []syscall.Errno{unix.EDQUOT, unix.ENOSPC, unix.EROFS, unix.EACCES, unix.EIO}, false},
		{"utimensat", unix.SYS_UTIMENSAT, []syscall.Errno{unix.EROFS, unix.EPERM}, false},
		{"getdents64", unix.SYS_GETDENTS64, []syscall.Errno{unix.EIO, unix.ESTALE}, false},
		{"mkdirat", unix.SYS_MKDIRAT, []syscall.Errno{unix.EDQUOT, unix.EROFS, unix.ENOSPC}, false},
	} {
		for _, errno := range call.errnos {
			denials = append(denials, denial{name: call.name + " " + unix.ErrnoName(errno), call: call.number, errno: errno, create: call.create})
		}
	}
	for _, d := range denials {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			e := emulate(t, azuretest.Config{})
			first := outcome(t, e.denied(t, []denial{d}, "get", azuretest.MyRegistry)).answers(t)
			if name := d.name; !strings.HasPrefix(name, "flock") && !strings.HasPrefix(name, "getdents64") {
				if kept := e.kept(t, ".token"); len(kept) != 0 {
					t.Errorf("the system call did not fail: %v", kept)
				}
			} else if got := e.get(t); got != first {
				t.Error("the token is not kept")
			}
			if left := e.kept(t, ".tmp-"); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
			// What is there already is neither lost nor spoilt.
			e.get(t)
			old := e.age(t)
			e.Update(func(c *azuretest.Config) { c.Faults = []azuretest.Fault{{Match: acrExchange, Status: 403}} })
			if outcome(t, e.denied(t, []denial{d}, "get", azuretest.MyRegistry)).answers(t) != old {
				t.Error("another token")
			}
			if e.get(t) != old {
				t.Error("the token is lost")
			}
		})
	}
}

// A process that dies at any step of writing the cache leaves the old token or the
// new one, and the next get removes what is half-written.
func TestKilledAtEachFileStep(t *testing.T) {
	for _, d := range []denial{
		{name: "opening the lock", call: unix.SYS_OPENAT, create: true},
		{name: "taking the lock", call: unix.SYS_FLOCK},
		{name: "flushing", call: unix.SYS_FSYNC},
		{name: "setting the time", call: unix.SYS_UTIMENSAT},
		{name: "renaming", call: unix.SYS_RENAMEAT},
		{name: "sweeping", call: unix.SYS_UNLINKAT},
	} {
		d.kill = true
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			e := emulate(t, azuretest.Config{})
			e.get(t)
			old := e.age(t)
			e.Reset()
			cmd := e.denied(t, []denial{d}, "get", azuretest.MyRegistry)
			if r := outcome(t, cmd); r.code != -1 || r.stdout+r.stderr != "" {
				t.Errorf("it lives: %+v", r)
			}
			exchanged := e.Count(acrExchange)
			if entries := e.cache().Entries(); len(entries) != 1 || (entries[0].Secret == old) != (d.call != unix.SYS_UNLINKAT) {
				t.Errorf("%d entries are left", len(entries))
			}
			secret := e.get(t)
			if secret == old || e.Count(acrExchange)-exchanged > 1 {
				t.Errorf("the next get: the old token is answered: %v; %d exchanges", secret == old, e.Count(acrExchange)-exchanged)
			}
			if left := e.kept(t, ".tmp-"); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
			if e.get(t) != secret {
				t.Error("the new token is not kept")
			}
		})
	}
}

// kept lists the files of the cache that have part in their names.
func (e emulated) kept(t *testing.T, part string) []string {
	t.Helper()
	entries, err := os.ReadDir(e.cacheDir())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var found []string
	for _, f := range entries {
		if strings.Contains(f.Name(), part) {
			found = append(found, f.Name())
		}
	}
	return found
}

// Two dozen at once on a file system without locks: each has an answer, and the
// cache holds a whole one.
func TestManyWithoutLocks(t *testing.T) {
	e := emulate(t, azuretest.Config{})
	const many = 24
	results := make(chan result, many)
	for range many {
		go func() {
			results <- outcome(t, e.denied(t, []denial{{call: unix.SYS_FLOCK, errno: unix.ENOLCK}}, "get", azuretest.MyRegistry))
		}()
	}
	for range many {
		(<-results).answers(t)
	}
	if n := e.Count(acrExchange); n > many {
		t.Errorf("%d exchanges", n)
	}
	e.Reset()
	e.get(t)
	if n := len(e.Requests()); n != 0 {
		t.Errorf("%d requests: the cache is spoilt", n)
	}
}

// What somebody puts into the places of our files is neither followed, waited
// for nor changed.
func TestFilesSwapped(t *testing.T) {
	const content = "somebody else's"
	swaps := map[string]func(path, victim string) error{
		"link":          func(path, victim string) error { return os.Symlink(victim, path) },
		"dangling link": func(path, victim string) error { return os.Symlink(victim+"-nowhere", path) },
		"hard link":     func(path, victim string) error { return os.Link(victim, path) },
		"directory":     func(path, _ string) error { return os.MkdirAll(filepath.Join(path, "inside"), 0o700) },
		"FIFO":          func(path, _ string) error { return syscall.Mkfifo(path, 0o600) },
		"writable file": func(path, _ string) error {
			return errors.Join(os.WriteFile(path, []byte(content), 0o666), os.Chmod(path, 0o666))
		},
	}
	for _, place := range []string{".token", ".lock", ".failure", "directory of the cache"} {
		for name, swap := range swaps {
			if name == "hard link" && place == "directory of the cache" {
				continue // there is no such thing
			}
			t.Run(place+" is a "+name, func(t *testing.T) {
				t.Parallel()
				e := emulate(t, azuretest.Config{})
				e.get(t)
				victim := filepath.Join(t.TempDir(), "victim")
				if err := os.WriteFile(victim, []byte(content), 0o640); err != nil {
					t.Fatal(err)
				}
				path := e.cacheDir()
				if strings.HasPrefix(place, ".") {
					token := e.kept(t, ".token")[0]
					path = filepath.Join(path, strings.TrimSuffix(token, ".token")+place)
				}
				if err := errors.Join(os.RemoveAll(path), swap(path, victim)); err != nil {
					t.Fatal(err)
				}
				if place != ".token" && strings.HasPrefix(place, ".") { // the others are read only when there is no fresh token
					if err := os.Remove(filepath.Join(e.cacheDir(), e.kept(t, ".token")[0])); err != nil {
						t.Fatal(err)
					}
				}
				e.Reset()
				for range 2 {
					e.run(t, "get", azuretest.MyRegistry).answers(t)
				}
				if n := e.Count(acrExchange); n < 1 || n > 2 {
					t.Errorf("%d exchanges", n)
				}
				if out := e.run(t, "list", "").stdout; !strings.HasPrefix(out, "{") {
					t.Errorf("list: %q", out)
				}
				if r := e.run(t, "erase", azuretest.MyRegistry); r != (result{}) {
					t.Errorf("erase: %+v", r)
				}
				info, err := os.Stat(victim)
				if got, _ := os.ReadFile(victim); err != nil || string(got) != content || info.Mode().Perm() != 0o640 {
					t.Errorf("the victim has mode %v and %q, %v", info.Mode(), got, err)
				}
				if _, err := os.Stat(victim + "-nowhere"); err == nil {
					t.Error("a dangling link was followed")
				}
			})
		}
	}
}

// limited is a shell's limit before the program starts.
func (e emulated) limited(t *testing.T, limits, verb, input string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := e.command(t.Context(), verb, input, env...)
	cmd.Path = "/bin/sh"
	cmd.Args = append([]string{"sh", "-c", limits + ` && exec "$@"`, "sh"}, cmd.Args...)
	return cmd
}

// Few open files are enough, cold and warm.
func TestFewOpenFiles(t *testing.T) {
	for _, files := range []int{64, 16} {
		e := emulate(t, azuretest.Config{})
		for range 2 {
			outcome(t, e.limited(t, "ulimit -n "+strconv.Itoa(files), "get", azuretest.MyRegistry, "DOCKER_CREDENTIAL_ACR_LOG="+filepath.Join(e.home, "log"))).answers(t)
		}
		if n := e.Count(acrExchange); n != 1 {
			t.Errorf("%d files: %d exchanges", files, n)
		}
	}
}

// A file size limit of nothing is a disk that is full at the first byte.
func TestFileSizeLimit(t *testing.T) {
	e := emulate(t, azuretest.Config{})
	outcome(t, e.limited(t, "ulimit -f 0", "get", azuretest.MyRegistry)).answers(t)
	if left := append(e.kept(t, ".tmp-"), e.kept(t, ".token")...); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
