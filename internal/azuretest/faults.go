package azuretest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

var patternForm = regexp.MustCompile(`^\S+ \S+$`)

// connectionModes are the modes that act on connections, whatever the method
// in the pattern; knownModes are all.
var (
	connectionModes = map[string]bool{
		"nxdomain": true, "refused": true, "tls-wrong-cert": true, "tls-expired": true, "tls-untrusted": true,
	}
	knownModes = map[string]bool{
		"": true, "reset": true, "close": true, "hang": true, "trickle": true, "endless": true, "gzipbomb": true,
		"truncate": true, "overlong": true, "redirect": true, "late": true,
		"nxdomain": true, "refused": true, "tls-wrong-cert": true, "tls-expired": true, "tls-untrusted": true,
	}
)

// faultCounts remembers how often each fault was met. A fault is known by its
// place and content, so that changing one leaves the counts of the others.
type faultCounts struct {
	mu  sync.Mutex
	met map[string]int
}

func faultKey(i int, f Fault) string {
	data, err := json.Marshal(f)
	if err != nil {
		panic("azuretest: " + err.Error())
	}
	return strconv.Itoa(i) + string(data)
}

// keep forgets the faults that are no longer in the configuration.
func (n *faultCounts) keep(faults []Fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	kept := map[string]int{}
	for i, f := range faults {
		if met, ok := n.met[faultKey(i, f)]; ok {
			kept[faultKey(i, f)] = met
		}
	}
	n.met = kept
}

// next is the first fault that hits a request, nil when none does.
func (n *faultCounts) next(faults []Fault, hits func(Fault) bool) *Fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, f := range faults {
		if !hits(f) {
			continue
		}
		key := faultKey(i, f)
		if n.met == nil {
			n.met = map[string]int{}
		}
		n.met[key]++
		met := n.met[key]
		if met > f.After && (f.Times == 0 || met <= f.After+f.Times) {
			return &f
		}
	}
	return nil
}

// connectionFault is the fault of a connection to a host.
func (a *Azure) connectionFault(c *Config, host string) *Fault {
	return a.faults.next(c.Faults, func(f Fault) bool {
		method, rest, _ := strings.Cut(f.Match, " ")
		if method != "CONNECT" && !connectionModes[f.Mode] {
			return false
		}
		target, _, _ := strings.Cut(rest, "/")
		return match(target, host)
	})
}

// requestFault is the fault of a request.
func (a *Azure) requestFault(c *Config, r *http.Request, host string) *Fault {
	return a.faults.next(c.Faults, func(f Fault) bool {
		return !connectionModes[f.Mode] && !strings.HasPrefix(f.Match, "CONNECT ") &&
			matchRequest(f.Match, r.Method, host, r.URL.Path, r.URL.RawQuery)
	})
}

// fail answers a request as a fault wants it. It reports whether it did; a
// fault that only delays does not.
func (a *Azure) fail(x *call, f *Fault) bool {
	if f.Mode == "late" {
		x.w = &late{x.w, func() { a.sleep(x.r.Context(), f.Delay.D()) }}
		return false
	}
	a.sleep(x.r.Context(), f.Delay.D())
	h := x.w.Header()
	if f.ContentType != "" {
		h.Set("Content-Type", f.ContentType)
	}
	for name, value := range f.Headers {
		h.Set(name, value)
	}
	status := cmp.Or(f.Status, http.StatusOK)
	switch f.Mode {
	case "":
		if f.Status == 0 && f.Body == "" {
			return false
		}
		h.Set("Content-Length", strconv.Itoa(len(f.Body)))
		x.w.WriteHeader(status)
		_, _ = x.w.Write([]byte(f.Body))
	case "redirect":
		h.Set("Location", f.Location)
		h.Set("Content-Length", strconv.Itoa(len(f.Body)))
		x.w.WriteHeader(cmp.Or(f.Status, http.StatusTemporaryRedirect))
		_, _ = x.w.Write([]byte(f.Body))
	case "truncate":
		h.Set("Content-Length", strconv.Itoa(len(f.Body)+100))
		x.w.WriteHeader(status)
		_, _ = x.w.Write([]byte(f.Body))
		flush(x.w)
		panic(http.ErrAbortHandler)
	case "overlong":
		overlong(x.w, status, string(f.Body))
		panic(http.ErrAbortHandler)
	case "trickle":
		x.w.WriteHeader(status)
		a.trickle(x, []byte(f.Body))
	case "endless":
		x.w.WriteHeader(status)
		a.repeat(x, bytes.Repeat([]byte("a"), 32<<10), -1)
	case "gzipbomb":
		h.Set("Content-Encoding", "gzip")
		x.w.WriteHeader(status)
		a.repeat(x, bombMember(), 1024)
	case "hang":
		a.hang(x.r)
		panic(http.ErrAbortHandler)
	case "close":
		panic(http.ErrAbortHandler)
	case "reset":
		reset(x.w)
		panic(http.ErrAbortHandler)
	}
	return true
}

// sleep waits, but no longer than ctx or the emulator lives.
func (a *Azure) sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-a.done:
	}
}

// hang waits until the client gives up or the emulator is closed.
func (a *Azure) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-a.done:
	}
}

// trickle writes a byte a second; no bytes means a body without end.
func (a *Azure) trickle(x *call, body []byte) {
	for i := 0; len(body) == 0 || i < len(body); i++ {
		b := byte(' ')
		if len(body) > 0 {
			b = body[i]
		}
		if _, err := x.w.Write([]byte{b}); err != nil {
			return
		}
		flush(x.w)
		select {
		case <-time.After(time.Second):
		case <-x.r.Context().Done():
			panic(http.ErrAbortHandler) // the body must not look complete
		case <-a.done:
			panic(http.ErrAbortHandler)
		}
	}
}

// repeat writes a piece n times, or without end if n is negative.
func (a *Azure) repeat(x *call, piece []byte, n int) {
	for i := 0; n < 0 || i < n; i++ {
		select {
		case <-a.done:
			panic(http.ErrAbortHandler)
		default:
		}
		if _, err := x.w.Write(piece); err != nil {
			return
		}
	}
}

// bombMember is a gzip member of 1 KiB that unpacks to 1 MiB. Members may follow
// one another; 1024 of them make 1 GiB.
func bombMember() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	return b.Bytes()
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

// overlong sends a body that goes on behind its Content-Length.
func overlong(w http.ResponseWriter, status int, body string) {
	conn := hijack(w)
	defer conn.Close() //nolint:errcheck // nobody to tell
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\n\r\n%s", status, http.StatusText(status), len(body)/2, body)
}

// reset makes the peer see a TCP reset.
func reset(w http.ResponseWriter) { resetConn(hijack(w)) }

func hijack(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(fmt.Sprintf("azuretest: %v", err))
	}
	return conn
}

// resetConn unpacks TLS and the like down to TCP: closing a TLS connection in
// order would send an alert first.
func resetConn(conn net.Conn) {
	for {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
			_ = tcp.Close()
			return
		}
		inner, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			_ = conn.Close()
			return
		}
		conn = inner.NetConn()
	}
}

// late keeps an answer back once, when it is begun.
type late struct {
	http.ResponseWriter
	wait func()
}

func (l *late) WriteHeader(code int) {
	if l.wait != nil {
		l.wait()
		l.wait = nil
	}
	l.ResponseWriter.WriteHeader(code)
}

func (l *late) Write(p []byte) (int, error) {
	if l.wait != nil {
		l.WriteHeader(http.StatusOK)
	}
	return l.ResponseWriter.Write(p)
}

// Unwrap is for [http.ResponseController].
func (l *late) Unwrap() http.ResponseWriter { return l.ResponseWriter }
