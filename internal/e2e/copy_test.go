//go:build e2e

package e2e

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// Two registries with two identities in one command: each is asked as the
// identity that the configuration names for it, which has no role on the other.
func TestCopyAsTwo(t *testing.T) {
	t.Parallel()
	const from, to = registry + "/team/app:1", other + "/team/copy:1"
	policy := func(w *world) []string {
		w.write("policy.json", `{"default":[{"type":"insecureAcceptAnything"}]}`)
		return []string{"--policy", filepath.Join(w.home, "policy.json")}
	}
	build := func(w *world) string {
		w.write("context/Dockerfile", "FROM "+from+"\nLABEL built=here\n")
		return "context"
	}
	for _, c := range []struct {
		name string
		user func(t *testing.T) *world
		copy func(w *world) result
	}{
		{"crane", nil, func(w *world) result { return w.ok(crane.client(w.t), "copy", from, to) }},
		{"regctl", nil, func(w *world) result { return w.ok(regctl.client(w.t), "image", "copy", from, to) }},
		{"skopeo", nil, func(w *world) result {
			return w.ok(debian(w.t, "skopeo", "skopeo"), append(policy(w), "copy", "docker://"+from, "docker://"+to)...)
		}},
		{"buildx imagetools", nil, func(w *world) result {
			return w.ok(buildx.client(w.t), "imagetools", "create", "--tag", to, from)
		}},
		{
			"buildctl",
			func(t *testing.T) *world { return startBuildKit(t).builder(t) },
			func(w *world) result {
				dir := build(w)
				return w.ok(buildctl.client(w.t), "build", "--frontend=dockerfile.v0", "--local=context="+dir, "--local=dockerfile="+dir,
					"--output=type=image,name="+to+",push=true")
			},
		},
		{
			"buildx",
			func(t *testing.T) *world { return startBuildKit(t).builder(t) },
			func(w *world) result {
				return w.ok(buildx.client(w.t), "build", "--push", "--tag", to, build(w))
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			forms(t, func(t *testing.T, form string) {
				user := c.user
				if user == nil {
					user = func(t *testing.T) *world { return machine(t, azuretest.Config{}) }
				}
				w := user(t).twoIdentities()
				w.username(form)
				w.seed(registry, "team/app", "1")
				c.copy(w)
				w.askedAs(registry, azuretest.ClientID)
				w.askedAs(other, azuretest.SecondClientID)
				w.digest(other, "team/copy", "1")
			})
		})
	}
}

// twoIdentities gives an account one identity for the first registry and
// another for the second.
func (w *world) twoIdentities() *world {
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
	w.write(".config/docker-credential-acr/config.json", string(config))
	return w
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
