//go:build e2e

package e2e

import (
	"io"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"docker-credential-acr/internal/azuretest"
)

// The addresses of the emulated hosts where no proxy is used.
const (
	entraHost       = "login.microsoftonline.com"
	entraAddress    = "127.0.1.1"
	registryAddress = "127.0.1.2"
	holeAddress     = "198.51.100.1" // behind the way out that leads nowhere
	holeAddress6    = "2001:db8:1::1"
	closedAddress   = "127.0.1.9" // nobody listens
)

// reply is what the name server says of a name.
type reply struct {
	addresses []string
	code      dnsmessage.RCode
	delay     time.Duration
	silent    bool
	garbage   bool
}

// names is a name server.
type names struct {
	mu      sync.Mutex
	replies map[string]reply
}

func (n *names) set(replies map[string]reply) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.replies = replies
}

// serve answers until conn is closed.
func (n *names) serve(conn net.PacketConn) {
	buffer := make([]byte, 4096)
	for {
		size, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var question dnsmessage.Message
		if question.Unpack(buffer[:size]) != nil || len(question.Questions) != 1 {
			continue
		}
		go n.answer(conn, from, question)
	}
}

func (n *names) answer(conn net.PacketConn, to net.Addr, m dnsmessage.Message) {
	q := m.Questions[0]
	n.mu.Lock()
	r, ok := n.replies[strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")]
	n.mu.Unlock()
	if !ok {
		r.code = dnsmessage.RCodeNameError
	}
	time.Sleep(r.delay)
	if r.silent {
		return
	}
	m.Response, m.RecursionAvailable, m.RCode, m.Additionals = true, true, r.code, nil
	for _, text := range r.addresses {
		address := netip.MustParseAddr(text)
		header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: dnsmessage.ClassINET}
		switch {
		case q.Type == dnsmessage.TypeA && address.Is4():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: address.As4()}})
		case q.Type == dnsmessage.TypeAAAA && address.Is6():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
		}
	}
	packed, err := m.Pack()
	if err != nil {
		panic(err)
	}
	if r.garbage {
		packed = append(packed[:2:2], strings.Repeat("\xff", 30)...)
	}
	_, _ = conn.WriteTo(packed, to)
}

// relay lets the host behind an address be reached without a proxy: it opens the
// tunnel itself.
func relay(t *testing.T, address, host, proxy string) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "443"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				server, err := net.Dial("tcp", proxy)
				if err != nil {
					return
				}
				defer server.Close()
				_, _ = io.WriteString(server, "CONNECT "+host+":443 HTTP/1.1\r\nHost: "+host+":443\r\n\r\n")
				established := make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))
				if _, err := io.ReadFull(server, established); err != nil {
					return
				}
				go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
				_, _ = io.Copy(client, server)
			}()
		}
	}()
}

// Without a proxy: names that fail or take their time, and addresses that lead
// nowhere, of Entra and of the registry.
func TestNames(t *testing.T) {
	if !inside(t) {
		return
	}
	wayOut(t)
	wayOut6(t)
	resolver(t, "127.0.0.53")
	conn, err := net.ListenPacket("udp", "127.0.0.53:53")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var server names
	go server.serve(conn)

	good := map[string]reply{entraHost: {addresses: []string{entraAddress}}, registry: {addresses: []string{registryAddress}}}
	type silentOf struct{ entra, registry string }
	for _, tt := range []struct {
		name  string
		reply func(address string) reply
		says  silentOf // empty: there is an answer
	}{
		{"as usual", func(a string) reply { return reply{addresses: []string{a}} }, silentOf{}},
		{"slow", func(a string) reply { return reply{addresses: []string{a}, delay: 600 * time.Millisecond} }, silentOf{}},
		{"no such name", func(string) reply { return reply{code: dnsmessage.RCodeNameError} }, silentOf{
			`there is no such host`, `there is no such registry: the name does not resolve; check the spelling; a registry with a private endpoint is known only inside its network: nslookup myregistry\.azurecr\.io`,
		}},
		{"no address", func(string) reply { return reply{} }, silentOf{
			`there is no such host`, `there is no such registry: the name does not resolve; .*`,
		}},
		{"failing name server", func(string) reply { return reply{code: dnsmessage.RCodeServerFailure} }, silentOf{`its name cannot be resolved`, `the registry did not answer: its name cannot be resolved`}},
		{"refusing name server", func(string) reply { return reply{code: dnsmessage.RCodeRefused} }, silentOf{`its name cannot be resolved`, `the registry did not answer: its name cannot be resolved`}},
		{"silent name server", func(string) reply { return reply{silent: true} }, silentOf{`(its name cannot be resolved|no answer in time)`, `the registry did not answer: (its name cannot be resolved|no answer in time)`}},
		{"garbage for an answer", func(string) reply { return reply{garbage: true} }, silentOf{`(its name cannot be resolved|no answer in time)`, `the registry did not answer: (its name cannot be resolved|no answer in time)`}},
		{"IPv6 leads nowhere", func(a string) reply { return reply{addresses: []string{holeAddress6, a}} }, silentOf{}},
		{"the first address leads nowhere", func(a string) reply { return reply{addresses: []string{holeAddress, a}} }, silentOf{}},
		{"the first address refuses", func(a string) reply { return reply{addresses: []string{closedAddress, a}} }, silentOf{}},
		{"all addresses lead nowhere", func(string) reply { return reply{addresses: []string{holeAddress6, holeAddress}} }, silentOf{`no answer in time`, `the registry did not answer: no answer in time`}},
		{"IPv6 alone leads nowhere", func(string) reply { return reply{addresses: []string{holeAddress6}} }, silentOf{`no answer in time`, `the registry did not answer: no answer in time`}},
		{"the address of nobody", func(string) reply { return reply{addresses: []string{closedAddress}} }, silentOf{`the connection was refused`, `the registry did not answer: the connection was refused`}},
	} {
		for _, of := range []struct{ host, address, says string }{
			{entraHost, entraAddress, `environment: login\.microsoftonline\.com did not answer: ` + tt.says.entra},
			{registry, registryAddress, tt.says.registry},
		} {
			t.Run(tt.name+" "+of.host, func(t *testing.T) {
				w := newWorld(t, azuretest.Config{})
				proxy := strings.TrimPrefix(w.azure.LocalURL(), "http://")
				relay(t, entraAddress, entraHost, proxy)
				relay(t, registryAddress, registry, proxy)
				for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
					delete(w.env, name)
				}
				w.env["DOCKER_CREDENTIAL_ACR_TIMEOUT"] = "20s"
				if tt.says != (silentOf{}) {
					w.env["DOCKER_CREDENTIAL_ACR_TIMEOUT"] = "4s"
				}
				replies := map[string]reply{entraHost: good[entraHost], registry: good[registry]}
				replies[of.host] = tt.reply(of.address)
				server.set(replies)
				r := w.helper(registry, "get")
				switch {
				case tt.says == silentOf{}:
					if r.code != 0 || r.stderr != "" {
						t.Errorf("no answer: %s", r)
					}
				case r.code != 1 || !regexp.MustCompile(`^`+regexp.QuoteMeta(registry)+`: `+of.says+`(; try: curl .*)?\n$`).MatchString(r.stdout):
					t.Errorf("%s", r)
				}
			})
		}
	}
}
