package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// Clients that cannot be run here, each reduced to what it writes to a helper
// and how it reads the answer. The section numbers are those of the reference
// clients-detail, where file and line of each client's source stand.

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

// caller is one client.
type caller struct {
	name   string
	before string   // a verb that is run first
	stdin  string   // %s is the registry
	merged bool     // stderr goes where stdout goes, and is read after the exit
	env    []string // the only variables that reach the helper, beside Azure's and the proxy's; nil is all
	form   string   // the form of user name that it needs, if it matters
	read   func(r result) verdict
	// public is the verdict on a host that is not ACR's; "none" unless set.
	public string
}

var callers = []caller{
	{
		// §1; the Go client library: docker, buildx, compose, BuildKit, ko, …
		name: "docker-credential-helpers", stdin: "%s",
		read: func(r result) verdict {
			if r.code != 0 {
				if strings.TrimSpace(r.stdout) == notFound {
					return none()
				}
				return failed(fmt.Sprintf("error getting credentials - err: exit status %d, out: `%s`", r.code, strings.TrimSpace(r.stdout)))
			}
			var c struct{ ServerURL, Username, Secret string }
			if err := json.NewDecoder(strings.NewReader(r.stdout)).Decode(&c); err != nil {
				return failed(err.Error())
			}
			return verdict{kind: "found", user: c.Username, pass: c.Secret}
		},
	},
	{
		// §2.6; also Helm: exactly one JSON value.
		name: "oras", stdin: "%s",
		read: func(r result) verdict {
			if r.code != 0 {
				if strings.TrimSpace(r.stdout) == notFound {
					return none()
				}
				return failed(strings.TrimSpace(r.stdout))
			}
			return oneValue(r.stdout)
		},
	},
	{
		// §2.9: redirectErrorStream(true), read after the exit.
		name: "Spring Boot", stdin: "%s", merged: true,
		read: func(r result) verdict {
			out := strings.TrimSpace(r.stdout)
			switch {
			case r.code == 0:
				return oneValue(out)
			case slices.Contains([]string{notFound, "no credentials server URL", "no credentials username"}, out):
				return none()
			}
			return failed(out)
		},
	},
	{
		// §2.9: the exit code is ignored.
		name: "Jib", stdin: "%s",
		read: func(r result) verdict {
			switch {
			case strings.Contains(r.stdout, notFound):
				return none()
			case r.stdout == "":
				return failed(r.stderr)
			}
			if v := oneValue(r.stdout); v.kind == "found" {
				return v
			}
			return failed(r.stdout)
		},
	},
	{
		// §2.9: exit code 1 and no other is a failure.
		name: "testcontainers-java", stdin: "%s",
		read: func(r result) verdict {
			switch {
			case r.code == 1 && strings.Contains(r.stdout, notFound):
				return none()
			case r.code == 1:
				return failed(strings.TrimSpace(r.stdout))
			}
			return oneValue(r.stdout)
		},
	},
	{
		// §2.9: asks for the version each time; exit code 1 is "not found",
		// whatever the text, any other fails the build.
		name: "docker-maven-plugin", before: "version", stdin: "%s",
		read: func(r result) verdict {
			switch r.code {
			case 0:
				return oneValue(r.stdout)
			case 1:
				return verdict{kind: "none", message: r.stderr}
			}
			return failed(r.stdout)
		},
	},
	{
		// §2.10; credentials/store.py: json.loads of all of stdout, KeyError
		// without the exact names.
		name: "docker-py", stdin: "%s",
		read: func(r result) verdict {
			switch {
			case r.code == 0:
				return oneValue(r.stdout)
			case strings.Contains(r.stdout, notFound):
				return none()
			}
			return failed(fmt.Sprintf("Credentials store docker-credential-acr exited with %q.", strings.TrimSpace(r.stdout)))
		},
	},
	{
		// §2.10; NativeStore.cs, ProcessService.cs: WriteLine, and every failure
		// is an exception with stderr, or stdout if there is none.
		name: "dotnet SDK", stdin: "%s\n", public: "failed", read: dotnet,
	},
	{name: "dotnet SDK on Windows", stdin: "%s\r\n", public: "failed", read: dotnet},
	{
		// §2.10; authn.bzl: bash's <<<, and fails on every exit code but 0. It
		// knows the GUID only, and the helper may see few variables.
		name: "rules_oci", stdin: "%s\n", env: bazel, form: "guid", public: "failed", read: rulesOCI,
	},
	{
		// echo %1 | … of cmd.exe
		name: "rules_oci on Windows", stdin: "%s \r\n", env: bazel, form: "guid", public: "failed", read: rulesOCI,
	},
	{
		// §2.10; provider.go copies user and password and nothing else.
		name: "terraform-provider-docker", stdin: "%s", form: "guid",
		read: func(r result) verdict {
			if r.code != 0 && strings.TrimSpace(r.stdout) == notFound {
				return none()
			}
			if r.code != 0 {
				return failed(strings.TrimSpace(r.stdout))
			}
			return oneValue(r.stdout)
		},
	},
	{
		// §2.10; httpOCIRegistry.ts: a strict parser, and every error is ignored.
		name: "devcontainers", stdin: "%s",
		read: func(r result) verdict {
			if v := oneValue(r.stdout); r.code == 0 && v.kind == "found" {
				return v
			}
			return none()
		},
	},
	{
		// §2.10; cpuguy83/dockercfg of testcontainers-go: one value, no text
		// after it; stderr is part of the error.
		name: "testcontainers-go", stdin: "%s",
		read: func(r result) verdict {
			if r.code != 0 {
				if strings.TrimSpace(r.stdout) == notFound {
					return none()
				}
				return failed(r.stdout + r.stderr)
			}
			return oneValue(r.stdout)
		},
	},
}

// bazel is what Bazel passes on to repository rules of its own accord; the rest
// takes --repo_env.
var bazel = []string{"PATH", "HOME", "USERPROFILE", "LOCALAPPDATA", "SYSTEMROOT"}

func dotnet(r result) verdict {
	switch {
	case r.code == 0:
		return oneValue(r.stdout)
	case strings.TrimSpace(r.stderr) != "":
		return failed(r.stderr)
	}
	return failed(r.stdout)
}

func rulesOCI(r result) verdict {
	if r.code != 0 {
		return failed("credential helper failed: \nSTDOUT:\n" + r.stdout + "\nSTDERR:\n" + r.stderr)
	}
	v := oneValue(r.stdout)
	if v.user == tokenUser {
		return failed("Identity tokens are not supported at the moment")
	}
	return v
}

// oneValue reads JSON as most clients do: nothing after the first value, names
// in their exact case.
func oneValue(text string) verdict {
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return failed(err.Error())
	}
	user, okUser := object["Username"].(string)
	pass, okPass := object["Secret"].(string)
	if !okUser || !okPass {
		return failed("no Username and Secret in " + text)
	}
	return verdict{kind: "found", user: user, pass: pass}
}

// call runs the helper as the client does.
func (w *world) call(c caller, host string) verdict {
	w.t.Helper()
	if c.before != "" {
		if r := w.helper("", c.before); r.code != 0 {
			w.t.Fatal(r)
		}
	}
	stdin := fmt.Sprintf(c.stdin, host)
	if !c.merged {
		return c.read(w.helper(stdin, "get"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := w.command(ctx, filepath.Join(bin, "docker-credential-acr"), "get")
	cmd.Stdin = strings.NewReader(stdin)
	read, write, err := os.Pipe()
	w.must(err)
	defer read.Close() //nolint:errcheck // read to its end
	cmd.Stdout, cmd.Stderr = write, write
	_ = cmd.Run() // the code says it
	w.must(write.Close())
	out, err := io.ReadAll(read)
	w.must(err)
	return c.read(result{stdout: string(out), code: cmd.ProcessState.ExitCode()})
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

func TestCallers(t *testing.T) {
	for _, c := range callers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, azuretest.Config{})
			if c.env != nil {
				w.only(c.env)
			}
			forms := map[string]string{"token": tokenUser, "guid": guidUser}
			for form, user := range forms {
				w.username(form)
				if c.form != "" && c.form != form {
					continue
				}
				w.answerable(registry)
				got := w.call(c, registry)
				if got.kind != "found" || got.user != user || !jwts.MatchString(got.pass) {
					t.Fatalf("%s: %s with user %q and %d bytes: %s", form, got.kind, got.user, len(got.pass), got.message)
				}
			}

			want := c.public
			if want == "" {
				want = "none"
			}
			w.azure.Reset()
			if got := w.call(c, public); got.kind != want || got.kind == "none" && got.message != "" {
				t.Errorf("a host that is not ACR's: %s: %s, want %s", got.kind, got.message, want)
			}
			if n := w.azure.Count("* *"); n != 0 {
				t.Errorf("a host that is not ACR's: %d requests", n)
			}

			w.signOut()
			got := w.call(c, other)
			if c.name == "devcontainers" {
				return // shows no errors
			}
			if !strings.Contains(got.message, other+": no Azure identity found") || secret(got.message) {
				t.Errorf("no identity: %s: %s", got.kind, got.message)
			}
			if got.kind == "none" && c.name != "docker-maven-plugin" {
				t.Error("a failure is taken for not found")
			}
		})
	}
}

// nerdctl asks for up to six forms of the host and takes the first answer
// (§2.5: registryurl.go, credentialsstore.go); login stores under two of them,
// logout erases all and fails if all fail.
func TestNerdctl(t *testing.T) {
	t.Parallel()
	w := newWorld(t, azuretest.Config{})
	variants := func(host string) []string {
		return []string{host + ":443", "https://" + host + ":443", "http://" + host + ":443", host, "https://" + host, "http://" + host}
	}
	w.answerable(registry)
	first := ""
	for _, key := range variants(registry) {
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
	for _, key := range variants(public) {
		if r := w.helper(key, "get"); r.code != 1 || strings.TrimSpace(r.stdout) != notFound || r.stderr != "" {
			t.Error(r)
		}
	}
	for _, key := range []string{registry + ":443", registry} {
		w.silent(w.helper(w.storing(key, guidUser, first), "store"))
	}
	for _, key := range variants(registry) {
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
