//go:build unix

package main_test

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
	"syscall"
	"testing"
	"time"

	"docker-credential-acr/internal/atrest"
	"docker-credential-acr/internal/azuretest"
)

// waiting starts a get whose exchange never ends, so that its memory holds an
// Entra token and a client secret, and returns when it waits.
func waiting(t *testing.T, e emulated, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	for end := time.Now().Add(20 * time.Second); e.Count("POST "+azuretest.MyRegistry+"/*") == 0; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no exchange within 20 s: %v", e.Requests())
		}
	}
}

// Whatever ends the program while it holds secrets, its last words hold none, and
// it leaves no core file.
func TestCrashTextHoldsNoSecret(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGSEGV} {
		for _, level := range []string{"", "all", "system", "crash"} {
			t.Run(signal.String()+" "+level, func(t *testing.T) {
				t.Parallel()
				e := emulate(t, azuretest.Config{Faults: []azuretest.Fault{{Match: "POST " + azuretest.MyRegistry + "/*", Mode: "hang"}}})
				cmd := e.command(t.Context(), "get", azuretest.MyRegistry, "GOTRACEBACK="+level)
				cmd.Dir = t.TempDir()
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				waiting(t, e, cmd)
				if err := cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Wait(); err == nil {
					t.Error("it went on")
				}
				if !strings.Contains(out.String(), "goroutine ") {
					t.Errorf("no stack, so this proves nothing: %s", out.String())
				}
				if found := azuretest.FindSecret(out.String()); found != "" {
					t.Errorf("%s stands in the crash text", found)
				}
				if left, err := os.ReadDir(cmd.Dir); err != nil || len(left) != 0 {
					t.Errorf("left behind: %v, %v", left, err)
				}
			})
		}
	}
}

// Core files are off before anything secret is read, and argv holds none.
func TestNoCoreFile(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	e := emulate(t, azuretest.Config{Faults: []azuretest.Fault{{Match: "POST " + azuretest.MyRegistry + "/*", Mode: "hang"}}})
	cmd := e.command(t.Context(), "get", azuretest.MyRegistry)
	waiting(t, e, cmd)
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if limit, ok := strings.CutPrefix(line, "Max core file size"); ok && !slices.Contains([]string{"0", "1"}, strings.Fields(limit)[0]) {
			t.Errorf("core files are not off: %s", line)
		}
	}
	argv, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid))
	if err != nil || azuretest.FindSecret(string(argv)) != "" {
		t.Errorf("argv %q, %v", argv, err)
	}
}

// A malicious proxy: what it says is shown in words of this program, and a
// certificate of its own gets it nothing.
func TestMaliciousProxy(t *testing.T) {
	e := emulate(t, azuretest.Config{})
	for name, answer := range map[string]string{
		"escapes in the status": "HTTP/1.1 407 \x1b[31mEVIL\x1b[0m `EVIL`\r\nProxy-Authenticate: Basic realm=\"EVIL\"\r\n\r\n",
		"a token in the status": "HTTP/1.1 502 eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJFVklMIn0.EVIL\r\n\r\n",
		"no HTTP":               "\x1b]0;EVIL\x07\nEVIL\n",
		"many lines":            "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Evil: EVIL\r\n", 100000) + "\r\n",
		"no TLS":                "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL",
		"redirect":              "HTTP/1.1 302 Found\r\nLocation: https://attacker.example/EVIL\r\n\r\n",
		"nothing":               "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := "http://" + azuretest.Says(t, answer)
			home := t.TempDir()
			var stdout, stderr bytes.Buffer
			cmd := e.command(t.Context(), "get", azuretest.MyRegistry, "HTTPS_PROXY="+proxy, "HTTP_PROXY="+proxy, "https_proxy="+proxy, "http_proxy="+proxy,
				"HOME="+home, "DOCKER_CREDENTIAL_ACR_LOG="+filepath.Join(home, "log"), "DOCKER_CREDENTIAL_ACR_TIMEOUT=5s")
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			var exit *exec.ExitError
			if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("%v", err)
			}
			log, err := os.ReadFile(filepath.Join(home, "log"))
			if err != nil {
				t.Error(err)
			}
			for _, said := range []string{stdout.String(), stderr.String()} {
				if line, ok := strings.CutSuffix(said, "\n"); !ok || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' || r == '`' }) {
					t.Errorf("not one plain line: %q", said)
				}
			}
			for _, said := range []string{stdout.String(), stderr.String(), string(log)} {
				if strings.Contains(said, "EVIL") || strings.Contains(said, "\x1b") || azuretest.FindSecret(said) != "" {
					t.Errorf("it is quoted: %q", said)
				}
			}
		})
	}
}

// Another local user who may write to the cache's directory can make this user
// forget, but neither answer for the registry, read a token, have a file
// overwritten, nor make anybody wait.
func TestAnotherLocalUser(t *testing.T) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("needs root, to be two users")
	}
	e := emulate(t, azuretest.Config{})
	shared, err := os.MkdirTemp("", "attack")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(shared) })
	dir := filepath.Join(shared, "cache")
	ca, err := os.ReadFile(e.CAFile())
	program, err2 := os.ReadFile(filepath.Join(bin, "docker-credential-acr"))
	err = errors.Join(err, err2, os.Chmod(shared, 0o755), os.Mkdir(dir, 0o777), os.Chmod(dir, 0o777),
		os.WriteFile(filepath.Join(shared, "ca.pem"), ca, 0o644), os.WriteFile(filepath.Join(shared, "helper"), program, 0o755))
	if err != nil {
		t.Fatal(err)
	}
	get := func() string {
		t.Helper()
		cmd := e.command(t.Context(), "get", azuretest.MyRegistry, "DOCKER_CREDENTIAL_ACR_CACHE="+dir)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return secretOf(t, out)
	}
	nobody := func(name string, args ...string) ([]byte, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Dir = "/"
		cmd.Env = append(append([]string{"HOME=" + shared, "PATH=/usr/bin:/bin", "DOCKER_CREDENTIAL_ACR_CACHE=" + dir}, e.Env()...), e.EnvFor("service-principal")...)
		cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+filepath.Join(shared, "ca.pem"))
		cmd.Stdin = strings.NewReader(azuretest.MyRegistry)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		return cmd.Output()
	}
	tokens := func() []string {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(dir, "*.token"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no token in %s: %v", dir, err)
		}
		return found
	}

	mine := get()
	for _, path := range tokens() {
		if out, err := nobody("cat", path); err == nil || len(out) > 0 {
			t.Errorf("another user reads %s", path)
		}
	}
	// With the same identity, the other's helper has entries of the same names.
	for _, path := range tokens() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	out, err := nobody(filepath.Join(shared, "helper"), "get")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	planted := secretOf(t, out)
	if got := get(); got == planted || got == mine {
		t.Error("the other user's token is the answer")
	}

	victim := filepath.Join(shared, "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, plant := range []string{
		`ln -s ` + victim + ` "$0"`,
		`ln -s /dev/zero "$0"`,
		`mkfifo "$0"`,
		`mkdir "$0"`,
		`echo x >"$0.source" && ln "$0.source" "$0"`,
		`umask 0; echo x >"$0"`,
	} {
		for _, kind := range []string{"token", "failure", "lock"} {
			names := tokens()
			for _, path := range names {
				at := strings.TrimSuffix(path, "token") + kind
				if kind != "token" { // their names have no seal
					at = filepath.Join(dir, filepath.Base(path)[:65]) + "." + kind
				}
				if out, err := nobody("sh", "-c", `rm -rf "$0"; `+plant, at); err != nil {
					t.Fatalf("%s: %v %s", plant, err, out)
				}
			}
			before := time.Now()
			get()
			if waited := time.Since(before); waited > 20*time.Second {
				t.Errorf("%s as %s: waited %v", plant, kind, waited)
			}
			if content, err := os.ReadFile(victim); err != nil || string(content) != "precious" {
				t.Errorf("%s as %s: the file behind the link is now %q, %v", plant, kind, content, err)
			}
			if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o777), os.Chmod(dir, 0o777)); err != nil {
				t.Fatal(err)
			}
			get()
		}
	}
}

// A stolen backup: on a machine with a key, no byte under the home is of use
// without it.
func TestCopiedHomeIsUseless(t *testing.T) {
	if _, _, err := (atrest.Sealer{}).Seal(nil, nil); err != nil {
		t.Skipf("there is no key here: %v", err)
	}
	e := emulate(t, azuretest.Config{})
	secret := e.get(t)
	files := 0
	err := filepath.WalkDir(e.home, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		// Not in pieces either.
		for i := 0; i+16 <= len(secret); i++ {
			if bytes.Contains(content, []byte(secret[i:i+16])) {
				t.Fatalf("%s holds a piece of the token", path)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
}
