package atrest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestMain lets the test program be the other processes of its own tests.
func TestMain(m *testing.M) {
	role, description, _ := strings.Cut(os.Getenv("ATREST_TEST"), " ")
	s := Sealer{description: description}
	switch role {
	case "":
		os.Exit(m.Run())
	case "other-session":
		// As a systemd service's: a session keyring that leads nowhere.
		if _, err := unix.KeyctlJoinSessionKeyring("docker-credential-acr test"); err != nil {
			panic(err)
		}
		fallthrough
	case "seal":
		sealed, id, err := s.Seal([]byte("x"), nil)
		if err != nil {
			panic(err)
		}
		if _, err := s.Open(sealed, nil); err != nil {
			panic(err)
		}
		os.Stdout.WriteString(id) //nolint:errcheck // the test will miss it
	case "nobody":
		become(65534)
		if s.ID() != "" {
			panic("found the key")
		}
		number, _ := strconv.Atoi(os.Getenv("ATREST_SERIAL"))
		if _, err := unix.KeyctlBuffer(unix.KEYCTL_READ, number, make([]byte, keySize), 0); err != unix.EACCES {
			panic("read the key by its number: " + fmt.Sprint(err))
		}
	case "blocked":
		block()
		if _, _, err := s.Seal(nil, nil); !errors.Is(err, unix.EPERM) || s.ID() != "" {
			panic("sealed, or stopped by something else: " + fmt.Sprint(err))
		}
	case "quota":
		become(64999) // nobody's, whose keys can be counted out
		quota(s)
	}
}

// block has the kernel refuse all that has to do with keys, in this thread and
// what it starts, as the seccomp profile of Docker's containers does.
func block() {
	runtime.LockOSThread()
	const load, equal, answer = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	filter := []unix.SockFilter{
		{Code: load, K: 0}, // the number of the system call
		{Code: equal, K: unix.SYS_KEYCTL, Jt: 3},
		{Code: equal, K: unix.SYS_ADD_KEY, Jt: 2},
		{Code: equal, K: unix.SYS_REQUEST_KEY, Jt: 1},
		{Code: answer, K: unix.SECCOMP_RET_ALLOW},
		{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		panic(err)
	}
}

func become(user int) {
	if err := unix.Setuid(user); err != nil {
		panic(err)
	}
}

// quota takes all the room for keys that the user has, and gives it back.
func quota(s Sealer) {
	const enough = 5000
	for i := 0; ; i++ {
		_, err := unix.AddKey(keyType, "filler "+strconv.Itoa(i), []byte("x"), keyring)
		if err == unix.EDQUOT {
			break
		}
		if err != nil || i > enough {
			panic(fmt.Sprint(i, err))
		}
	}
	if _, _, err := s.Seal(nil, nil); err == nil || s.ID() != "" {
		panic("sealed")
	}
	if _, err := unix.KeyctlInt(unix.KEYCTL_CLEAR, keyring, 0, 0, 0); err != nil {
		panic(err)
	}
	for { // the kernel counts what is cleared a moment later
		if _, _, err := s.Seal(nil, nil); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := unix.KeyctlInt(unix.KEYCTL_CLEAR, keyring, 0, 0, 0); err != nil {
		panic(err)
	}
}

// newSealer returns one with a key of the test's own, which is gone afterwards.
// The test is skipped where the kernel keeps no keys for this process.
func newSealer(t *testing.T) Sealer {
	t.Helper()
	s := Sealer{description: "docker-credential-acr test " + t.Name() + " " + strconv.Itoa(os.Getpid())}
	if _, _, err := s.Seal(nil, nil); err != nil {
		t.Skipf("there is no keyring here: %v", err)
	}
	t.Cleanup(func() { drop(t, s) })
	return s
}

// serial is the number of the key.
func serial(t *testing.T, s Sealer) int {
	t.Helper()
	n, err := unix.KeyctlSearch(keyring, keyType, s.name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// drop takes the key out of the keyring, dead or alive.
func drop(t *testing.T, s Sealer) {
	t.Helper()
	if n, err := unix.KeyctlSearch(keyring, keyType, s.name(), 0); err == nil {
		if _, err := unix.KeyctlInt(unix.KEYCTL_UNLINK, n, keyring, 0, 0); err != nil {
			t.Error(err)
		}
	}
}

func child(t *testing.T, role string, s Sealer) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "ATREST_TEST="+role+" "+s.description, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", role, err)
	}
	return string(out)
}

func TestEveryProcessOfTheUserHasTheKey(t *testing.T) {
	s := newSealer(t)
	for _, role := range []string{"seal", "other-session"} {
		if id := child(t, role, s); id == "" || id != s.ID() {
			t.Errorf("%s: the key is %q, here it is %q", role, id, s.ID())
		}
	}
	// The key is in the user keyring alone.
	if _, err := unix.KeyctlSearch(unix.KEY_SPEC_THREAD_KEYRING, keyType, s.name(), 0); err == nil {
		t.Error("it was left in the thread's keyring")
	}
}

func TestAnotherUserHasNot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	s := newSealer(t)
	t.Setenv("ATREST_SERIAL", strconv.Itoa(serial(t, s)))
	child(t, "nobody", s)
}

// In most containers keyctl is forbidden: that is an error of Seal, and no key.
func TestBlockedKeyring(t *testing.T) {
	child(t, "blocked", newSealer(t))
}

// Of processes that find no key at the same moment, one makes it and all use it.
func TestParallelProcessesMakeOneKey(t *testing.T) {
	s := newSealer(t)
	for range 5 {
		drop(t, s)
		ids := make([]string, 12)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() { ids[i] = child(t, "seal", s) })
		}
		all.Wait()
		for _, id := range ids {
			if id == "" || id != ids[0] {
				t.Fatalf("keys %q", ids)
			}
		}
	}
}

// A key that is gone makes what was sealed with it unreadable, and the next Seal
// makes another.
func TestLostKey(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, s Sealer){
		"unlinked": drop,
		"revoked": func(t *testing.T, s Sealer) {
			// Its own user cannot, as nobody has the permission; so somebody has put
			// another in its place.
			replace(t, s, make([]byte, keySize))
			if _, err := unix.KeyctlInt(unix.KEYCTL_REVOKE, serial(t, s), 0, 0, 0); err != nil {
				t.Fatal(err)
			}
		},
		"expired": func(t *testing.T, s Sealer) {
			replace(t, s, make([]byte, keySize))
			if _, err := unix.KeyctlInt(unix.KEYCTL_SET_TIMEOUT, serial(t, s), 1, 0, 0); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(time.Minute); s.ID() != "" && time.Now().Before(deadline); {
				time.Sleep(50 * time.Millisecond)
			}
		},
		"of another size": func(t *testing.T, s Sealer) { replace(t, s, []byte("short")) },
		"too long":        func(t *testing.T, s Sealer) { replace(t, s, make([]byte, 200)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSealer(t)
			sealed, before, err := s.Seal([]byte("a token"), nil)
			if err != nil {
				t.Fatal(err)
			}
			lose(t, s)
			if id := s.ID(); id != "" {
				t.Errorf("there is a key %s", id)
			}
			if got, err := s.Open(sealed, nil); err == nil {
				t.Errorf("opened without the key: %q", got)
			}
			again, after, err := s.Seal([]byte("a token"), nil)
			if err != nil || after == before || after != s.ID() {
				t.Fatalf("key %q, before %q, now %q: %v", after, before, s.ID(), err)
			}
			if got, err := s.Open(again, nil); err != nil || string(got) != "a token" {
				t.Errorf("%q, %v", got, err)
			}
			if got, err := s.Open(sealed, nil); err == nil {
				t.Errorf("opened with another key: %q", got)
			}
		})
	}
}

// replace puts a key with the kernel's own permissions in the place of s's.
func replace(t *testing.T, s Sealer, payload []byte) {
	t.Helper()
	drop(t, s)
	if _, err := unix.AddKey(keyType, s.name(), payload, keyring); err != nil {
		t.Fatal(err)
	}
}

// A user who may have no more keys gets an error, and nothing is left behind.
func TestQuota(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user, whose keys can be counted out")
	}
	newSealer(t)
	child(t, "quota", Sealer{description: "docker-credential-acr test quota"})
}

// BenchmarkOpen is what sealing adds to a get: a look for the key, and one more
// with the opening.
func BenchmarkOpen(b *testing.B) {
	s := Sealer{description: "docker-credential-acr benchmark"}
	sealed, _, err := s.Seal(make([]byte, 1500), []byte("its name"))
	if err != nil {
		b.Skipf("there is no keyring here: %v", err)
	}
	for b.Loop() {
		if s.ID() == "" {
			b.Fatal("the key is gone")
		}
		if _, err := s.Open(sealed, []byte("its name")); err != nil {
			b.Fatal(err)
		}
	}
	if n, err := unix.KeyctlSearch(keyring, keyType, s.name(), 0); err == nil {
		_, _ = unix.KeyctlInt(unix.KEYCTL_UNLINK, n, keyring, 0, 0)
	}
}
