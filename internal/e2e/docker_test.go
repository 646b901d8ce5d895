//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// user is a new account on the machine of the engine.
func (e *engine) user(t *testing.T) *world {
	t.Helper()
	w := newWorldIn(t, e.azure).furnish()
	w.env["DOCKER_HOST"] = "unix://" + e.socket
	w.env["DOCKER_BUILDKIT"] = "0"
	e.azure.Reset()
	return w
}

// TestDocker runs each docker CLI there is with one engine.
func TestDocker(t *testing.T) {
	clis := dockerCLIs(t)
	t.Parallel()
	e := startEngine(t)
	for _, cli := range clis {
		t.Run(cli.version, func(t *testing.T) {
			forms(t, func(t *testing.T, form string) {
				t.Run("pull, run, push", func(t *testing.T) { e.pullRunPush(t, cli, form) })
				t.Run("run", func(t *testing.T) { e.run(t, cli, form) })
				t.Run("build", func(t *testing.T) { e.build(t, cli, form) })
				t.Run("login", func(t *testing.T) { e.login(t, cli, form) })
			})
			t.Run("typed login", func(t *testing.T) { e.typedLogin(t, cli) })
			t.Run("credsStore", func(t *testing.T) { e.credsStore(t, cli) })
			t.Run("failures", func(t *testing.T) { e.failures(t, cli) })
		})
	}
}

func (e *engine) pullRunPush(t *testing.T, cli dockerCLI, form string) {
	w := e.user(t)
	w.username(form)
	name := registry + "/team/app:1"
	digest := w.seed(registry, "team/app", "1")
	for i := range 2 {
		want := bearing(form, 1)
		if i == 0 {
			want = want.cold()
		}
		w.shows(w.ok(cli.path, "pull", name).stdout, "Digest: "+digest)
		w.costs(want)
		w.runs(1)
		if i == 0 {
			w.ok(cli.path, "rmi", name)
		}
	}
	w.shows(w.ok(cli.path, "run", "--rm", "--network", "none", name).stdout, greeting)
	w.runs(0)

	target := registry + "/team/" + strings.NewReplacer(".", "-", "+", "-").Replace(cli.version) + form
	w.ok(cli.path, "tag", name, target+":1")
	w.azure.Reset()
	r := w.ok(cli.path, "push", target+":1")
	w.shows(r.stdout, w.digest(registry, strings.TrimPrefix(target, registry+"/"), "1"))
	w.runs(1)
	// A token to push, another to mount the layer from the first repository.
	w.costs(bearing(form, 2))
	w.ok(cli.path, "rmi", name, target+":1")

	w.shows(w.ok(cli.path, "logout", registry).stdout, "Removing login credentials for "+registry)
	w.azure.Reset()
	w.helperRuns()
	w.ok(cli.path, "pull", name)
	w.costs(bearing(form, 1).cold())
	w.ok(cli.path, "rmi", name)
}

// run pulls what is missing.
func (e *engine) run(t *testing.T, cli dockerCLI, form string) {
	w := e.user(t)
	w.username(form)
	w.seed(registry, "team/app", "1")
	r := w.ok(cli.path, "run", "--rm", "--network", "none", registry+"/team/app:1")
	w.shows(r.stdout, greeting)
	w.costs(bearing(form, 1).cold())
	w.runs(1)
	w.ok(cli.path, "rmi", registry+"/team/app:1")
}

// The classic builder asks for every key of credHelpers.
func (e *engine) build(t *testing.T, cli dockerCLI, form string) {
	w := e.user(t)
	w.username(form)
	w.configure(credHelpers(registry, other, public))
	w.seed(registry, "team/app", "1")
	w.write("context/Dockerfile", "FROM "+registry+"/team/app:1\nLABEL built=here\n")
	for i := range 2 {
		want := bearing(form, 1)
		if i == 0 {
			want.entra, want.exchange = 2, 2
		}
		w.ok(cli.path, "build", "-t", "built", "context")
		w.costs(want)
		w.runs(3)
		w.ok(cli.path, "rmi", "built", registry+"/team/app:1")
	}
}

// A login without a user name asks the helper first. With the GUID that is all,
// with <token> docker cannot use the answer and prompts (clients-detail §2.1).
func (e *engine) login(t *testing.T, cli dockerCLI, form string) {
	w := e.user(t)
	w.username(form)
	before := w.helper(registry, "get")
	w.azure.Reset()
	w.helperRuns()
	if form == "token" {
		w.shows(w.fails(cli.path, "login", registry).stderr, "annot perform an interactive login")
		w.costs(cost{})
		w.runs(1)
	} else {
		w.shows(w.ok(cli.path, "login", registry).all(), "Login Succeeded")
		w.costs(cost{basic: 1})
		w.runs(2) // get and store
		w.seed(registry, "team/app", "1")
		w.ok(cli.path, "pull", registry+"/team/app:1")
		w.costs(cost{basic: 1})
		w.ok(cli.path, "rmi", registry+"/team/app:1")
	}
	if after := w.helper(registry, "get"); form == "guid" && oneValue(after.stdout).kind != "found" || form == "token" && after != before {
		t.Error("the answer is worse after the login")
	}
}

// A login with user and password typed in ends in store.
func (e *engine) typedLogin(t *testing.T, cli dockerCLI) {
	w := e.user(t)
	digest := w.seed(registry, "team/app", "1")
	token := w.azure.Issue(registry, azuretest.TokenOptions{})
	r := w.input(token, cli.path, "login", registry, "-u", guidUser, "--password-stdin")
	if r.code != 0 {
		t.Fatal(r)
	}
	w.shows(r.all(), "Login Succeeded")
	w.runs(1)
	w.azure.Reset()
	w.shows(w.ok(cli.path, "pull", registry+"/team/app:1").stdout, "Digest: "+digest)
	w.costs(cost{refresh: 1}) // with what was stored
	w.ok(cli.path, "rmi", registry+"/team/app:1")
	w.ok(cli.path, "logout", registry)

	// The registry's admin: docker stores the refresh token that it got for the
	// password, so the helper never sees that.
	e.azure.Update(func(c *azuretest.Config) { c.Registry(registry).AdminPasswords = []string{"admin's password"} })
	defer e.azure.Update(func(c *azuretest.Config) { c.Registry(registry).AdminPasswords = nil })
	w.azure.Reset()
	r = w.input("", cli.path, "login", registry, "-u", "myregistry", "-p", "admin's password")
	if r.code != 0 || strings.Contains(r.all(), "admin's password") {
		t.Fatal(r)
	}
	w.shows(r.all(), "Login Succeeded")
	w.ok(cli.path, "pull", registry+"/team/app:1")
	w.ok(cli.path, "rmi", registry+"/team/app:1")
}

// With credsStore docker asks for every registry there is.
func (e *engine) credsStore(t *testing.T, cli dockerCLI) {
	e.azure.Update(func(c *azuretest.Config) { c.Registry(public).AnonymousPull = true })
	w := e.user(t)
	w.configure(map[string]any{"credsStore": "acr"})
	notes := w.recorded()
	digest := w.seed(registry, "team/app", "1")
	w.seed(public, "somebody/app", "1")
	w.shows(w.ok(cli.path, "pull", registry+"/team/app:1").stdout, "Digest: "+digest)
	w.costs(cost{refresh: 1}.cold())
	w.shows(w.ok(cli.path, "pull", public+"/somebody/app:1").stdout, "Digest: "+digest)
	w.costs(cost{anon: 1})
	if got, want := notes(), []string{"get " + registry, "get " + public}; !slices.Equal(got, want) {
		t.Errorf("the helper was asked %q, want %q", got, want)
	}
	w.ok(cli.path, "rmi", registry+"/team/app:1", public+"/somebody/app:1")
	if r := w.ok(cli.path, "logout", registry); !strings.Contains(r.stdout, "Removing login credentials") && !strings.Contains(r.stdout, "Not logged in") {
		t.Error(r)
	}
}

func (e *engine) failures(t *testing.T, cli dockerCLI) {
	for _, f := range troubles {
		t.Run(f.name, func(t *testing.T) {
			w := e.user(t)
			// The classic builder of 20.10 gives up at the first key that fails,
			// whichever that is.
			w.configure(credHelpers(registry))
			w.seed(registry, "team/app", "1")
			w.ok(cli.path, "pull", registry+"/team/app:1")
			w.silent(w.helper(registry, "erase"))
			f.make(w)
			defer f.mend(w)
			w.shows(w.fails(cli.path, "push", registry+"/team/app:1").stderr, f.says)
			w.ok(cli.path, "rmi", registry+"/team/app:1")
			// docker's own error is "unauthorized" at most; what helps stands
			// before it, on stderr.
			w.shows(w.fails(cli.path, "pull", registry+"/team/app:1").stderr, f.says)
			w.shows(w.fails(cli.path, "run", "--rm", registry+"/team/app:1").stderr, f.says)
			w.write("context/Dockerfile", "FROM "+registry+"/team/app:1\n")
			w.shows(w.fails(cli.path, "build", "context").all(), f.says)
		})
	}
}
