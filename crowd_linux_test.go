package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// member is what testdata/crowd says of one of a crowd.
type member struct {
	Name, Stdout, Stderr string
	Code                 int
	Memory               int64 // in KiB
}

const (
	// fewFiles and littleMemory are what each of them gets along with; the memory
	// is a container's of 64 MiB.
	fewFiles     = "ulimit -n 64"
	littleMemory = 64 << 10 // KiB
)

// crowd runs a get for each of names, all at once.
func (e emulated) crowd(t *testing.T, names []string) []member {
	t.Helper()
	launcher := filepath.Join(t.TempDir(), "crowd")
	build := exec.Command("go", "build", "-o", launcher, "./testdata/crowd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// With five hundred at a time each waits long for its turn.
	cmd := e.limited(t, fewFiles, "get", strings.Join(names, "\n"), "DOCKER_CREDENTIAL_ACR_TIMEOUT=120s")
	cmd.Path, cmd.Args = launcher, slices.Concat([]string{launcher, cmd.Path}, cmd.Args[1:])
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var members []member
	if err := json.Unmarshal(out, &members); err != nil || len(members) != len(names) {
		t.Fatalf("%d of %d: %v", len(members), len(names), err)
	}
	return members
}

// Five hundred at once, of one registry and of fifty, cold and warm: one exchange
// a key, no entry lost, and each with little memory and few files.
func TestCrowd(t *testing.T) {
	if testing.Short() {
		t.Skip("two thousand processes")
	}
	const size = 500
	for _, registries := range []int{1, 50} {
		t.Run(fmt.Sprint(registries), func(t *testing.T) {
			var c azuretest.Config
			var names []string
			for i := range registries {
				c.Registries = append(c.Registries, azuretest.Registry{Host: fmt.Sprintf("crowd%03d.azurecr.io", i)})
			}
			for i := range size {
				names = append(names, c.Registries[i%registries].Host)
			}
			e := emulate(t, c)
			secrets := map[string]string{}
			for _, state := range []string{"cold", "warm"} {
				most := int64(0)
				for _, m := range e.crowd(t, names) {
					if m.Code != 0 || m.Stderr != "" {
						t.Fatalf("%s: %+v", state, m)
					}
					secret := secretOf(t, []byte(m.Stdout))
					if before, ok := secrets[m.Name]; ok && before != secret {
						t.Errorf("%s: two tokens of %s", state, m.Name)
					}
					secrets[m.Name] = secret
					most = max(most, m.Memory)
				}
				t.Logf("%s: at most %d KiB", state, most)
				if most > littleMemory {
					t.Errorf("%s: one had %d KiB in memory", state, most)
				}
				if n := e.Count("POST *.azurecr.io/oauth2/exchange"); n != registries {
					t.Errorf("%s: %d exchanges, want %d", state, n, registries)
				}
				if n := len(e.cache().Entries()); n != registries {
					t.Errorf("%s: %d entries, want %d", state, n, registries)
				}
				if left := e.kept(t, ".tmp-"); len(left) != 0 {
					t.Errorf("%s: left behind: %v", state, left)
				}
			}
		})
	}
}
