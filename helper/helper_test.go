package helper_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/azuretest"
)

// world is an emulator, and what a Helper in this process is given.
type world struct {
	*azuretest.Azure
	env   map[string]string
	clock time.Duration // how far this machine's clock is off
}

func newWorld(t *testing.T, c azuretest.Config) *world {
	t.Helper()
	home := t.TempDir() // nothing of the user's own is read or erased, on any system
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "AppData", "LocalAppData", "USERPROFILE"} {
		t.Setenv(name, home)
	}
	w := &world{Azure: azuretest.Start(t, c), env: map[string]string{"DOCKER_CREDENTIAL_ACR_CACHE": filepath.Join(t.TempDir(), "cache")}}
	for _, e := range w.EnvFor("service-principal") {
		name, value, _ := strings.Cut(e, "=")
		w.env[name] = value
	}
	return w
}

// helper is a new one each time, as each process has.
func (w *world) helper(t *testing.T) *helper.Helper {
	t.Helper()
	h, err := helper.New(helper.Options{
		Lookup:    func(name string) (string, bool) { value, ok := w.env[name]; return value, ok },
		Transport: w.Transport(),
		Now:       func() time.Time { return time.Now().Add(w.clock) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (w *world) get(t *testing.T) string {
	t.Helper()
	user, secret, err := w.helper(t).Get(azuretest.MyRegistry)
	if err != nil {
		t.Fatal(err)
	}
	if user != "<token>" || secret == "" {
		t.Fatalf("user %q, secret of %d bytes", user, len(secret))
	}
	return secret
}

func (w *world) exchanges() int { return w.Count("POST *.azurecr.io/oauth2/exchange") }

// registryDown makes every exchange fail for good.
func (w *world) registryDown() {
	w.Update(func(c *azuretest.Config) {
		c.Faults = []azuretest.Fault{{Match: "POST *.azurecr.io/oauth2/exchange", Status: http.StatusForbidden}}
	})
}

func TestRenewsInTheLastHour(t *testing.T) {
	w := newWorld(t, azuretest.Config{})
	first := w.get(t)
	w.clock = 104 * time.Minute // 91 of 195 minutes are left
	if w.get(t) != first || w.exchanges() != 1 {
		t.Error("it was renewed with more than an hour and a half left")
	}
	w.clock = 136 * time.Minute
	second := w.get(t)
	if second == first || w.exchanges() != 2 {
		t.Error("it was not renewed with less than an hour left")
	}
	if w.get(t) != second || w.exchanges() != 2 {
		t.Error("the renewed one is not kept")
	}
}

func TestShortTokenIsRenewedAtHalfItsLife(t *testing.T) {
	w := newWorld(t, azuretest.Config{Registries: []azuretest.Registry{{Host: azuretest.MyRegistry, RefreshTokenLife: azuretest.Duration(2000 * time.Second)}}})
	first := w.get(t)
	w.clock = 490 * time.Second
	if w.get(t) != first {
		t.Error("it was renewed before a quarter of its life was over")
	}
	w.clock = 1010 * time.Second
	if w.get(t) == first {
		t.Error("it was not renewed after half its life")
	}
}

func TestServesALivingTokenWhenRenewalFails(t *testing.T) {
	w := newWorld(t, azuretest.Config{})
	first := w.get(t)
	w.registryDown()
	w.clock = 193 * time.Minute // two minutes are left
	for range 3 {
		if w.get(t) != first {
			t.Error("another token")
		}
	}
	if n := w.exchanges(); n != 2 {
		t.Errorf("%d exchanges, want 2: one that failed and is remembered", n)
	}
	w.clock = 194*time.Minute + time.Second // less than a minute
	if _, _, err := w.helper(t).Get(azuretest.MyRegistry); err == nil {
		t.Error("a dying token was served")
	}
}

// With a living token at hand a renewal that hangs is given up early.
func TestServesALivingTokenWhenRenewalHangs(t *testing.T) {
	w := newWorld(t, azuretest.Config{})
	first := w.get(t)
	w.Update(func(c *azuretest.Config) {
		c.Faults = []azuretest.Fault{{Match: "POST *.azurecr.io/oauth2/exchange", Mode: "hang"}}
	})
	w.clock = 150 * time.Minute
	w.env["DOCKER_CREDENTIAL_ACR_TIMEOUT"] = "900ms"
	if w.get(t) != first {
		t.Error("another token")
	}
}

// A clock that is wrong on this machine neither kills a good token nor keeps a
// dead one: its life is counted from its receipt.
func TestWrongClock(t *testing.T) {
	for _, off := range []time.Duration{-1000 * time.Hour, -4 * time.Hour, 4 * time.Hour, 1000 * time.Hour} {
		w := newWorld(t, azuretest.Config{})
		w.clock = off
		first := w.get(t)
		if w.get(t) != first || w.exchanges() != 1 {
			t.Errorf("clock off by %v: a new token is not kept", off)
		}
		w.clock = off + 196*time.Minute
		if w.get(t) == first {
			t.Errorf("clock off by %v: a dead token is kept", off)
		}
	}
}

func TestServerClockDecidesOnExpiry(t *testing.T) {
	w := newWorld(t, azuretest.Config{Clock: azuretest.Duration(-6 * time.Hour)})
	first := w.get(t) // by this machine's clock it expired hours ago
	if w.get(t) != first {
		t.Error("it is not kept")
	}
}

func TestClockThatJumpedBack(t *testing.T) {
	w := newWorld(t, azuretest.Config{})
	w.clock = 24 * time.Hour
	first := w.get(t)
	w.clock = 0
	second := w.get(t)
	if second == first {
		t.Error("a token from the future was believed")
	}
	if w.get(t) != second {
		t.Error("the new one is not kept")
	}
}

func TestFailureIsForgottenAfterFiveSeconds(t *testing.T) {
	w := newWorld(t, azuretest.Config{})
	w.registryDown()
	fail := func() string {
		t.Helper()
		_, _, err := w.helper(t).Get(azuretest.MyRegistry)
		if err == nil {
			t.Fatal("no error")
		}
		return err.Error()
	}
	first := fail()
	if fail() != first || w.exchanges() != 1 {
		t.Error("the failure is not remembered")
	}
	w.Update(func(c *azuretest.Config) { c.Faults = nil })
	w.clock = 6 * time.Second
	w.get(t)
}

// A stored token is answered first while it lives, and after that the ambient
// identity is asked.
func TestStoredToken(t *testing.T) {
	w := newWorld(t, azuretest.Config{})
	secret := w.Issue(azuretest.MyRegistry, azuretest.TokenOptions{Principal: azuretest.SecondClientID, Life: azuretest.Duration(10 * time.Minute)})
	if err := w.helper(t).Add(&credentials.Credentials{ServerURL: azuretest.MyRegistry, Username: "<token>", Secret: secret}); err != nil {
		t.Fatal(err)
	}
	w.clock = 8 * time.Minute
	if w.get(t) != secret || w.exchanges() != 0 {
		t.Error("the stored token is not answered")
	}
	w.clock = 9*time.Minute + 30*time.Second
	ambient := w.get(t)
	if ambient == secret || w.exchanges() != 1 {
		t.Error("in its last minute the ambient identity is not asked")
	}
	w.clock = 11 * time.Minute
	if w.get(t) != ambient {
		t.Error("after its end another token is answered")
	}
}

func TestStoredTokenIsTheLastResort(t *testing.T) {
	w := newWorld(t, azuretest.Config{})
	w.registryDown()
	secret := w.Issue(azuretest.MyRegistry, azuretest.TokenOptions{Life: azuretest.Duration(10 * time.Minute)})
	if err := w.helper(t).Add(&credentials.Credentials{ServerURL: azuretest.MyRegistry, Username: "<token>", Secret: secret}); err != nil {
		t.Fatal(err)
	}
	w.clock = 9*time.Minute + 30*time.Second
	if w.get(t) != secret {
		t.Error("another token")
	}
	w.clock = 11 * time.Minute
	if _, _, err := w.helper(t).Get(azuretest.MyRegistry); err == nil {
		t.Error("a dead token was served")
	}
}

// One Helper serves many goroutines with one exchange.
func TestConcurrentUse(t *testing.T) {
	w := newWorld(t, azuretest.Config{Latency: azuretest.Duration(5 * time.Millisecond)})
	h := w.helper(t)
	var wg sync.WaitGroup
	secrets := make([]string, 50)
	for i := range secrets {
		wg.Go(func() {
			_, secret, err := h.Get(azuretest.MyRegistry)
			if err != nil {
				t.Error(err)
			}
			secrets[i] = secret
		})
	}
	wg.Wait()
	for _, s := range secrets {
		if s != secrets[0] {
			t.Error("different tokens")
		}
	}
	if n := w.exchanges(); n != 1 {
		t.Errorf("%d exchanges", n)
	}
}

// While Entra answers, the connection to the registry is opened, and nothing is
// sent on it.
func TestConnectsAhead(t *testing.T) {
	w := newWorld(t, azuretest.Config{Faults: []azuretest.Fault{{Match: "POST login.microsoftonline.com/*", Times: 1, Delay: azuretest.Duration(200 * time.Millisecond)}}})
	done := make(chan string)
	go func() { done <- w.get(t) }()
	for w.Connections()[azuretest.MyRegistry] == 0 {
		select {
		case <-done:
			t.Fatal("the answer came without a connection to the registry before Entra's")
		case <-time.After(time.Millisecond):
		}
	}
	if n := w.Count("* " + azuretest.MyRegistry + "/*"); n != 0 {
		t.Errorf("%d requests before there was a token", n)
	}
	<-done
	if n := w.Connections()[azuretest.MyRegistry]; n != 1 {
		t.Errorf("%d connections to the registry", n)
	}
	// A connection that breaks meanwhile is opened again.
	w.Update(func(c *azuretest.Config) {
		c.Faults = []azuretest.Fault{{Match: "POST " + azuretest.OtherRegistry + "/*", Times: 1, Mode: "reset"}}
	})
	if _, _, err := w.helper(t).Get(azuretest.OtherRegistry); err != nil {
		t.Error(err)
	}
	if n := w.Connections()[azuretest.OtherRegistry]; n != 2 {
		t.Errorf("%d connections to the other registry", n)
	}
}

func TestRegistryThatDoesNotExist(t *testing.T) {
	w := newWorld(t, azuretest.Config{
		Registries: []azuretest.Registry{{Host: "nosuchname.azurecr.io"}},
		Faults:     []azuretest.Fault{{Match: "CONNECT nosuchname.azurecr.io/", Mode: "nxdomain"}},
	})
	h, err := helper.New(helper.Options{
		Lookup:    func(name string) (string, bool) { value, ok := w.env[name]; return value, ok },
		Transport: w.DirectTransport(),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = h.Get("nosuchname.azurecr.io")
	const want = "nosuchname.azurecr.io: there is no such registry: the name does not resolve; check the spelling; a registry with a private endpoint is known only inside its network: nslookup nosuchname.azurecr.io"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]helper.Options{"timeout": {Timeout: -1}, "user name": {Username: "oauth"}} {
		if _, err := helper.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	w := newWorld(t, azuretest.Config{})
	h, err := helper.New(helper.Options{
		Lookup:    func(name string) (string, bool) { value, ok := w.env[name]; return value, ok },
		Transport: w.Transport(), Username: "guid", Timeout: 20 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if user, _, err := h.Get(" https://MyRegistry.azurecr.io/v2/ "); err != nil || user != "00000000-0000-0000-0000-000000000000" {
		t.Errorf("%q, %v", user, err)
	}
	if _, _, err := h.Get("docker.io"); !credentials.IsErrCredentialsNotFound(err) {
		t.Errorf("docker.io: %v", err)
	}
	if err := h.Add(&credentials.Credentials{ServerURL: azuretest.MyRegistry, Username: "<token>", Secret: "opaque"}); !errors.As(err, new(*helper.Notice)) {
		t.Errorf("%v", err)
	}
	if err := h.Delete(azuretest.MyRegistry); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(w.env["DOCKER_CREDENTIAL_ACR_CACHE"]); err != nil {
		t.Error(err)
	}
	if hosts, err := h.List(); err != nil || len(hosts) != 0 {
		t.Errorf("%v, %v", hosts, err)
	}
}
