package store

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"docker-credential-acr/internal/lazyregexp"
	"docker-credential-acr/internal/privatefile"
)

// platforms are the helpers of each system, in the order of Docker's own choice
// (https://github.com/docker/cli/tree/master/cli/config/credentials). "desktop"
// is Docker Desktop's.
var platforms = map[string][]string{
	"darwin":  {"osxkeychain", "desktop"},
	"windows": {"wincred", "desktop"},
	"linux":   {"pass", "secretservice", "desktop"},
}

// chosen is the file that remembers the helper that worked, so that one which is
// installed later does not hide what is stored.
const chosen = "chosen"

// candidates are the stores to try for a new credential, in order.
func (s Store) candidates(now string) []string {
	if s.Name != "" {
		return []string{s.Name}
	}
	var names []string
	for _, name := range append([]string{now, s.remembered()}, platforms[runtime.GOOS]...) {
		if usable(name) && name != File && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return append(names, File)
}

func (s Store) remembered() string {
	content, err := privatefile.Read(filepath.Join(s.Dir, chosen), 256)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}

// remember notes a helper that has worked. The file store is no choice, only
// what is left: a helper that is set up later is welcome.
func (s Store) remember(name string) {
	if name == File || name == s.remembered() {
		return
	}
	_ = privatefile.Write(filepath.Join(s.Dir, chosen), chosen+".tmp", []byte(name+"\n"), time.Time{})
}

// plain matches the suffixes of credential helpers.
var plain = lazyregexp.New(`^[a-z0-9][a-z0-9._-]*$`)

// usable reports whether name can be a store: not a path, and not this program.
func usable(name string) bool {
	return plain.MatchString(name) && !itself(name)
}

// itself reports whether a helper's name is this program's, which would ask
// itself for ever.
func itself(name string) bool {
	if name == "acr" || strings.HasPrefix(name, "acr-") {
		return true
	}
	self, err := os.Executable()
	return err == nil && strings.EqualFold(strings.TrimSuffix(filepath.Base(self), ".exe"), prefix+name)
}
