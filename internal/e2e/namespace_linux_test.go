//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// insideVariable is set in a test that runs again in namespaces of its own.
const insideVariable = "E2E_INSIDE_NAMESPACES"

// inside runs the rest of the test in a network and a mount namespace of its own:
// what it does to the network and to /etc is its own matter, and nothing but what
// it makes is to be reached. It reports false in the test that only started the
// other and has reported its outcome; that one waits beside others.
func inside(t *testing.T) bool {
	t.Helper()
	if os.Getenv(insideVariable) != "" {
		return true
	}
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Fatal("only root can make namespaces")
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), insideVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("in namespaces of its own: %v\n%s", err, out)
	}
	return false
}

// system runs a program of the system that must succeed.
func system(t *testing.T, command string, args ...string) {
	t.Helper()
	if out, err := exec.Command(command, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v %s", command, strings.Join(args, " "), err, out)
	}
}

// ownMounts keeps what is mounted from here on from the rest of the machine.
func ownMounts(t *testing.T) {
	t.Helper()
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
}

// outsideDevice is a way out that leads nowhere. What is sent there is counted.
const outsideDevice = "outside0"

// wayOut brings up loopback and a default route through a device at whose other
// end nobody answers. Packets get no answer and no error: a black hole.
func wayOut(t *testing.T) {
	t.Helper()
	for _, command := range []string{
		"ip link set lo up",
		"ip link add " + outsideDevice + " type veth peer name outside1",
		"ip link set outside1 up",
		"ip link set " + outsideDevice + " up",
		"ip addr add 192.0.2.2/24 dev " + outsideDevice,
		"ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev " + outsideDevice,
		"ip route add default via 192.0.2.1",
	} {
		fields := strings.Fields(command)
		system(t, fields[0], fields[1:]...)
	}
}

// wayOut6 is the same for IPv6, after wayOut.
func wayOut6(t *testing.T) {
	t.Helper()
	system(t, "ip", "-6", "addr", "add", "2001:db8::2/64", "dev", outsideDevice, "nodad")
	system(t, "ip", "-6", "neigh", "add", "2001:db8::1", "lladdr", "02:00:00:00:00:01", "dev", outsideDevice)
	system(t, "ip", "-6", "route", "add", "default", "via", "2001:db8::1")
}

// resolver makes address the one name server of the machine.
func resolver(t *testing.T, address string) {
	t.Helper()
	ownMounts(t)
	file := t.TempDir() + "/resolv.conf"
	if err := os.WriteFile(file, []byte("nameserver "+address+"\noptions timeout:1 attempts:1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	system(t, "mount", "--bind", file, "/etc/resolv.conf")
}
