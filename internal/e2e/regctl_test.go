//go:build e2e

package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

func TestRegctl(t *testing.T) {
	t.Parallel()
	program := regctl.client(t)
	c := regctl.as(t, "regctl", "goes on without credentials when the helper fails; keeps what it answered for an hour")
	c.matrix(t,
		operation{
			name: "digest", prepare: seeded, reads: true, run: uses(program, "image", "digest", app),
			check: func(w *world, r result) { w.shows(r.stdout, w.digest(registry, "team/app", "1")) },
		},
		operation{
			name: "pull", prepare: seeded, reads: true, run: uses(program, "image", "copy", app, "ocidir://pulled:1"),
			check: func(w *world, _ result) { w.ok(program, "image", "digest", "ocidir://pulled:1") },
		},
		// First a token to pull, then one to push.
		operation{
			name: "push", parallel: true, run: uses(program, "image", "copy", "ocidir://pulled:1", newApp), check: isApp(registry, "team/new"),
			prepare: func(w *world) {
				seeded(w)
				w.ok(program, "image", "copy", app, "ocidir://pulled:1")
			},
		},
		operation{
			name: "copy", prepare: seeded, registries: []string{registry, other}, varies: true,
			run: uses(program, "image", "copy", app, otherApp), check: isApp(other, "team/app"),
		},
	)
}

// regctl registry login writes regctl's own file, which then overrides the
// helper until the logout.
func TestRegctlLogin(t *testing.T) {
	t.Parallel()
	program := regctl.client(t)
	w := machine(t, azuretest.Config{})
	w.env["REGCTL_CONFIG"] = filepath.Join(t.TempDir(), "config.json") // it holds the token
	seeded(w)
	if r := w.input(w.azure.Issue(registry, azuretest.TokenOptions{}), program, "registry", "login", registry, "-u", guidUser, "--pass-stdin"); r.code != 0 {
		t.Fatal(r)
	}
	w.helperRuns()
	w.ok(program, "image", "digest", app)
	w.runs(0)
	w.ok(program, "registry", "logout", registry)
	w.azure.Reset()
	w.ok(program, "image", "digest", app)
	w.costs(cost{refresh: 1}.cold())
	w.runs(1)
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
