package main_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"docker-credential-acr/internal/azuretest"
)

// bin is the directory of the program that the tests run: built as it is
// shipped, without a switch for tests. It meets the emulator through the proxy
// variables and SSL_CERT_FILE.
var bin string

func TestMain(m *testing.M) {
	become() // never returns if the test program is to be another
	flag.Parse()
	if !set("test.parallel") {
		// The tests wait, for programs and for time to pass, more than they compute.
		_ = flag.Set("test.parallel", "8")
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "docker-credential-acr-test")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
		bin = dir
		build := exec.Command("go", "build", "-trimpath", "-o", dir+string(filepath.Separator), ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// set reports whether a flag stands on the command line.
func set(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// reachable reports whether Go programs can be pointed at the emulator from
// outside: on other systems they take certificates from the system alone
// (https://pkg.go.dev/crypto/x509#SystemCertPool).
func reachable() bool { return runtime.GOOS != "darwin" && runtime.GOOS != "windows" }

// TestScripts runs the command-line contract, one behaviour a file. See
// script_test.go for the commands beside testscript's own.
func TestScripts(t *testing.T) {
	if !reachable() {
		t.Skip("SSL_CERT_FILE has no effect on this system; the tests of package helper cover the behaviour with a transport")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(filepath.ListSeparator)+e.Getenv("PATH"))
			e.Setenv("BIN", bin)
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("XDG_RUNTIME_DIR", filepath.Join(e.WorkDir, "run")) // not root's own, where podman logs in
			e.Setenv("CACHE", filepath.Join(e.WorkDir, "home", ".cache", "docker-credential-acr"))
			s := &script{env: e}
			e.Values[scriptKey{}] = s
			e.Defer(s.leaks)
			return os.Mkdir(filepath.Join(e.WorkDir, "home"), 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"azure":     azure,
			"world":     world,
			"identity":  platform,
			"requests":  requests,
			"forget":    forget,
			"acr":       acr,
			"answer":    answer,
			"plain":     plain,
			"files":     files,
			"token":     token,
			"push":      push,
			"damage":    damage,
			"harmless":  harmless,
			"age":       age,
			"renewed":   renewed,
			"entra":     entra,
			"assertion": assertion,
			"finds":     finds,
			"golden":    golden,
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
	})
}

// requests asserts how often a request was made:
//
//	requests 'POST myregistry.azurecr.io/oauth2/exchange' 1
func requests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: requests PATTERN COUNT")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := of(ts).azure.Count(args[0]); got != want {
		for _, r := range of(ts).azure.Requests() {
			ts.Logf("%s", r)
		}
		ts.Fatalf("%d requests %s, want %d", got, args[0], want)
	}
}

// forget drops the emulator's log of requests.
func forget(ts *testscript.TestScript, _ bool, _ []string) { of(ts).azure.Reset() }

// azure starts the emulator, with a configuration file if one is named, and
// points the script's programs at it.
func azure(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: azure [CONFIG]")
	}
	var c azuretest.Config
	if len(args) == 1 {
		var err error
		c, err = azuretest.ParseConfig([]byte(ts.ReadFile(args[0])))
		ts.Check(err)
	}
	s := of(ts)
	s.azure = azuretest.Start(scriptTB{ts, s}, c)
	setAll(ts, s.azure.Env())
}

// world changes the emulator's faults, metadata service and registries to those of a file.
func world(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: world CONFIG")
	}
	c, err := azuretest.ParseConfig([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	of(ts).azure.Update(func(now *azuretest.Config) {
		now.Faults, now.IMDS, now.Clock, now.SignIn, now.MissingAudiences = c.Faults, c.IMDS, c.Clock, c.SignIn, c.MissingAudiences
		for _, r := range c.Registries {
			*now.Registry(r.Host) = r
		}
	})
}

// platform sets the variables that a platform sets for its programs.
func platform(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: identity PLATFORM")
	}
	setAll(ts, of(ts).azure.EnvFor(args[0]))
}
