package azuretest_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// get does one request within a deadline and gives up after limit bytes.
func get(t *testing.T, transport *http.Transport, to string, deadline time.Duration, limit int64) (*http.Response, []byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", to, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, limit))
	return response, body, err
}

func TestFaults(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{})
	const short, long = 500 * time.Millisecond, 10 * time.Second
	for _, test := range []struct {
		name     string
		fault    azuretest.Fault
		deadline time.Duration
		ok       func(*http.Response, []byte, error) bool
	}{
		{"status", azuretest.Fault{Status: 503, Body: "busy", ContentType: "text/plain", Headers: map[string]string{"Retry-After": "1"}}, long, func(r *http.Response, b []byte, err error) bool {
			return err == nil && r.StatusCode == 503 && string(b) == "busy" && r.Header.Get("Retry-After") == "1" && r.Header.Get("Content-Type") == "text/plain"
		}},
		{"empty", azuretest.Fault{Status: 401}, long, func(r *http.Response, b []byte, err error) bool {
			return err == nil && r.StatusCode == 401 && len(b) == 0
		}},
		{"delay only", azuretest.Fault{Delay: azuretest.Duration(time.Millisecond)}, long, func(r *http.Response, b []byte, err error) bool {
			return err == nil && r.StatusCode == 401 && bytes.Contains(b, []byte("UNAUTHORIZED"))
		}},
		{"reset", azuretest.Fault{Mode: "reset"}, long, func(_ *http.Response, _ []byte, err error) bool {
			return errors.Is(err, syscall.ECONNRESET)
		}},
		{"close", azuretest.Fault{Mode: "close"}, long, func(_ *http.Response, _ []byte, err error) bool {
			return errors.Is(err, io.EOF)
		}},
		{"hang", azuretest.Fault{Mode: "hang"}, short, func(_ *http.Response, _ []byte, err error) bool {
			return errors.Is(err, context.DeadlineExceeded)
		}},
		{"trickle", azuretest.Fault{Mode: "trickle", Body: "{}"}, short, func(r *http.Response, b []byte, err error) bool {
			return r != nil && r.StatusCode == 200 && len(b) < 2 && errors.Is(err, context.DeadlineExceeded)
		}},
		{"endless", azuretest.Fault{Mode: "endless"}, long, func(_ *http.Response, b []byte, err error) bool {
			return err == nil && len(b) == 4<<20
		}},
		{"gzipbomb", azuretest.Fault{Mode: "gzipbomb"}, long, func(r *http.Response, b []byte, err error) bool {
			return err == nil && r.Uncompressed && len(b) == 4<<20
		}},
		{"late", azuretest.Fault{Mode: "late", Delay: azuretest.Duration(time.Millisecond)}, long, func(r *http.Response, b []byte, err error) bool {
			return err == nil && r.StatusCode == 401 && len(b) > 0
		}},
		{"later than the client waits", azuretest.Fault{Mode: "late", Delay: azuretest.Duration(time.Hour)}, short, func(_ *http.Response, _ []byte, err error) bool {
			return errors.Is(err, context.DeadlineExceeded)
		}},
		{"truncate", azuretest.Fault{Mode: "truncate", Body: "{"}, long, func(_ *http.Response, b []byte, err error) bool {
			return string(b) == "{" && errors.Is(err, io.ErrUnexpectedEOF)
		}},
		{"overlong", azuretest.Fault{Mode: "overlong", Body: "abcdef"}, long, func(r *http.Response, b []byte, err error) bool {
			return err == nil && string(b) == "abc"
		}},
		{"redirect", azuretest.Fault{Mode: "redirect", Location: "https://evil.example/"}, long, func(r *http.Response, _ []byte, err error) bool {
			return err == nil && r.StatusCode == 307 && r.Header.Get("Location") == "https://evil.example/"
		}},
		{"redirect 302", azuretest.Fault{Mode: "redirect", Status: 302, Location: "https://evil.example/"}, long, func(r *http.Response, _ []byte, err error) bool {
			return err == nil && r.StatusCode == 302
		}},
		{"tls-wrong-cert", azuretest.Fault{Mode: "tls-wrong-cert"}, long, func(_ *http.Response, _ []byte, err error) bool {
			var bad x509.HostnameError
			return errors.As(err, &bad)
		}},
		{"tls-expired", azuretest.Fault{Mode: "tls-expired"}, long, func(_ *http.Response, _ []byte, err error) bool {
			var bad x509.CertificateInvalidError
			return errors.As(err, &bad) && bad.Reason == x509.Expired
		}},
		{"tls-untrusted", azuretest.Fault{Mode: "tls-untrusted"}, long, func(_ *http.Response, _ []byte, err error) bool {
			var bad x509.UnknownAuthorityError
			return errors.As(err, &bad)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.fault.Match = "GET myregistry.azurecr.io/v2/"
			a.Update(func(c *azuretest.Config) { c.Faults = []azuretest.Fault{test.fault} })
			for name, transport := range map[string]*http.Transport{"proxy": a.Transport(), "direct": a.DirectTransport()} {
				r, body, err := get(t, transport, my+"/v2/", test.deadline, 4<<20)
				if !test.ok(r, body, err) {
					t.Errorf("%s: %v, %d bytes, %v", name, r, len(body), err)
				}
			}
		})
	}
}

// TestUnreachable is what a host looks like that is not there.
func TestUnreachable(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{Faults: []azuretest.Fault{
		{Match: "* nosuch.azurecr.io/*", Mode: "nxdomain"},
		{Match: "* otherregistry.azurecr.io/*", Mode: "refused"},
		{Match: "CONNECT myregistry.azurecr.io/", Mode: "reset", Times: 1},
	}})
	_, _, err := get(t, a.DirectTransport(), "https://nosuch.azurecr.io/v2/", time.Second, 1)
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound || dns.Name != "nosuch.azurecr.io" {
		t.Errorf("direct: %v", err)
	}
	if _, _, err = get(t, a.Transport(), "https://nosuch.azurecr.io/v2/", time.Second, 1); err == nil || !strings.Contains(err.Error(), "Bad Gateway") {
		t.Errorf("proxy: %v", err)
	}
	if _, _, err = get(t, a.DirectTransport(), "https://otherregistry.azurecr.io/v2/", time.Second, 1); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %v", err)
	}
	if _, _, err = get(t, a.Transport(), my+"/v2/", time.Second, 1); err == nil {
		t.Error("no error from a reset tunnel")
	}
	if _, _, err = get(t, a.Transport(), my+"/v2/", time.Second, 1); err != nil {
		t.Error(err)
	}
	if n := a.Connections()["nosuch.azurecr.io"]; n != 2 {
		t.Errorf("%d connections", n)
	}
}

// TestFaultCounts skips, hits and lets go.
func TestFaultCounts(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{Faults: []azuretest.Fault{
		{Match: "GET *.azurecr.io/v2/", After: 1, Times: 2, Status: 500},
		{Match: "GET *.azurecr.io/v2/*?*n=1*", Status: 404},
	}})
	var got []int
	for range 4 {
		got = append(got, send(t, a, "GET", my+"/v2/", "").StatusCode)
	}
	got = append(got, send(t, a, "GET", my+"/v2/_catalog?n=1", "").StatusCode)
	for i, want := range []int{401, 500, 500, 401, 404} {
		if got[i] != want {
			t.Fatalf("%v", got)
		}
	}
	// Other changes do not start the counts again; the same fault anew does.
	a.Update(func(c *azuretest.Config) { c.IMDS = "on" })
	if r := send(t, a, "GET", my+"/v2/", ""); r.StatusCode != 401 {
		t.Errorf("after an update: %s", r.Status)
	}
}

// TestClose ends what hangs.
func TestClose(t *testing.T) {
	a := open(t, azuretest.Config{Faults: []azuretest.Fault{
		{Match: "GET myregistry.azurecr.io/v2/", Mode: "hang"}, {Match: "GET otherregistry.azurecr.io/v2/", Mode: "trickle"},
	}})
	for _, host := range []string{azuretest.MyRegistry, azuretest.OtherRegistry} {
		ended := make(chan error)
		go func() {
			_, _, err := get(t, a.Transport(), "https://"+host+"/v2/", 10*time.Second, 100)
			ended <- err
		}()
		for a.Count("GET "+host+"/v2/") == 0 {
			time.Sleep(time.Millisecond)
		}
		if host == azuretest.OtherRegistry {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			if err := <-ended; err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			continue
		}
		defer func() {
			if err := <-ended; err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}()
	}
}
