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
	pulled := func(w *world) {
		seeded(w)
		w.ok(program, "pull", "--format=oci", app, "pulled")
	}
	crane.as(t, "crane", "").matrix(t,
		operation{
			name: "digest", prepare: seeded, reads: true,
			run:   uses(program, "digest", app),
			check: func(w *world, r result) { w.shows(r.stdout, w.digest(registry, "team/app", "1")) },
		},
		// A push authorizes itself to pull and to push in one token.
		operation{
			name: "push", prepare: pulled,
			run:   uses(program, "push", "pulled", newApp),
			check: isApp(registry, "team/new"),
		},
		operation{
			name: "copy", prepare: seeded, registries: []string{registry, other},
			run:   uses(program, "copy", app, otherApp),
			check: isApp(other, "team/app"),
		},
	)
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
