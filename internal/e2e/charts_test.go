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
					name: "pull", check: same("pulled"), reads: true,
					prepare: func(w *world) {
						pushed(w)
						w.must(os.Mkdir(filepath.Join(w.home, "pulled"), 0o700))
					},
					run: uses(program, "pull", "oci://"+registry+"/charts/app", "--version", "1.0.0", "--destination", "pulled"),
				},
				operation{
					name: "dependency update", check: same("whole/charts"), reads: true,
					prepare: func(w *world) {
						pushed(w)
						w.chart("whole", "dependencies:\n  - name: app\n    version: 1.0.0\n    repository: oci://"+registry+"/charts\n")
					},
					run: uses(program, "dependency", "update", "whole"),
				},
				// helm keeps logins in a file of its own and asks no helper.
				operation{
					name: "registry login", offline: true, prepare: ownFile, run: login(program),
					check: func(w *world, r result) { w.shows(r.all(), "Login Succeeded") },
				},
				operation{
					name: "registry logout", offline: true, run: uses(program, "registry", "logout", registry),
					prepare: func(w *world) {
						ownFile(w)
						if r := login(program)(w); r.code != 0 {
							w.t.Fatal(r)
						}
					},
					check: func(w *world, r result) { w.shows(r.all(), "Removing login credentials for "+registry) },
				},
			)
		})
	}
}

// ownFile makes helm keep logins outside the home, which is searched for secrets.
// It has an entry: without one helm looks for pass by itself, set up or not.
func ownFile(w *world) {
	file := filepath.Join(w.t.TempDir(), "config.json")
	w.must(os.WriteFile(file, []byte(`{"auths": {"elsewhere.example.test": {"auth": "eDp5"}}}`), 0o600))
	w.env["HELM_REGISTRY_CONFIG"] = file
}

// login logs helm in with a token of az acr login --expose-token.
func login(program string) func(*world) result {
	return func(w *world) result {
		return w.input(w.azure.Issue(registry, azuretest.TokenOptions{}), program, "registry", "login", registry, "-u", guidUser, "--password-stdin")
	}
}

// What helm registry login left behind overrides the helper; after the logout
// it answers again.
func TestHelmLogin(t *testing.T) {
	t.Parallel()
	const password = "admin's password"
	for _, m := range []module{helm, helm3} {
		program := m.client(t)
		for name, login := range map[string]func(*world) result{
			"token": login(program),
			"admin": func(w *world) result {
				return w.input(password, program, "registry", "login", registry, "-u", "myregistry", "--password-stdin")
			},
		} {
			t.Run(m.name+" "+name, func(t *testing.T) {
				w := machine(t, azuretest.Config{Registries: []azuretest.Registry{{Host: registry, AdminPasswords: []string{password}}}})
				ownFile(w)
				pushedChart(program, registry)(w)
				w.helperRuns()
				if r := login(w); r.code != 0 {
					t.Fatal(r)
				}
				w.ok(program, "pull", "oci://"+registry+"/charts/app")
				w.runs(0)
				w.ok(program, "registry", "logout", registry)
				w.ok(program, "pull", "oci://"+registry+"/charts/app")
				if w.helperRuns() == 0 {
					t.Error("the helper is not asked after the logout")
				}
			})
		}
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
