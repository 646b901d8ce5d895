//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// python is Debian's, which python3-docker is installed for.
const python = "/usr/bin/python3"

// dockerPy uses docker-py as programs do, and ends like a program that an
// exception ends.
const dockerPy = `import sys, docker
verb, what = sys.argv[1:3]
client = docker.from_env()
try:
    if verb == "pull":
        print(client.images.pull(what).attrs["RepoDigests"][0])
    elif verb == "push":
        for line in client.images.push(what, stream=True, decode=True):
            if "error" in line:
                sys.exit(line["error"])
    elif verb == "build":
        print(client.images.build(path=what, tag="built", rm=True)[0].id)
except (docker.errors.DockerException, docker.errors.BuildError) as e:
    sys.exit("%s.%s: %s" % (type(e).__module__, type(e).__name__, e))
`

// TestDockerPy runs docker-py of Debian against an engine.
func TestDockerPy(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(python, "-c", "import docker; print(docker.__version__)").Output()
	if err != nil {
		t.Fatalf("docker-py is not installed: apt-get install --no-install-recommends python3-docker: %v", err)
	}
	docker := dockerCLIs(t)[0].path
	e := startEngine(t)
	run := func(verb, what string) func(*world) result {
		return func(w *world) result {
			r := w.input("", python, filepath.Join(w.home, "client.py"), verb, what)
			r.command = "client.py " + verb + " " + what
			return r
		}
	}
	prepared := func(more func(*world)) func(*world) {
		return func(w *world) {
			w.write("client.py", dockerPy)
			seeded(w)
			more(w)
		}
	}
	removes := func(images ...string) func(*world) {
		return func(w *world) { w.input("", docker, append([]string{"rmi"}, images...)...) }
	}
	c := client{name: "docker-py", version: strings.TrimSpace(string(out)), account: e.user, note: "build asks for every key of credHelpers, and fails if one does"}
	c.matrix(t,
		operation{
			name: "pull", reads: true, prepare: prepared(func(*world) {}), run: run("pull", app), settle: removes(app),
			check: func(w *world, r result) { w.shows(r.stdout, w.digest(registry, "team/app", "1")) },
		},
		operation{
			name: "push", run: run("push", newApp), settle: removes(app, newApp), varies: true,
			prepare: prepared(func(w *world) {
				w.ok(docker, "pull", app)
				w.ok(docker, "tag", app, newApp)
			}),
			check: func(w *world, _ result) { w.digest(registry, "team/new", "1") },
		},
		// Asks for every key of credHelpers, whichever is used; one that fails ends
		// the build.
		operation{
			name: "build", reads: true, run: run("build", "context"), settle: removes("built", app), registries: []string{registry, other},
			prepare: prepared(func(w *world) {
				w.write("context/Dockerfile", "FROM "+app+"\nLABEL built=here\n")
			}),
			check: func(w *world, r result) { w.shows(r.stdout, "sha256:") },
		},
	)
}
