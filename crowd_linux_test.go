package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// crowdVariable makes the test program one that starts many others: as many gets
// as there are names in it, of the registries of these names.
const crowdVariable = "CROWD_OF_REGISTRIES"

// member is one of the crowd.
type member struct {
	Registry, Stdout, Stderr string
	Code                     int
	Memory                   int64 // most of it that was resident, in KiB
}

// crowd starts all, and lets go of all when the last has started. It is a program
// of its own because Linux counts to a program what its parent had in memory when
// it started it (getrusage(2), of ru_maxrss), and a test with an emulator has much.
func crowd() {
	names := strings.Fields(os.Getenv(crowdVariable))
	if err := os.Unsetenv(crowdVariable); err != nil {
		panic(err)
	}
	members := make([]member, len(names))
	var all sync.WaitGroup
	var inputs []io.WriteCloser
	for i, name := range names {
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
		cmd := exec.CommandContext(ctx, os.Args[1], os.Args[2:]...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		input, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			panic(err)
		}
		inputs = append(inputs, input)
		all.Go(func() {
			defer cancel()
			_ = cmd.Wait()
			members[i] = member{name, stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss}
		})
	}
	for i, input := range inputs {
		_, _ = fmt.Fprintln(input, names[i])
		_ = input.Close()
	}
	all.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(members); err != nil {
		panic(err)
	}
	os.Exit(0)
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
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// With five hundred at a time each waits long for its turn.
	cmd := e.limited(t, fewFiles, "get", "", "DOCKER_CREDENTIAL_ACR_TIMEOUT=120s", crowdVariable+"="+strings.Join(names, " "))
	cmd.Path, cmd.Args = self, slices.Concat([]string{self, cmd.Path}, cmd.Args[1:])
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
					if before, ok := secrets[m.Registry]; ok && before != secret {
						t.Errorf("%s: two tokens of %s", state, m.Registry)
					}
					secrets[m.Registry] = secret
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
