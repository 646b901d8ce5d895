package azuretest

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// refusedHeader tells [Azure.DirectTransport] why the proxy opened no tunnel.
const refusedHeader = "Azuretest-Refused"

// serveProxy is the listener: a proxy for CONNECT and absolute URLs, and a
// server for the endpoints that platforms offer on loopback.
func (a *Azure) serveProxy(w http.ResponseWriter, r *http.Request) {
	c := a.config.Load()
	local := a.listener.Addr().String()
	proxied := r.Method == http.MethodConnect || r.URL.IsAbs() && r.URL.Host != local
	if proxied && c.ProxyAuth != "" {
		want := "Basic " + base64.StdEncoding.EncodeToString([]byte(c.ProxyAuth))
		if r.Header.Get("Proxy-Authorization") != want {
			w.Header().Set("Proxy-Authenticate", `Basic realm="azuretest"`)
			http.Error(w, "proxy authentication required", http.StatusProxyAuthRequired)
			return
		}
		r.Header.Del("Proxy-Authorization")
	}
	if r.Method == http.MethodConnect {
		a.connect(w, r, c)
		return
	}
	host := r.Host // of the absolute URL, if it was one
	switch bareHost(host, "80") {
	case local:
		a.serve(w, r, c, local, 0, a.local)
	case imdsHost:
		a.serve(w, r, c, imdsHost, 0, a.imds)
	default:
		a.serve(w, r, c, bareHost(host, "80"), 0, a.unknown)
	}
}

// unknown answers for what does not exist.
func (a *Azure) unknown(x *call) {
	a.surprise(x)
	http.Error(x.w, "azuretest: nothing is known of this host", http.StatusBadGateway)
}

// surprise records a request that nobody expects, unless it is tolerated.
func (a *Azure) surprise(x *call) {
	if !x.c.tolerated(x.r.Method, x.host, x.r.URL.Path, x.r.URL.RawQuery) {
		a.log.surprise("%s %s%s", x.r.Method, x.host, x.r.URL.Path)
	}
}

func (c *Config) tolerated(method, host, path, query string) bool {
	for _, p := range c.Tolerate {
		if matchRequest(p, method, host, path, query) {
			return true
		}
	}
	return false
}

// connect opens a tunnel, which ends here in TLS.
func (a *Azure) connect(w http.ResponseWriter, r *http.Request, c *Config) {
	host, port, err := net.SplitHostPort(r.Host)
	host = strings.ToLower(host)
	a.log.connected(host)
	fault := a.connectionFault(c, host)
	refuse := func(why string) {
		w.Header().Set(refusedHeader, why)
		http.Error(w, "azuretest: "+why, http.StatusBadGateway)
	}
	if fault == nil && (err != nil || port != "443" || a.virtual(c, host) == nil) {
		if !c.tolerated(r.Method, host, "/", "") {
			a.log.surprise("CONNECT %s", r.Host)
		}
		refuse("no such host")
		return
	}
	if fault != nil {
		switch {
		case fault.Mode == "nxdomain":
			refuse("no such host")
			return
		case fault.Mode == "refused":
			refuse("refused")
			return
		case !connectionModes[fault.Mode]:
			x := &call{w: w, r: r, c: c, host: host}
			if a.fail(x, fault) {
				return
			}
		}
	}
	a.sleep(r.Context(), c.Latency.D())
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic("azuretest: " + err.Error())
	}
	_ = conn.SetDeadline(time.Time{})
	if !a.conns.add(conn) {
		return // closed meanwhile
	}
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		a.conns.remove(conn)
		return
	}
	t := &tunnel{Conn: conn, r: buffered.Reader, conns: &a.conns}
	server := tls.Server(t, &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			// Not the context of the CONNECT, which is over.
			a.sleep(context.Background(), a.config.Load().Latency.D())
			return a.certificate(host, fault)
		},
	})
	a.queue.put(&secured{server, host})
}

// certificate is that of a host, or a bad one.
func (a *Azure) certificate(host string, fault *Fault) (*tls.Certificate, error) {
	if fault != nil {
		switch fault.Mode {
		case "tls-wrong-cert":
			return a.ca.leaf("somebody-else.example", false)
		case "tls-expired":
			return a.ca.leaf(host, true)
		case "tls-untrusted":
			return a.untrusted.leaf(host, false)
		}
	}
	return a.ca.leaf(host, false)
}

// hostKey is where a connection's virtual host stands in the context.
type hostKey struct{}

// serveTLS serves what came through a tunnel. The Host header must name the
// host that the tunnel was made for.
func (a *Azure) serveTLS(w http.ResponseWriter, r *http.Request) {
	c := a.config.Load()
	host := r.Context().Value(hostKey{}).(string)
	handler := a.virtual(c, host)
	if named := bareHost(r.Host, "443"); named != host {
		a.log.surprise("%s %s: Host header on a connection to %s", r.Method, named, host)
		http.Error(w, "misdirected request", http.StatusMisdirectedRequest)
		return
	}
	if handler == nil {
		handler = a.unknown
	}
	a.serve(w, r, c, host, c.Latency.D(), handler)
}

// virtual is the handler of a host, nil for hosts that do not exist.
func (a *Azure) virtual(c *Config, host string) func(*call) {
	if _, ok := c.authority(host); ok {
		return a.entra
	}
	if _, ok := armCloud(host); ok {
		return a.arm
	}
	if c.registry(host) != nil {
		return a.acr
	}
	switch host {
	case gitHubHost, pipelinesHost:
		return a.oidc
	case serviceFabricHost:
		return a.serviceFabric
	}
	return nil
}

// serve runs one request: note it, let time pass, apply faults, answer.
func (a *Azure) serve(w http.ResponseWriter, r *http.Request, c *Config, host string, latency time.Duration, handler func(*call)) {
	if !strings.HasPrefix(r.URL.Path, "/v2/") { // whose bodies are the registry's
		_ = r.ParseForm()
	}
	x := &call{r: r, c: c, host: host, now: time.Now().Add(c.Clock.D())}
	x.e = a.log.add(Request{
		Time: time.Now(), Method: r.Method, Host: host, Path: r.URL.Path, Query: r.URL.RawQuery,
		Form: r.PostForm, Header: r.Header.Clone(),
	})
	x.w = &answer{ResponseWriter: w, e: x.e, date: x.now}
	defer x.e.done()
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				a.log.surprise("%s %s%s: %v\n%s", r.Method, host, r.URL.Path, p, debug.Stack())
			}
			panic(http.ErrAbortHandler)
		}
	}()
	a.sleep(r.Context(), latency)
	if f := a.requestFault(c, r, host); f != nil && a.fail(x, f) {
		return
	}
	handler(x)
}

// tunnel is a connection whose first bytes may have been read ahead. It leaves
// the set of open connections when it is closed.
type tunnel struct {
	net.Conn
	r     *bufio.Reader
	conns *conns
}

func (t *tunnel) Read(p []byte) (int, error) { return t.r.Read(p) }

func (t *tunnel) Close() error {
	t.conns.remove(t.Conn)
	return t.Conn.Close()
}

// NetConn is what lies below, as with tls.Conn.
func (t *tunnel) NetConn() net.Conn { return t.Conn }

// secured is the TLS connection of one virtual host.
type secured struct {
	*tls.Conn
	host string
}

func (s *secured) virtualHost() string { return s.host }

// conns are open connections that no http.Server knows of.
type conns struct {
	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

// add reports false, and closes the connection, after closeAll.
func (s *conns) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = c.Close()
		return false
	}
	if s.open == nil {
		s.open = map[net.Conn]bool{}
	}
	s.open[c] = true
	return true
}

func (s *conns) remove(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

func (s *conns) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.open {
		_ = c.Close()
	}
}

// connQueue is a net.Listener for connections that were accepted elsewhere.
type connQueue struct {
	waiting chan net.Conn
	done    chan struct{}
	close   sync.Once
}

func newConnQueue() *connQueue {
	return &connQueue{waiting: make(chan net.Conn), done: make(chan struct{})}
}

func (q *connQueue) put(c net.Conn) {
	select {
	case q.waiting <- c:
	case <-q.done:
		_ = c.Close()
	}
}

// Accept waits for the next connection.
func (q *connQueue) Accept() (net.Conn, error) {
	select {
	case c := <-q.waiting:
		return c, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (q *connQueue) Close() error {
	q.close.Do(func() { close(q.done) })
	return nil
}

// Addr is nothing that could be dialled.
func (q *connQueue) Addr() net.Addr { return queueAddr{} }

type queueAddr struct{}

func (queueAddr) Network() string { return "azuretest" }
func (queueAddr) String() string  { return "azuretest" }
