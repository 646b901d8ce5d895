//go:build e2e

package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// The clients that hand over the user and password of a login, and hand out
// nothing else before the logout.
func TestStoreLogins(t *testing.T) {
	t.Parallel()
	inspect := []string{"inspect", "--no-tags", "docker://" + registry + "/team/app:1"}
	for _, c := range []struct {
		name                string
		program             func(*testing.T) string
		prepare             func(*world)
		login, pull, logout []string
	}{
		{"crane", crane.client, nil, []string{"auth", "login", registry}, []string{"digest", registry + "/team/app:1"}, []string{"auth", "logout", registry}},
		{"skopeo", fromDebian("skopeo"), (*world).alone, []string{"login", registry}, inspect, []string{"logout", registry}},
		{"skopeo, auth.json", fromDebian("skopeo"), (*world).authFile, []string{"login", registry}, inspect, []string{"logout", registry}},
		{"podman", fromDebian("podman"), (*world).alone, []string{"login", registry}, []string{"pull", registry + "/team/app:1"}, []string{"logout", registry}},
		{"podman, all", fromDebian("podman"), (*world).alone, []string{"login", registry}, []string{"pull", registry + "/team/app:1"}, []string{"logout", "--all"}},
		{"helm", helm.client, (*world).helmConfig, []string{"registry", "login", registry}, nil, []string{"registry", "logout", registry}},
		{"helm3", helm3.client, (*world).helmConfig, []string{"registry", "login", registry}, nil, []string{"registry", "logout", registry}},
	} {
		for _, l := range logins {
			t.Run(c.name+" "+l.name, func(t *testing.T) {
				program := c.program(t)
				w := containers(t, withLogins())
				if c.prepare != nil {
					c.prepare(w)
				}
				w.signOut() // there is nobody else to pull
				w.seed(registry, "team/app", "1")
				args := append(append([]string{}, c.login...), "-u", l.user, "--password-stdin")
				r := w.input(l.password, program, args...)
				if r.code != 0 {
					t.Fatal(r)
				}
				w.stored(l.user, l.password)
				if c.pull != nil {
					w.azure.Reset()
					w.ok(program, c.pull...)
					if got, asked := w.spent(); got.basic == 0 || got.exchange+got.entra+got.refresh != 0 {
						t.Errorf("cost %+v of\n%s", got, asked)
					}
				} else {
					w.chartPull(program, l.name == "admin")
				}
				w.ok(program, c.logout...)
				w.shows(w.helper("", "list").stdout, "{}")
				if r := w.helper(registry, "get"); r.code != 1 {
					t.Error(r)
				}
				w.traceless(l.password)
			})
		}
	}
}

// alone makes the helper answer podman and skopeo, where there is no identity.
// Before a login they ask the helper, and every answer but "not found" ends it.
func (w *world) alone() {
	w.t.Helper()
	w.registriesConf()
	w.write(".config/docker-credential-acr/config.json", `{"registries":{"`+registry+`":{"anonymous":true}}}`)
}

// With an identity, their login wants the form of the user name that is none of
// a token. Afterwards the form is of no meaning.
func TestStoreBesideAnIdentity(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"podman", "skopeo"} {
		t.Run(program, func(t *testing.T) {
			debian(t, program, program)
			w := containers(t, withLogins())
			w.registriesConf()
			login := []string{"login", registry, "-u", adminUser, "--password-stdin"}
			if r := w.input(adminPassword, program, login...); r.code == 0 || !strings.Contains(r.all(), "Identity token") {
				t.Error(r)
			}
			w.username("guid")
			if r := w.input(adminPassword, program, login...); r.code != 0 {
				t.Fatal(r)
			}
			w.username("")
			w.stored(adminUser, adminPassword)
			// Another login takes its place.
			if r := w.input(tokenPassword, program, "login", registry, "-u", tokenName, "--password-stdin"); r.code != 0 {
				t.Fatal(r)
			}
			w.stored(tokenName, tokenPassword)
			w.lacks(adminPassword)
			w.ok(program, "logout", registry)
			w.traceless(adminPassword, tokenPassword)
			w.seed(registry, "team/app", "1")
			debian(t, "skopeo", "skopeo")
			w.ok("skopeo", "inspect", "--no-tags", "docker://"+registry+"/team/app:1")
			w.costs(cost{refresh: 1}.cold())
		})
	}
}

// authFile makes the helper answer through the file of podman and its kin.
func (w *world) authFile() {
	w.t.Helper()
	w.alone()
	w.write(".config/containers/registries.conf", "")
	w.write("auth.json", `{"credHelpers":{"`+registry+`":"acr"}}`)
	w.env["REGISTRY_AUTH_FILE"] = filepath.Join(w.home, "auth.json")
}

// helmConfig lets helm's logins end in Docker's configuration, and so in the
// helper, instead of a file of its own.
func (w *world) helmConfig() {
	w.env["HELM_REGISTRY_CONFIG"] = filepath.Join(w.env["DOCKER_CONFIG"], "config.json")
}

// chartPull pushes and pulls a chart, as far as the user may.
func (w *world) chartPull(program string, mayPush bool) {
	w.t.Helper()
	w.chart("app", "")
	w.ok(program, "package", "app")
	if mayPush {
		w.ok(program, "push", "app-1.0.0.tgz", "oci://"+registry+"/team")
	} else {
		w.fails(program, "push", "app-1.0.0.tgz", "oci://"+registry+"/team")
	}
	w.azure.Reset()
	if mayPush {
		w.ok(program, "pull", "oci://"+registry+"/team/app", "--version", "1.0.0")
		w.costsOrMore(cost{basic: 1})
	}
}

// The registry's refusal comes at pull time; another login mends it.
func TestStoreRotation(t *testing.T) {
	t.Parallel()
	program := crane.client(t)
	w := machine(t, withLogins())
	w.seed(registry, "team/app", "1")
	login := func(user, password string) {
		t.Helper()
		if r := w.input(password, program, "auth", "login", registry, "-u", user, "--password-stdin"); r.code != 0 {
			t.Fatal(r)
		}
	}
	pull := []string{"digest", registry + "/team/app:1"}
	login(adminUser, adminPassword)
	w.ok(program, pull...)
	w.update(func(r *azuretest.Registry) { r.AdminPasswords = []string{"Regenerated-first+password", secondPassword} })
	w.shows(w.fails(program, pull...).stderr, "UNAUTHORIZED")
	login(adminUser, secondPassword)
	w.ok(program, pull...)
	w.traceless(adminPassword)

	login(tokenName, tokenPassword)
	w.ok(program, pull...)
	w.update(func(r *azuretest.Registry) { r.ScopeMapTokens[0].Disabled = true })
	w.shows(w.fails(program, pull...).stderr, "UNAUTHORIZED")
	w.stored(tokenName, tokenPassword) // it is not for the helper to judge
	w.update(func(r *azuretest.Registry) { r.ScopeMapTokens[0].Disabled = false })
	w.ok(program, pull...)
	w.ok(program, "auth", "logout", registry)
	w.azure.Reset()
	w.ok(program, pull...) // by the ambient identity
	w.costs(cost{refresh: 1}.cold())
	w.ok(program, "auth", "logout", registry)
	w.traceless(secondPassword, tokenPassword)
}
