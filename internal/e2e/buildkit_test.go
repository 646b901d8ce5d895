//go:build e2e

package e2e

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// builder is a new account that can use BuildKit's daemon with buildctl and,
// by the name of builder, with buildx.
func (e *engine) builder(t *testing.T) *world {
	t.Helper()
	w := newWorldIn(t, e.azure).furnish()
	w.env["BUILDKIT_HOST"] = "unix://" + e.socket
	w.env["BUILDKIT_PROGRESS"] = "plain"
	w.env["BUILDX_CONFIG"] = filepath.Join(w.home, ".buildx")
	w.env["BUILDX_BUILDER"] = "builder"
	w.ok(buildx.client(t), "create", "--name", "builder", "--driver", "remote", "unix://"+e.socket)
	w.write("context/Dockerfile", "FROM "+app+" AS app\nFROM scratch\nCOPY --from=app /hello /hello\nLABEL built=here\n")
	e.azure.Reset()
	return w
}

// prune makes the daemon forget what it has pulled and built.
func (w *world) prune() { w.ok(buildctl.client(w.t), "prune", "--all") }

// TestBuildKit runs buildctl and buildx with one daemon. The client fetches the
// tokens, with its own environment, and the daemon the blobs.
func TestBuildKit(t *testing.T) {
	t.Parallel()
	const note = "runs a failing helper again and again; takes the environment of the client, not of the daemon"
	byBuildctl, byBuildx := buildctl.as(t, "buildctl", note), buildx.as(t, "buildx", note)
	buildctl, buildx := buildctl.client(t), buildx.client(t)
	e := startBuildKit(t)
	byBuildctl.account, byBuildx.account = e.builder, e.builder
	pushed, cached := "", ""
	newTargets := func(w *world) {
		seeded(w)
		pushed, cached = newRepository(), newRepository()
	}
	there := func(repository *string) func(*world, result) {
		return func(w *world, _ result) { w.digest(registry, *repository, "1") }
	}
	t.Run("buildctl", func(t *testing.T) {
		build := func(args ...string) func(*world) result {
			return uses(buildctl, append([]string{
				"build", "--no-cache", "--frontend=dockerfile.v0", "--local=context=context", "--local=dockerfile=context",
			}, args...)...)
		}
		byBuildctl.matrix(t,
			operation{
				name: "build", reads: true, retries: true, varies: true, prepare: seeded, settle: (*world).prune,
				run: build(),
			},
			operation{
				name: "build and push", retries: true, varies: true, prepare: newTargets, settle: (*world).prune,
				run: func(w *world) result {
					return build("--output=type=image,name=" + registry + "/" + pushed + ":1,push=true")(w)
				},
				check: there(&pushed),
			},
			operation{
				name: "cache export", retries: true, varies: true, prepare: newTargets, settle: (*world).prune,
				run: func(w *world) result {
					return build("--export-cache=type=registry,mode=max,ref=" + registry + "/" + cached + ":1")(w)
				},
				check: there(&cached),
			},
		)
	})
	t.Run("buildx", func(t *testing.T) {
		run := func(args ...string) func(*world) result { return uses(buildx, args...) }
		byBuildx.matrix(t,
			operation{
				name: "build and push", retries: true, varies: true, prepare: newTargets, settle: (*world).prune,
				run: func(w *world) result {
					return run("build", "--no-cache", "--push", "--tag", registry+"/"+pushed+":1", "context")(w)
				},
				check: there(&pushed),
			},
			operation{
				name: "cache export", retries: true, varies: true, prepare: newTargets, settle: (*world).prune,
				run: func(w *world) result {
					return run("build", "--no-cache", "--cache-to", "type=registry,mode=max,ref="+registry+"/"+cached+":1", "context")(w)
				},
				check: there(&cached),
			},
			operation{
				name: "bake", retries: true, varies: true, settle: (*world).prune,
				prepare: func(w *world) {
					newTargets(w)
					bake, err := json.Marshal(map[string]any{"target": map[string]any{"default": map[string]any{
						"context": "context", "no-cache": true, "tags": []string{registry + "/" + pushed + ":1"},
					}}})
					w.must(err)
					w.write("docker-bake.json", string(bake))
				},
				run:   run("bake", "--push"),
				check: there(&pushed),
			},
			operation{
				name: "imagetools inspect", reads: true, prepare: seeded, retries: true,
				run:   run("imagetools", "inspect", app),
				check: func(w *world, r result) { w.shows(r.stdout, w.digest(registry, "team/app", "1")) },
			},
			operation{
				name: "imagetools create", prepare: newTargets, retries: true, varies: true,
				run:   func(w *world) result { return run("imagetools", "create", "--tag", registry+"/"+pushed+":1", app)(w) },
				check: there(&pushed),
			},
		)
	})
	t.Run("cache import", func(t *testing.T) { e.cacheImport(t) })
	t.Run("password refused", func(t *testing.T) { e.passwordRefused(t) })
}

// What one build left in the registry saves the next one its work.
func (e *engine) cacheImport(t *testing.T) {
	w := e.builder(t)
	w.seed(registry, "team/app", "1")
	ref := "type=registry,ref=" + registry + "/" + newRepository() + ":1"
	build := []string{"build", "--cache-from", ref}
	w.ok(buildx.client(t), append(build, "--cache-to", ref+",mode=max", "context")...)
	w.prune()
	w.azure.Reset()
	w.helperRuns()
	w.shows(w.ok(buildx.client(t), append(build, "context")...).all(), "CACHED")
	w.runs(1)
	w.prune()
}

// The null GUID is a password to BuildKit, which posts it, and tries Basic when
// the answer is 401, 404 or 405; a 400 fails the build (clients-detail §2.3).
func (e *engine) passwordRefused(t *testing.T) {
	for status, works := range map[int]bool{400: false, 401: true} {
		w := e.builder(t)
		w.seed(registry, "team/app", "1")
		w.username("guid")
		const password = "POST " + registry + "/oauth2/token"
		w.azure.Update(func(c *azuretest.Config) { c.Faults = []azuretest.Fault{{Match: password, Status: status}} })
		defer w.azure.Update(func(c *azuretest.Config) { c.Faults = nil })
		if r := w.input("", buildx.client(t), "build", "--no-cache", "context"); (r.code == 0) != works {
			t.Errorf("with %d: %s", status, r)
		}
		w.username("token")
		w.azure.Update(func(c *azuretest.Config) { c.Faults = nil })
		w.ok(buildx.client(t), "build", "--no-cache", "context")
		w.prune()
	}
}

// TestCompose pulls, builds and runs five services at once.
func TestCompose(t *testing.T) {
	t.Parallel()
	docker := docker29.client(t)
	e := startEngine(t)
	// project is five services, of images that are built or just used.
	project := func(w *world, build bool) {
		services := map[string]any{}
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			w.seed(registry, "team/"+name, "1")
			image := registry + "/team/" + name + ":1"
			service := map[string]any{"image": image, "network_mode": "none"}
			if build {
				service["image"] = "built-" + name
				service["build"] = map[string]any{"context": ".", "no_cache": true, "dockerfile_inline": "FROM " + image + "\nLABEL built=here\n"}
			}
			services[name] = service
		}
		content, err := json.Marshal(map[string]any{"name": "five", "services": services})
		w.must(err)
		w.write("compose.yaml", string(content))
	}
	ready := func(w *world) { project(w, false) }
	run := func(args ...string) func(*world) result {
		return uses(docker, append([]string{"compose", "--progress", "quiet"}, args...)...)
	}
	settle := func(w *world) {
		run("down", "--rmi", "all")(w)
		w.ok(docker, "builder", "prune", "--all", "--force")
	}
	c := compose.as(t, "compose", "one run of the helper for each service, all at once")
	c.account = func(t *testing.T) *world {
		w := e.user(t)
		w.env["DOCKER_BUILDKIT"] = "1"
		w.env["BUILDKIT_PROGRESS"] = "plain"
		w.plugin(buildx)
		w.plugin(compose)
		return w
	}
	c.matrix(t,
		operation{name: "pull", reads: true, retries: true, varies: true, prepare: ready, run: run("pull"), settle: settle},
		operation{
			name: "up", reads: true, retries: true, varies: true, prepare: ready, run: run("up", "--abort-on-container-failure"), settle: settle,
			check: func(w *world, r result) { w.shows(r.stdout, greeting) },
		},
		operation{
			name: "build", reads: true, retries: true, varies: true, parallel: true, run: run("build"), settle: settle,
			prepare: func(w *world) { project(w, true) },
		},
	)
}
