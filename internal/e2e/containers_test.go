//go:build e2e

package e2e

import (
	"fmt"
	"os"
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

func TestSkopeo(t *testing.T) {
	t.Parallel()
	debian(t, "skopeo", "skopeo")
	forms(t, func(t *testing.T, form string) {
		w := containers(t, azuretest.Config{})
		w.username(form)
		digest := w.seed(registry, "team/app", "1")
		for i := range 2 {
			want := bearing(form, 1)
			if i == 0 {
				want = want.cold()
			}
			r := w.ok("skopeo", "inspect", "--no-tags", "--format", "{{.Digest}}", "docker://"+registry+"/team/app:1")
			if got := strings.TrimSpace(r.stdout); got != digest {
				t.Errorf("digest %s, want %s", got, digest)
			}
			w.costs(want)
			w.runs(1)
		}
		w.ok("skopeo", "copy", "docker://"+registry+"/team/app:1", "dir:pulled")
		w.costs(bearing(form, 1))
		manifest, err := os.ReadFile(filepath.Join(w.home, "pulled", "manifest.json"))
		w.must(err)
		if got := digestOf(manifest); got != digest {
			t.Errorf("pulled %s, want %s", got, digest)
		}

		// Once more for each repository that the layer could be mounted from; the
		// machine remembers them for all of root's homes.
		w.ok("skopeo", "copy", "dir:pulled", "docker://"+registry+"/team/new:1")
		w.costsOrMore(bearing(form, 1))
		w.runs(2)
		if got := w.digest(registry, "team/new", "1"); got != digest {
			t.Errorf("pushed %s, want %s", got, digest)
		}
		w.azure.Reset()

		w.ok("skopeo", "copy", "docker://"+registry+"/team/app:1", "docker://"+other+"/team/app:1")
		w.costsOrMore(bearing(form, 2).cold())
		w.runs(2)
		if got := w.digest(other, "team/app", "1"); got != digest {
			t.Errorf("copied %s, want %s", got, digest)
		}
	})
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
	debian(t, "podman", "podman")
	pullAndPush(t, "podman")
}

func TestBuildah(t *testing.T) {
	t.Parallel()
	debian(t, "buildah", "buildah")
	pullAndPush(t, "buildah")
}

// pullAndPush is what podman and buildah do alike.
func pullAndPush(t *testing.T, program string) {
	forms(t, func(t *testing.T, form string) {
		w := containers(t, azuretest.Config{})
		w.username(form)
		digest := w.seed(registry, "team/app", "1")
		for i := range 2 {
			want := bearing(form, 1)
			if i == 0 {
				want = want.cold()
			}
			w.ok(program, "pull", registry+"/team/app:1")
			w.costs(want)
			w.runs(1)
			if got := strings.TrimSpace(w.ok(program, "images", "--format", "{{.Digest}}").stdout); got != digest {
				t.Errorf("pulled %s, want %s", got, digest)
			}
			if i == 0 {
				w.ok(program, "rmi", registry+"/team/app:1")
			}
		}
		file := filepath.Join(w.home, "digest")
		w.ok(program, "push", "--digestfile", file, registry+"/team/app:1", registry+"/team/new:1")
		w.costsOrMore(bearing(form, 1))
		w.runs(1)
		reported, err := os.ReadFile(file)
		w.must(err)
		if got := w.digest(registry, "team/new", "1"); got != string(reported) {
			t.Errorf("pushed %s, want %s", got, reported)
		}
	})
}

// With <token> the login of the three says no: they take no identity token
// there, though they pull with it. With the GUID they are logged in already.
// They crash when erase fails (Debian 12).
func TestContainersLogin(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"skopeo", "podman", "buildah"} {
		debian(t, program, program)
		t.Run(program, func(t *testing.T) {
			forms(t, func(t *testing.T, form string) {
				w := containers(t, azuretest.Config{})
				w.username(form)
				if form == "token" {
					w.shows(w.fails(program, "login", registry).all(), "Identity token")
				} else {
					w.shows(w.ok(program, "login", registry).all(), "Existing credentials are valid. Already logged in to "+registry)
				}
				w.azure.Reset()
				for range 2 {
					w.shows(w.input("", program, "logout", registry).all(), registry)
				}
				// What the logout left behind is no obstacle.
				w.seed(registry, "team/app", "1")
				debian(t, "skopeo", "skopeo")
				w.ok("skopeo", "inspect", "--no-tags", "docker://"+registry+"/team/app:1")
				w.costs(bearing(form, 1).cold())
			})
		})
	}
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
