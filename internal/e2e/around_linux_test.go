//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// sent are the packets that arrived at a device.
type sent struct {
	mu      sync.Mutex
	packets []string
}

func (s *sent) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.packets)
}

// capture lists the packets of IPv4 that are arrive at a device from now on:
// protocol, where to, and which name was asked for (packet(7)).
func capture(t *testing.T, device string) *sent {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	to, err := net.InterfaceByName(device)
	must(err)
	const ipv4 = 0x0008 // ETH_P_IP, 0x0800, in the order of the network
	socket, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, ipv4)
	must(err)
	must(syscall.Bind(socket, &syscall.SockaddrLinklayer{Protocol: ipv4, Ifindex: to.Index}))
	s := &sent{}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, _, err := syscall.Recvfrom(socket, buffer, 0)
			if errors.Is(err, syscall.EINTR) {
				continue
			}
			if err != nil || n < 20 {
				return
			}
			packet := buffer[:n]
			header := int(packet[0]&15) * 4
			text := fmt.Sprintf("protocol %d to %v", packet[9], net.IP(packet[16:20]))
			var question dnsmessage.Message
			if packet[9] == syscall.IPPROTO_UDP && n > header+8 && question.Unpack(packet[header+8:]) == nil && len(question.Questions) > 0 {
				text += " asks for " + question.Questions[0].Name.String()
			}
			s.mu.Lock()
			s.packets = append(s.packets, text)
			s.mu.Unlock()
		}
	}()
	return s
}

// All tests of the command line run behind the emulator's proxy, which records
// every request and fails a test on one that is not to the registry, the authority
// or the local identity endpoint. Here they run where the only way out is counted:
// nothing goes around the proxy, not even a question for a name. Left out is doctor,
// which asks for names when the proxy leads nowhere.
func TestNothingGoesAroundTheProxy(t *testing.T) {
	if !inside(t) {
		return
	}
	// IPv6 would announce itself on the device.
	system(t, "sysctl", "-q", "-w", "net.ipv6.conf.default.disable_ipv6=1")
	wayOut(t)
	resolver(t, "192.0.2.53")
	system(t, "ip", "neigh", "add", "192.0.2.53", "lladdr", "02:00:00:00:00:01", "dev", outsideDevice)
	around := capture(t, "outside1") // its other end
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "test", "-short", "-count=1", "-skip=^TestScripts$/^doctor", ".", "-soak=100")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOPROXY=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if packets := around.list(); len(packets) != 0 {
		t.Errorf("went around the proxy: %v", packets)
		return
	}
	// That a packet would have been seen.
	conn, err := net.Dial("udp", "198.51.100.1:9")
	if err == nil {
		_, err = conn.Write([]byte("x"))
	}
	for start := time.Now(); err == nil && len(around.list()) != 1; time.Sleep(time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatalf("a packet was not seen: %v", around.list())
		}
	}
	if err != nil {
		t.Error(err)
	}
}
