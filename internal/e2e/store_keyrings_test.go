//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pass with a key keeps logins, and what Docker keeps there itself is neither
// read nor touched.
func TestStorePass(t *testing.T) {
	t.Parallel()
	w := machine(t, withLogins())
	w.setUpPass()
	docker := `{"ServerURL":"` + registry + `","Username":"docker","Secret":"dockers-own"}`
	w.silent(w.input(docker, "docker-credential-pass", "store"))
	before := w.helper(registry, "get") // by the ambient identity
	if strings.Contains(before.stdout, "dockers-own") || before.code != 0 {
		t.Fatal(before)
	}
	w.silent(w.store(adminUser, adminPassword))
	w.stored(adminUser, adminPassword)
	w.lacks(adminPassword) // in clear
	for range 2 {
		w.silent(w.store(tokenName, tokenPassword))
		w.silent(w.store("anna", "a\nb\x00 ü"))
	}
	w.stored("anna", "a\nb\x00 ü")
	if entries := strings.Count(w.ok("docker-credential-pass", "list").stdout, ".invalid"); entries != 1 {
		t.Errorf("%d entries in pass", entries)
	}

	// Without the key it is neither lost nor replaced by another identity.
	hidden := w.env["GNUPGHOME"]
	w.env["GNUPGHOME"] = filepath.Join(w.home, "empty")
	w.must(os.MkdirAll(w.env["GNUPGHOME"], 0o700))
	w.azure.Reset()
	r := w.helper(registry, "get")
	if r.code != 1 {
		t.Error("it is answered without the key")
	}
	w.shows(r.stdout, registry+": the credential is in the store pass, which fails")
	w.costs(cost{})
	_ = w.input("", "gpgconf", "--kill", "all")
	w.env["GNUPGHOME"] = hidden
	w.stored("anna", "a\nb\x00 ü")

	w.silent(w.helper(registry, "erase"))
	w.shows(w.ok("docker-credential-pass", "list").stdout, `{"`+registry+`":"docker"}`)
	w.shows(w.input(registry, "docker-credential-pass", "get").stdout, "dockers-own")
	w.traceless(adminPassword, tokenPassword)

	// Emptied by hand: the ambient identity answers, and pass is not asked again.
	w.silent(w.store(adminUser, adminPassword))
	w.must(os.RemoveAll(filepath.Join(w.env["PASSWORD_STORE_DIR"], "docker-credential-helpers")))
	if r := w.helper(registry, "get"); r.code != 0 || strings.Contains(r.stdout, adminUser+`",`) {
		t.Error("no answer from the ambient identity")
	}
	w.shows(w.helper("", "list").stdout, `"`+registry+`":"\u003ctoken\u003e"`)
	w.silent(w.helper(registry, "erase"))
}

// pass that is installed and not set up is passed over.
func TestStorePassWithoutKey(t *testing.T) {
	t.Parallel()
	debian(t, "docker-credential-pass", "golang-docker-credential-helpers")
	debian(t, "docker-credential-secretservice", "golang-docker-credential-helpers")
	w := machine(t, withLogins())
	r := w.store(adminUser, adminPassword)
	if r.code != 0 || r.stdout != "" {
		t.Fatal(r)
	}
	w.shows(r.stderr, "WARNING! The password for "+registry+" is stored unencrypted in ")
	w.stored(adminUser, adminPassword)
	// Set up later, it is welcome.
	w.setUpPass()
	w.stored(adminUser, adminPassword)
	w.silent(w.store(adminUser, adminPassword))
	w.lacks(adminPassword)
	w.stored(adminUser, adminPassword)
	w.silent(w.helper(registry, "erase"))
	w.traceless(adminPassword)
}

// gnome-keyring, unlocked, locked and unlocked again.
func TestStoreSecretService(t *testing.T) {
	t.Parallel()
	w := machine(t, withLogins())
	list := func() string { t.Helper(); return w.ok("docker-credential-secretservice", "list").stdout }
	end := w.keyring(true)
	w.silent(w.store(adminUser, adminPassword))
	w.stored(adminUser, adminPassword)
	w.shows(list(), registry+".docker-credential-acr.invalid")
	end()

	// Without a session bus, and locked.
	for _, bus := range []bool{false, true} {
		if bus {
			end = w.keyring(false)
		}
		notLonger(t, 10*time.Second, func() {
			w.azure.Reset()
			r := w.helper(registry, "get")
			if r.code != 1 {
				t.Error("it is answered by another identity")
			}
			w.shows(r.stdout, registry+": the credential is in the store secretservice, which ")
			w.costs(cost{})
		})
	}
	// Another login finds the file. What is locked is erased when it can be.
	notLonger(t, 15*time.Second, func() {
		w.shows(w.store(tokenName, tokenPassword).stderr, "WARNING! The password for "+registry+" is stored unencrypted in ")
	})
	w.stored(tokenName, tokenPassword)
	end()
	end = w.keyring(true)
	w.shows(list(), registry)
	w.silent(w.store(tokenName, tokenPassword))
	w.stored(tokenName, tokenPassword)
	if n := strings.Count(list(), ".invalid"); n != 1 {
		t.Errorf("%d entries", n)
	}
	end()

	// Logging out of what is locked.
	end = w.keyring(false)
	notLonger(t, 10*time.Second, func() { w.silent(w.helper(registry, "erase")) })
	if r := w.helper(registry, "get"); r.code != 0 || strings.Contains(r.stdout, tokenName) {
		t.Error("not logged out")
	}
	end()
	end = w.keyring(true)
	w.silent(w.helper(registry, "erase"))
	if strings.Contains(list(), ".invalid") {
		t.Error("an entry is left")
	}
	w.traceless(adminPassword, tokenPassword)
	end()
}

func notLonger(t *testing.T, d time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took := time.Since(start); took > d {
		t.Errorf("it took %v", took)
	}
}
