// Release builds everything that a release consists of, from the sources it is
// started in: archives, packages, an image, and the files for package managers.
//
// The same commit, built with the same version of Go, gives the same bytes,
// wherever and whenever: all times are the commit's, all lists are sorted, and
// nothing of this machine gets into a file.
//
// GoReleaser could do most of it. It was left out because it brings some 700
// modules, needs an engine or a registry for the image, and nix for the hashes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const name = "docker-credential-acr"

// release is what all steps share.
type release struct {
	root    string // of the sources
	dist    string
	version string // such as 0.1.0, without the v of the tag
	commit  string // full hash; empty outside of a repository
	url     string // where the files can be had, without a slash at the end
	time    time.Time
	files   []string // in dist, in the order they were made
}

func main() {
	r := release{version: os.Getenv("VERSION")}
	flag.StringVar(&r.root, "root", ".", "directory of the sources")
	flag.StringVar(&r.dist, "o", "dist", "directory to write to")
	flag.StringVar(&r.url, "url", "", "address that the files are downloaded from")
	only := flag.String("platforms", "", "platforms to build, such as linux-amd64, separated by commas; all, and the files for package managers, unless set")
	flag.Parse()
	if err := r.run(strings.Split(*only, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func (r *release) run(only []string) error {
	for _, path := range []*string{&r.root, &r.dist} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = absolute
	}
	if err := r.source(); err != nil {
		return err
	}
	if err := os.MkdirAll(r.dist, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // temporary
	shared, err := r.shared(work)
	if err != nil {
		return err
	}
	var built []binary
	for _, p := range platforms {
		if only[0] != "" && !p.in(only) {
			continue
		}
		b, err := r.build(p, work)
		if err != nil {
			return err
		}
		built = append(built, b)
		for _, step := range []func(binary, []file) error{r.archive, r.packages, r.sbom} {
			if err := step(b, shared); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
	}
	if err := r.image(built); err != nil {
		return fmt.Errorf("image: %w", err)
	}
	if only[0] == "" { // the files for package managers name all platforms
		if err := r.channels(work); err != nil {
			return err
		}
	}
	return r.checksums()
}

// add opens a new file of the release.
func (r *release) add(base string) (*os.File, error) {
	r.files = append(r.files, base)
	fmt.Println("dist:", base)
	return os.Create(filepath.Join(r.dist, base))
}
