package web

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// Ahead is a transport whose connection to one host is opened before there is
// anything to send: while Entra answers, the registry's name is resolved and its
// TLS agreed on, which saves two round trips. Nothing is sent on it but requests.
type Ahead struct {
	next   http.RoundTripper
	host   string
	cancel context.CancelFunc
	opened chan struct{} // closed when conn and err are there

	mu   sync.Mutex
	used bool
	conn *http.ClientConn
	err  error
}

// Connect begins to open a connection to host, port 443. Requests to other hosts,
// and all but the first to this one, go through next. Close it when done.
func Connect(ctx context.Context, transport *http.Transport, host string, next http.RoundTripper) *Ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &Ahead{next: next, host: host, cancel: cancel, opened: make(chan struct{})}
	go func() {
		defer close(a.opened)
		conn, err := transport.NewClientConn(ctx, "https", net.JoinHostPort(host, "443"))
		a.mu.Lock()
		defer a.mu.Unlock()
		a.conn, a.err = conn, err
	}()
	return a
}

// RoundTrip sends a request on the connection that was opened ahead if it is the
// first to that host. If it could not be opened, that is the request's error.
func (a *Ahead) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	first := !a.used && r.URL.Scheme == "https" && r.URL.Host == a.host
	a.used = a.used || first
	a.mu.Unlock()
	if !first {
		return a.next.RoundTrip(r)
	}
	select {
	case <-a.opened:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if a.err != nil {
		return nil, a.err
	}
	return a.conn.RoundTrip(r)
}

// Close ends the connection, opened or not.
func (a *Ahead) Close() {
	a.cancel()
	go func() {
		<-a.opened
		if a.conn != nil {
			_ = a.conn.Close()
		}
	}()
}
