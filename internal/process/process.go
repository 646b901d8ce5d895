// Package process runs other people's programs: found on PATH and nowhere else,
// and ended together with everything that they have started.
package process

import (
	"os"
	"os/exec"
	"path/filepath"
)

// Find returns the absolute path of a program that is on PATH. It passes over
// what is no program, and over directories of PATH that are not absolute, where
// exec.LookPath would stop: what they hold depends on the working directory, and
// that may be anybody's.
func Find(name string) (path string, ok bool) {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		// LookPath does not search for a name with a directory. It knows what
		// can be executed and, on Windows, PATHEXT.
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, true
		}
	}
	return "", false
}
