//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

func TestCrane(t *testing.T) {
	t.Parallel()
	program := crane.client(t)
	forms(t, func(t *testing.T, form string) {
		w := machine(t, azuretest.Config{})
		w.username(form)
		digest := w.seed(registry, "team/app", "1")
		for i := range 2 {
			want := bearing(form, 1)
			if i == 0 {
				want = want.cold()
			}
			if got := strings.TrimSpace(w.ok(program, "digest", registry+"/team/app:1").stdout); got != digest {
				t.Errorf("digest %s, want %s", got, digest)
			}
			w.costs(want)
			w.runs(1)
		}
		w.ok(program, "pull", "--format=oci", registry+"/team/app:1", "pulled")
		w.costs(bearing(form, 1))

		// A push authorizes itself to pull and to push in one token.
		w.ok(program, "push", "pulled", registry+"/team/new:1")
		w.costs(bearing(form, 1))
		w.runs(2)
		if got := w.digest(registry, "team/new", "1"); got != digest {
			t.Errorf("pushed %s, want %s", got, digest)
		}
		w.azure.Reset()

		// From one registry to another: each has its own token.
		w.ok(program, "copy", registry+"/team/app:1", other+"/team/app:1")
		want := bearing(form, 2)
		want.entra, want.exchange = 1, 1
		w.costs(want)
		w.runs(2)
		if got := w.digest(other, "team/app", "1"); got != digest {
			t.Errorf("copied %s, want %s", got, digest)
		}
	})
}

// With credsStore crane asks for host/repository first; registries of others
// are answered with not found, and so used without credentials.
func TestCraneCredsStore(t *testing.T) {
	t.Parallel()
	program := crane.client(t)
	w := machine(t, azuretest.Config{Registries: []azuretest.Registry{{Host: public, AnonymousPull: true}}})
	w.configure(map[string]any{"credsStore": "acr"})
	notes := w.recorded()
	digest := w.seed(registry, "team/app", "1")
	w.seed(public, "somebody/app", "1")

	if got := strings.TrimSpace(w.ok(program, "digest", registry+"/team/app:1").stdout); got != digest {
		t.Errorf("digest %s, want %s", got, digest)
	}
	w.costs(cost{refresh: 1}.cold())
	if got := strings.TrimSpace(w.ok(program, "digest", public+"/somebody/app:1").stdout); got != digest {
		t.Errorf("digest %s, want %s", got, digest)
	}
	w.costs(cost{anon: 1})
	want := []string{"get " + registry + "/team/app", "get " + public + "/somebody/app", "get " + public}
	if got := notes(); !slices.Equal(got, want) {
		t.Errorf("the helper was asked %q, want %q", got, want)
	}
}

// crane auth login and logout end in store and erase, whose failure is fatal.
func TestCraneLogin(t *testing.T) {
	t.Parallel()
	program := crane.client(t)
	w := machine(t, azuretest.Config{})
	w.seed(registry, "team/app", "1")
	w.ok(program, "digest", registry+"/team/app:1")
	w.costs(cost{refresh: 1}.cold())
	r := w.input(w.azure.Issue(registry, azuretest.TokenOptions{}), program, "auth", "login", registry, "-u", guidUser, "--password-stdin")
	if r.code != 0 {
		t.Error(r)
	}
	w.ok(program, "digest", registry+"/team/app:1")
	w.costs(cost{refresh: 1})
	w.ok(program, "auth", "logout", registry)
	w.ok(program, "digest", registry+"/team/app:1")
	w.costs(cost{refresh: 1}.cold())
}
