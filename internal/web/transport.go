// Package web is the one way out: how requests leave the program, how they are
// logged, and how a failed one is described without quoting foreign text.
package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// NewTransport returns a transport that honours the proxy variables. Each step
// of a connection has a limit below the whole deadline of a get, so that one
// dead address does not use up the time of a second try.
//
// It speaks HTTP/1.1 alone. What goes over a connection is a request or two, which
// gains nothing from HTTP/2; and a server of HTTP/2 that takes each connection and
// sends GOAWAY at once has net/http try again without a pause, a thousand times a
// second, until the request's time is over.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  neighbours(http.ProxyFromEnvironment),
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
		OnProxyConnectResponse: refusedByProxy,
	}
}

// Client returns a client that follows no redirect. Go replays the body of a
// POST on 307 and 308 to whatever host the answer names, and what this program
// posts are tokens and secrets.
func Client(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ProxyError is a proxy's refusal to open a tunnel.
type ProxyError struct {
	// Status is the HTTP status of the proxy's answer to CONNECT.
	Status int
}

func (e *ProxyError) Error() string {
	return fmt.Sprintf("the proxy answered %d %s", e.Status, http.StatusText(e.Status))
}

// refusedByProxy turns the proxy's answer into a typed error; net/http's own is
// the text that the proxy sent.
func refusedByProxy(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return &ProxyError{answer.StatusCode}
	}
	return nil
}
