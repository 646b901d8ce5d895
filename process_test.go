package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/internal/atrest"
	"docker-credential-acr/internal/azuretest"
)

// emulated is an emulator, and a home for the programs that use it.
type emulated struct {
	*azuretest.Azure
	home string
}

func emulate(t *testing.T, c azuretest.Config) emulated {
	t.Helper()
	if !reachable() {
		t.Skip("SSL_CERT_FILE has no effect on this system; the tests of package helper cover the behaviour with a transport")
	}
	return emulated{azuretest.Start(t, c), t.TempDir()}
}

func (e emulated) cacheDir() string {
	return filepath.Join(e.home, ".cache", "docker-credential-acr")
}

// cache is what the programs keep, as they seal it.
func (e emulated) cache() cache.Cache {
	return cache.Cache{Dir: e.cacheDir(), Sealer: atrest.Sealer{}}
}

func (e emulated) command(ctx context.Context, verb, input string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "docker-credential-acr"), verb)
	// Renewal behind a get's back depends on where the tests run.
	cmd.Env = append(append([]string{"HOME=" + e.home, "PATH=" + os.Getenv("PATH"), "DOCKER_CREDENTIAL_ACR_RENEWAL=foreground"}, e.Env()...), e.EnvFor("service-principal")...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdin = strings.NewReader(input)
	return cmd
}

// result is what became of one run of the program.
type result struct {
	stdout, stderr string
	code           int // negative if a signal ended it
}

// run runs the program to its end. Whatever becomes of it, its output holds no
// secret but the answer's.
func (e emulated) run(t *testing.T, verb, input string, env ...string) result {
	t.Helper()
	return outcome(t, e.command(t.Context(), verb, input, env...))
}

func outcome(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	r := result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	said := r.stderr
	if r.code != 0 {
		said += r.stdout
	}
	if found := azuretest.FindSecret(said); found != "" {
		t.Errorf("%s stands in the output: %+v", found, r)
	}
	return r
}

// answers asserts a credential and silence, and returns the secret.
func (r result) answers(t *testing.T) string {
	t.Helper()
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("no answer: %+v", r)
	}
	return secretOf(t, []byte(r.stdout))
}

// fails asserts exit code 1 and one line that says why, the same on stdout and,
// behind the program's name, on stderr.
func (r result) fails(t *testing.T, says string) {
	t.Helper()
	if r.code != 1 || r.stderr != "docker-credential-acr: "+r.stdout || strings.Count(r.stdout, "\n") != 1 || !regexp.MustCompile(says).MatchString(strings.TrimSuffix(r.stdout, "\n")) {
		t.Errorf("%+v; want code 1 and %s", r, says)
	}
}

// age makes the token in the cache one that is to be renewed, and returns it.
func (e emulated) age(t *testing.T) string {
	t.Helper()
	kept := e.cache()
	entries := kept.Entries()
	if len(entries) != 1 {
		t.Fatalf("%d entries", len(entries))
	}
	old := entries[0]
	old.Obtained, old.Expires = time.Now().Add(-3*time.Hour), time.Now().Add(15*time.Minute)
	if err := kept.Put(old); err != nil {
		t.Fatal(err)
	}
	return old.Secret
}

// lookalikes are hosts that are no login servers of ACR, in the words of those
// who would like to be sent a token. Package host has more.
var lookalikes = []string{
	"azurecr.io", ".azurecr.io", "..azurecr.io", "evilazurecr.io", "evil-azurecr.io", "myregistryazurecr.io",
	"evil.azurecr.io.attacker.com", "myregistry.azurecr.io.attacker.com:443", "https://myregistry.azurecr.io.attacker.com/v2/",
	"attacker.com/.azurecr.io", "attacker.com/myregistry.azurecr.io", "attacker.com#.azurecr.io", "attacker.com#myregistry.azurecr.io", "attacker.com?.azurecr.io", "attacker.com\\.azurecr.io",
	"attacker.com:443/myregistry.azurecr.io", "attacker.com%2fmyregistry.azurecr.io", "attacker.com%23.azurecr.io", "attacker.com;.azurecr.io", "attacker.com&.azurecr.io", "attacker.com,myregistry.azurecr.io",
	"myregistry.azurecr.io@attacker.com", "https://myregistry.azurecr.io@attacker.com", "https://myregistry.azurecr.io:443@attacker.com", "user:pw@myregistry.azurecr.io", "https://user@myregistry.azurecr.io/",
	"myregistry.azurecr.io:80", "myregistry.azurecr.io:8443", "myregistry.azurecr.io:5000", "http://myregistry.azurecr.io:80", "myregistry.azurecr.io:", "myregistry.azurecr.io:443:443",
	"ftp://myregistry.azurecr.io", "oci://myregistry.azurecr.io", "gopher://myregistry.azurecr.io", "//myregistry.azurecr.io", "https:///myregistry.azurecr.io", "https:myregistry.azurecr.io",
	"myregistry.eastus.data.azurecr.io", "myregistry.data.azurecr.io", "myregistry.privatelink.azurecr.io", "geo.azurecr.io", "eastus.geo.azurecr.io", "my.registry.azurecr.io", "a.b.geo.azurecr.io",
	"my_registry.azurecr.io", "my-reg-istry.azurecr.io", "-registry.azurecr.io", "registry-.azurecr.io", "reg.azurecr.io", strings.Repeat("a", 51) + ".azurecr.io",
	"myregistry.azurecr.de", "myregistry.azurecr.com", "myregistry.azurecr.io.cn", "myregistry.azurecr.ioo", "myregistry.azurecr", "myregistry.azurecr.io..",
	"myregistry.azurecr.io#", "myregistry.azurecr.io?x", "myregistry.azurecr.io\\", "myregistry.azurecr.io attacker.com", "myregistry.azurecr.io\x00.attacker.com", "myregistry.azurecr.io\x00", "attacker.com\nmyregistry.azurecr.io", "myregistry.azurecr.io\nattacker.com", "my\rregistry.azurecr.io",
	"myregistry\u3002azurecr\u3002io", "myregistry.azurecr\uff0eio", "myregi\u0455try.azurecr.io", "my\u00adregistry.azurecr.io", "myregistry\u200b.azurecr.io", "myregistry.azurecr.\u0131o", "xn--myregistry-abc.azurecr.io",
	"docker.io", "https://index.docker.io/v1/", "registry-1.docker.io", "ghcr.io", "quay.io", "gcr.io", "mcr.microsoft.com", "https://mcr.microsoft.com", "localhost", "localhost:5000", "127.0.0.1:443", "[::1]", "10.0.0.1",
}

// Not one connection is opened for a look-alike, and the answer is the one that
// lets the client go on.
func TestLookalikesCauseNoRequest(t *testing.T) {
	e := emulate(t, azuretest.Config{})
	if len(lookalikes) < 45 {
		t.Fatalf("only %d hosts", len(lookalikes))
	}
	for _, name := range lookalikes {
		var stdout, stderr bytes.Buffer
		cmd := e.command(t.Context(), "get", name)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || stdout.String() != "credentials not found in native keychain\n" || stderr.Len() != 0 {
			t.Errorf("%q: %v, stdout %q, stderr %q", name, err, stdout.String(), stderr.String())
		}
	}
	if n := len(e.Requests()) + len(e.Connections()); n != 0 {
		t.Errorf("%d requests and connections: %v %v", n, e.Requests(), e.Connections())
	}
}

// Helpers that are killed at any moment leave a cache from which the next one
// answers, and leave no token lying about when that one is done.
func TestKillStorm(t *testing.T) {
	e := emulate(t, azuretest.Config{Latency: azuretest.Duration(5 * time.Millisecond)})
	for range 40 {
		ctx, cancel := context.WithCancel(t.Context())
		var running []*exec.Cmd
		for range 3 {
			cmd := e.command(ctx, "get", azuretest.MyRegistry)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			running = append(running, cmd)
		}
		// The kill comes at a random point between the start and the answer.
		timer := time.AfterFunc(time.Duration(rand.IntN(60))*time.Millisecond, cancel)
		for _, cmd := range running {
			_ = cmd.Wait()
		}
		timer.Stop()
		cancel()
		if rand.IntN(4) == 0 {
			if err := e.command(t.Context(), "erase", azuretest.MyRegistry).Run(); err != nil {
				t.Fatal(err)
			}
		}
	}
	e.Reset()
	secret := e.get(t)
	if e.get(t) != secret || e.Count("POST *") > 2 {
		t.Errorf("after the storm: %v", e.Requests())
	}
	if err := e.command(t.Context(), "erase", azuretest.MyRegistry).Run(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(e.cacheDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if filepath.Ext(f.Name()) != ".lock" {
			t.Errorf("left behind: %s", f.Name())
		}
	}
}

// A process that holds the lock and is stuck costs the others half of their
// time, not all of it.
func TestHungHolder(t *testing.T) {
	e := emulate(t, azuretest.Config{})
	secret := e.get(t)
	key := e.cache().Entries()[0].Key
	if err := e.command(t.Context(), "erase", azuretest.MyRegistry).Run(); err != nil {
		t.Fatal(err)
	}
	unlock := e.cache().Lock(t.Context(), key)
	defer unlock()
	cmd := e.command(t.Context(), "get", azuretest.MyRegistry, "DOCKER_CREDENTIAL_ACR_TIMEOUT=2s")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if secretOf(t, out) == secret {
		t.Error("the answer is from before the erase")
	}
}

// A cached answer costs no child process and no request, so nothing holds the
// caller's pipes when it is there.
func TestNoChildHoldsThePipes(t *testing.T) {
	e := emulate(t, azuretest.Config{})
	tools := t.TempDir()
	// az leaves a process behind that has inherited its pipes.
	script := "#!/bin/sh\nsleep 30 &\necho '" + azOutput(t, e) + "'\n"
	if err := os.WriteFile(filepath.Join(tools, "az"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := e.command(t.Context(), "get", azuretest.MyRegistry, "AZURE_TOKEN_CREDENTIALS=AzureCLICredential", "PATH="+tools+string(filepath.ListSeparator)+os.Getenv("PATH"), "DOCKER_CREDENTIAL_ACR_TIMEOUT=10s")
	start := time.Now()
	out, err := cmd.Output() // returns when the last holder of stdout is gone
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	secretOf(t, out)
	if time.Since(start) > 20*time.Second {
		t.Error("the answer waited for az's child")
	}
}

// azOutput is what az prints.
func azOutput(t *testing.T, e emulated) string {
	t.Helper()
	content, err := json.Marshal(map[string]any{"accessToken": e.IssueEntra(azuretest.EntraOptions{}), "expires_on": time.Now().Add(time.Hour).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func (e emulated) get(t *testing.T) string {
	t.Helper()
	out, err := e.command(t.Context(), "get", azuretest.MyRegistry).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return secretOf(t, out)
}

func secretOf(t *testing.T, out []byte) string {
	t.Helper()
	var c struct{ Secret string }
	if err := json.Unmarshal(out, &c); err != nil || c.Secret == "" {
		t.Fatalf("no credential: %q", out)
	}
	return c.Secret
}
