package azuretest

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Env is what to export so that an unmodified client reaches the emulator:
// the proxy in both spellings, no exceptions from it, and the authority for Go
// and OpenSSL (SSL_CERT_FILE) and Python (REQUESTS_CA_BUNDLE). Go ignores
// SSL_CERT_FILE on macOS and Windows.
func (a *Azure) Env() []string {
	return []string{
		"HTTPS_PROXY=" + a.ProxyURL(), "https_proxy=" + a.ProxyURL(),
		"HTTP_PROXY=" + a.ProxyURL(), "http_proxy=" + a.ProxyURL(),
		"NO_PROXY=", "no_proxy=",
		"SSL_CERT_FILE=" + a.CAFile(), "REQUESTS_CA_BUNDLE=" + a.CAFile(),
	}
}

// ProxyURL is the proxy, with user and password if the configuration demands
// them.
func (a *Azure) ProxyURL() string {
	u := url.URL{Scheme: "http", Host: a.listener.Addr().String()}
	if user, password, ok := strings.Cut(a.config.Load().ProxyAuth, ":"); ok {
		u.User = url.UserPassword(user, password)
	}
	return u.String()
}

// LocalURL is the base of the endpoints that platforms offer on loopback,
// http://127.0.0.1:PORT. See [Azure.EnvFor].
func (a *Azure) LocalURL() string { return "http://" + a.listener.Addr().String() }

// Transport is a new transport for clients in this process. Like every Go
// client it does not send loopback through the proxy.
func (a *Azure) Transport() *http.Transport {
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Host == a.listener.Addr().String() {
				return nil, nil
			}
			return url.Parse(a.ProxyURL())
		},
		TLSClientConfig: &tls.Config{RootCAs: a.ca.pool(), MinVersion: tls.VersionTLS12},
	}
}

// DirectTransport is a new transport that knows no proxy: it dials the
// emulator by the name of the host, and fails as a client without a proxy does
// on hosts that do not exist (*net.DNSError, unexpected unless a fault says
// nxdomain) or refuse connections.
func (a *Azure) DirectTransport() *http.Transport {
	return &http.Transport{
		DialContext:     a.dial,
		TLSClientConfig: &tls.Config{RootCAs: a.ca.pool(), MinVersion: tls.VersionTLS12},
	}
}

// dial opens a tunnel, so that the connection goes the way of all others, and
// translates its refusal.
func (a *Azure) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := new(net.Dialer)
	proxy := a.listener.Addr().String()
	if address == proxy {
		return dialer.DialContext(ctx, network, address)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host == imdsHost && port == "80" {
		if a.config.Load().IMDS == "blackhole" {
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
		}
		return dialer.DialContext(ctx, network, proxy)
	}
	conn, err := dialer.DialContext(ctx, network, proxy)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if auth := a.config.Load().ProxyAuth; auth != "" {
		request.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(auth)))
	}
	if err = request.Write(conn); err == nil {
		var response *http.Response
		response, err = http.ReadResponse(bufio.NewReader(conn), request)
		if err == nil && response.StatusCode == http.StatusOK {
			return conn, nil
		}
		if err == nil && response.Header.Get(refusedHeader) == "refused" {
			err = syscall.ECONNREFUSED
		} else if err == nil {
			err = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
	}
	_ = conn.Close()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return nil, &net.OpError{Op: "dial", Net: network, Err: err}
}
