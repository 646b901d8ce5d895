//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// program is the helper itself, as a person runs it.
func (w *world) program(args ...string) result {
	w.t.Helper()
	return w.ok(filepath.Join(bin, "docker-credential-acr"), args...)
}

// unconfigured is a machine on which nobody has told any client of the helper.
func unconfigured(t *testing.T) *world {
	t.Helper()
	w := containers(t, azuretest.Config{})
	w.must(os.RemoveAll(filepath.Join(w.home, ".docker")))
	return w
}

// From a fresh home, with docker's own login beside it: docker reads the file
// again that configure has edited, and configure the one that docker has written.
func TestConfigureDocker(t *testing.T) {
	t.Parallel()
	for _, cli := range dockerCLIs(t) {
		t.Run(cli.version, func(t *testing.T) {
			w := unconfigured(t)
			w.env["DOCKER_CLI_EXPERIMENTAL"] = "enabled" // 20.10
			digest := w.seed(registry, "team/app", "1")
			w.fails(cli.path, "manifest", "inspect", "--verbose", registry+"/team/app:1")
			w.program("configure", "myregistry")
			w.program("configure", "--check")
			w.shows(w.ok(cli.path, "manifest", "inspect", "--verbose", registry+"/team/app:1").stdout, digest)

			// docker logout writes the file anew, in its own way.
			w.write(".docker/config.json", `{"auths":{"elsewhere.example.test":{"auth":"eDp5"},"kept.example.test":{"auth":"eDp5"}},"credHelpers":{"`+registry+`":"acr"}}`)
			w.ok(cli.path, "logout", "elsewhere.example.test")
			w.program("configure", "--check")
			w.program("configure", "otherregistry")
			w.seed(other, "team/app", "1")
			w.shows(w.ok(cli.path, "manifest", "inspect", "--verbose", other+"/team/app:1").stdout, digest)
			w.program("unconfigure")
			w.fails(cli.path, "manifest", "inspect", registry+"/team/app:1")
			content, err := os.ReadFile(filepath.Join(w.home, ".docker/config.json"))
			w.must(err)
			w.shows(string(content), "kept.example.test")
		})
	}
}

// What docker does with the files that configure refuses: it does not read them.
func TestConfigureRefused(t *testing.T) {
	t.Parallel()
	for _, cli := range dockerCLIs(t) {
		for name, content := range map[string]string{
			"byte-order mark": "\ufeff" + `{"credHelpers":{"` + registry + `":"acr"}}`,
			"comment":         `{"credHelpers":{"` + registry + `":"acr"} /* mine */ }`,
			"wrong type":      `{"credHelpers":{"` + registry + `":1}}`,
		} {
			t.Run(cli.version+" "+name, func(t *testing.T) {
				w := unconfigured(t)
				w.env["DOCKER_CLI_EXPERIMENTAL"] = "enabled"
				w.seed(registry, "team/app", "1")
				w.write(".docker/config.json", content)
				w.shows(w.fails(cli.path, "manifest", "inspect", registry+"/team/app:1").all(), "rror")
				w.runs(0)
				w.fails(filepath.Join(bin, "docker-credential-acr"), "configure", "myregistry")
			})
		}
	}
}

// podman takes its own file, which configure --podman writes, and Docker's where
// that says nothing; a login in XDG_RUNTIME_DIR goes before both. REGISTRY_AUTH_FILE
// and DOCKER_CONFIG each name one file instead.
func TestConfigurePodman(t *testing.T) {
	t.Parallel()
	debian(t, "podman", "podman")
	pull := func(w *world, works bool) {
		w.t.Helper()
		r := w.input("", "podman", "pull", "--quiet", registry+"/team/app:1")
		if (r.code == 0) != works {
			w.t.Errorf("works: %v, want %v: %v", r.code == 0, works, r)
		}
	}
	w := unconfigured(t)
	docker := w.env["DOCKER_CONFIG"]
	delete(w.env, "DOCKER_CONFIG")
	w.seed(registry, "team/app", "1")
	pull(w, false)
	w.program("configure", "--podman", "myregistry")
	w.program("configure", "--podman", "--check")
	pull(w, true)
	w.program("unconfigure", "--podman")
	pull(w, false)
	w.program("configure", "myregistry")
	w.program("configure", "--podman", "--check")
	pull(w, true)

	// Wrong, and first.
	w.write("run/containers/auth.json", `{"auths":{"`+registry+`":{"auth":"eDp5"}}}`)
	pull(w, false)
	helper, login := filepath.Join(bin, "docker-credential-acr"), filepath.Join(w.home, "run/containers/auth.json")
	w.shows(w.fails(helper, "configure", "--podman", "--check").stderr, "podman logout --authfile "+login+" "+registry)
	w.ok("podman", "logout", "--authfile", login, registry)
	w.program("configure", "--podman", "--check")
	pull(w, true)

	w.env["REGISTRY_AUTH_FILE"] = filepath.Join(w.home, "own.json")
	w.write("own.json", "{}")
	w.fails(helper, "configure", "--podman", "--check", "myregistry")
	w.program("unconfigure") // before 5, podman looks there, too
	pull(w, false)
	w.program("configure", "--podman", "myregistry")
	pull(w, true)

	// DOCKER_CONFIG is for podman, too, and then the only file.
	delete(w.env, "REGISTRY_AUTH_FILE")
	w.env["DOCKER_CONFIG"] = docker
	w.write(".docker/config.json", "{}")
	pull(w, false)
	w.program("configure", "--podman", "myregistry")
	w.program("configure", "--check")
	pull(w, true)
}

// What helm registry login left goes, and the helper answers.
func TestConfigureHelm(t *testing.T) {
	t.Parallel()
	program := helm.client(t)
	w := unconfigured(t)
	file := filepath.Join(w.home, ".config/helm/registry/config.json")
	w.program("configure", "myregistry")
	w.write(".config/helm/registry/config.json", `{"auths":{"elsewhere.example.test":{"auth":"eDp5"},"`+registry+`":{"auth":"eDp5"}}}`)
	w.chart("app", "")
	w.ok(program, "package", "app")
	w.fails(program, "push", "app-1.0.0.tgz", "oci://"+registry+"/charts")
	w.runs(0)
	w.fails(filepath.Join(bin, "docker-credential-acr"), "configure", "--helm", "--check")
	w.program("configure", "--helm", "myregistry")
	w.program("configure", "--helm", "--check")
	w.ok(program, "push", "app-1.0.0.tgz", "oci://"+registry+"/charts")
	content, err := os.ReadFile(file)
	w.must(err)
	w.shows(string(content), "elsewhere.example.test")
}
