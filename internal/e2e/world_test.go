package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// bin is the directory of the program, built as it is shipped.
var bin string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "docker-credential-acr-e2e")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
		bin = dir
		build := exec.Command("go", "build", "-trimpath", "-o", dir+string(filepath.Separator), "docker-credential-acr")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// reachable reports whether Go programs can be pointed at the emulator from
// outside: on other systems they take certificates from the system alone
// (https://pkg.go.dev/crypto/x509#SystemCertPool).
func reachable() bool { return runtime.GOOS != "darwin" && runtime.GOOS != "windows" }

// world is one user's account on a machine in the emulated Azure: a home of its
// own with the clients' configuration and caches, and an environment.
type world struct {
	t     *testing.T
	azure *azuretest.Azure
	home  string
	env   map[string]string

	mu   sync.Mutex
	said []result // by everything that ran
}

// newWorld is an account in an emulator of its own.
func newWorld(t *testing.T, c azuretest.Config) *world {
	t.Helper()
	return newWorldIn(t, azuretest.Start(t, c))
}

// newWorldIn is a new account that is signed in as a service principal by its
// environment. There is no other program than the helper on PATH. When the test ends, nothing that was written or said may hold a
// secret.
func newWorldIn(t *testing.T, azure *azuretest.Azure) *world {
	t.Helper()
	home := t.TempDir()
	w := &world{t: t, azure: azure, home: home, env: map[string]string{
		"PATH":            bin,
		"HOME":            home,
		"DOCKER_CONFIG":   filepath.Join(home, ".docker"),
		"XDG_CONFIG_HOME": filepath.Join(home, ".config"),
		"XDG_CACHE_HOME":  filepath.Join(home, ".cache"),
		"XDG_DATA_HOME":   filepath.Join(home, ".local", "share"),
		"XDG_RUNTIME_DIR": filepath.Join(home, "run"),
		"TMPDIR":          filepath.Join(home, "tmp"),
		"LANG":            "C",
		// Windows:
		"USERPROFILE": home, "LOCALAPPDATA": filepath.Join(home, ".cache"), "TEMP": filepath.Join(home, "tmp"),
		"SYSTEMROOT": os.Getenv("SYSTEMROOT"), "PATHEXT": os.Getenv("PATHEXT"),

		"AZURE_CORE_COLLECT_TELEMETRY": "no",
		"DOCKER_CREDENTIAL_ACR_LOG":    filepath.Join(home, "helper.log"),
	}}
	w.setAll(azure.Env())
	w.setAll(azure.EnvFor("service-principal"))
	for _, name := range []string{"XDG_RUNTIME_DIR", "TMPDIR"} {
		w.must(os.MkdirAll(w.env[name], 0o700))
	}
	t.Cleanup(w.searchSecrets)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) setAll(env []string) {
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		w.env[name] = value
	}
}

// username selects the form of the user name that the helper answers with.
func (w *world) username(form string) { w.env["DOCKER_CREDENTIAL_ACR_USERNAME"] = form }

// signOut takes the identity away. The machine has no other.
func (w *world) signOut() {
	for _, name := range []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"} {
		delete(w.env, name)
	}
}

// result is what became of a command.
type result struct {
	command        string
	stdout, stderr string
	code           int
}

func (r result) String() string {
	return fmt.Sprintf("%s: exit code %d\nstdout: %s\nstderr: %s", r.command, r.code, r.stdout, r.stderr)
}

// all is what the user sees on a terminal.
func (r result) all() string { return r.stdout + r.stderr }

// limit of one command; all take some seconds at most.
const limit = 2 * time.Minute

func (w *world) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	cmd.Dir = w.home
	for name, value := range w.env {
		if value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	slices.Sort(cmd.Env)
	return cmd
}

// input runs a command to its end, with a text on its standard input.
func (w *world) input(stdin, name string, args ...string) result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := w.command(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	r := result{filepath.Base(name) + " " + strings.Join(args, " "), stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, r)
	return r
}

// helper runs the program itself, as a client does.
func (w *world) helper(stdin, verb string) result {
	w.t.Helper()
	return w.input(stdin, filepath.Join(bin, "docker-credential-acr"), verb)
}
