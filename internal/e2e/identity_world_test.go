//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"docker-credential-acr/internal/azuretest"
)

// nobody is a new account on a machine of its own where nobody is signed in and
// nothing but the helper is on PATH.
func nobody(t *testing.T, c azuretest.Config) *world {
	t.Helper()
	if !reachable() {
		t.Skip("SSL_CERT_FILE has no effect on this system")
	}
	w := newWorld(t, c)
	w.signOut()
	w.checksCache()
	return w
}

// settings writes the helper's own configuration, where it looks for it.
func (w *world) settings(text string) {
	w.t.Helper()
	w.write(".config/docker-credential-acr/config.json", text)
}

// vault is a directory for secrets, outside of the home.
func (w *world) vault(files map[string]string) string {
	w.t.Helper()
	dir := w.t.TempDir()
	for name, content := range files {
		w.must(os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return dir
}

// claims are those of a token, unverified.
func (w *world) claims(token string) jwt.MapClaims {
	w.t.Helper()
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		w.t.Fatal("this is no token")
	}
	return claims
}

// answer is what get says for a host, which must be a token of that registry's.
func (w *world) answer(host string) string {
	w.t.Helper()
	r := w.helper(host, "get")
	v := oneValue(r.stdout)
	if r.code != 0 || v.kind != "found" || r.stderr != "" {
		w.t.Fatal(r)
	}
	if claims := w.claims(v.pass); claims["aud"] != host || claims["grant_type"] != "refresh_token" {
		w.t.Fatalf("the token is for %v", claims["aud"])
	}
	return v.pass
}

// principal is whom a refresh token of the emulator was given to.
func principal(token string) string {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		return ""
	}
	who, _ := claims["azuretest_principal"].(string)
	return who
}

// answersAs fails the test unless get answers with a token of want, a principal.
func (w *world) answersAs(host, want string) {
	w.t.Helper()
	if got := principal(w.answer(host)); got != want {
		w.t.Errorf("%s: the token is %s's, want %s", host, got, want)
	}
}

// refusal is the one line that get says when it fails.
func (w *world) refusal(host string) string {
	w.t.Helper()
	r := w.helper(host, "get")
	line := strings.TrimSuffix(r.stdout, "\n")
	if r.code != 1 || line == "" || strings.ContainsAny(line, "\n\r\x1b") || !strings.HasPrefix(line, host+": ") || line == notFound {
		w.t.Fatal(r)
	}
	return line
}

// asked are the requests that match a pattern of azuretest's, since the last
// Reset, and their number must be n.
func (w *world) asked(pattern string, n int) []azuretest.Request {
	w.t.Helper()
	if got := w.azure.Count(pattern); got != n {
		var all []string
		for _, r := range w.azure.Requests() {
			all = append(all, r.String())
		}
		// What follows would look for them.
		w.t.Fatalf("%d requests %s, want %d, among\n%s", got, pattern, n, strings.Join(all, "\n"))
	}
	// Count knows patterns, and the log is all there is to choose from.
	method, rest, _ := strings.Cut(pattern, " ")
	var found []azuretest.Request
	for _, r := range w.azure.Requests() {
		at := r.Host + r.Path
		if strings.Contains(rest, "?") {
			at += "?" + r.Query
		}
		if (method == "*" || r.Method == method) && wild(rest, at) {
			found = append(found, r)
		}
	}
	return found
}

// wild matches as azuretest's patterns do.
func wild(pattern, text string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	for i := len(first); i <= len(text); i++ {
		if wild(rest, text[i:]) {
			return true
		}
	}
	return false
}

const (
	exchanges = "POST *.azurecr.*/oauth2/exchange"
	imds      = "* 169.254.169.254/*"
	entra     = "POST login.*/oauth2/v2.0/token"
)

// ours are the requests of the helper itself. Its tools have libraries of their
// own.
func (w *world) ours() []azuretest.Request {
	return slices.DeleteFunc(w.azure.Requests(), func(r azuretest.Request) bool {
		agent := r.Header.Get("User-Agent")
		return !strings.HasPrefix(agent, "docker-credential-acr") && !strings.HasPrefix(agent, "azsdk-go-") && !strings.HasPrefix(agent, "Go-http-client")
	})
}

// oursAre fails the test unless the helper itself made these requests, given as
// "METHOD HOST/PATH", in this order.
func (w *world) oursAre(want ...string) {
	w.t.Helper()
	var got []string
	for _, r := range w.ours() {
		got = append(got, r.Method+" "+r.Host+r.Path)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("the helper asked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// saysTenant fails the test unless an error names the tenant that was used and
// a way to set another.
func (w *world) saysTenant(line, tenant string, ways ...string) {
	w.t.Helper()
	if !strings.Contains(line, tenant) || !slices.ContainsFunc(ways, func(way string) bool { return strings.Contains(line, way) }) {
		w.t.Errorf("it is not said that the tenant was %s and how to set another (%s) in:\n%s", tenant, strings.Join(ways, ", "), line)
	}
}

// keeps fails the test if one of secrets stands in what was said or in a file
// below the home, the cache included, when the test ends.
func (w *world) keeps(secrets ...string) {
	w.t.Helper()
	w.t.Cleanup(func() {
		for _, s := range secrets {
			for _, r := range w.said {
				if strings.Contains(r.all(), s) {
					w.t.Errorf("a secret stands in the output of %s", r.command)
				}
			}
			w.must(w.files(func(path string, content []byte) {
				if strings.Contains(string(content), s) {
					w.t.Errorf("a secret stands in %s", path)
				}
			}))
		}
	})
}

func (w *world) files(each func(path string, content []byte)) error {
	return filepath.WalkDir(w.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		each(path, content)
		return err
	})
}

// checksCache fails the test if the cache holds any token but refresh tokens of
// registries, or lets others read them, when the test ends.
func (w *world) checksCache() {
	w.t.Cleanup(func() {
		dir := filepath.Join(w.env["XDG_CACHE_HOME"], "docker-credential-acr")
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if info.Mode().Perm()&0o077 != 0 {
				w.t.Errorf("%s has mode %v", path, info.Mode())
			}
			if !d.Type().IsRegular() {
				return nil
			}
			content, err := os.ReadFile(path)
			for _, token := range jwts.FindAllString(string(content), -1) {
				if claims := w.claims(token + ".AAAA"); claims["iss"] != "Azure Container Registry" || claims["grant_type"] != "refresh_token" {
					w.t.Errorf("a token of %v stands in %s", claims["iss"], path)
				}
			}
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			w.t.Error(err)
		}
	})
}

// azureCLI is Debian's Azure CLI, for one world.
type azureCLI struct {
	w     *world
	path  string
	dir   string // where it keeps who is signed in
	notes string
	mu    sync.Mutex
}

// azureCLI puts the Azure CLI on PATH, behind a script that counts its runs, with
// a private directory for its state, which holds secrets.
func (w *world) azureCLI() *azureCLI {
	w.t.Helper()
	c := &azureCLI{w: w, path: debian(w.t, "az", "azure-cli"), dir: w.t.TempDir(), notes: filepath.Join(w.t.TempDir(), "az")}
	w.write("tools/az", "#!/bin/sh\nprintf '%s\\n' \"$*\" >>'"+c.notes+"'\n[ ! -e '"+c.notes+".first' ] || . '"+c.notes+".first'\nexec '"+c.path+"' \"$@\"\n")
	w.must(os.Chmod(filepath.Join(w.home, "tools", "az"), 0o700)) //nolint:gosec // a program
	// az itself is a script.
	w.env["PATH"] = filepath.Join(w.home, "tools") + ":" + w.env["PATH"] + ":/usr/bin:/bin"
	w.env["AZURE_CONFIG_DIR"] = c.dir
	return c
}

// run runs the Azure CLI as the user does, and returns what it prints: that may
// be a token. The requests that it makes are forgotten.
func (c *azureCLI) run(args ...string) string {
	c.w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := c.w.command(ctx, c.path, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		c.w.t.Fatalf("az %s: %v\n%s", args[:min(2, len(args))], err, &stderr)
	}
	c.w.azure.Reset()
	return string(out)
}

func (c *azureCLI) login(id, secret, tenant string) {
	c.w.t.Helper()
	c.run("login", "--service-principal", "-u", id, "-p", secret, "--tenant", tenant)
}

// first has a line of shell run before each run of az by the helper; "" ends that.
func (c *azureCLI) first(line string) {
	c.w.t.Helper()
	if line == "" {
		c.w.must(os.Remove(c.notes + ".first"))
		return
	}
	c.w.must(os.WriteFile(c.notes+".first", []byte(line+"\n"), 0o600))
}

// runs fails the test unless the helper ran az so often since the last call, and
// returns with which arguments.
func (c *azureCLI) runs(want int) []string {
	c.w.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	content, err := os.ReadFile(c.notes)
	if err != nil && !os.IsNotExist(err) {
		c.w.t.Fatal(err)
	}
	_ = os.Remove(c.notes)
	lines := strings.FieldsFunc(string(content), func(r rune) bool { return r == '\n' })
	if len(lines) != want {
		c.w.t.Errorf("az ran %d times, want %d: %q", len(lines), want, lines)
	}
	return lines
}

// assertions are the client assertions of requests, which must all have one.
func (w *world) assertions(requests []azuretest.Request) []string {
	w.t.Helper()
	var all []string
	for _, r := range requests {
		if r.Method != http.MethodPost || r.Form.Get("client_assertion") == "" {
			w.t.Fatalf("%s has no assertion", r)
		}
		all = append(all, r.Form.Get("client_assertion"))
	}
	return all
}

// different fails the test unless no two of texts are the same.
func different(t *testing.T, texts []string) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(texts))
	if len(slices.Compact(sorted)) != len(texts) {
		t.Errorf("of %d, some are the same", len(texts))
	}
}

// jsonOf reads what a tool prints.
func jsonOf[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// tool is a program of Debian's that the tests themselves use.
func tool(t *testing.T, program, pack string, args ...string) {
	t.Helper()
	cmd := exec.Command(debian(t, program, pack), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}
