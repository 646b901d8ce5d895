//go:build e2e

package e2e

import (
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

func TestHelm(t *testing.T) {
	t.Parallel()
	for _, m := range []module{helm, helm3} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			program := m.client(t)
			forms(t, func(t *testing.T, form string) {
				w := machine(t, azuretest.Config{})
				w.username(form)
				w.chart("app", "")
				w.ok(program, "package", "app")
				r := w.ok(program, "push", "app-1.0.0.tgz", "oci://"+registry+"/charts")
				w.shows(r.all(), "Pushed: "+registry+"/charts/app:1.0.0", w.digest(registry, "charts/app", "1.0.0"))
				w.azure.Reset()
				w.runs(1)

				w.must(os.Mkdir(filepath.Join(w.home, "pulled"), 0o700))
				for i := range 2 {
					want := bearing(form, 1)
					if i == 0 {
						w.silent(w.helper(registry, "erase"))
						w.runs(1)
						want = want.cold()
					}
					r := w.ok(program, "pull", "oci://"+registry+"/charts/app", "--version", "1.0.0", "--destination", "pulled")
					w.shows(r.all(), "Digest: "+w.digest(registry, "charts/app", "1.0.0"))
					w.costs(want)
					w.runs(1)
				}
				pushed, err := os.ReadFile(filepath.Join(w.home, "app-1.0.0.tgz"))
				w.must(err)
				pulled, err := os.ReadFile(filepath.Join(w.home, "pulled", "app-1.0.0.tgz"))
				w.must(err)
				if digestOf(pulled) != digestOf(pushed) {
					t.Error("the chart is another one")
				}
				w.shows(w.ok(program, "show", "chart", "oci://"+registry+"/charts/app").stdout, "a private chart")
				w.costs(bearing(form, 1))

				w.chart("whole", "dependencies:\n  - name: app\n    version: 1.0.0\n    repository: oci://"+registry+"/charts\n")
				w.azure.Reset()
				w.ok(program, "dependency", "update", "whole")
				w.costs(bearing(form, 1))
			})
		})
	}
}

// What helm registry login left behind overrides the helper; after the logout
// it answers again.
func TestHelmLogin(t *testing.T) {
	t.Parallel()
	program := helm.client(t)
	w := machine(t, azuretest.Config{Registries: []azuretest.Registry{{Host: registry, AdminPasswords: []string{"admin's password"}}}})
	// Without an entry in its file helm looks for pass by itself, set up or not.
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte(`{"auths": {"elsewhere.example.test": {"auth": "eDp5"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	w.env["HELM_REGISTRY_CONFIG"] = file
	w.chart("app", "")
	w.ok(program, "package", "app")
	w.ok(program, "push", "app-1.0.0.tgz", "oci://"+registry+"/charts")
	w.azure.Reset()
	w.helperRuns()
	if r := w.input("admin's password", program, "registry", "login", registry, "-u", "myregistry", "--password-stdin"); r.code != 0 {
		t.Fatal(r)
	}
	w.azure.Reset()
	w.ok(program, "pull", "oci://"+registry+"/charts/app")
	w.costs(cost{basic: 1})
	w.runs(0)
	w.ok(program, "registry", "logout", registry)
	w.ok(program, "pull", "oci://"+registry+"/charts/app")
	w.costs(cost{refresh: 1})
	w.runs(1)
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
