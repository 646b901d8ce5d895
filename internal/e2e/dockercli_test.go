//go:build e2e

package e2e

import (
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// docker manifest inspect needs no engine, and asks the registry itself.
func TestDockerManifest(t *testing.T) {
	t.Parallel()
	if !reachable() {
		t.Skip("SSL_CERT_FILE has no effect on this system")
	}
	for _, cli := range dockerCLIs(t) {
		t.Run(cli.version, func(t *testing.T) {
			forms(t, func(t *testing.T, form string) {
				w := machine(t, azuretest.Config{})
				w.username(form)
				w.env["DOCKER_CLI_EXPERIMENTAL"] = "enabled" // 20.10
				digest := w.seed(registry, "team/app", "1")
				i, err := hello()
				w.must(err)
				for n := range 2 {
					r := w.ok(cli.path, "manifest", "inspect", "--verbose", registry+"/team/app:1")
					w.shows(r.stdout, digest, digestOf(i.config))
					want := bearing(form, 1)
					if n == 0 {
						want = want.cold()
					}
					w.costs(want)
					w.runs(1)
				}
			})
			for _, f := range troubles {
				t.Run(f.name, func(t *testing.T) {
					w := machine(t, azuretest.Config{})
					w.env["DOCKER_CLI_EXPERIMENTAL"] = "enabled"
					w.seed(registry, "team/app", "1")
					f.make(w)
					w.shows(w.fails(cli.path, "manifest", "inspect", registry+"/team/app:1").stderr, f.says)
				})
			}
		})
	}
}
