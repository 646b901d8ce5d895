package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// Clients that cannot be run here, each as callers_table_test.go describes it.

// The registries of ACR's that exist, and one of somebody else's.
const (
	registry = azuretest.MyRegistry
	other    = azuretest.OtherRegistry
	public   = "ghcr.io"
)

// notFound is how the protocol spells that there are no credentials.
const notFound = "credentials not found in native keychain"

const (
	tokenUser = "<token>"
	guidUser  = "00000000-0000-0000-0000-000000000000"
)

// verdict is what a client makes of an answer.
type verdict struct {
	kind       string // "found", "none" (goes on without credentials) or "failed"
	user, pass string
	message    string // that the user gets to see
}

func none() verdict                 { return verdict{kind: "none"} }
func failed(message string) verdict { return verdict{kind: "failed", message: message} }

// saying is a client that goes on, but not in silence.
func (v verdict) saying(format string, args ...any) verdict {
	v.message = fmt.Sprintf(format, args...)
	return v
}

// call runs the helper as the client does, and counts the runs.
func (w *world) call(c caller, host string) (v verdict, runs int) {
	w.t.Helper()
	return c.ask(func(verb, stdin string) result {
		runs++
		if c.merged {
			return w.merged(stdin, verb)
		}
		return w.helper(stdin, verb)
	}, host), runs
}

// merged runs the helper with one pipe for both streams, which is read when the
// helper has ended; on Windows through cmd /c. Spring Boot and
// testcontainers-java do both.
func (w *world) merged(stdin, verb string) result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	command := []string{filepath.Join(bin, "docker-credential-acr"), verb}
	if runtime.GOOS == "windows" {
		command = []string{"cmd", "/c", "docker-credential-acr", verb}
	}
	cmd := w.command(ctx, command[0], command[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	read, write, err := os.Pipe()
	w.must(err)
	defer read.Close() //nolint:errcheck // read to its end
	cmd.Stdout, cmd.Stderr = write, write
	_ = cmd.Run() // the code says it
	w.must(write.Close())
	out, err := io.ReadAll(read)
	w.must(err)
	return result{stdout: string(out), code: cmd.ProcessState.ExitCode()}
}

// redeem asks the registry for an access token as all of the callers do: with
// an identity token by POST, in a body that some of them don't escape, and with
// a user and password by GET with Basic.
func (w *world) redeem(host string, v verdict) int {
	w.t.Helper()
	where, scope := "https://"+host+"/oauth2/token", "repository:team/app:pull"
	var r *http.Request
	var err error
	if v.user == tokenUser {
		body := "grant_type=refresh_token&service=" + host + "&scope=" + scope + "&refresh_token=" + v.pass
		r, err = http.NewRequest(http.MethodPost, where, strings.NewReader(body))
		w.must(err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		r, err = http.NewRequest(http.MethodGet, where+"?scope="+scope+"&service="+host, nil)
		w.must(err)
		r.SetBasicAuth(v.user, v.pass)
	}
	transport := w.azure.Transport()
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	w.must(err)
	w.must(answer.Body.Close())
	return answer.StatusCode
}

// only strips the environment to what a client passes on.
func (w *world) only(names []string) {
	for name := range w.env {
		if !slices.Contains(names, name) && !strings.HasPrefix(name, "AZURE_") && !strings.HasPrefix(name, "DOCKER_CREDENTIAL_") && !strings.HasSuffix(strings.ToUpper(name), "_PROXY") && name != "SSL_CERT_FILE" {
			delete(w.env, name)
		}
	}
}

// answerable sees to it that the helper has an answer: through Entra where the
// emulator can be reached, else from a token that a client stored.
func (w *world) answerable(hosts ...string) {
	w.t.Helper()
	if reachable() {
		return
	}
	for _, host := range hosts {
		w.silent(w.helper(w.storing(host, tokenUser, w.azure.Issue(host, azuretest.TokenOptions{})), "store"))
	}
}

// storing is what a client writes to store.
func (w *world) storing(host, user, pass string) string {
	w.t.Helper()
	content, err := json.Marshal(map[string]string{"ServerURL": host, "Username": user, "Secret": pass})
	w.must(err)
	return string(content) + "\n"
}

// silent fails the test unless the command succeeded in silence.
func (w *world) silent(r result) {
	w.t.Helper()
	if r.code != 0 || r.all() != "" {
		w.t.Fatal(r)
	}
}

// TestCallers has each client ask with both forms of the user name, with an
// empty cache, a full one and one that has expired, redeem the answer where the
// registry is at its strictest, and meet what can go wrong.
func TestCallers(t *testing.T) {
	for _, c := range callers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, azuretest.Config{Strict: true})
			if c.env != nil {
				w.only(c.env)
			}
			for _, form := range []string{"guid", "token"} {
				if form == "token" && c.guid {
					continue
				}
				w.username(form)
				w.silent(w.helper(registry, "erase"))
				w.answerable(registry)
				for i, exchanges := range []int{1, 0, 1} {
					if i == 2 {
						if !reachable() {
							continue // nothing renews what a client stored
						}
						w.expire()
					}
					w.azure.Reset()
					got, _ := w.call(c, registry)
					user := map[string]string{"token": tokenUser, "guid": guidUser}[form]
					if got.kind != "found" || got.user != user || !jwts.MatchString(got.pass) {
						t.Fatalf("%s: %s with user %q and %d bytes: %s", form, got.kind, got.user, len(got.pass), got.message)
					}
					if n := w.azure.Count("POST " + registry + "/oauth2/exchange"); reachable() && n != exchanges {
						t.Errorf("%s: %d exchanges, want %d", form, n, exchanges)
					}
					if status := w.redeem(registry, got); status != http.StatusOK {
						t.Errorf("%s: the registry answers %d", form, status)
					}
				}
			}
			w.azure.Update(func(c *azuretest.Config) { c.Strict = false })
			w.met(c)
		})
	}
}

// met records what the client makes of all that can go wrong, and what its user
// gets to see. REASON is what the helper says.
func (w *world) met(c caller) {
	w.t.Helper()
	var said strings.Builder
	meet := func(what, host, reason string) verdict {
		w.t.Helper()
		got, runs := w.call(c, host)
		if secret(got.message) {
			w.t.Errorf("%s: a secret is shown", what)
		}
		kind := map[string]string{"none": "goes on without credentials", "failed": "fails", "found": "has credentials"}[got.kind]
		fmt.Fprintf(&said, "%s: %s; runs: %d\n%s\n", what, kind, runs, strings.ReplaceAll(steady(got.message), reason, "REASON"))
		return got
	}
	w.azure.Reset()
	meet("a registry of others", public, notFound)
	if n := w.azure.Count("* *"); n != 0 {
		w.t.Errorf("a registry of others: %d requests", n)
	}
	if c.guid {
		w.username("token")
		meet(tokenUser, registry, notFound)
	}
	if !reachable() {
		return // there may be an identity on this machine
	}
	for _, f := range []situation{noRole, noIdentity} {
		w.silent(w.helper(registry, "erase"))
		f.make(w)
		reason := steady(strings.TrimSpace(w.helper(registry, "get").stdout))
		if !strings.HasPrefix(reason, f.says) {
			w.t.Errorf("%s: the helper says %q", f.name, reason)
		}
		if got := meet(f.name, registry, reason); !c.mute && !strings.Contains(got.message, f.says) {
			w.t.Errorf("%s: %s: %s", f.name, got.kind, got.message)
		}
		f.mend(w)
	}
	file := filepath.Join("testdata", "callers", strings.ReplaceAll(c.name, " ", "-")+".txt")
	w.golden(file, true, result{command: c.name + ", " + c.source, stdout: said.String()})
}

// nerdctl asks for up to six forms of the host and takes the first answer
// (§2.5: registryurl.go, credentialsstore.go); login stores under two of them,
// logout erases all and fails if all fail.
func TestNerdctl(t *testing.T) {
	t.Parallel()
	w := newWorld(t, azuretest.Config{})
	w.answerable(registry)
	first := ""
	for _, key := range nerdctlForms(registry) {
		r := w.helper(key, "get")
		v := oneValue(r.stdout)
		if r.code != 0 || v.kind != "found" || r.stderr != "" {
			t.Fatal(r)
		}
		if first == "" {
			first = v.pass
		}
		if v.pass != first {
			t.Errorf("%s is answered with another token", key)
		}
	}
	for _, key := range nerdctlForms(public) {
		if r := w.helper(key, "get"); r.code != 1 || strings.TrimSpace(r.stdout) != notFound || r.stderr != "" {
			t.Error(r)
		}
	}
	for _, key := range []string{registry + ":443", registry} {
		w.silent(w.helper(w.storing(key, guidUser, first), "store"))
	}
	for _, key := range nerdctlForms(registry) {
		w.silent(w.helper(key, "erase"))
	}
	if r := w.helper("unused", "list"); r.code != 0 || strings.TrimSpace(r.stdout) != "{}" {
		t.Error(r)
	}
}

// testcontainers-go asks for every key of credHelpers and every empty entry of
// auths at once, and one error voids all (§2.10); docker-py's and docker's
// classic builds ask for every key one by one.
func TestEveryKeyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, azuretest.Config{})
	keys := []string{registry, registry, other, azuretest.LabelRegistry, azuretest.RegionalRegistry, "https://" + registry}
	w.answerable(registry, other, azuretest.LabelRegistry, azuretest.RegionalRegistry)
	w.azure.Reset()
	results := make([]result, len(keys))
	var group sync.WaitGroup
	for i, key := range keys {
		group.Go(func() { results[i] = w.helper(key, "get") })
	}
	group.Wait()
	for _, r := range results {
		if r.code != 0 || oneValue(r.stdout).kind != "found" || r.stderr != "" {
			t.Error(r)
		}
	}
	if n := w.azure.Count("POST *.azurecr.io/oauth2/exchange"); reachable() && n != 4 {
		t.Errorf("%d exchanges for 4 registries", n)
	}
}

// regclient lists with an empty stdin (§2.10), docker's classic builder with the
// word "unused" (§1), and both then ask for what is listed.
func TestListers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, azuretest.Config{})
	if r := w.helper("", "list"); r.code != 0 || strings.TrimSpace(r.stdout) != "{}" || r.stderr != "" {
		t.Fatal(r)
	}
	w.answerable(registry)
	w.helper(registry, "get")
	w.azure.Reset()
	for _, stdin := range []string{"", "unused"} {
		r := w.helper(stdin, "list")
		var listed map[string]string
		if err := json.Unmarshal([]byte(r.stdout), &listed); err != nil || len(listed) != 1 || listed[registry] != tokenUser || r.stderr != "" {
			t.Fatal(r, err)
		}
	}
	if r := w.helper(registry, "get"); r.code != 0 {
		t.Error(r)
	}
	if n := w.azure.Count("* *"); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// docker login stores what it was given, the brackets of <token> escaped (§1,
// §2.1), and that or a slip of the hand makes no later get worse. nerdctl and
// oras store the user and password that were typed, which get gives back.
func TestLogins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, azuretest.Config{})
	w.answerable(registry)
	before := oneValue(w.helper(registry, "get").stdout)
	if before.kind != "found" {
		t.Fatal(before.message)
	}
	for _, user := range []string{tokenUser, guidUser} {
		w.silent(w.helper(w.storing(registry, user, before.pass), "store"))
	}
	for _, user := range []string{guidUser, tokenUser} {
		r := w.helper(w.storing(registry, user, "something typed"), "store")
		if r.code != 0 || r.stdout != "" || strings.Contains(r.stderr, "something typed") {
			t.Error(r)
		}
	}
	if after := oneValue(w.helper(registry, "get").stdout); after != before {
		t.Error("the answer is another one after the logins")
	}
	if r := w.helper(w.storing(registry, "admin", "something typed"), "store"); r.code != 0 || r.stdout != "" {
		t.Error(r)
	}
	if after := oneValue(w.helper(registry, "get").stdout); after.user != "admin" || after.pass != "something typed" {
		t.Errorf("the answer is %+v", after)
	}
}
