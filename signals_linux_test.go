package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"docker-credential-acr/internal/azuretest"
)

// step is a point of a get at which it waits for something that does not come.
type step struct {
	name   string
	faults []azuretest.Fault
	env    func(*testing.T, emulated) []string
	// prepare makes it wait there, reached says whether it does.
	prepare func(*testing.T, emulated, *exec.Cmd)
	reached func(emulated, *exec.Cmd) bool
}

// steps are new ones, for one get.
func steps() []step {
	var tries func() bool // whether the lock has been tried
	hang := func(match string) []azuretest.Fault { return []azuretest.Fault{{Match: match, Mode: "hang"}} }
	asked := func(match string) func(emulated, *exec.Cmd) bool {
		return func(e emulated, _ *exec.Cmd) bool { return e.Count(match) > 0 }
	}
	connected := func(host string) func(emulated, *exec.Cmd) bool {
		return func(e emulated, _ *exec.Cmd) bool { return e.Connections()[host] > 0 }
	}
	return []step{
		{
			name: "reading its input",
			prepare: func(t *testing.T, _ emulated, cmd *exec.Cmd) {
				in, out := pipe(t)
				cmd.Stdin = in
				if _, err := out.WriteString("myregistry"); err != nil {
					t.Fatal(err)
				}
			},
			reached: func(_ emulated, cmd *exec.Cmd) bool {
				left, err := unix.IoctlGetInt(int(cmd.Stdin.(*os.File).Fd()), unix.TIOCINQ)
				return err == nil && left == 0
			},
		},
		{
			name: "waiting for the lock",
			prepare: func(t *testing.T, e emulated, _ *exec.Cmd) {
				kept := e.cache()
				key := kept.Entries()[0].Key
				if err := kept.Remove(key); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(kept.Lock(t.Context(), key))
				lock, err := filepath.Glob(filepath.Join(e.cacheDir(), "*.lock"))
				if err != nil || len(lock) != 1 {
					t.Fatalf("%v, %v", lock, err)
				}
				tries = watch(t, lock[0])
			},
			reached: func(_ emulated, _ *exec.Cmd) bool { return tries() },
		},
		{name: "connecting to Entra", faults: hang("CONNECT " + entraHost + "/"), reached: connected(entraHost)},
		{name: "asking Entra", faults: hang(entraToken), reached: asked(entraToken)},
		{
			name: "waiting for az",
			env: func(t *testing.T, e emulated) []string {
				tools := t.TempDir()
				script := "#!/bin/sh\nsleep 600 &\necho $! >" + e.home + "/child.new && mv " + e.home + "/child.new " + e.home + "/child\nwait\n"
				if err := os.WriteFile(filepath.Join(tools, "az"), []byte(script), 0o700); err != nil {
					t.Fatal(err)
				}
				return []string{"AZURE_TOKEN_CREDENTIALS=AzureCLICredential", "PATH=" + tools + ":" + os.Getenv("PATH")}
			},
			reached: func(e emulated, _ *exec.Cmd) bool {
				_, err := os.Stat(filepath.Join(e.home, "child"))
				return err == nil
			},
		},
		{name: "connecting to the registry", faults: hang("CONNECT " + azuretest.MyRegistry + "/"), reached: connected(azuretest.MyRegistry)},
		{name: "asking the registry", faults: hang(acrExchange), reached: asked(acrExchange)},
		{name: "waiting to ask again", faults: []azuretest.Fault{{Match: acrExchange, Status: 429, Headers: map[string]string{"Retry-After": "9"}}}, reached: asked(acrExchange)},
		{
			name: "writing its answer",
			prepare: func(t *testing.T, _ emulated, cmd *exec.Cmd) {
				in, out := pipe(t)
				t.Cleanup(func() { _ = in.Close() })
				size, err := unix.FcntlInt(out.Fd(), unix.F_GETPIPE_SZ, 0)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := out.Write(make([]byte, size)); err != nil {
					t.Fatal(err)
				}
				cmd.Stdout = out
			},
			reached: func(e emulated, _ *exec.Cmd) bool { return len(e.cache().Entries()) == 1 },
		},
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(r.Close(), w.Close()) })
	return r, w
}

// watch returns whether a file has been opened since.
func watch(t *testing.T, path string) func() bool {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err == nil {
		_, err = unix.InotifyAddWatch(fd, path, unix.IN_OPEN)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return func() bool {
		n, _ := unix.Read(fd, make([]byte, 4096))
		return n > 0
	}
}

// Whatever a get waits for when it is told to end, it ends within two seconds
// with exit code 1 and at most one line, ends what it has started, leaves no
// token lying about and keeps nobody waiting.
func TestSignalsAtEachStep(t *testing.T) {
	signals := map[string]struct {
		signals []syscall.Signal
		code    int // negative for an end by the signal itself
	}{
		"SIGTERM":              {[]syscall.Signal{syscall.SIGTERM}, 1},
		"SIGINT":               {[]syscall.Signal{syscall.SIGINT}, 1},
		"SIGHUP":               {[]syscall.Signal{syscall.SIGHUP}, 1},
		"SIGPIPE, SIGTERM":     {[]syscall.Signal{syscall.SIGPIPE, syscall.SIGTERM}, 1},
		"SIGKILL":              {[]syscall.Signal{syscall.SIGKILL}, -1},
		"SIGSTOP, not SIGCONT": {[]syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL}, -1},
	}
	for i := range steps() {
		for name, sent := range signals {
			s := steps()[i]
			t.Run(s.name+" "+name, func(t *testing.T) {
				t.Parallel()
				e := emulate(t, azuretest.Config{})
				if s.name == "waiting for the lock" {
					e.get(t)
				}
				e.Reset()
				e.Update(func(c *azuretest.Config) { c.Faults = s.faults })
				var env []string
				if s.env != nil {
					env = s.env(t, e)
				}
				cmd := e.command(t.Context(), "get", azuretest.MyRegistry, env...)
				var stdout, stderr bytes.Buffer
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				cmd.WaitDelay = 10 * time.Second
				if s.prepare != nil {
					s.prepare(t, e, cmd)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				for start := time.Now(); !s.reached(e, cmd); time.Sleep(2 * time.Millisecond) {
					if time.Since(start) > 20*time.Second {
						_ = cmd.Process.Kill()
						t.Fatalf("it never got there: %s", stderr.String())
					}
				}
				for _, signal := range sent.signals {
					if err := cmd.Process.Signal(signal); err != nil {
						t.Fatal(err)
					}
				}
				start := time.Now()
				_ = cmd.Wait()
				if took := time.Since(start); took > 15*time.Second { // its own limit of a get is 25 s
					t.Errorf("it took %v to end", took)
				}
				if code := cmd.ProcessState.ExitCode(); code != sent.code {
					t.Errorf("%v, want exit code %d", cmd.ProcessState, sent.code)
				}
				found := azuretest.FindSecret(stdout.String() + stderr.String())
				if found != "" || strings.Count(stdout.String(), "\n") > 1 || strings.Count(stderr.String(), "\n") > 1 {
					t.Errorf("it said %q and %q", stdout.String(), stderr.String())
				}
				if s.name == "waiting for az" && sent.code == 1 {
					e.gone(t, filepath.Join(e.home, "child"))
				} else if s.name == "waiting for az" {
					e.end(t, filepath.Join(e.home, "child")) // nobody can do anything after SIGKILL
				}
				if left := e.kept(t, ".tmp-"); len(left) != 0 {
					t.Errorf("left behind: %v", left)
				}
				if left := e.kept(t, ".failure"); len(left) != 0 {
					t.Errorf("it is remembered as a failure: %v", left)
				}
				e.Update(func(c *azuretest.Config) { c.Faults = nil })
				if s.name != "waiting for the lock" { // which this test still holds
					e.get(t)
				}
			})
		}
	}
}

// gone waits until the process whose id stands in a file has ended.
func (e emulated) gone(t *testing.T, file string) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		state, err := os.ReadFile("/proc/" + e.pid(t, file) + "/stat")
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		if time.Since(start) > 10*time.Second {
			e.end(t, file)
			t.Fatal("what az has started is still there")
		}
	}
}

func (e emulated) pid(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(content))
}

func (e emulated) end(t *testing.T, file string) {
	t.Helper()
	var pid int
	if _, err := fmt.Sscan(e.pid(t, file), &pid); err == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// Who does not read is told so with exit code 1 where that can be, and the token
// is kept for the next.
func TestReaderIsGone(t *testing.T) {
	gone := func(t *testing.T) *os.File {
		r, w := pipe(t)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		return w
	}
	e := emulate(t, azuretest.Config{})
	var said bytes.Buffer
	cmd := e.command(t.Context(), "get", azuretest.MyRegistry)
	cmd.Stdout, cmd.Stderr = gone(t), &said
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 1 || said.String() != "docker-credential-acr: cannot write to standard output\n" {
		t.Errorf("without stdout's reader: %v, %q", cmd.ProcessState, said.String())
	}
	e.get(t)
	if n := e.Count(acrExchange); n != 1 {
		t.Errorf("%d exchanges: the token is not kept", n)
	}

	e.Update(func(c *azuretest.Config) {
		c.Faults = []azuretest.Fault{{Match: acrExchange, Status: http.StatusForbidden}}
	})
	for name, output := range map[string][2]io.Writer{"stderr": {&said, gone(t)}, "both": {gone(t), gone(t)}} {
		said.Reset()
		cmd := e.command(t.Context(), "get", azuretest.MyRegistry, "DOCKER_CREDENTIAL_ACR_CACHE=off")
		cmd.Stdout, cmd.Stderr = output[0], output[1]
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 1 || name == "stderr" && !strings.HasPrefix(said.String(), azuretest.MyRegistry+": ") {
			t.Errorf("without the reader of %s: %v, %q", name, cmd.ProcessState, said.String())
		}
	}
}
