//go:build e2e && linux

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// hanging is an account whose az never ends, has children, and heeds no signal.
// The second result lists those of its processes that live.
func hanging(t *testing.T) (*world, func() []int) {
	t.Helper()
	w := nobody(t, azuretest.Config{})
	w.settings(`{"default": {"identity": "azure-cli"}}`)
	notes := filepath.Join(t.TempDir(), "pids")
	w.write("tools/az", `#!/bin/sh
trap '' INT TERM HUP
echo "WARNING: this may take a while" >&2
sh -c 'trap "" INT TERM HUP; echo $$ >>"`+notes+`"; sleep 600; sleep 600' &
(sleep 600 & echo $! >>"`+notes+`"; wait) &
echo $$ >>"`+notes+`"
sleep 600
sleep 600
`)
	w.must(os.Chmod(filepath.Join(w.home, "tools", "az"), 0o700)) //nolint:gosec // a program
	w.env["PATH"] = filepath.Join(w.home, "tools") + ":/usr/bin:/bin"
	all := func() []int {
		content, err := os.ReadFile(notes)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		var pids []int
		for _, line := range strings.Fields(string(content)) {
			pid, err := strconv.Atoi(line)
			w.must(err)
			pids = append(pids, pid)
		}
		return pids
	}
	t.Cleanup(func() {
		for _, pid := range all() {
			if lives(pid) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	return w, func() []int {
		var living []int
		for _, pid := range all() {
			if lives(pid) {
				living = append(living, pid)
			}
		}
		return living
	}
}

// lives reports whether there is such a process, and not only its remains.
func lives(pid int) bool {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(content), ") ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// within waits until what is true.
func within(t *testing.T, d time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(d); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}

// At the deadline az is killed with all that it has started.
func TestHangingAzureCLI(t *testing.T) {
	t.Parallel()
	w, living := hanging(t)
	w.env["DOCKER_CREDENTIAL_ACR_TIMEOUT"] = "1s"
	began := time.Now()
	w.shows(w.refusal(registry), "Azure CLI", "in time")
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	within(t, time.Second, "the end of az and its children", func() bool { return len(living()) == 0 })
	w.asked("* *", 0)
}

// Whoever ends the helper ends az as well.
func TestHangingAzureCLISignals(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			w, living := hanging(t)
			cmd := w.command(context.Background(), filepath.Join(bin, "docker-credential-acr"), "get")
			cmd.Stdin = strings.NewReader(registry)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			w.must(cmd.Start())
			within(t, 20*time.Second, "the start of az", func() bool { return len(living()) == 3 })
			w.must(cmd.Process.Signal(signal))
			began := time.Now()
			_ = cmd.Wait()
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			if code := cmd.ProcessState.ExitCode(); code != 1 {
				t.Errorf("exit code %d (%v)", code, cmd.ProcessState)
			}
			within(t, time.Second, "the end of az and its children", func() bool { return len(living()) == 0 })
			if strings.Contains(stdout.String()+stderr.String(), "panic") {
				t.Error(stderr.String())
			}
			w.asked("* *", 0)

			// What was interrupted is no failure to remember.
			w.write("tools/az", "#!/bin/sh\necho 'ERROR: another one' >&2\nexit 1\n")
			w.shows(w.refusal(registry), "another one")
		})
	}
}

// The real az hangs when Entra does not answer it.
func TestHangingEntraAzureCLI(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{})
	w.settings(`{"default": {"identity": "azure-cli"}}`)
	az := w.azureCLI()
	az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
	w.azure.Update(func(c *azuretest.Config) {
		c.Faults = []azuretest.Fault{{Match: "* login.*/*", Mode: "hang"}}
	})
	w.env["DOCKER_CREDENTIAL_ACR_TIMEOUT"] = "5s"
	began := time.Now()
	w.shows(w.refusal(registry), "Azure CLI", "in time")
	if took := time.Since(began); took > 7*time.Second {
		t.Errorf("it took %v", took)
	}
	if got := w.azure.Count("* login.*/*"); got == 0 {
		t.Error("az had not come so far as to ask Entra")
	}
	within(t, time.Second, "the end of az", func() bool { return !runsWith(t, "AZURE_CONFIG_DIR="+az.dir) })
}

// runsWith reports whether a process has a variable in its environment.
func runsWith(t *testing.T, variable string) bool {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		content, err := os.ReadFile(path)
		if err == nil && bytes.Contains(content, []byte(variable)) {
			return true
		}
	}
	return false
}
