//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"docker-credential-acr/internal/azuretest"
)

const password = "the certificate's password"

// smithy makes certificates with openssl, outside of the home.
type smithy struct {
	t   *testing.T
	dir string
}

func (s smithy) path(name string) string { return filepath.Join(s.dir, name) }

func (s smithy) openssl(args ...string) {
	s.t.Helper()
	for i, a := range args {
		if strings.HasPrefix(a, "@") {
			args[i] = s.path(a[1:])
		}
	}
	tool(s.t, "openssl", "openssl", args...)
}

func (s smithy) read(name string) string {
	s.t.Helper()
	content, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(content)
}

func (s smithy) cat(to string, names ...string) {
	s.t.Helper()
	var all strings.Builder
	for _, name := range names {
		all.WriteString(s.read(name))
	}
	if err := os.WriteFile(s.path(to), []byte(all.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// newSmithy makes the certificates of all tests: a leaf of an intermediate
// authority of a root, in every form.
func newSmithy(t *testing.T) smithy {
	t.Helper()
	s := smithy{t, t.TempDir()}
	for _, name := range []string{"root", "issuer", "leaf", "stranger"} {
		s.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "@"+name+".key")
	}
	for name, text := range map[string]string{"ca.ext": "basicConstraints=critical,CA:TRUE\n", "leaf.ext": "basicConstraints=CA:FALSE\n"} {
		if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.openssl("req", "-x509", "-new", "-key", "@root.key", "-subj", "/CN=Root", "-days", "2", "-out", "@root.crt")
	sign := func(name, by, ext string) {
		s.openssl("req", "-new", "-key", "@"+name+".key", "-subj", "/CN="+name, "-out", "@"+name+".csr")
		s.openssl("x509", "-req", "-in", "@"+name+".csr", "-CA", "@"+by+".crt", "-CAkey", "@"+by+".key", "-CAcreateserial", "-days", "2", "-extfile", "@"+ext, "-out", "@"+name+".crt")
	}
	sign("issuer", "root", "ca.ext")
	sign("leaf", "issuer", "leaf.ext")
	s.openssl("rsa", "-traditional", "-in", "@leaf.key", "-out", "@leaf.pkcs1")
	s.openssl("x509", "-in", "@leaf.crt", "-text", "-out", "@leaf.text")

	s.cat("key-first.pem", "leaf.key", "leaf.crt")
	s.cat("cert-first.pem", "leaf.crt", "leaf.key")
	s.cat("pkcs1.pem", "leaf.pkcs1", "leaf.crt")
	s.cat("text.pem", "leaf.text", "leaf.key")
	s.cat("chain.pem", "leaf.key", "leaf.crt", "issuer.crt", "root.crt")
	s.cat("chain-first.pem", "root.crt", "issuer.crt", "leaf.crt", "leaf.key")
	s.cat("chain.crt", "issuer.crt", "root.crt")
	if err := os.WriteFile(s.path("crlf.pem"), []byte(strings.ReplaceAll(s.read("key-first.pem"), "\n", "\r\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	pfx := func(name, password string, more ...string) {
		s.openssl(append([]string{"pkcs12", "-export", "-inkey", "@leaf.key", "-in", "@leaf.crt", "-passout", "pass:" + password, "-out", "@" + name}, more...)...)
	}
	pfx("modern.pfx", password)
	pfx("modern-open.pfx", "")
	pfx("legacy.pfx", password, "-legacy")
	pfx("legacy-open.pfx", "", "-legacy")
	pfx("chain.pfx", password, "-certfile", "@chain.crt")
	pfx("chain-legacy.pfx", password, "-legacy", "-certfile", "@chain.crt")
	pfx("bare.pfx", "", "-keypbe", "NONE", "-certpbe", "NONE", "-nomac")

	s.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "@ec.key")
	s.openssl("req", "-x509", "-new", "-key", "@ec.key", "-subj", "/CN=ec", "-days", "2", "-out", "@ec.crt")
	s.cat("ec.pem", "ec.key", "ec.crt")
	s.openssl("pkcs12", "-export", "-inkey", "@ec.key", "-in", "@ec.crt", "-passout", "pass:", "-out", "@ec.pfx")
	s.openssl("pkcs8", "-topk8", "-in", "@leaf.key", "-passout", "pass:"+password, "-out", "@sealed.key")
	s.cat("sealed.pem", "sealed.key", "leaf.crt")
	s.openssl("rsa", "-traditional", "-aes256", "-in", "@leaf.key", "-passout", "pass:"+password, "-out", "@sealed-pkcs1.key")
	s.cat("sealed-pkcs1.pem", "sealed-pkcs1.key", "leaf.crt")
	s.cat("stranger.pem", "stranger.key", "leaf.crt")
	s.cat("two-keys.pem", "stranger.key", "leaf.key", "leaf.crt")
	s.cat("keyless.pem", "leaf.crt")
	return s
}

// keyLines are lines of a private key, none of which may ever be shown.
func (s smithy) keyLines() []string {
	var lines []string
	for _, name := range []string{"leaf.key", "leaf.pkcs1", "ec.key", "sealed.key"} {
		all := strings.Split(s.read(name), "\n")
		lines = append(lines, all[1], all[2])
	}
	return append(lines, password)
}

// certified is an account of a service principal with the leaf, and no secret.
func certified(t *testing.T, s smithy) *world {
	t.Helper()
	w := nobody(t, azuretest.Config{IMDS: "on", Apps: []azuretest.App{{ClientID: azuretest.ClientID, Certificates: []string{s.read("leaf.crt")}}}})
	w.env["AZURE_CLIENT_ID"], w.env["AZURE_TENANT_ID"] = azuretest.ClientID, azuretest.Tenant
	w.keeps(s.keyLines()...)
	return w
}

// chainOf is the number of certificates in the assertion's header, of which the
// leaf must come first.
func (w *world) chainOf(assertion string, s smithy) int {
	w.t.Helper()
	token, _, err := jwt.NewParser().ParseUnverified(assertion, jwt.MapClaims{})
	w.must(err)
	chain, _ := token.Header["x5c"].([]any)
	leaf, _ := pem.Decode([]byte(s.read("leaf.crt")))
	if len(chain) > 0 && chain[0] != base64.StdEncoding.EncodeToString(leaf.Bytes) {
		w.t.Error("the leaf is not the first of the certificates")
	}
	return len(chain)
}

// Every form of a certificate that openssl writes, from the variables and from
// the configuration file.
func TestCertificates(t *testing.T) {
	t.Parallel()
	s := newSmithy(t)
	for _, c := range []struct {
		file, password string
		chain          int // certificates sent if the chain is sent
	}{
		{"key-first.pem", "", 1},
		{"cert-first.pem", "", 1},
		{"pkcs1.pem", "", 1},
		{"text.pem", "", 1},
		{"crlf.pem", "", 1},
		{"chain.pem", "", 3},
		{"chain-first.pem", "", 3},
		{"modern.pfx", password, 1},
		{"modern-open.pfx", "", 1},
		{"legacy.pfx", password, 1},
		{"legacy-open.pfx", "", 1},
		{"bare.pfx", "", 1},
		{"chain.pfx", password, 3},
		{"chain-legacy.pfx", password, 3},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			w := certified(t, s)
			w.env["AZURE_CLIENT_CERTIFICATE_PATH"] = s.path(c.file)
			w.env["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = c.password
			w.answersAs(registry, azuretest.ClientID)
			if got := w.chainOf(w.assertions(w.asked(entra, 1))[0], s); got != 0 {
				t.Errorf("%d certificates were sent, unasked", got)
			}
			w.env["AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"] = "true"
			w.azure.Reset()
			w.answersAs(registry, azuretest.ClientID)
			w.asked("* *", 0) // it is the same identity
			w.answersAs(other, azuretest.ClientID)
			if got := w.chainOf(w.assertions(w.asked(entra, 1))[0], s); got != c.chain {
				t.Errorf("%d certificates were sent, want %d", got, c.chain)
			}

			// The same from the configuration file.
			for _, name := range []string{"PATH", "PASSWORD"} {
				delete(w.env, "AZURE_CLIENT_CERTIFICATE_"+name)
			}
			delete(w.env, "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")
			keys := ""
			if c.password != "" {
				keys = `, "certificatePasswordFile": "` + filepath.Join(w.vault(map[string]string{"password": c.password + "\n"}), "password") + `"`
			}
			w.settings(`{"default": {"identity": "service-principal", "tenantId": "` + azuretest.Tenant + `", "clientId": "` + azuretest.ClientID + `",
				"certificateFile": "` + s.path(c.file) + `"` + keys + `},
				"registries": {"` + other + `": {"sendCertificateChain": true}}}`)
			w.azure.Reset()
			w.answersAs(registry, azuretest.ClientID)
			w.answersAs(other, azuretest.ClientID)
			assertions := w.assertions(w.asked(entra, 2))
			if w.chainOf(assertions[0], s) != 0 || w.chainOf(assertions[1], s) != c.chain {
				t.Errorf("%d and %d certificates were sent, want none and %d", w.chainOf(assertions[0], s), w.chainOf(assertions[1], s), c.chain)
			}
			w.asked(imds, 0)
		})
	}
}

// A certificate that cannot be used is told as what it is, and nobody is asked.
func TestCertificatesUnusable(t *testing.T) {
	t.Parallel()
	s := newSmithy(t)
	for _, c := range []struct {
		name, file, password string
		says                 []string // any of them
		never                []string
	}{
		{"no file", "none.pem", "", []string{"no such file"}, nil},
		{"a directory", "", "", []string{"is a directory"}, nil},
		{"no key", "keyless.pem", "", []string{"private key"}, nil},
		{"two keys", "two-keys.pem", "", []string{"private key"}, nil},
		{"another key", "stranger.pem", "", []string{"private key", "its key"}, []string{"AZURE_TENANT_ID", "password"}},
		{"elliptic", "ec.pem", "", []string{"RSA"}, []string{"AZURE_TENANT_ID", "password"}},
		{"elliptic PFX", "ec.pfx", "", []string{"RSA"}, []string{"AZURE_TENANT_ID", "password"}},
		{"encrypted PEM", "sealed.pem", password, []string{"encrypted"}, []string{"password must fit"}},
		{"encrypted PEM without password", "sealed.pem", "", []string{"encrypted"}, nil},
		{"encrypted PKCS#1", "sealed-pkcs1.pem", password, []string{"encrypted"}, []string{"password must fit"}},
		{"wrong password", "modern.pfx", "wrong", []string{"password"}, nil},
		{"wrong password, legacy", "legacy.pfx", "wrong", []string{"password"}, nil},
		{"no password", "modern.pfx", "", []string{"password"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := certified(t, s)
			w.env["AZURE_CLIENT_CERTIFICATE_PATH"] = s.path(c.file)
			w.env["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = c.password
			line := w.refusal(registry)
			w.shows(line, "environment: ", s.path(c.file))
			found := false
			for _, text := range c.says {
				found = found || strings.Contains(line, text)
			}
			if !found {
				t.Errorf("none of %q is said in: %s", c.says, line)
			}
			for _, text := range c.never {
				if strings.Contains(line, text) {
					t.Errorf("%q is said in: %s", text, line)
				}
			}
			w.asked("* *", 0)
		})
	}

	// A password that a PEM does not need harms nobody.
	w := certified(t, s)
	w.env["AZURE_CLIENT_CERTIFICATE_PATH"] = s.path("key-first.pem")
	w.env["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = password
	if r := w.helper(registry, "get"); r.code != 0 {
		t.Error("a PEM with a needless password: ", r.stdout)
	}

	// One that is not the app's.
	w = certified(t, s)
	s.cat("root.pem", "root.key", "root.crt")
	w.env["AZURE_CLIENT_CERTIFICATE_PATH"] = s.path("root.pem")
	w.shows(w.refusal(registry), "AADSTS700027", azuretest.ClientID)
}
