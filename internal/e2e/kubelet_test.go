//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

var object = regexp.MustCompile("(?ms)^ *```yaml\n( *apiVersion: (\\S+)\n.*?)^ *```$")

// documented are the Kubernetes objects of a page, by whether they are of the
// kubelet's configuration.
func documented(t *testing.T, page string) (configs, objects []string) {
	t.Helper()
	content, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range object.FindAllStringSubmatch(string(content), -1) {
		indent := m[1][:len(m[1])-len(strings.TrimLeft(m[1], " "))]
		text := strings.TrimPrefix(strings.ReplaceAll("\n"+m[1], "\n"+indent, "\n"), "\n")
		if m[2] == "kubelet.config.k8s.io/v1" {
			configs = append(configs, text)
		} else {
			objects = append(objects, text)
		}
	}
	return configs, objects
}

// TestManifests has the API's own types read what is to be pasted.
func TestManifests(t *testing.T) {
	t.Parallel()
	lookup := kubeletLookup.client(t)
	for page, want := range map[string]string{
		"kubernetes.md": "ServiceAccount ClusterRole ClusterRoleBinding",
		"recipes.md":    "ConfigMap Job",
	} {
		_, objects := documented(t, page)
		cmd := exec.Command(lookup, "-manifests")
		cmd.Stdin = strings.NewReader(strings.Join(objects, "\n---\n"))
		out, err := cmd.CombinedOutput()
		if found := strings.Join(strings.Fields(string(out)), " "); err != nil || found != want {
			t.Errorf("docs/%s: %s, want %s: %v", page, out, want, err)
		}
	}
}

// provider installs the program for a kubelet, with the nth configuration of
// docs/kubernetes.md, and returns the arguments of the kubelet.
func (w *world) provider(n int) []string {
	w.t.Helper()
	configs, _ := documented(w.t, "kubernetes.md")
	if len(configs) <= n {
		w.t.Fatalf("docs/kubernetes.md has %d configurations", len(configs))
	}
	config := configs[n]
	// The machine's own directory is not to be written to.
	cache := filepath.Join(w.home, "docker-credential-acr")
	if !strings.Contains(config, "/var/cache/docker-credential-acr") {
		w.t.Fatal("docs/kubernetes.md names another cache")
	}
	w.write("providers.yaml", strings.ReplaceAll(config, "/var/cache/docker-credential-acr", cache))
	return []string{"-config", filepath.Join(w.home, "providers.yaml"), "-bin-dir", bin}
}

// authConfig is what the kubelet hands to the container runtime.
type authConfig struct{ Username, Password string }

// pulls asks as the kubelet does before it pulls images, one after the other.
func (w *world) pulls(lookup string, args ...string) [][]authConfig {
	w.t.Helper()
	var all [][]authConfig
	for d := json.NewDecoder(strings.NewReader(w.ok(lookup, args...).stdout)); d.More(); {
		var found []authConfig
		w.must(d.Decode(&found))
		all = append(all, found)
	}
	return all
}

// TestKubelet asks with the kubelet's own code, on a node with a managed identity.
func TestKubelet(t *testing.T) {
	t.Parallel()
	lookup := kubeletLookup.client(t)
	w := nobody(t, azuretest.Config{IMDS: "on"})
	delete(w.env, "HOME") // as systemd starts it
	delete(w.env, "XDG_CACHE_HOME")
	delete(w.env, "XDG_CONFIG_HOME")
	args := append(w.provider(0), registry+"/team/app:1", registry+"/team/other:2", "docker.io/library/nginx:latest")
	found := w.pulls(lookup, args...)
	if len(found) != 3 || len(found[0]) != 1 || len(found[1]) != 1 || len(found[2]) != 0 {
		t.Fatalf("%d answers", len(found))
	}
	if found[0][0] != found[1][0] || found[0][0].Username != "00000000-0000-0000-0000-000000000000" || w.claims(found[0][0].Password)["aud"] != registry {
		t.Errorf("user %q", found[0][0].Username)
	}
	// The second image is answered by the kubelet's cache.
	w.runs(1)
	w.asked(exchanges, 1)
	// A kubelet that is started again has the program's cache.
	again := w.pulls(lookup, args...)
	w.runs(1)
	w.asked(exchanges, 1)
	if again[0][0] != found[0][0] {
		t.Error("another token")
	}

	// Regional endpoints are registries of their own.
	if regional := w.pulls(lookup, append(w.provider(0), azuretest.RegionalRegistry+"/team/app:1")...); len(regional[0]) != 1 {
		t.Errorf("%d answers for %s", len(regional[0]), azuretest.RegionalRegistry)
	}

	// What fails stands in the kubelet's log.
	w.azure.Update(func(c *azuretest.Config) {
		c.Registry(other).Roles = map[string]string{azuretest.SystemAssignedClientID: "none"}
	})
	r := w.ok(lookup, append(w.provider(0), other+"/team/app:1")...)
	w.shows(r.stdout, "[]")
	w.shows(r.stderr, "docker-credential-acr: "+other+": ")
}

// TestKubeletPod is about nodes where pods pull as themselves.
func TestKubeletPod(t *testing.T) {
	t.Parallel()
	lookup := kubeletLookup.client(t)
	subject := "system:serviceaccount:shop:app"
	w := nobody(t, azuretest.Config{IMDS: "on"})
	w.env["KUBELET_LOOKUP_TOKEN"] = w.azure.Assertion(azuretest.AssertionOptions{Subject: subject})
	args := append(w.provider(1), "-service-account", "app",
		"-annotation", "kubernetes.azure.com/acr-client-id="+azuretest.ClientID,
		"-annotation", "kubernetes.azure.com/acr-tenant-id="+azuretest.Tenant, registry+"/team/app:1")
	found := w.pulls(lookup, args...)
	if len(found) != 1 || len(found[0]) != 1 || principal(found[0][0].Password) != azuretest.ClientID {
		t.Fatalf("%d answers", len(found))
	}
	w.asked("* 169.254.169.254/*", 0)

	// Without the annotations the kubelet does not ask.
	w.azure.Reset()
	bare := w.pulls(lookup, append(w.provider(1), "-service-account", "app", registry+"/team/app:1")...)
	if len(bare) != 1 || len(bare[0]) != 0 {
		t.Errorf("%v", len(bare[0]))
	}
	w.asked("* *", 0)
}
