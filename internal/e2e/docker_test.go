//go:build e2e

package e2e

import (
	"encoding/base64"
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
	t.Parallel()
	clis := dockerCLIs(t)
	e := startEngine(t)
	for _, cli := range clis {
		t.Run(cli.version, func(t *testing.T) {
			client{
				name: "docker", version: cli.version, pinned: cli.pinned, note: dockerNote(cli),
				account: e.user,
			}.matrix(t, dockerOperations(cli)...)
			t.Run("typed login", func(t *testing.T) { e.typedLogin(t, cli) })
			t.Run("credsStore", func(t *testing.T) { e.credsStore(t, cli) })
			t.Run("DOCKER_AUTH_CONFIG", func(t *testing.T) { e.authConfig(t, cli) })
		})
	}
}

func dockerNote(cli dockerCLI) string {
	switch {
	case cli.before(23, 0):
		return "Debian's; with its own BuildKit (`DOCKER_BUILDKIT=1`) more runs with each build"
	case strings.HasPrefix(cli.version, "28."):
		return "`pull` hides a failure of the helper behind its line on standard error"
	}
	return "a failure of the helper fails the command"
}

func dockerOperations(cli dockerCLI) []operation {
	docker := func(args ...string) func(*world) result { return uses(cli.path, args...) }
	remove := func(images ...string) func(*world) {
		return func(w *world) { w.input("", cli.path, append([]string{"rmi"}, images...)...) } // what is there
	}
	pushed := ""
	dockerfile := func(w *world) {
		seeded(w)
		w.write("context/Dockerfile", "FROM "+app+"\nLABEL built=here\n")
	}
	return []operation{
		{
			name: "pull", prepare: seeded, reads: true, run: docker("pull", app), settle: remove(app),
			check: func(w *world, r result) { w.shows(r.stdout, "Digest: "+w.digest(registry, "team/app", "1")) },
		},
		{
			name: "run", prepare: seeded, reads: true, run: docker("run", "--rm", "--network", "none", app), settle: remove(app),
			check: func(w *world, r result) { w.shows(r.stdout, greeting) },
		},
		{
			// A token to push, another to mount the layer from the first repository.
			name: "push",
			prepare: func(w *world) {
				pushed = newRepository()
				seeded(w)
				w.ok(cli.path, "pull", app)
				w.ok(cli.path, "tag", app, registry+"/"+pushed+":1")
			},
			run:    func(w *world) result { return docker("push", registry+"/"+pushed+":1")(w) },
			settle: func(w *world) { remove(app, registry+"/"+pushed+":1")(w) },
			check:  func(w *world, r result) { w.shows(r.stdout, w.digest(registry, pushed, "1")) },
		},
		{
			// The classic builder asks for every key of credHelpers. That of 20.10
			// gives up at the first that fails, whichever that is.
			name: "build", retries: true, reads: true,
			prepare: func(w *world) {
				dockerfile(w)
				w.configure(credHelpers(registry, public))
			},
			run: docker("build", "-t", "built", "context"), settle: remove("built", app),
		},
		{
			// The engine's own BuildKit, by the CLI itself or, since 23.0, through buildx.
			// By itself the CLI of 20.10 tries Basic, too, and asks the helper again for what
			// the engine remembers of builds before.
			name: "build with BuildKit", retries: true, reads: true, varies: true, erratic: cli.before(23, 0),
			prepare: func(w *world) {
				dockerfile(w)
				w.env["DOCKER_BUILDKIT"] = "1"
				w.env["BUILDKIT_PROGRESS"] = "plain"
				if !cli.before(23, 0) {
					w.plugin(buildx)
				}
			},
			run: docker("build", "--no-cache", "-t", "built", "context"),
			settle: func(w *world) {
				remove("built", app)(w)
				w.input("", cli.path, "builder", "prune", "--all", "--force")
			},
		},
		{
			// Asks the helper first. With the GUID that is all, with <token> docker
			// cannot use the answer and prompts (clients-detail §2.1).
			name: "login", run: docker("login", registry),
			check: func(w *world, r result) {
				w.shows(r.all(), "Login Succeeded")
				if after := w.helper(registry, "get"); oneValue(after.stdout).kind != "found" {
					w.t.Error("the answer is worse after the login")
				}
			},
		},
		{
			name: "logout", offline: true, run: docker("logout", registry),
			check: func(w *world, r result) {
				w.shows(r.stdout, "Removing login credentials for "+registry)
				w.azure.Reset()
				if r := w.helper(registry, "get"); r.code != 0 {
					w.t.Error(r)
				}
				w.costs(cost{}.cold())
			},
		},
		{
			// Needs no engine: the CLI asks the registry itself.
			name: "manifest inspect", reads: true,
			prepare: func(w *world) {
				w.env["DOCKER_CLI_EXPERIMENTAL"] = "enabled" // 20.10
				seeded(w)
			},
			run:   docker("manifest", "inspect", "--verbose", app),
			check: func(w *world, r result) { w.shows(r.stdout, w.digest(registry, "team/app", "1")) },
		},
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
	w.shows(w.ok(cli.path, "pull", app).stdout, "Digest: "+digest)
	w.costs(cost{refresh: 1}) // with what was stored
	w.ok(cli.path, "rmi", app)
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
	w.ok(cli.path, "pull", app)
	w.ok(cli.path, "rmi", app)
}

// With credsStore docker asks for every registry there is.
func (e *engine) credsStore(t *testing.T, cli dockerCLI) {
	e.azure.Update(func(c *azuretest.Config) { c.Registry(public).AnonymousPull = true })
	w := e.user(t)
	w.configure(map[string]any{"credsStore": "acr"})
	notes := w.recorded()
	digest := w.seed(registry, "team/app", "1")
	w.seed(public, "somebody/app", "1")
	w.shows(w.ok(cli.path, "pull", app).stdout, "Digest: "+digest)
	w.costs(cost{refresh: 1}.cold())
	w.shows(w.ok(cli.path, "pull", public+"/somebody/app:1").stdout, "Digest: "+digest)
	w.costs(cost{anon: 1})
	if got, want := notes(), []string{"get " + registry, "get " + public}; !slices.Equal(got, want) {
		t.Errorf("the helper was asked %q, want %q", got, want)
	}
	w.ok(cli.path, "rmi", app, public+"/somebody/app:1")
	if r := w.ok(cli.path, "logout", registry); !strings.Contains(r.stdout, "Removing login credentials") && !strings.Contains(r.stdout, "Not logged in") {
		t.Error(r)
	}
}

// DOCKER_AUTH_CONFIG overrides the helper, from 28.3 on (clients-detail §2.1).
func (e *engine) authConfig(t *testing.T, cli dockerCLI) {
	w := e.user(t)
	digest := w.seed(registry, "team/app", "1")
	// A kept login: the helper would have another answer.
	auth := base64.StdEncoding.EncodeToString([]byte(guidUser + ":" + w.azure.Issue(registry, azuretest.TokenOptions{})))
	w.env["DOCKER_AUTH_CONFIG"] = `{"auths": {"` + registry + `": {"auth": "` + auth + `"}}}`
	w.shows(w.ok(cli.path, "pull", app).stdout, "Digest: "+digest)
	want := 0
	if cli.before(28, 3) {
		want = 1
	}
	w.runs(want)
	w.ok(cli.path, "rmi", app)
}
