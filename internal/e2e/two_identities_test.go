//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// Two registries with two identities in one command: each is asked as the
// identity that the configuration names for it, which has no role on the other.
func TestTwoIdentitiesInOneCommand(t *testing.T) {
	t.Parallel()
	crane, regctl, helm, helm3, library := crane.client(t), regctl.client(t), helm.client(t), helm3.client(t), libraries(t)
	buildctl, buildx, docker := buildctl.client(t), buildx.client(t), docker29.client(t)
	buildkit, engine := startBuildKit(t), startEngine(t)
	dockerfile := func(content string) func(*world) {
		return func(w *world) {
			seeded(w)
			w.seed(other, "team/app", "1")
			w.write("context/Dockerfile", content)
		}
	}
	one := dockerfile("FROM " + app + "\nLABEL built=here\n")
	both := dockerfile("FROM " + app + " AS first\nFROM " + otherApp + "\nCOPY --from=first /hello /again\n")
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
	const newOther = other + "/team/copy:1"
	copied := isApp(other, "team/copy")
	pushed := func(w *world, _ result) { w.digest(other, "team/copy", "1") }
	succeeds := func(*world, result) {}
	for _, c := range []struct {
		name    string
		account func(*testing.T) *world // nil: a machine
		prepare func(*world)
		run     func(*world) result
		check   func(*world, result)
	}{
		{"crane", nil, seeded, uses(crane, "copy", app, newOther), copied},
		{"regctl", nil, seeded, uses(regctl, "image", "copy", app, newOther), copied},
		{"skopeo", nil, seeded, uses("skopeo", "copy", "docker://"+app, "docker://"+newOther), copied},
		{"oras", nil, seeded, uses(library, "oras", "copy", app, newOther), copied},
		{"keychain", nil, seeded, uses(library, "keychain", "copy", app, newOther), copied},
		{"buildx imagetools", nil, seeded, uses(buildx, "imagetools", "create", "--tag", newOther, app), pushed},
		{
			"buildctl", buildkit.builder, one,
			uses(buildctl, "build", "--frontend=dockerfile.v0", "--local=context=context", "--local=dockerfile=context", "--output=type=image,name="+newOther+",push=true"),
			pushed,
		},
		{"buildx", buildkit.builder, one, uses(buildx, "build", "--no-cache", "--push", "--tag", newOther, "context"), pushed},
		{"docker build", engine.user, both, uses(docker, "build", "context"), succeeds},
		{"podman", nil, both, uses("podman", "build", "context"), succeeds},
		{"buildah", nil, both, uses("buildah", "build", "context"), succeeds},
		{"helm", nil, charts(helm), uses(helm, "dependency", "update", "whole"), twoCharts},
		{"helm3", nil, charts(helm3), uses(helm3, "dependency", "update", "whole"), twoCharts},
	} {
		t.Run(c.name, func(t *testing.T) {
			account := c.account
			if account == nil {
				account = func(t *testing.T) *world { return containers(t, azuretest.Config{}) }
			}
			w := account(t)
			c.prepare(w)
			for _, host := range []string{registry, other} {
				w.silent(w.helper(host, "erase"))
			}
			w.twoIdentities()
			w.azure.Reset()
			r := c.run(w)
			if r.code != 0 {
				t.Fatal(r)
			}
			w.askedAs(registry, azuretest.ClientID)
			w.askedAs(other, azuretest.SecondClientID)
			c.check(w, r)
		})
	}
}

// pushedChart puts a chart into a registry.
func pushedChart(program, host string) func(*world) {
	return func(w *world) {
		chartPacked(program)(w)
		w.ok(program, "push", "app-1.0.0.tgz", "oci://"+host+"/charts")
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

// twoIdentities gives an account one identity for the first registry and
// another for the second.
func (w *world) twoIdentities() {
	w.t.Helper()
	w.azure.Update(func(c *azuretest.Config) {
		c.Registry(registry).Roles = map[string]string{azuretest.ClientID: "pull", azuretest.SecondClientID: "none"}
		c.Registry(other).Roles = map[string]string{azuretest.ClientID: "none", azuretest.SecondClientID: "push"}
	})
	w.signOut()
	entry := func(id, variable, secret string) map[string]string {
		w.env[variable] = secret
		return map[string]string{"identity": "service-principal", "tenantId": azuretest.Tenant, "clientId": id, "clientSecretVariable": variable}
	}
	config, err := json.Marshal(map[string]any{"registries": map[string]any{
		registry: entry(azuretest.ClientID, "FIRST_SECRET", azuretest.ClientSecret),
		other:    entry(azuretest.SecondClientID, "SECOND_SECRET", azuretest.SecondClientSecret),
	}})
	w.must(err)
	w.helperConfig(string(config))
}

// askedAs fails the test unless a registry was asked for one refresh token, and
// for all access tokens as one identity.
func (w *world) askedAs(host, principal string) {
	w.t.Helper()
	exchanges, tokens := 0, 0
	for _, r := range w.azure.Requests() {
		if r.Host != host || r.Principal == "" {
			continue
		}
		if r.Principal != principal {
			w.t.Errorf("%s, not as %s", r, principal)
		}
		switch r.Path {
		case "/oauth2/exchange":
			exchanges++
		case "/oauth2/token":
			tokens++
		}
	}
	if exchanges != 1 || tokens == 0 {
		w.t.Errorf("%s: %d exchanges, %d access tokens", host, exchanges, tokens)
	}
}
