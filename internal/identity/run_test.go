package identity

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

const (
	testScope  = "https://containerregistry.azure.net/.default"
	testTenant = "00000000-0000-0000-0000-000000000001"
	testJWT    = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"
)

// tokens are the tools, by the name of the program.
var tokens = map[string]func(ctx context.Context, scope, tenantID string) (string, error){
	"az": azToken, "azd": azdToken, "pwsh": pwshToken,
}

func TestToolNotInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for name, token := range tokens {
		_, err := token(t.Context(), testScope, "")
		var a absent
		if !errors.As(err, &a) || !strings.Contains(err.Error(), name) || !strings.HasSuffix(err.Error(), " on PATH") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is not plain never reaches a command line: with an empty PATH it would
// be absent otherwise.
func TestToolArgumentsArePlain(t *testing.T) {
	t.Setenv("PATH", "")
	for name, token := range tokens {
		for _, bad := range []string{
			"", "--debug", "-", ".", "a b", "a&calc", "a|b", "a>b", "a^b", "a%PATH%b", "a\"b", "a'b", "a;b", "a$b", "a`b", "a\nb", "a\x00b", "ä", "a!b!", "a(b)", "a,b", "a=b", strings.Repeat("a", 600),
		} {
			var a absent
			if _, err := token(t.Context(), bad, ""); err == nil || errors.As(err, &a) {
				t.Errorf("%s: scope %q: %v", name, bad, err)
			}
			if bad == "" {
				continue // no tenant
			}
			_, err := token(t.Context(), testScope, bad)
			if err == nil || errors.As(err, &a) || len(bad) > 1 && strings.Contains(err.Error(), bad) {
				t.Errorf("%s: tenant %q: %v", name, bad, err)
			}
		}
		for _, good := range []string{"", testTenant, "contoso.onmicrosoft.com", "organizations"} {
			var a absent
			if _, err := token(t.Context(), testScope, good); !errors.As(err, &a) {
				t.Errorf("%s: tenant %q: %v", name, good, err)
			}
		}
	}
}

func TestTokenIn(t *testing.T) {
	for _, tt := range []struct{ stdout, want string }{
		{`{"accessToken":"t"}`, "t"},
		{"\ufeff{\"accessToken\": \"t\"}\r\n", "t"},
		{"\x1b[0m{\"accessToken\":\x1b[33m\"t\"}\x1b[0m", "t"},
		{"A new version is available.\n{\"accessToken\":\"t\"}", "t"},
		{`{"type":"consoleMessage"}` + "\n" + `{"accessToken":"t"}`, "t"},
		{`{"accessToken":"t","more":[{"accessToken":"u"}]} trailing {`, "t"},
		{`{"accessToken":""}`, ""},
		{`{"accessToken":null}`, ""},
		{`{"accessToken":7}`, ""},
		{`{"accessToken":"two words"}`, ""},
		{`{"accessToken":"line\nbreak"}`, ""},
		{`{"accesstoken":"t"}`, ""},
		{`{"accessToken":"t"`, ""},
		{`{}`, ""},
		{`[]`, ""},
		{`null`, ""},
		{`"accessToken"`, ""},
		{"", ""},
		{strings.Repeat("{", 100000), ""},
	} {
		if got := tokenIn(uncoloured([]byte(tt.stdout)), "accessToken"); got != tt.want {
			t.Errorf("%.60q: %q, want %q", tt.stdout, got, tt.want)
		}
	}
}

func TestAzSaid(t *testing.T) {
	for stderr, want := range map[string]string{
		"ERROR: Please run 'az login' to setup account.\n": "ERROR: Please run 'az login' to setup account.\n",
		"WARNING: old\nWARNING: older\nERROR: no\nmore":    "ERROR: no\nmore",
		"Traceback (most recent call last):\n  File \"az.py\", line 1, in <module>\nModuleNotFoundError: No module named 'azure'\n": "ModuleNotFoundError: No module named 'azure'",
		"Failed to load python executable.": "Failed to load python executable.",
		"":                                  "",
	} {
		if got := azSaid(printed{stderr: stderr}); got != want {
			t.Errorf("%q: %q, want %q", stderr, got, want)
		}
	}
}

func TestAzdSaid(t *testing.T) {
	for _, tt := range []struct{ stderr, stdout, want string }{
		{stderr: `{"type":"consoleMessage","data":{"message":"\n"}}` + "\n" + `{"error":"not logged in.","message":"m","suggestion":"Run azd auth login"}`, want: "not logged in. Run azd auth login"},
		{stderr: `{"error":"not logged in"}`, want: "not logged in."},
		{stderr: `{"type":"consoleMessage","data":{"message":"\nERROR: not logged in, run 'azd auth login' to login\n"}}`, want: "ERROR: not logged in, run 'azd auth login' to login"},
		{stdout: `{"type":"consoleMessage","data":{"message":"ERROR: no"}}`, want: "ERROR: no"},
		{stderr: "ERROR: plain", stdout: `{"token":"secret"}`, want: "ERROR: plain"},
		{stdout: "secret"},
		{},
	} {
		if got := azdSaid(printed{tt.stdout, tt.stderr}); got != tt.want {
			t.Errorf("%q, %q: %q, want %q", tt.stderr, tt.stdout, got, tt.want)
		}
	}
}

func TestPwshSaid(t *testing.T) {
	for stderr, want := range map[string]string{
		noAccounts + "\n":                     "Install-Module Az.Accounts",
		"Run Connect-AzAccount to login.":     "sign in with 'Connect-AzAccount'",
		"AADSTS500011: x; Connect-AzAccount.": "AADSTS500011: x; Connect-AzAccount.",
		"something else":                      "something else",
	} {
		if got := pwshSaid(printed{stderr: stderr}); !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", stderr, got, want)
		}
	}
}

func TestPwshScript(t *testing.T) {
	raw, err := base64.StdEncoding.DecodeString(encodedCommand(pwshScript("https://r", testTenant)))
	if err != nil {
		t.Fatal(err)
	}
	var units []uint16
	for i := 0; i < len(raw); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(raw[i:]))
	}
	script := string(utf16.Decode(units))
	for _, want := range []string{"ResourceUrl = 'https://r'", "$want.TenantId = '" + testTenant + "'", "throw '" + noAccounts + "'"} {
		if !strings.Contains(script, want) {
			t.Errorf("no %q in %s", want, script)
		}
	}
	if without := pwshScript("https://r", ""); !strings.Contains(without, "if ('')") || strings.Contains(without, "{tenant}") {
		t.Error(without)
	}
}

func TestBounds(t *testing.T) {
	h := head{limit: 10}
	for range 3 {
		if n, err := io.WriteString(&h, "1234567"); n != 7 || err != nil {
			t.Fatal(n, err)
		}
	}
	if got := string(h.kept); got != "1234567123" {
		t.Errorf("head: %q", got)
	}
	for _, tt := range []struct{ in, want string }{
		{"short", "short"},
		{"exactly 10", "exactly 10"},
		{"a token123456 and the end", " the end"},
		{"onlyonelongword", ""},
		{strings.Repeat("0 ", 100) + "end", " 0 0 0 end"},
	} {
		w := tail{limit: 10}
		for _, b := range []byte(tt.in) {
			if n, err := w.Write([]byte{b}); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			if len(w.kept) > 20 {
				t.Fatalf("%q: %d bytes kept", tt.in, len(w.kept))
			}
		}
		if got := string(w.bytes()); got != tt.want {
			t.Errorf("tail %q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

// PATH may hold what depends on the working directory, and what is no program.
func TestFind(t *testing.T) {
	work, good := t.TempDir(), t.TempDir()
	t.Chdir(work)
	for _, dir := range []string{work, filepath.Join(work, "sub"), good} {
		install(t, dir, "az")
	}
	isDir, notProgram := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(isDir, programFile("az")), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(notProgram, "az"), []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := []string{".", "", "sub", "./sub", "..", isDir, notProgram, filepath.Join(work, "missing")}

	t.Setenv("PATH", strings.Join(bad, string(filepath.ListSeparator)))
	path, err := find("az")
	var a absent
	if !errors.As(err, &a) || err.Error() != "az is not on PATH" {
		t.Errorf("found %q, %v", path, err)
	}
	t.Setenv("PATH", strings.Join(append(bad, good), string(filepath.ListSeparator)))
	if path, err := find("az"); !strings.EqualFold(path, filepath.Join(good, programFile("az"))) || err != nil {
		t.Errorf("found %q, %v; want the one in %s", path, err, good)
	}
	if path, err := find("none", "az"); filepath.Dir(path) != good || err != nil {
		t.Errorf("the second name: %q, %v", path, err)
	}
	if _, err := find("none", "nor"); err == nil || err.Error() != "neither none nor nor is on PATH" {
		t.Error(err)
	}
}
