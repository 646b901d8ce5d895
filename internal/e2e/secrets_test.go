package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"docker-credential-acr/internal/atrest"
	"docker-credential-acr/internal/azuretest"
)

var jwts = regexp.MustCompile(`eyJ[\w-]{10,}\.[\w-]{10,}`)

// secret finds a token or a secret of the emulated world.
func secret(text string) bool { return azuretest.FindSecret(text) != "" }

// searchSecrets fails the test if a secret stands in what was said, answers of
// the helper and to the kubelet excepted, or in a file below the home. Excepted
// are the file store of passwords, and the helper's cache where there is no key
// to seal it with.
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
		case d.IsDir() && (d.Name() == "stored" || d.Name() == "docker-credential-acr" && atrest.Sealer{}.ID() == ""):
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
