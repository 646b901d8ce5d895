//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// skopeo, podman and buildah share the library that calls the helper. They read
// Docker's config.json, but its credHelpers only: never credsStore.

// containers makes a machine with the settings that the three want. Root's are
// the system's, but for those that variables name.
func containers(t *testing.T, c azuretest.Config) *world {
	t.Helper()
	w := machine(t, c)
	w.write(".config/containers/policy.json", `{"default":[{"type":"insecureAcceptAnything"}]}`)
	w.write(".config/containers/registries.conf", "")
	storage := t.TempDir()
	w.write(".config/containers/storage.conf", fmt.Sprintf("[storage]\ndriver = \"vfs\"\ngraphroot = %q\nrunroot = %q\n",
		filepath.Join(storage, "root"), filepath.Join(storage, "run")))
	w.write(".config/containers/containers.conf", fmt.Sprintf("[engine]\ntmp_dir = %q\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n",
		filepath.Join(storage, "tmp")))
	w.env["CONTAINERS_REGISTRIES_CONF"] = filepath.Join(w.home, ".config/containers/registries.conf")
	w.env["CONTAINERS_STORAGE_CONF"] = filepath.Join(w.home, ".config/containers/storage.conf")
	w.env["CONTAINERS_CONF"] = filepath.Join(w.home, ".config/containers/containers.conf")
	return w
}

// registriesConf makes the helper answer for every registry there is.
func (w *world) registriesConf() {
	w.t.Helper()
	w.configure(map[string]any{"auths": map[string]any{}})
	w.write(".config/containers/registries.conf", "credential-helpers = [\"acr\"]\n")
}

// printed is the version that a program prints last.
func printed(t *testing.T, program string) string {
	t.Helper()
	out, err := exec.Command(program, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(out)) {
		if word[0] >= '0' && word[0] <= '9' {
			return word
		}
	}
	t.Fatalf("%s has no version: %s", program, out)
	return ""
}

// family is one of the three as a client of the matrix.
func family(t *testing.T, program string) client {
	t.Helper()
	path := debian(t, program, program)
	return client{
		name: program, version: printed(t, path),
		note:    "ignores credsStore; login needs the form guid",
		account: func(t *testing.T) *world { return containers(t, azuretest.Config{}) },
	}
}

// loginAndLogout are what the three do alike. With <token> the login says no: they take
// no identity token there, though they pull with it. With the GUID they are
// logged in already. Those of Debian 12 crash when erase fails.
func loginAndLogout(program string) []operation {
	return []operation{
		{
			name: "login", run: uses(program, "login", registry),
			check: func(w *world, r result) {
				w.shows(r.all(), "Existing credentials are valid. Already logged in to "+registry)
			},
		},
		{
			name: "logout", prepare: authFile, run: uses(program, "logout", registry), offline: true,
			check: func(w *world, r result) {
				w.shows(r.all(), "Removed login credentials for "+registry)
				w.forgot()
			},
		},
	}
}

// authFile configures the helper where the three write, too: logout changes
// nothing else than this file and the helpers in it.
func authFile(w *world) {
	w.env["REGISTRY_AUTH_FILE"] = filepath.Join(w.home, ".config/containers/auth.json")
	w.write(".config/containers/auth.json", `{"credHelpers": {"`+registry+`": "acr"}}`)
}

// forgot fails the test if the helper still has a token.
func (w *world) forgot() {
	w.t.Helper()
	if r := w.helper("", "list"); strings.TrimSpace(r.stdout) != "{}" {
		w.t.Errorf("after the logout the helper still knows %s", r.stdout)
	}
}

func TestSkopeo(t *testing.T) {
	t.Parallel()
	family(t, "skopeo").matrix(t, append(loginAndLogout("skopeo"),
		operation{
			name: "inspect", prepare: seeded, reads: true, run: uses("skopeo", "inspect", "--no-tags", "--format", "{{.Digest}}", "docker://"+app),
			check: func(w *world, r result) { w.shows(r.stdout, w.digest(registry, "team/app", "1")) },
		},
		// Once more for each repository that the layer could be mounted from; the
		// machine remembers them for all of root's homes.
		operation{
			name: "copy", prepare: seeded, registries: []string{registry, other}, varies: true,
			run: uses("skopeo", "copy", "docker://"+app, "docker://"+otherApp), check: isApp(other, "team/app"),
		})...)
}

// A helper of registries.conf is asked for every registry; an error for one
// that is not ACR's would fail a public pull.
func TestRegistriesConf(t *testing.T) {
	t.Parallel()
	debian(t, "skopeo", "skopeo")
	debian(t, "podman", "podman")
	w := containers(t, azuretest.Config{Registries: []azuretest.Registry{{Host: public, AnonymousPull: true}}})
	w.registriesConf()
	digest := w.seed(registry, "team/app", "1")
	w.seed(public, "somebody/app", "1")
	inspect := func(host, repository string) {
		t.Helper()
		r := w.ok("skopeo", "inspect", "--no-tags", "--format", "{{.Digest}}", "docker://"+host+"/"+repository+":1")
		if got := strings.TrimSpace(r.stdout); got != digest {
			t.Errorf("%s: digest %s, want %s", host, got, digest)
		}
	}
	inspect(registry, "team/app")
	w.costs(cost{refresh: 1}.cold())
	inspect(public, "somebody/app")
	w.costs(cost{anon: 1})

	w.ok("podman", "pull", registry+"/team/app:1")
	w.costs(cost{refresh: 1})
	w.ok("podman", "pull", public+"/somebody/app:1")
	w.costs(cost{anon: 1})

	// Lists what is kept and erases it.
	w.ok("podman", "logout", "--all")
	inspect(registry, "team/app")
	w.costs(cost{refresh: 1}.cold())
}

func TestPodman(t *testing.T) {
	t.Parallel()
	pullAndPush(t, "podman")
}

func TestBuildah(t *testing.T) {
	t.Parallel()
	pullAndPush(t, "buildah")
}

// pullAndPush is what podman and buildah do alike.
func pullAndPush(t *testing.T, program string) {
	family(t, program).matrix(t, append(loginAndLogout(program),
		operation{
			name: "pull", prepare: seeded, reads: true, run: uses(program, "pull", app),
			check: func(w *world, _ result) {
				w.shows(w.ok(program, "images", "--format", "{{.Digest}}").stdout, w.digest(registry, "team/app", "1"))
			},
		},
		operation{
			name: "push", varies: true, run: uses(program, "push", "--digestfile", "digest", app, newApp),
			prepare: func(w *world) {
				seeded(w)
				w.ok(program, "pull", app)
			},
			check: func(w *world, _ result) {
				reported, err := os.ReadFile(filepath.Join(w.home, "digest"))
				w.must(err)
				if got := w.digest(registry, "team/new", "1"); got != string(reported) {
					w.t.Errorf("pushed %s, want %s", got, reported)
				}
			},
		})...)
}

// A login with a user name and password typed in ends in store.
func TestContainersStore(t *testing.T) {
	t.Parallel()
	debian(t, "skopeo", "skopeo")
	w := containers(t, azuretest.Config{})
	w.username("guid")
	w.seed(registry, "team/app", "1")
	r := w.input(w.azure.Issue(registry, azuretest.TokenOptions{}), "skopeo", "login", "-u", guidUser, "--password-stdin", registry)
	if r.code != 0 {
		t.Fatal(r)
	}
	w.azure.Reset()
	w.ok("skopeo", "inspect", "--no-tags", "docker://"+registry+"/team/app:1")
	w.costs(cost{basic: 1})
}
