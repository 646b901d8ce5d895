//go:build e2e

package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// helperConfig writes the helper's own configuration.
func (w *world) helperConfig(content string) {
	w.t.Helper()
	w.write(".config/docker-credential-acr/config.json", content)
}

// settings are what all clients of this file can live with.
func settings(t *testing.T) *world {
	w := containers(t, azuretest.Config{})
	w.env["NODE_EXTRA_CA_CERTS"] = w.env["SSL_CERT_FILE"]
	return w
}

// pushedChart puts a chart into a registry.
func pushedChart(program, host string) func(*world) {
	return func(w *world) {
		chartPacked(program)(w)
		w.ok(program, "push", "app-1.0.0.tgz", "oci://"+host+"/charts")
	}
}

// TestAnonymousPull has people without any identity pull from a registry that
// lets everybody pull.
func TestAnonymousPull(t *testing.T) {
	t.Parallel()
	crane, regctl, helm, helm3, library := crane.client(t), regctl.client(t), helm.client(t), helm3.client(t), libraries(t)
	feature := func(w *world) {
		w.write("feature/devcontainer-feature.json", `{"id": "feature", "version": "1.0.0", "name": "a private feature"}`)
		w.write("feature/install.sh", "#!/bin/sh\n")
		w.ok("devcontainer", "features", "publish", "feature", "--registry", registry, "--namespace", "team")
	}
	for _, c := range []struct {
		name    string
		prepare func(*world)
		run     func(*world) result
	}{
		{"crane", seeded, uses(crane, "digest", app)},
		{"regctl", seeded, uses(regctl, "image", "digest", app)},
		{"helm", pushedChart(helm, registry), uses(helm, "pull", "oci://"+registry+"/charts/app")},
		{"helm3", pushedChart(helm3, registry), uses(helm3, "pull", "oci://"+registry+"/charts/app")},
		{"skopeo", seeded, uses("skopeo", "inspect", "--no-tags", "docker://"+app)},
		{"podman", seeded, uses("podman", "pull", app)},
		{"buildah", seeded, uses("buildah", "pull", app)},
		{"oras", seeded, uses(library, "oras", "digest", app)},
		{"keychain", seeded, uses(library, "keychain", "digest", app)},
		{"containers-image", seeded, uses(library, "containers", "digest", app)},
		{"devcontainers", feature, uses("devcontainer", "features", "info", "tags", registry+"/team/feature")},
	} {
		t.Run(c.name, func(t *testing.T) {
			for kind, strict := range map[string]bool{"usual": false, "strict": true} {
				t.Run(kind, func(t *testing.T) {
					w := settings(t)
					c.prepare(w)
					w.helperConfig(`{"registries": {"` + registry + `": {"anonymous": true}}}`)
					w.silent(w.helper(registry, "erase"))
					noIdentity.make(w)
					w.azure.Update(func(c *azuretest.Config) {
						c.Strict = strict
						c.Registry(registry).AnonymousPull = true
					})
					w.azure.Reset()
					if r := c.run(w); r.code != 0 {
						t.Fatal(r)
					}
					if got, asked := w.spent(); got.anon == 0 || got != (cost{anon: got.anon}) {
						t.Errorf("%+v of\n%s", got, asked)
					}
				})
			}
		})
	}
}

// TestTwoIdentitiesInOneCommand has one command use two registries, each of which knows one
// identity and not the other.
func TestTwoIdentitiesInOneCommand(t *testing.T) {
	t.Parallel()
	crane, regctl, helm, helm3, library := crane.client(t), regctl.client(t), helm.client(t), helm3.client(t), libraries(t)
	charts := func(program string) func(*world) {
		return func(w *world) {
			pushedChart(program, registry)(w)
			w.chart("second", "")
			w.ok(program, "package", "second")
			w.ok(program, "push", "second-1.0.0.tgz", "oci://"+other+"/charts")
			w.chart("whole", "dependencies:\n  - name: app\n    version: 1.0.0\n    repository: oci://"+registry+"/charts\n"+
				"  - name: second\n    version: 1.0.0\n    repository: oci://"+other+"/charts\n")
		}
	}
	both := func(w *world) {
		seeded(w)
		w.seed(other, "team/app", "1")
		w.write("context/Dockerfile", "FROM "+app+" AS first\nFROM "+otherApp+"\nCOPY --from=first /hello /again\n")
	}
	for _, c := range []struct {
		name    string
		prepare func(*world)
		run     func(*world) result
		check   func(*world, result)
	}{
		{"crane", seeded, uses(crane, "copy", app, otherApp), isApp(other, "team/app")},
		{"regctl", seeded, uses(regctl, "image", "copy", app, otherApp), isApp(other, "team/app")},
		{"skopeo", seeded, uses("skopeo", "copy", "docker://"+app, "docker://"+otherApp), isApp(other, "team/app")},
		{"oras", seeded, uses(library, "oras", "copy", app, otherApp), isApp(other, "team/app")},
		{"keychain", seeded, uses(library, "keychain", "copy", app, otherApp), isApp(other, "team/app")},
		{"helm", charts(helm), uses(helm, "dependency", "update", "whole"), twoCharts},
		{"helm3", charts(helm3), uses(helm3, "dependency", "update", "whole"), twoCharts},
		{"podman", both, uses("podman", "build", "context"), func(*world, result) {}},
		{"buildah", both, uses("buildah", "build", "context"), func(*world, result) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := settings(t)
			c.prepare(w)
			for _, host := range []string{registry, other} {
				w.silent(w.helper(host, "erase"))
			}
			w.env["SECOND_SECRET"] = azuretest.SecondClientSecret
			w.helperConfig(`{"registries": {"` + other + `": {"clientId": "` + azuretest.SecondClientID + `", "clientSecretVariable": "SECOND_SECRET"}}}`)
			w.azure.Update(func(c *azuretest.Config) {
				c.Registry(registry).Roles = map[string]string{azuretest.ClientID: "pull", azuretest.SecondClientID: "none"}
				c.Registry(other).Roles = map[string]string{azuretest.ClientID: "none", azuretest.SecondClientID: "push"}
			})
			w.azure.Reset()
			r := c.run(w)
			if r.code != 0 {
				t.Fatal(r)
			}
			c.check(w, r)
			who := map[string]string{}
			for _, r := range w.azure.Requests() {
				if r.Path == "/oauth2/exchange" {
					who[r.Host] = r.Principal
				}
			}
			if want := map[string]string{registry: azuretest.ClientID, other: azuretest.SecondClientID}; !maps.Equal(who, want) {
				t.Errorf("the registries were asked by %v", who)
			}
		})
	}
}

func twoCharts(w *world, _ result) {
	w.t.Helper()
	for _, name := range []string{"app", "second"} {
		if _, err := os.Stat(filepath.Join(w.home, "whole", "charts", name+"-1.0.0.tgz")); err != nil {
			w.t.Error(err)
		}
	}
}
