//go:build e2e

package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// chart writes a chart into a directory of its name.
func (w *world) chart(name, more string) {
	w.t.Helper()
	w.write(name+"/Chart.yaml", "apiVersion: v2\nname: "+name+"\nversion: 1.0.0\ndescription: a private chart\n"+more)
	w.write(name+"/templates/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "+name+"\n")
}

// chartPacked makes a chart and packs it.
func chartPacked(program string) func(*world) {
	return func(w *world) {
		w.chart("app", "")
		w.ok(program, "package", "app")
	}
}

func TestHelm(t *testing.T) {
	t.Parallel()
	for _, m := range []module{helm, helm3} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			program := m.client(t)
			push := uses(program, "push", "app-1.0.0.tgz", "oci://"+registry+"/charts")
			pushed := func(w *world) {
				chartPacked(program)(w)
				if r := push(w); r.code != 0 {
					w.t.Fatal(r)
				}
			}
			same := func(pulled string) func(*world, result) {
				return func(w *world, _ result) {
					want, err := os.ReadFile(filepath.Join(w.home, "app-1.0.0.tgz"))
					w.must(err)
					got, err := os.ReadFile(filepath.Join(w.home, pulled, "app-1.0.0.tgz"))
					w.must(err)
					if !bytes.Equal(got, want) {
						w.t.Error("the chart is another one")
					}
				}
			}
			c := m.as(t, "helm", "an entry in helm's own file, as of helm registry login, overrides the helper")
			c.matrix(t,
				operation{
					name: "push", prepare: chartPacked(program), run: push,
					check: func(w *world, r result) {
						w.shows(r.all(), "Pushed: "+registry+"/charts/app:1.0.0", w.digest(registry, "charts/app", "1.0.0"))
					},
				},
				operation{
					name: "pull", check: same("pulled"),
					prepare: func(w *world) {
						pushed(w)
						w.must(os.Mkdir(filepath.Join(w.home, "pulled"), 0o700))
					},
					run: uses(program, "pull", "oci://"+registry+"/charts/app", "--version", "1.0.0", "--destination", "pulled"),
				},
				operation{
					name: "dependency update", check: same("whole/charts"),
					prepare: func(w *world) {
						pushed(w)
						w.chart("whole", "dependencies:\n  - name: app\n    version: 1.0.0\n    repository: oci://"+registry+"/charts\n")
					},
					run: uses(program, "dependency", "update", "whole"),
				},
			)
		})
	}
}

// What helm registry login left behind overrides the helper; after the logout
// it answers again.
func TestHelmLogin(t *testing.T) {
	t.Parallel()
	const password = "admin's password"
	for _, m := range []module{helm, helm3} {
		program := m.client(t)
		t.Run(m.name, func(t *testing.T) {
			for user, secret := range map[string]func(*world) string{
				"myregistry": func(*world) string { return password },
				guidUser:     func(w *world) string { return w.azure.Issue(registry, azuretest.TokenOptions{}) },
			} {
				t.Run(user, func(t *testing.T) {
					w := machine(t, azuretest.Config{Registries: []azuretest.Registry{{Host: registry, AdminPasswords: []string{password}}}})
					// Without an entry in its file helm looks for pass by itself, set up or not.
					file := filepath.Join(t.TempDir(), "config.json")
					w.must(os.WriteFile(file, []byte(`{"auths": {"elsewhere.example.test": {"auth": "eDp5"}}}`), 0o600))
					w.env["HELM_REGISTRY_CONFIG"] = file
					chartPacked(program)(w)
					w.ok(program, "push", "app-1.0.0.tgz", "oci://"+registry+"/charts")
					w.azure.Reset()
					w.helperRuns()
					if r := w.input(secret(w), program, "registry", "login", registry, "-u", user, "--password-stdin"); r.code != 0 {
						t.Fatal(r)
					}
					w.runs(0)
					w.ok(program, "pull", "oci://"+registry+"/charts/app")
					w.runs(0)
					w.ok(program, "registry", "logout", registry)
					w.ok(program, "pull", "oci://"+registry+"/charts/app")
					if w.helperRuns() == 0 {
						t.Error("the helper is not asked after the logout")
					}
				})
			}
		})
	}
}

// helm knows credsStore, too.
func TestHelmCredsStore(t *testing.T) {
	t.Parallel()
	program := helm.client(t)
	w := machine(t, azuretest.Config{})
	w.configure(map[string]any{"credsStore": "acr"})
	notes := w.recorded()
	w.chart("app", "")
	w.ok(program, "package", "app")
	w.ok(program, "push", "app-1.0.0.tgz", "oci://"+registry+"/charts")
	w.ok(program, "pull", "oci://"+registry+"/charts/app")
	for _, note := range notes() {
		if note != "get "+registry {
			t.Errorf("the helper was asked %q", note)
		}
	}
	if got, _ := w.spent(); got.entra != 1 || got.exchange != 1 {
		t.Errorf("cost %+v", got)
	}
}
