package e2e

import (
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"docker-credential-acr/internal/azuretest"
)

var (
	jwts   = regexp.MustCompile(`eyJ[\w-]{10,}\.[\w-]{10,}`)
	packed = regexp.MustCompile(`[A-Za-z0-9+/_-]{40,}`)
)

// secret finds a token or a secret of the emulated world, plain or in Base64 as
// in Docker's auths.
func secret(text string) bool {
	if plainSecret(text) {
		return true
	}
	for _, word := range packed.FindAllString(text, -1) {
		word = strings.NewReplacer("-", "+", "_", "/").Replace(word)
		word = word[:len(word)&^3]
		if plain, err := base64.StdEncoding.DecodeString(word); err == nil && plainSecret(string(plain)) {
			return true
		}
	}
	return false
}

func plainSecret(text string) bool {
	for _, s := range []string{azuretest.ClientSecret, azuretest.SecondClientSecret, azuretest.MultiTenantClientSecret} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return jwts.MatchString(text)
}

// searchSecrets fails the test if a secret stands in what was said, answers of
// the helper and to the kubelet excepted, or in a file below the home, the helper's cache excepted.
func (w *world) searchSecrets() {
	for _, r := range w.said {
		answer := r.code == 0 && (r.command == "docker-credential-acr get" || strings.HasPrefix(r.command, "kubelet-lookup"))
		if secret(r.stderr) || !answer && secret(r.stdout) {
			w.t.Errorf("a secret stands in the output of %s", r.command)
		}
	}
	err := filepath.WalkDir(w.home, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "docker-credential-acr":
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if err == nil && secret(string(content)) {
			w.t.Errorf("a secret stands in %s", path)
		}
		return err
	})
	if err != nil {
		w.t.Error(err)
	}
}
