//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// TestDevcontainers runs the reference command of development containers, which
// runs on Node.js and shows nobody what a helper says.
func TestDevcontainers(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("devcontainer")
	if err != nil {
		t.Fatal("devcontainer is not on PATH: make clients")
	}
	out, err := exec.Command(program, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) func(*world) result {
		return func(w *world) result { return w.input("", program, append([]string{"features"}, args...)...) }
	}
	feature := func(w *world) {
		w.write("feature/devcontainer-feature.json", `{"id": "feature", "version": "1.0.0", "name": "a private feature"}`)
		w.write("feature/install.sh", "#!/bin/sh\n")
	}
	publish := run("publish", "feature", "--registry", registry, "--namespace", "team")
	c := client{
		name: "devcontainers", version: strings.TrimSpace(string(out)), pinned: true, mute: true,
		note: "says only that there is no manifest when the helper fails; the reason is in the helper's log",
		account: func(t *testing.T) *world {
			w := machine(t, azuretest.Config{})
			w.env["NODE_EXTRA_CA_CERTS"] = w.env["SSL_CERT_FILE"]
			return w
		},
	}
	c.matrix(t,
		operation{
			name: "publish", prepare: feature, run: publish, varies: true,
			check: func(w *world, _ result) { w.digest(registry, "team/feature", "1.0.0") },
		},
		operation{
			name: "info", reads: true, run: run("info", "tags", registry+"/team/feature"),
			prepare: func(w *world) {
				feature(w)
				if r := publish(w); r.code != 0 {
					w.t.Fatal(r)
				}
			},
			check: func(w *world, r result) { w.shows(r.stdout, "1.0.0") },
		},
	)
}
