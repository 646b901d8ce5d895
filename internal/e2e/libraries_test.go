//go:build e2e

package e2e

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// libraries is the program of the module in clients/libraries, in which each
// library is what a client is made of. One of them has the helper package linked
// in, so the program is built each time.
func libraries(t *testing.T) string {
	t.Helper()
	path, err := buildLibraries()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var buildLibraries = sync.OnceValues(func() (string, error) {
	path := filepath.Join(bin, "with", "libraries") // not beside the helper, which is all that is on PATH
	build := exec.Command("go", "build", "-C", filepath.Join("clients", "libraries"), "-mod=readonly", "-buildvcs=false", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building libraries: %w\n%s", err, out)
	}
	return path, nil
})

// linked is the version of a module that is linked into a program.
func linked(t *testing.T, program, path string) string {
	t.Helper()
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	t.Fatalf("%s is not linked in", path)
	return ""
}

// digests is an operation that asks for the digest of the image.
func digests(program, library string) operation {
	return operation{
		name: "digest", prepare: seeded, reads: true, run: uses(program, library, "digest", app),
		check: func(w *world, r result) { w.shows(r.stdout, w.digest(registry, "team/app", "1")) },
	}
}

// copies is one that copies it to another registry.
func copies(program, library string) operation {
	return operation{
		name: "copy", prepare: seeded, registries: []string{registry, other}, varies: true,
		run: uses(program, library, "copy", app, otherApp), check: isApp(other, "team/app"),
	}
}

// The oras CLI is oras-go with Docker's configuration.
func TestOras(t *testing.T) {
	t.Parallel()
	program := libraries(t)
	c := client{
		name: "oras-go", version: linked(t, program, "oras.land/oras-go/v2"), pinned: true,
		note: "the library that the oras CLI is made of",
	}
	copying := copies(program, "oras")
	copying.parallel = true
	c.matrix(t, digests(program, "oras"), copying)
}

// Newer versions of skopeo, podman and buildah than Debian's.
func TestContainersImage(t *testing.T) {
	t.Parallel()
	program := libraries(t)
	c := client{
		name: "containers-image", version: linked(t, program, "go.podman.io/image/v5"), pinned: true,
		note:    "the library that newer podman, buildah and skopeo are made of",
		account: func(t *testing.T) *world { return containers(t, azuretest.Config{}) },
	}
	c.matrix(t,
		digests(program, "containers"),
		operation{
			name: "logout", prepare: authFile, run: uses(program, "containers", "logout", registry), offline: true,
			check: func(w *world, _ result) { w.forgot() },
		},
	)
}

// kaniko and cosign link helpers in, and ask them about every registry after
// Docker's configuration.
func TestKeychain(t *testing.T) {
	t.Parallel()
	program := libraries(t)
	c := client{
		name: "go-containerregistry keychain", version: linked(t, program, "github.com/google/go-containerregistry"), pinned: true, mute: true,
		note: "as kaniko and cosign link helpers in: every error becomes an anonymous request; the reason is in the helper's log",
		account: func(t *testing.T) *world {
			w := machine(t, azuretest.Config{})
			w.configure(map[string]any{"auths": map[string]any{}}) // the linked one, not the program
			return w
		},
	}
	c.matrix(t, digests(program, "keychain"), copies(program, "keychain"))
}

// oras login and logout end in store and erase, whose failure is theirs.
func TestOrasLogin(t *testing.T) {
	t.Parallel()
	program := libraries(t)
	w := machine(t, azuretest.Config{Registries: []azuretest.Registry{{Host: registry, AdminPasswords: []string{"admin's password"}}}})
	seeded(w)
	if r := w.input("admin's password", program, "oras", "login", registry, "myregistry"); r.code != 0 {
		t.Fatal(r)
	}
	w.azure.Reset()
	w.ok(program, "oras", "digest", app)
	w.costs(cost{basic: 1})
	for range 2 {
		w.ok(program, "oras", "logout", registry)
	}
	w.ok(program, "oras", "digest", app)
	w.costs(cost{refresh: 1}.cold())
}

// Newer podman and its kin store and erase through registries.conf, and erase
// everything with logout --all.
func TestContainersImageLogin(t *testing.T) {
	t.Parallel()
	program := libraries(t)
	w := containers(t, azuretest.Config{Registries: []azuretest.Registry{{Host: registry, AdminPasswords: []string{"admin's password"}}}})
	w.registriesConf()
	seeded(w)
	for _, logout := range []string{registry, "--all"} {
		if r := w.input("admin's password", program, "containers", "login", registry, "myregistry"); r.code != 0 {
			t.Fatal(r)
		}
		w.azure.Reset()
		w.ok(program, "containers", "digest", app)
		w.costs(cost{basic: 1})
		w.ok(program, "containers", "logout", logout)
		w.ok(program, "containers", "digest", app)
		w.costs(cost{refresh: 1}.cold())
		w.silent(w.helper(registry, "erase"))
	}
}

// testcontainers-go hands what dockercfg finds to the engine.
func TestDockercfg(t *testing.T) {
	t.Parallel()
	program := libraries(t)
	w := machine(t, azuretest.Config{})
	for form, want := range map[string]string{"token": "identity token", "guid": "user " + guidUser} {
		w.username(form)
		w.shows(w.ok(program, "dockercfg", registry).stdout, want)
	}
	w.configure(credHelpers(public))
	w.shows(w.ok(program, "dockercfg", public).stdout, "no credentials")
	w.configure(credHelpers(registry))
	w.silent(w.helper(registry, "erase"))
	noIdentity.make(w)
	w.shows(w.fails(program, "dockercfg", registry).stderr, noIdentity.says)
}

// A helper that is linked in needs no configuration, and is asked about hosts
// of others, too; Docker's configuration comes first.
func TestKeychainOthers(t *testing.T) {
	t.Parallel()
	program := libraries(t)
	w := machine(t, azuretest.Config{Registries: []azuretest.Registry{{Host: public, AnonymousPull: true}}})
	w.seed(public, "somebody/app", "1")
	w.ok(program, "keychain", "digest", public+"/somebody/app:1")
	w.costs(cost{anon: 1})
	w.seed(registry, "team/app", "1")
	w.ok(program, "keychain", "digest", app)
	w.costs(cost{refresh: 1}.cold())
}
