package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rogpeppe/go-internal/testscript"

	"docker-credential-acr/internal/atrest"
	"docker-credential-acr/internal/azuretest"
	"docker-credential-acr/internal/command"
	"docker-credential-acr/internal/kubelet"
)

// script is what the commands of one script share.
type script struct {
	env    *testscript.Env
	azure  *azuretest.Azure
	stdout string // of the last acr
	stderr string
}

type scriptKey struct{}

func of(ts *testscript.TestScript) *script { return ts.Value(scriptKey{}).(*script) }

// scriptTB lets the emulator fail the script.
type scriptTB struct {
	*testscript.TestScript
	s *script
}

func (scriptTB) Helper() {}
func (tb scriptTB) Errorf(format string, a ...any) {
	tb.s.env.T().Log("FAIL: " + strings.TrimSpace(fmt.Sprintf(format, a...)))
	tb.s.env.T().FailNow()
}
func (tb scriptTB) Cleanup(f func()) { tb.s.env.Defer(f) }
func (tb scriptTB) TempDir() string  { return tb.mkdir() }
func (tb scriptTB) mkdir() string {
	dir, err := os.MkdirTemp("", "azuretest")
	tb.Check(err)
	tb.s.env.Defer(func() { _ = os.RemoveAll(dir) })
	return dir
}

func setAll(ts *testscript.TestScript, env []string) {
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		ts.Setenv(name, value)
	}
}

// acr runs the program. A verb of Docker's protocol has the text INPUT, in which
// \n and the like are escapes, on its standard input:
//
//	acr get 'myregistry.azurecr.io\n'
//	! acr -n 64 get myregistry.azurecr.io
//	acr token -o json myregistry
//	! acr -exit 2 login
//
// With -n it runs that many at once; they must agree in exit code and stdout.
// Whatever the outcome, output beside the answer of a successful get must hold
// no secret, and so must every file; see leaks, which looks once more when the
// script has ended.
func acr(ts *testscript.TestScript, neg bool, args []string) {
	times, failure := 1, 1
	for len(args) > 1 && (args[0] == "-n" || args[0] == "-exit") {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		if args[0] == "-n" {
			times = n
		} else {
			failure = n
		}
		args = args[2:]
	}
	input := ""
	if len(args) == 2 && command.IsVerb(args[:1]) && !strings.HasPrefix(args[1], "-") {
		var err error
		input, err = strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
		ts.Check(err)
		args = args[:1]
	}
	type outcome struct {
		stdout, stderr string
		code           int
	}
	outcomes := make([]outcome, times)
	done := make(chan int)
	for i := range times {
		go func() {
			defer func() { done <- i }()
			cmd := exec.Command(filepath.Join(bin, "docker-credential-acr"), args...)
			cmd.Dir = ts.MkAbs(".")
			cmd.Env = environ(ts)
			cmd.Stdin = strings.NewReader(input)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				stderr.WriteString(err.Error())
			}
			outcomes[i] = outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
		}()
	}
	for range times {
		<-done
	}
	first := outcomes[0]
	for _, o := range outcomes {
		if o.stdout != first.stdout || o.code != first.code {
			ts.Logf("one: %d %s%s\nanother: %d %s%s", first.code, first.stdout, first.stderr, o.code, o.stdout, o.stderr)
			ts.Fatalf("runs at once don't agree")
		}
		answered := o.code == 0 && len(args) > 0 && slices.Contains([]string{"get", "token", kubelet.Verb}, args[0])
		said := o.stderr
		if !answered {
			said += o.stdout
		}
		if found := azuretest.FindSecret(said); found != "" {
			ts.Fatalf("%s stands in the output: %s", found, said)
		}
	}
	of(ts).stdout, of(ts).stderr = first.stdout, first.stderr
	_, _ = ts.Stdout().Write([]byte(first.stdout))
	_, _ = ts.Stderr().Write([]byte(first.stderr))
	of(ts).leaks()
	switch {
	case neg && first.code != failure:
		ts.Fatalf("exit code %d, want %d\n%s%s", first.code, failure, first.stdout, first.stderr)
	case !neg && first.code != 0:
		ts.Fatalf("exit code %d\n%s%s", first.code, first.stdout, first.stderr)
	}
}

// environ is the script's environment. Empty variables are left out, but
// AZURE_CLIENT_ID, which is always there: set and empty it breaks azidentity.
func environ(ts *testscript.TestScript) []string {
	names := slices.Clone(variables)
	for _, e := range of(ts).env.Vars {
		name, _, _ := strings.Cut(e, "=")
		names = append(names, name)
	}
	var env []string
	for _, name := range names {
		if value := ts.Getenv(name); value != "" || name == "AZURE_CLIENT_ID" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// variables are those that scripts and the emulator set.
var variables = []string{
	"HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
	"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD",
	"AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST", "AZURE_TOKEN_CREDENTIALS", "AZURE_CONFIG_DIR", "AZURE_POD_IDENTITY_AUTHORITY_HOST",
	"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET",
	"ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN",
	"AZURESUBSCRIPTION_CLIENT_ID", "AZURESUBSCRIPTION_TENANT_ID", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
	"ID_TOKEN", "APP_SECRET", "APP_PASSWORD", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR",
	"DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "HELM_REGISTRY_CONFIG", "SUDO_USER", "NO_COLOR", "TERM", "TZ", "NO_PROXY", "no_proxy",
	"DOCKER_CREDENTIAL_ACR_CONFIG",
	"CI", "DOCKER_CREDENTIAL_ACR_CACHE", "DOCKER_CREDENTIAL_ACR_LOG", "DOCKER_CREDENTIAL_ACR_RENEWAL", "DOCKER_CREDENTIAL_ACR_TIMEOUT", "DOCKER_CREDENTIAL_ACR_USERNAME",
}

// answer asserts that the last acr printed one credential in the form that
// every client reads, and keeps its secret in a variable:
//
//	answer SERVERURL USERNAME SECRET_VARIABLE
//
// If the variable is set already, the secret must be the same, or with a ! must
// be another.
func answer(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: answer SERVERURL USERNAME VARIABLE")
	}
	out := of(ts).stdout
	var keys map[string]string
	if err := json.Unmarshal([]byte(out), &keys); err != nil || len(keys) != 3 || strings.Count(out, "\n") != 1 || !strings.HasSuffix(out, "}\n") || len(out) >= 4096 {
		ts.Fatalf("not one small JSON object of three strings in a line: %q %v", out, err)
	}
	if keys["ServerURL"] != args[0] || keys["Username"] != args[1] || keys["Secret"] == "" {
		ts.Fatalf("ServerURL %q, Username %q, Secret of %d bytes", keys["ServerURL"], keys["Username"], len(keys["Secret"]))
	}
	switch before := ts.Getenv(args[2]); {
	case before == "":
		ts.Setenv(args[2], keys["Secret"])
	case neg == (before == keys["Secret"]):
		ts.Fatalf("the secret is the same as before: %v", before == keys["Secret"])
	}
}

// plain writes what the last acr printed into the files stdout.txt and
// stderr.txt, in a form that is the same each time, to be compared.
func plain(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: plain")
	}
	for name, text := range map[string]string{"stdout.txt": of(ts).stdout, "stderr.txt": of(ts).stderr} {
		for _, v := range vary {
			text = v.form.ReplaceAllString(text, v.name)
		}
		text = strings.NewReplacer(ts.Getenv("BIN"), "$BIN", ts.Getenv("WORK"), "$WORK").Replace(text)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// vary are the parts of an output that vary from run to run.
var vary = []struct {
	form *regexp.Regexp
	name string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d [A-Z]+`), "MOMENT"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "TIME"},
	{regexp.MustCompile(`eyJ[\w-]+(\.[\w-]*){2}`), "TOKEN"},
	// TestHowTokensAreKept has the words for both.
	{regexp.MustCompile(`"encrypted": \d+,\s+"clear": \d+`), `"encrypted or clear": COUNT`},
	{regexp.MustCompile(`token(s?) (encrypted|in clear)`), "token$1 ENCRYPTED OR CLEAR"},
	{regexp.MustCompile(`("auth": ")MDAw[\w+/]+=*`), "${1}BASE64"},
	{regexp.MustCompile(`(dockerconfigjson: )eyJ[\w+/]+=*`), "${1}BASE64"},
}

// files asserts how many files of a kind the cache holds: files token 1
func files(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: files KIND COUNT")
	}
	found, err := filepath.Glob(filepath.Join(ts.Getenv("CACHE"), "*."+args[0]+"*"))
	ts.Check(err)
	if strconv.Itoa(len(found)) != args[1] {
		ts.Fatalf("%d files, want %s: %v", len(found), args[1], found)
	}
}

// push puts an image into a registry, whoever may do that, and leaves no trace of
// it among the requests:
//
//	push myregistry.azurecr.io/team/app
func push(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: push IMAGE")
	}
	image, err := name.ParseReference(args[0])
	ts.Check(err)
	content, err := random.Image(100, 1)
	ts.Check(err)
	a, host := of(ts).azure, image.Context().RegistryStr()
	var before azuretest.Registry
	set := func(r azuretest.Registry) {
		a.Update(func(c *azuretest.Config) { before, *c.Registry(host) = *c.Registry(host), r })
	}
	set(azuretest.Registry{Host: host})
	defer func() { set(before) }()
	credential := authn.FromConfig(authn.AuthConfig{IdentityToken: a.Issue(host, azuretest.TokenOptions{})})
	ts.Check(remote.Write(image, content, remote.WithTransport(a.Transport()), remote.WithAuth(credential)))
	a.Reset()
}

// token makes a token as the registry would and writes what a client would give
// to store:
//
//	token FILE USERNAME REGISTRY [OPTIONS]
//
// with azuretest.TokenOptions in JSON.
func token(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: token FILE USERNAME REGISTRY [OPTIONS]")
	}
	var o azuretest.TokenOptions
	if len(args) > 3 {
		ts.Check(json.Unmarshal([]byte(args[3]), &o))
	}
	secret := of(ts).azure.Issue(args[2], o)
	content, err := json.Marshal(map[string]string{"ServerURL": args[2], "Username": args[1], "Secret": secret})
	ts.Check(err)
	ts.Setenv("ISSUED", secret)
	ts.Setenv("STORE", strings.ReplaceAll(string(content), `\`, `\\`))
}

// entra writes what 'az account get-access-token' prints for a user: entra FILE USER
func entra(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: entra FILE USER")
	}
	content, err := json.Marshal(map[string]any{
		"accessToken": of(ts).azure.IssueEntra(azuretest.EntraOptions{User: args[1]}),
		"expires_on":  time.Now().Add(time.Hour).Unix(),
	})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), content, 0o600))
}

// assertion writes a federated token and puts it into the variable ID_TOKEN:
// assertion FILE [SUBJECT]
func assertion(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: assertion FILE [SUBJECT]")
	}
	var o azuretest.AssertionOptions
	if len(args) == 2 {
		o.Subject = args[1]
	}
	token := of(ts).azure.Assertion(o)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(token+"\n"), 0o600))
	ts.Setenv("ID_TOKEN", token)
}

// damage spoils every file of a kind in the cache: damage token TEXT
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: damage KIND TEXT")
	}
	found, err := filepath.Glob(filepath.Join(ts.Getenv("CACHE"), "*."+args[0]))
	ts.Check(err)
	if len(found) == 0 {
		ts.Fatalf("nothing to damage")
	}
	for _, path := range found {
		ts.Check(os.WriteFile(path, []byte(args[1]), 0o600))
	}
}

// harmless asserts that what the last acr said is one short line on each output,
// of plain text and without the word EVIL, and that the log says no such thing
// either.
func harmless(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: harmless")
	}
	s := of(ts)
	for _, said := range []string{s.stdout, s.stderr} {
		if line, ok := strings.CutSuffix(said, "\n"); !ok || len(line) > 1000 || strings.ContainsFunc(line, func(r rune) bool { return r > '~' || r < ' ' || r == '`' }) || strings.Contains(line, "EVIL") {
			ts.Fatalf("not one harmless line: %q", said)
		}
	}
	log, err := os.ReadFile(ts.Getenv("DOCKER_CREDENTIAL_ACR_LOG"))
	ts.Check(err)
	if bytes.ContainsAny(log, "\x1b\r\x00") || bytes.Contains(log, []byte("EVIL")) {
		ts.Fatalf("the log repeats what it was told: %q", log)
	}
}

// leaks fails the script if a file holds a secret of the emulated world. Files
// that the script itself wrote are named *.secret; the cache's are excepted where
// there is no key to seal them with.
func (s *script) leaks() {
	cache := ""
	if (atrest.Sealer{}).ID() == "" {
		cache = s.env.Getenv("CACHE")
	}
	err := filepath.WalkDir(s.env.WorkDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || cache != "" && strings.HasPrefix(path, cache) || strings.HasSuffix(path, ".secret") {
			return nil
		}
		content, err := os.ReadFile(path)
		if found := azuretest.FindSecret(string(content)); err == nil && found != "" {
			s.env.T().Log("FAIL: " + found + " stands in " + path)
			s.env.T().FailNow()
		}
		return nil
	})
	if err != nil {
		s.env.T().Log(err)
		s.env.T().FailNow()
	}
}

// finds asserts what the last "acr doctor -o json" found first that is not in
// order, or with "nothing" that all is:
//
//	finds secret-expired
func finds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: finds CODE")
	}
	var report struct {
		Pull   bool
		Checks []struct {
			Step, State string
			Findings    []struct{ Code, State, Message, Cause, Command string }
		}
	}
	if err := json.Unmarshal([]byte(of(ts).stdout), &report); err != nil {
		ts.Fatalf("no report: %v\n%s", err, of(ts).stdout)
	}
	first, failed := "nothing", false
	for _, c := range report.Checks {
		for _, f := range c.Findings {
			if f.Message == "" || strings.Contains(f.Message+f.Cause+f.Command, "?") && f.State != "ok" && !strings.Contains(f.Command, "?api-version") && !strings.Contains(f.Command, "?code=") {
				ts.Fatalf("%s has no words for a value: %+v", f.Code, f)
			}
			if f.State != "failed" && f.State != "warning" {
				continue
			}
			if f.Cause == "" || f.Command == "" {
				ts.Fatalf("%s has no cause or command: %+v", f.Code, f)
			}
			failed = failed || f.State == "failed"
			if first == "nothing" {
				first = f.Code
			}
		}
	}
	if first != args[0] {
		ts.Fatalf("the first finding is %s, want %s:\n%s", first, args[0], of(ts).stdout)
	}
	if report.Pull == failed {
		ts.Fatalf("pull is %v:\n%s", report.Pull, of(ts).stdout)
	}
}

// passing are the parts of doctor's output that are never the same.
var passing = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?m) +[0-9]+ (ms|s)$`), ""},
	{regexp.MustCompile(`[0-9-]{10}T[0-9:]{8}Z`), "TIME"},
	{regexp.MustCompile(`127\.0\.0\.1:[0-9]+`), "PROXY"},
	{regexp.MustCompile(`\S*/docker-credential-acr-test[0-9]+/`), "BIN/"},
	// TestHowTokensAreKept has the words for both.
	{regexp.MustCompile(`tokens are (encrypted|in clear)[^\n]*(\n {22}[^\n]+)*`), "ENCRYPTED OR CLEAR"},
}

// golden compares the last output with a file; see passing.
func golden(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: golden FILE")
	}
	got := of(ts).stdout
	for _, p := range passing {
		got = p.pattern.ReplaceAllString(got, p.instead)
	}
	if want := ts.ReadFile(args[0]); got != want {
		ts.Fatalf("got:\n%s\nwant:\n%s", got, want)
	}
}
