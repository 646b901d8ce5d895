//go:build unix

package identity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func programFile(name string) string { return name }

// install makes a program in dir from lines of shell. Its directory is $HERE.
func install(t *testing.T, dir, name string, lines ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nPATH=/usr/bin:/bin\nHERE='" + dir + "'\n" + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
}

// fake makes name the only program on PATH and returns its directory.
func fake(t *testing.T, name string, lines ...string) string {
	t.Helper()
	dir := t.TempDir()
	install(t, dir, name, lines...)
	t.Setenv("PATH", dir)
	return dir
}

// soon is a deadline against hanging tests, far from anything expected.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// until polls for what must become true.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// pids reads the process ids that a fake tool has noted in its directory; a
// line without its end is still being written.
func pids(dir string) []int {
	content, _ := os.ReadFile(filepath.Join(dir, "pids"))
	var ids []int
	for line := range strings.Lines(string(content)) {
		if id, err := strconv.Atoi(strings.TrimSuffix(line, "\n")); err == nil && strings.HasSuffix(line, "\n") {
			ids = append(ids, id)
		}
	}
	return ids
}

// alive reports whether there is such a process. A zombie is none; in a
// container nobody may ever reap it.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return err != nil || !bytes.HasPrefix(state, []byte("Z")) && !bytes.HasPrefix(state, []byte("X"))
}

// put leaves no process behind, whatever a test has found.
func put(t *testing.T, dir string) {
	t.Cleanup(func() {
		for _, pid := range pids(dir) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
}

// hangs is a tool that hangs, with a child and a grandchild, all deaf to polite
// signals.
var hangs = []string{
	`trap '' TERM INT HUP QUIT PIPE`,
	`echo waiting for the lock >&2`,
	`sh -c 'sleep 1000 & echo $! >>"$0/pids"; echo $$ >>"$0/pids"; wait; sleep 1000' "$HERE" &`,
	`echo $$ >>"$HERE/pids"`,
	`while :; do wait; sleep 1000; done`,
}

func TestHangingToolIsKilledWithItsChildren(t *testing.T) {
	gone := func(t *testing.T, dir string) {
		t.Helper()
		for _, pid := range pids(dir) {
			until(t, fmt.Sprintf("the end of process %d", pid), func() bool { return !alive(pid) })
		}
	}
	for name, token := range tokens {
		t.Run(name+" cancelled", func(t *testing.T) {
			dir := fake(t, name, hangs...)
			put(t, dir)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			failed := make(chan error, 1)
			go func() {
				_, err := token(ctx, testScope, "")
				failed <- err
			}()
			until(t, "three processes", func() bool { return len(pids(dir)) == 3 })
			for _, pid := range pids(dir) {
				if !alive(pid) {
					t.Errorf("process %d has ended too early", pid)
				}
			}
			cancel()
			select {
			case err := <-failed:
				if err == nil || !strings.HasSuffix(err.Error(), " did not answer in time: waiting for the lock") {
					t.Errorf("error %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("still waiting")
			}
			gone(t, dir)
		})
	}
	t.Run("deadline", func(t *testing.T) {
		dir := fake(t, "az", hangs...)
		put(t, dir)
		// On a busy machine a shell may take longer than the deadline to start.
		for timeout := 200 * time.Millisecond; len(pids(dir)) < 3; timeout *= 2 {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			_, err := azToken(ctx, testScope, "")
			if took := time.Since(began); took < timeout || took > timeout+10*time.Second {
				t.Errorf("%v after a deadline of %v", took, timeout)
			}
			cancel()
			if err == nil || !strings.HasPrefix(err.Error(), "az did not answer in time") {
				t.Fatalf("error %v", err)
			}
			if timeout > time.Minute {
				t.Fatal("the fake tool does not work")
			}
		}
		gone(t, dir)
	})
}

// The tool has printed its token and exited; what it left behind holds its
// output open, is not waited for and not killed.
func TestBackgroundChildIsLeftAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		lines []string
		want  string
		fails string
	}{
		"with a token":  {[]string{`echo '{"accessToken":"t"}'`}, "t", ""},
		"without token": {nil, "", "az printed no token"},
		"failing":       {[]string{`echo no >&2`, `exit 1`}, "", "no"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := fake(t, "az", append([]string{`sleep 1000 &`, `echo $! >>"$HERE/pids"`}, tt.lines...)...)
			put(t, dir)
			began := time.Now()
			got, err := azToken(soon(t), testScope, "")
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("waited %v", took)
			}
			if got != tt.want || (err == nil) != (tt.fails == "") || err != nil && err.Error() != tt.fails {
				t.Errorf("token %q, error %v", got, err)
			}
			if ids := pids(dir); len(ids) != 1 || !alive(ids[0]) {
				t.Errorf("the child (%v) was killed", ids)
			}
		})
	}
}

func TestToolsAreCalledWith(t *testing.T) {
	const audience = "https://containerregistry.azure.net"
	for _, tt := range []struct{ name, key, tenant, want string }{
		{"az", "accessToken", "", "account get-access-token --output json --resource " + audience},
		{"az", "accessToken", testTenant, "account get-access-token --output json --resource " + audience + " --tenant " + testTenant},
		{"azd", "token", "", "auth token --output json --no-prompt --scope " + audience + "/.default"},
		{"azd", "token", testTenant, "auth token --output json --no-prompt --scope " + audience + "/.default --tenant-id " + testTenant},
		{"pwsh", "Token", "", "-NoProfile -NonInteractive -OutputFormat Text -EncodedCommand " + encodedCommand(pwshScript(audience, ""))},
		{"pwsh", "Token", testTenant, "-NoProfile -NonInteractive -OutputFormat Text -EncodedCommand " + encodedCommand(pwshScript(audience, testTenant))},
	} {
		dir := fake(t, tt.name,
			`echo "$*" >"$HERE/args"`,
			`read -r line && exit 3`,                 // standard input is empty
			`(exec </dev/tty) 2>/dev/null && exit 4`, // and there is no terminal
			`[ "$(pwd)" = / ] || exit 5`,
			`[ "$AZURE_CORE_NO_COLOR$NO_COLOR$KEPT" = 11yes ] || exit 6`,
			`echo "WARNING: old" >&2`,
			`printf '\357\273\277{"`+tt.key+`": "`+testJWT+`", "expiresOn": "2030-01-01"}\r\n'`)
		t.Setenv("KEPT", "yes")
		got, err := tokens[tt.name](soon(t), testScope, tt.tenant)
		if got != testJWT || err != nil {
			t.Errorf("%s: token %q, error %v", tt.name, got, err)
		}
		args, err := os.ReadFile(filepath.Join(dir, "args"))
		if got := strings.TrimSpace(string(args)); got != tt.want || err != nil {
			t.Errorf("%s was called with %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestToolErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		tool   string
		lines  []string
		want   string
		number string
	}{
		"several lines with a token": {
			tool:  "az",
			lines: []string{`printf 'WARNING: w\n\033[31mERROR: cannot\r\n\n  use ` + testJWT + `\nhere\033[0m\n' >&2`, `exit 1`},
			want:  "ERROR: cannot use [redacted] here",
		},
		"Entra's code": {
			tool:   "az",
			lines:  []string{`echo "ERROR: AADSTS500011: The resource principal named https://containerregistry.azure.net was not found." >&2`, `echo "Trace ID: x" >&2`, `exit 1`},
			want:   "ERROR: AADSTS500011: The resource principal named https://containerregistry.azure.net was not found",
			number: "AADSTS500011",
		},
		"Entra's code, far behind": {
			tool:   "az",
			lines:  []string{`echo "ERROR:" $(seq 200) "AADSTS50001: x" >&2`, `exit 1`},
			number: "AADSTS50001",
		},
		"Entra's code, azd": {
			tool:   "azd",
			lines:  []string{`echo '{"type":"consoleMessage","data":{"message":""}}' >&2`, `echo '{"error":"fetching token: AADSTS50001: x","suggestion":""}' >&2`, `exit 1`},
			want:   "fetching token: AADSTS50001: x",
			number: "AADSTS50001",
		},
		"Entra's code, PowerShell": {
			tool:   "pwsh",
			lines:  []string{`echo "AADSTS500011: x. Run Connect-AzAccount" >&2`, `exit 1`},
			want:   "AADSTS500011: x. Run Connect-AzAccount",
			number: "AADSTS500011",
		},
		"signed out, azd": {
			tool:  "azd",
			lines: []string{`printf '%s\n' '{"type":"consoleMessage","data":{"message":"\nERROR: not logged in, run azd auth login to login\n"}}'`, `exit 1`},
			want:  "ERROR: not logged in, run azd auth login to login",
		},
		"signed out, PowerShell": {
			tool:  "pwsh",
			lines: []string{`echo "Run Connect-AzAccount to login." >&2`, `exit 1`},
			want:  "nobody is signed in to Azure PowerShell; sign in with 'Connect-AzAccount'",
		},
		"silent failure":         {tool: "az", lines: []string{`exit 7`}, want: "az failed with exit status 7"},
		"killed":                 {tool: "az", lines: []string{`kill -9 $$`}, want: "az failed with signal: killed"},
		"failure with a token":   {tool: "az", lines: []string{`echo '{"accessToken":"t"}'`, `exit 1`}, want: "az failed with exit status 1"},
		"garbage":                {tool: "az", lines: []string{`echo '<html>` + testJWT + `'`}, want: "az printed no token"},
		"half an object":         {tool: "azd", lines: []string{`printf '{"token":"` + testJWT + `'`}, want: "azd printed no token"},
		"empty object":           {tool: "pwsh", lines: []string{`echo '{}'`}, want: "PowerShell printed no token"},
		"nothing but a reason":   {tool: "az", lines: []string{`echo 'ERROR: why' >&2`}, want: "ERROR: why"},
		"nothing":                {tool: "az", want: "az printed no token"},
		"standard output is big": {tool: "az", lines: []string{`head -c 10000000 /dev/zero | tr '\0' '{'`}, want: "az printed no token"},
		"standard error is big":  {tool: "az", lines: []string{`head -c 10000000 /dev/zero | tr '\0' 'x' >&2`, `echo >&2`, `echo 'ERROR: at last' >&2`, `exit 1`}, want: "ERROR: at last"},
	} {
		t.Run(name, func(t *testing.T) {
			fake(t, tt.tool, tt.lines...)
			token, err := tokens[tt.tool](soon(t), testScope, "")
			if token != "" || err == nil {
				t.Fatalf("token %q, error %v", token, err)
			}
			if tt.want != "" && err.Error() != tt.want {
				t.Errorf("error %q, want %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "eyJ") || strings.ContainsAny(err.Error(), "\r\n\x1b") || len(err.Error()) > 400 {
				t.Errorf("error %q", err)
			}
			var refused *entraError
			if is := errors.As(err, &refused); is != (tt.number != "") || is && (refused.number != tt.number || !strings.Contains(refused.text, tt.number)) {
				t.Errorf("error %#v, want number %q", err, tt.number)
			}
			var a absent
			if errors.As(err, &a) {
				t.Errorf("%v counts as not installed", err)
			}
		})
	}
}

func TestMuchOutputWithAToken(t *testing.T) {
	fake(t, "az", `head -c 10000000 /dev/zero | tr '\0' 'x' >&2`, `echo '{"accessToken":"t"}'`, `head -c 10000000 /dev/zero`)
	if token, err := azToken(soon(t), testScope, ""); token != "t" || err != nil {
		t.Errorf("token %q, error %v", token, err)
	}
}

func TestToolThatCannotBeRun(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	for content, want := range map[string]string{
		"#!/no/such/interpreter\n": "no such file or directory",
		"\x7fELF":                  "exec format error",
	} {
		if err := os.WriteFile(filepath.Join(dir, "az"), []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
		_, err := azToken(soon(t), testScope, "")
		if want := "az cannot be run from " + filepath.Join(dir, "az") + ": " + want; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestContextThatHasEnded(t *testing.T) {
	dir := fake(t, "az", `echo $$ >>"$HERE/pids"`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := azToken(ctx, testScope, ""); err == nil || err.Error() != "az did not answer in time" {
		t.Error(err)
	}
	if len(pids(dir)) != 0 {
		t.Error("the tool was started")
	}
}
