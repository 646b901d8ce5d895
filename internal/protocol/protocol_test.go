package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"
)

// fake is a helper that notes what it is asked.
type fake struct {
	asked string
	added *credentials.Credentials
	err   error
}

func (f *fake) Get(server string) (string, string, error) {
	f.asked = server
	return "<token>", "secret", f.err
}
func (f *fake) Delete(server string) error           { f.asked = server; return f.err }
func (f *fake) List() (map[string]string, error)     { return map[string]string{"h": "u"}, f.err }
func (f *fake) Add(c *credentials.Credentials) error { f.added = c; return f.err }
func none(error) bool                                { return false }

type broken struct{}

func (broken) Read([]byte) (int, error)  { return 0, errors.New("broken") }
func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestRun(t *testing.T) {
	plain := errors.New("no `role`\non eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl it")
	const said = "no 'role' on [redacted] it\n"
	for _, tt := range []struct {
		name, verb, stdin string
		err               error
		notice            bool
		code              int
		stdout, stderr    string
	}{
		{"get", "get", "h\r\n", nil, false, 0, `{"ServerURL":"h","Username":"\u003ctoken\u003e","Secret":"secret"}` + "\n", ""},
		{"get fails", "get", "h", plain, false, 1, said, "docker-credential-acr: " + said},
		{"get finds nothing", "get", "h", credentials.NewErrCredentialsNotFound(), false, 1, "credentials not found in native keychain\n", ""},
		{"get of nothing", "get", "\n", nil, false, 1, "no credentials server URL\n", ""},
		{"get of two lines", "get", "h\nh", nil, false, 1, "credentials not found in native keychain\n", ""},
		{"get of a long line", "get", strings.Repeat("h", maxServer+1), nil, false, 1, "credentials not found in native keychain\n", ""},
		{"get with a vertical tab", "get", "h\v\n", nil, false, 1, "credentials not found in native keychain\n", ""},
		{"get with a no-break space", "get", "\u00a0h", nil, false, 1, "credentials not found in native keychain\n", ""},
		{"get of too much", "get", strings.Repeat("h", maxInput+1), nil, false, 1, "the input is longer than 1 MiB\n", "docker-credential-acr: the input is longer than 1 MiB\n"},
		{"erase", "erase", "h", nil, false, 0, "", ""},
		{"erase fails", "erase", "h", plain, false, 0, "", ""},
		{"erase of nothing", "erase", "", nil, false, 1, "no credentials server URL\n", ""},
		{"list", "list", "unused", nil, false, 0, `{"h":"u"}` + "\n", ""},
		{"list fails", "list", "", plain, false, 1, said, "docker-credential-acr: " + said},
		{"store", "store", `{"ServerURL":"h","Username":"u","Secret":"s"}` + "\n", nil, false, 0, "", ""},
		{"store not kept", "store", `{"ServerURL":"h","Username":"u","Secret":"s"}`, plain, true, 0, "", "docker-credential-acr: " + said},
		{"store without server", "store", `{"ServerURL":" ","Username":"u","Secret":"s"}`, nil, false, 1, "no credentials server URL\n", ""},
		{"store without user", "store", `{"ServerURL":"h","Secret":"s"}`, nil, false, 1, "no credentials username\n", ""},
		{"store nonsense", "store", `{"Secret":"hunter2`, nil, false, 1, "the credentials to store are not JSON with ServerURL, Username and Secret\n", "docker-credential-acr: the credentials to store are not JSON with ServerURL, Username and Secret\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := Run(&fake{err: tt.err}, tt.verb, strings.NewReader(tt.stdin), &stdout, &stderr, func(error) bool { return tt.notice })
			if code != tt.code || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
				t.Errorf("code %d\nstdout %q\nstderr %q", code, stdout.String(), stderr.String())
			}
		})
	}
}

// panics is a helper with a bug.
type panics struct{ fake }

func (panics) Get(string) (string, string, error) { panic("secret") }

func TestPanic(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := Run(&panics{}, "get", strings.NewReader("h"), &stdout, &stderr, none)
	if code != 1 || !strings.HasPrefix(stdout.String(), "this is a bug") || strings.Contains(stdout.String()+stderr.String(), "secret") {
		t.Errorf("code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
	}
}

func TestBrokenPipes(t *testing.T) {
	var out bytes.Buffer
	if code := Run(&fake{}, "get", broken{}, &out, io.Discard, none); code != 1 || out.String() != "cannot read standard input\n" {
		t.Errorf("unreadable stdin: %d, %q", code, out.String())
	}
	out.Reset()
	if code := Run(&fake{}, "get", strings.NewReader("h"), broken{}, &out, none); code != 1 || out.String() != "docker-credential-acr: cannot write to standard output\n" {
		t.Errorf("unwritable stdout: %d, %q", code, out.String())
	}
	if code := Run(&fake{}, "list", broken{}, &out, io.Discard, none); code != 0 {
		t.Errorf("list reads stdin: %d", code)
	}
}

// A secret may be as long as 64 KiB, which docker-credential-helpers' own
// reader refuses.
func TestStoreOfALongSecret(t *testing.T) {
	secret := strings.Repeat("ü\"\\\n<", 64<<10/6)
	input, err := json.Marshal(credentials.Credentials{ServerURL: "h", Username: "u", Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{}
	if code := Run(f, "store", bytes.NewReader(input), io.Discard, io.Discard, none); code != 0 || f.added == nil || f.added.Secret != secret {
		t.Errorf("code %d", code)
	}
}

// program runs a verb in this process as Docker's client library would.
type program struct {
	helper credentials.Helper
	verb   string
	stdin  io.Reader
}

func (p *program) Input(in io.Reader) { p.stdin = in }
func (p *program) Output() ([]byte, error) {
	var stdout bytes.Buffer
	if Run(p.helper, p.verb, p.stdin, &stdout, io.Discard, none) != 0 {
		return stdout.Bytes(), errors.New("exit status 1")
	}
	return stdout.Bytes(), nil
}

func TestDockersOwnClient(t *testing.T) {
	f := &fake{}
	run := func(args ...string) client.Program { return &program{helper: f, verb: args[0]} }
	if c, err := client.Get(run, "h"); err != nil || c.Username != "<token>" || c.Secret != "secret" || c.ServerURL != "h" {
		t.Errorf("%+v, %v", c, err)
	}
	if err := client.Store(run, &credentials.Credentials{ServerURL: "h", Username: "u", Secret: "s"}); err != nil || f.added.Secret != "s" {
		t.Errorf("%+v, %v", f.added, err)
	}
	if err := client.Erase(run, "h"); err != nil {
		t.Error(err)
	}
	if all, err := client.List(run); err != nil || all["h"] != "u" {
		t.Errorf("%v, %v", all, err)
	}
	f.err = credentials.NewErrCredentialsNotFound()
	if _, err := client.Get(run, "h"); !credentials.IsErrCredentialsNotFound(err) {
		t.Errorf("%v", err)
	}
}

// FuzzGet gives get any input: what the helper is asked is one line without
// white space around it, and the answer is one JSON object or one line.
func FuzzGet(f *testing.F) {
	for _, s := range []string{"h", "h\n", "\ufeffh\r\n", "a\nb", "", "\x00", "h\x85", "\u2028h", " \ufeff \ufeff h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, input string) {
		helper := &fake{}
		var stdout, stderr bytes.Buffer
		code := Run(helper, "get", strings.NewReader(input), &stdout, &stderr, none)
		if strings.ContainsAny(helper.asked, "\r\n") || strings.TrimSpace(helper.asked) != helper.asked {
			t.Fatalf("asked %q", helper.asked)
		}
		if strings.Count(stdout.String(), "\n") != 1 || (code == 0) != json.Valid(stdout.Bytes()) || code == 0 && stderr.Len() != 0 {
			t.Fatalf("code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
		}
	})
}

// FuzzStore gives store any input: it never panics, and errors hold nothing of it.
func FuzzStore(f *testing.F) {
	f.Add(`{"ServerURL":"h","Username":"u","Secret":"s"}`)
	f.Add(`{"ServerURL":"h"`)
	f.Fuzz(func(t *testing.T, input string) {
		var stdout bytes.Buffer
		helper := &fake{}
		code := Run(helper, "store", strings.NewReader(input), &stdout, io.Discard, none)
		if (code == 0) != (helper.added != nil) {
			t.Fatalf("code %d, added %+v", code, helper.added)
		}
		if said := strings.TrimSpace(stdout.String()); len(said) > 100 {
			t.Fatalf("said %q", said)
		}
	})
}
