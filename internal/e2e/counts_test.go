//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// A get that is answered from the cache starts no program, opens no connection,
// and opens nothing but the index of passwords and its entry, which may be sealed
// or not, for the ambient identity and for a login.
func TestWhatAWarmGetDoes(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{})
	w.setAll(w.azure.EnvFor("service-principal"))
	w.answer(registry)
	w.azure.Reset()
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := w.command(t.Context(), debian(t, "strace", "strace"), "-f", "-o", trace, "-e", "trace=execve,openat,socket",
		filepath.Join(bin, "docker-credential-acr"), "get")
	cmd.Stdin = strings.NewReader(registry)
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	calls := string(content)
	if n := strings.Count(calls, "execve("); n != 1 {
		t.Errorf("%d programs", n)
	}
	if strings.Contains(calls, "socket(") {
		t.Error("a connection")
	}
	opened := 0
	for line := range strings.Lines(calls) {
		if strings.Contains(line, "openat(") && strings.Contains(line, w.home) && !strings.Contains(line, "helper.log") {
			opened++
		}
	}
	if opened == 0 || opened > 5 {
		t.Errorf("%d of the user's files are opened:\n%s", opened, calls)
	}
	if n := len(w.azure.Connections()); n != 0 {
		t.Errorf("%d connections", n)
	}
}

// A get that finds nothing makes one connection and one request to Entra, and one
// of each to the registry.
func TestWhatAColdGetDoes(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{})
	w.setAll(w.azure.EnvFor("service-principal"))
	w.answer(registry)
	for host, n := range w.azure.Connections() {
		if n != 1 {
			t.Errorf("%d connections to %s", n, host)
		}
	}
	if requests, hosts := len(w.azure.Requests()), len(w.azure.Connections()); requests != 2 || hosts != 2 {
		t.Errorf("%d requests, to %d hosts", requests, hosts)
	}
}
