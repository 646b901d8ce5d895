//go:build e2e

package e2e

import "testing"

// What needs no engine.
func TestDockerCLIMatrix(t *testing.T) {
	t.Parallel()
	for _, cli := range dockerCLIs(t) {
		t.Run(cli.version, func(t *testing.T) {
			client{name: "docker", version: cli.version}.matrix(t, operation{
				name: "manifest inspect",
				prepare: func(w *world) {
					w.env["DOCKER_CLI_EXPERIMENTAL"] = "enabled" // 20.10
					w.seed(registry, "team/app", "1")
				},
				run: func(w *world) result {
					return w.input("", cli.path, "manifest", "inspect", "--verbose", registry+"/team/app:1")
				},
				check: func(w *world, r result) { w.shows(r.stdout, w.digest(registry, "team/app", "1")) },
			})
		})
	}
}
