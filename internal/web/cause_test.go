package web_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"docker-credential-acr/internal/web"
)

// What is no TLS, or a TLS that nobody should speak, is called that, and is not
// worth another try.
func TestNoTLS(t *testing.T) {
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	t.Cleanup(old.Close)
	for name, host := range map[string]string{
		"TLS 1.1":        old.Listener.Addr().String(),
		"an alert":       says(t, "\x15\x03\x03\x00\x02\x02\x28"),
		"plain HTTP":     says(t, "HTTP/1.1 400 Bad Request\r\n\r\n"),
		"something else": says(t, "SSH-2.0-OpenSSH\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			transport := web.NewTransport()
			defer transport.CloseIdleConnections()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+host, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := web.Client(transport).Do(request)
			if err == nil {
				_ = answer.Body.Close()
			}
			if got := web.Classify(err); got != web.NoTLS || web.Passing(err) {
				t.Errorf("%v is %s, passing %v", err, got, web.Passing(err))
			}
		})
	}
}

// says is a server that says one thing to everybody.
func says(t *testing.T, text string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096)) // closing earlier would be a reset
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}
