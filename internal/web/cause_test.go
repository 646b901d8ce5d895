package web_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"docker-credential-acr/internal/azuretest"
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
		"an alert":       azuretest.Says(t, "\x15\x03\x03\x00\x02\x02\x28"),
		"plain HTTP":     azuretest.Says(t, "HTTP/1.1 400 Bad Request\r\n\r\n"),
		"something else": azuretest.Says(t, "SSH-2.0-OpenSSH\r\n"),
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
