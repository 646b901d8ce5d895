//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

func TestRegctl(t *testing.T) {
	t.Parallel()
	program := regctl.client(t)
	forms(t, func(t *testing.T, form string) {
		w := machine(t, azuretest.Config{})
		w.username(form)
		digest := w.seed(registry, "team/app", "1")
		for i := range 2 {
			want := bearing(form, 1)
			if i == 0 {
				want = want.cold()
			}
			if got := strings.TrimSpace(w.ok(program, "image", "digest", registry+"/team/app:1").stdout); got != digest {
				t.Errorf("digest %s, want %s", got, digest)
			}
			w.costs(want)
			w.runs(1)
		}
		w.ok(program, "image", "copy", registry+"/team/app:1", "ocidir://pulled:1")
		w.costs(bearing(form, 1))
		// First a token to pull, then one to push.
		w.ok(program, "image", "copy", "ocidir://pulled:1", registry+"/team/new:1")
		w.costs(bearing(form, 2))
		w.runs(2)
		if got := w.digest(registry, "team/new", "1"); got != digest {
			t.Errorf("pushed %s, want %s", got, digest)
		}
	})
}

// With credsStore regctl lists and asks for what is listed, nothing else: the
// helper is of no use to it before somebody else has asked once.
func TestRegctlCredsStore(t *testing.T) {
	t.Parallel()
	program := regctl.client(t)
	w := machine(t, azuretest.Config{})
	w.configure(map[string]any{"credsStore": "acr"})
	digest := w.seed(registry, "team/app", "1")
	w.shows(w.fails(program, "image", "digest", registry+"/team/app:1").all(), "unauthorized")
	w.azure.Reset()
	if r := w.helper(registry, "get"); r.code != 0 {
		t.Fatal(r)
	}
	w.costs(cost{}.cold())
	if got := strings.TrimSpace(w.ok(program, "image", "digest", registry+"/team/app:1").stdout); got != digest {
		t.Errorf("digest %s, want %s", got, digest)
	}
	w.costs(cost{refresh: 1})
}
