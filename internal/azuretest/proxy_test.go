package azuretest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// TestMain is also an unmodified client: with AZURETEST_GET it gets that URL
// with Go's defaults.
func TestMain(m *testing.M) {
	if to := os.Getenv("AZURETEST_GET"); to != "" {
		r, err := http.Get(to)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		body, err := io.ReadAll(r.Body)
		fmt.Println(r.StatusCode, string(body), err)
		return
	}
	os.Exit(m.Run())
}

// child runs the unmodified client.
func child(t *testing.T, env []string, to string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(append(os.Environ(), env...), "AZURETEST_GET="+to, "GORACE=atexit_sleep_ms=0")
	out, err := c.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

func TestUnmodifiedClient(t *testing.T) {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		t.Skip("Go ignores SSL_CERT_FILE here")
	}
	a := azuretest.Start(t, azuretest.Config{IMDS: "on", ProxyAuth: "proxy user:pass/word"})
	for to, want := range map[string]string{
		my + "/v2/": "401 ",
		"https://login.microsoftonline.com/" + azuretest.Tenant + "/v2.0/.well-known/openid-configuration": "200 ",
		"http://169.254.169.254/metadata/identity/oauth2/token":                                            "400 ",
		a.LocalURL() + "/msi/token": "401 ",
	} {
		if got := child(t, a.Env(), to); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", to, got)
		}
	}
	without := append(a.Env(), "HTTPS_PROXY="+strings.Replace(a.ProxyURL(), "proxy%20user:pass%2Fword@", "", 1))
	without = append(without, strings.Replace(without[len(without)-1], "HTTPS_PROXY", "https_proxy", 1))
	if got := child(t, without, my+"/v2/"); !strings.Contains(got, "Proxy Authentication Required") {
		t.Errorf("without a password: %s", got)
	}
	if got := child(t, append(a.Env(), "SSL_CERT_FILE=/dev/null"), my+"/v2/"); !strings.Contains(got, "certificate") {
		t.Errorf("without the authority: %s", got)
	}
}

func TestUnexpected(t *testing.T) {
	a := open(t, azuretest.Config{Tolerate: []string{"CONNECT telemetry.example/", "* *.azurecr.io/tolerated"}})
	transport := a.Transport()
	for _, to := range []string{
		"https://myregistry.azurecr.io.evil.example/v2/", "https://myregistry.azurecr.io:8443/v2/", "https://telemetry.example/",
		"http://myregistry.azurecr.io/v2/", my + "/unknown", my + "/tolerated", "https://login.microsoftonline.com/unknown",
		"https://unknown.azurecr.io/v2/", a.LocalURL() + "/unknown",
	} {
		get(t, transport, to, time.Second, 1)
	}
	get(t, a.DirectTransport(), "https://direct.example/", time.Second, 1)
	get(t, a.DirectTransport(), "http://direct.example/", time.Second, 1)
	local := strings.TrimPrefix(a.LocalURL(), "http://")
	want := []string{
		"CONNECT myregistry.azurecr.io.evil.example:443", "CONNECT myregistry.azurecr.io:8443",
		"GET myregistry.azurecr.io/v2/", "GET myregistry.azurecr.io/unknown", "GET login.microsoftonline.com/unknown",
		"CONNECT unknown.azurecr.io:443", "GET " + local + "/unknown",
		"CONNECT direct.example:443", "CONNECT direct.example:80",
	}
	if got := a.Unexpected(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	// A Host header that the connection was not made for.
	r, err := http.NewRequestWithContext(t.Context(), "GET", my+"/v2/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = azuretest.OtherRegistry
	response, err := transport.RoundTrip(r)
	if err != nil || response.StatusCode != http.StatusMisdirectedRequest {
		t.Fatal(response, err)
	}
	response.Body.Close()
	transport.CloseIdleConnections()
	if len(a.Unexpected()) != len(want)+1 {
		t.Error(a.Unexpected())
	}
}

// recorder is a test that can fail without failing.
type recorder struct {
	*testing.T
	mu      sync.Mutex
	errors  []string
	cleanup []func()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Cleanup(f func()) { r.cleanup = append(r.cleanup, f) }

func TestStartFailsTheTest(t *testing.T) {
	r := &recorder{T: t}
	a := azuretest.Start(r, azuretest.Config{})
	get(t, a.Transport(), "https://lookalike.example/", time.Second, 1)
	for _, f := range r.cleanup {
		f()
	}
	if len(r.errors) != 1 || !strings.Contains(r.errors[0], "CONNECT lookalike.example:443") {
		t.Errorf("%q", r.errors)
	}
}

// TestLatency counts round trips: connecting, TLS, the request.
func TestLatency(t *testing.T) {
	const rtt = 50 * time.Millisecond
	a := azuretest.Start(t, azuretest.Config{Latency: azuretest.Duration(rtt), IMDS: "on"})
	for name, transport := range map[string]*http.Transport{"proxy": a.Transport(), "direct": a.DirectTransport()} {
		took := func(to string) time.Duration {
			begin := time.Now()
			r, err := http.NewRequestWithContext(t.Context(), "GET", to, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, response.Body); err != nil {
				t.Error(err)
			}
			response.Body.Close()
			return time.Since(begin)
		}
		if d := took(my + "/v2/"); d < 3*rtt {
			t.Errorf("%s: first request took %v", name, d)
		}
		if d := took(my + "/v2/"); d < rtt {
			t.Errorf("%s: second request took %v", name, d)
		}
		// The best of some, since this machine may be busy.
		again, imds := time.Hour, time.Hour
		for range 3 {
			again = min(again, took(my+"/v2/"))
			imds = min(imds, took("http://169.254.169.254/metadata/identity/oauth2/token"))
		}
		if again > 3*rtt || imds > rtt {
			t.Errorf("%s: at best a request took %v, one to IMDS %v", name, again, imds)
		}
		transport.CloseIdleConnections()
	}
	requests := a.Requests()
	if len(requests) != 16 || requests[0].Duration < rtt || requests[0].Status != 401 {
		t.Error(requests)
	}
	if n := a.Connections()[azuretest.MyRegistry]; n != 2 {
		t.Errorf("%d connections", n)
	}
	a.Reset()
	if a.Count("* *") != 0 || len(a.Connections()) != 0 {
		t.Error("Reset keeps something")
	}
}

// TestWildcard serves many registries at once, and a changing world.
func TestWildcard(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{Registries: []azuretest.Registry{
		{Host: "*.azurecr.io", Wildcard: true, Firewall: "198.51.100.1"},
	}})
	var all sync.WaitGroup
	for i := range 40 {
		all.Add(1)
		go func() {
			defer all.Done()
			if i%4 == 0 {
				a.Update(func(c *azuretest.Config) { c.Latency = azuretest.Duration(i) })
			}
			r, _, err := get(t, a.Transport(), fmt.Sprintf("https://registry%d.azurecr.io/v2/", i), 10*time.Second, 1)
			if err != nil || r.StatusCode != 403 {
				t.Error(r, err)
			}
		}()
	}
	all.Wait()
	if n := a.Count("GET registry*.azurecr.io/v2/"); n != 40 {
		t.Errorf("%d requests", n)
	}
	if r := send(t, a, "GET", my+"/v2/", ""); r.StatusCode != 401 {
		t.Errorf("the exact entry: %s", r.Status)
	}
}

// TestCertificateOfEachHost looks at what the tunnel shows.
func TestCertificateOfEachHost(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{})
	proxy, err := url.Parse(a.ProxyURL())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := (&http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}).RoundTrip(request(t, my+"/v2/"))
	if err != nil {
		t.Fatal(err)
	}
	conn.Body.Close()
	leaf := conn.TLS.PeerCertificates[0]
	if err := leaf.VerifyHostname(azuretest.MyRegistry); err != nil || conn.TLS.Version != tls.VersionTLS13 {
		t.Errorf("%v, %x", err, conn.TLS.Version)
	}
}

func request(t *testing.T, to string) *http.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", to, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestNewLeavesNothing removes the CA file.
func TestNewLeavesNothing(t *testing.T) {
	a, err := azuretest.New(azuretest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	file := a.CAFile()
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	if err := errors.Join(a.Close(), a.Close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestStartIsCheap, as each test script starts one.
func TestStartIsCheap(t *testing.T) {
	best := time.Hour
	for range 5 {
		begin := time.Now()
		a, err := azuretest.New(azuretest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(begin))
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	if best > 100*time.Millisecond {
		t.Errorf("at best %v", best)
	}
}
