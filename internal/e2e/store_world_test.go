//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"docker-credential-acr/internal/azuretest"
)

// The registry's two kinds of users with a password, and passwords that could
// suffer on the way.
const (
	adminUser      = "myregistry"
	adminPassword  = `Adm1n+p:ss"word/ with\everything=` + "ü"
	secondPassword = "Second+admin/password:of-the=registry"
	tokenName      = "scoped-token"
	tokenPassword  = "Sc0ped/token+password:for=team"
)

// withLogins is an Azure whose registry has an admin and a scope-map token.
func withLogins() azuretest.Config {
	return azuretest.Config{Registries: []azuretest.Registry{{
		Host: registry, AdminUser: adminUser, AdminPasswords: []string{adminPassword, secondPassword},
		ScopeMapTokens: []azuretest.ScopeMapToken{{Name: tokenName, Passwords: []string{tokenPassword}, Repositories: map[string][]string{"team/app": {"content/read", "metadata/read"}}}},
	}}}
}

// logins are the two users.
var logins = []struct{ name, user, password string }{
	{"admin", adminUser, adminPassword},
	{"scope-map token", tokenName, tokenPassword},
}

// stored fails the test unless get answers with this user and password, and asks
// nobody.
func (w *world) stored(user, password string) {
	w.t.Helper()
	w.azure.Reset()
	r := w.helper(registry, "get")
	var c struct{ Username, Secret string }
	if err := json.Unmarshal([]byte(r.stdout), &c); err != nil || c.Username != user || c.Secret != password {
		w.t.Fatalf("get: exit code %d, user %q, want %q: %s", r.code, c.Username, user, r.stderr)
	}
	w.costs(cost{})
	w.shows(w.helper("", "list").stdout, fmt.Sprintf("%q:%q", registry, user))
}

// store hands a login to the helper, as clients do.
func (w *world) store(user, password string) result {
	w.t.Helper()
	text, err := json.Marshal(map[string]string{"ServerURL": registry, "Username": user, "Secret": password})
	w.must(err)
	return w.input(string(text), filepath.Join(bin, "docker-credential-acr"), "store")
}

// traceless fails the test if one of the secrets, or a token, is left below the
// home, in whatever form, or was said by a client.
func (w *world) traceless(secrets ...string) {
	w.t.Helper()
	w.search(secret, secrets)
}

// lacks is the same without the tokens, of which the cache may have some.
func (w *world) lacks(secrets ...string) {
	w.t.Helper()
	w.search(func(string) bool { return false }, secrets)
}

func (w *world) search(secret func(string) bool, secrets []string) {
	w.t.Helper()
	var all [][]byte
	for _, secret := range secrets {
		for _, form := range written(secret) {
			all = append(all, []byte(form))
		}
	}
	found := func(content []byte) bool {
		return secret(string(content)) || slices.ContainsFunc(all, func(form []byte) bool { return bytes.Contains(content, form) })
	}
	w.must(filepath.WalkDir(w.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if found(content) {
			w.t.Errorf("something of the secret is left in %s", path)
		}
		return err
	}))
	for _, r := range w.said {
		if !strings.HasSuffix(r.command, " get") && found([]byte(r.all())) {
			w.t.Errorf("something of the secret was said by %s", r.command)
		}
	}
}

// written are the forms in which a secret may stand in a file: as it is, escaped
// for JSON, and both in Base64, alone or behind a user name, at any offset.
func written(secret string) []string {
	escaped, _ := json.Marshal(secret)
	forms := []string{secret, strings.Trim(string(escaped), `"`)}
	for _, form := range slices.Clone(forms) {
		for lead := range 3 {
			text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", lead) + form))
			from := (lead + 2) / 3 * 3
			part := text[from/3*4:][:(lead+len(form)-from)/3*4]
			forms = append(forms, part, strings.NewReplacer("+", "-", "/", "_").Replace(part))
		}
	}
	return forms
}

// setUpPass makes a throwaway key for pass. Everything is below the home.
func (w *world) setUpPass() {
	w.t.Helper()
	debian(w.t, "docker-credential-pass", "golang-docker-credential-helpers")
	gpg := debian(w.t, "gpg", "gnupg")
	pass := debian(w.t, "pass", "pass")
	w.env["GNUPGHOME"] = filepath.Join(w.home, ".gnupg")
	w.env["PASSWORD_STORE_DIR"] = filepath.Join(w.home, ".password-store")
	w.must(os.MkdirAll(w.env["GNUPGHOME"], 0o700))
	w.t.Cleanup(func() { _ = w.input("", "gpgconf", "--kill", "all") })
	w.ok(gpg, "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-generate-key", "x <x@example.test>", "default", "default", "never")
	for _, line := range strings.Split(w.ok(gpg, "--list-keys", "--with-colons").stdout, "\n") {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" {
			w.ok(pass, "init", fields[9])
			return
		}
	}
	w.t.Fatal("no key")
}

// keyring starts a session bus with a gnome-keyring, and returns what ends both.
// Its content is in the home, and stays.
func (w *world) keyring(unlocked bool) (end func()) {
	w.t.Helper()
	debian(w.t, "docker-credential-secretservice", "golang-docker-credential-helpers")
	debian(w.t, "gnome-keyring-daemon", "gnome-keyring")
	session := debian(w.t, "dbus-run-session", "dbus-daemon")
	start := "gnome-keyring-daemon --start --components=secrets >/dev/null"
	if unlocked {
		start = `printf 'pw\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null`
	}
	ask := debian(w.t, "dbus-send", "dbus-bin")
	// Asked before it has its name, the bus would start another one.
	wait := `for i in $(seq 600); do ` + ask + ` --session --print-reply --dest=org.freedesktop.DBus /org/freedesktop/DBus ` +
		`org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q true && break; sleep 0.1; done`
	// With the end of its standard input everything ends, also when the tests are killed.
	cmd := w.command(w.t.Context(), session, "--", "sh", "-c", start+`; `+wait+`; echo "$DBUS_SESSION_BUS_ADDRESS"; read -r _`)
	leash, err := cmd.StdinPipe()
	w.must(err)
	out, err := cmd.StdoutPipe()
	w.must(err)
	w.must(cmd.Start())
	address, err := bufio.NewReader(out).ReadString('\n')
	w.must(err)
	w.env["DBUS_SESSION_BUS_ADDRESS"] = strings.TrimSpace(address)
	ended := false
	end = func() {
		if ended {
			return
		}
		ended = true
		_ = leash.Close()
		_ = cmd.Wait()
		delete(w.env, "DBUS_SESSION_BUS_ADDRESS")
		_ = os.RemoveAll(filepath.Join(w.env["XDG_RUNTIME_DIR"], "keyring"))
	}
	w.t.Cleanup(end)
	return end
}
