package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// versions are those that every package format can order.
var versions = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

// source finds version and time of the sources: the nearest tag and the time of
// the commit. Outside a repository VERSION and SOURCE_DATE_EPOCH
// (https://reproducible-builds.org/docs/source-date-epoch/) tell them.
func (r *release) source() error {
	if r.version == "" {
		described, err := r.git("describe", "--tags", "--always", "--dirty", "--match", "v[0-9]*")
		if err != nil {
			return errors.New("no version: set VERSION, or build in a git repository")
		}
		r.version = described
	}
	r.version = strings.TrimPrefix(r.version, "v")
	if !versions.MatchString(r.version) {
		r.version = "0.0.0-g" + r.version // a commit before the first tag
	}
	if !versions.MatchString(r.version) {
		return fmt.Errorf("the version %q is not like 0.1.0", r.version)
	}
	r.commit, _ = r.git("rev-parse", "HEAD") // an archive of the sources has none
	epoch := os.Getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		var err error
		if epoch, err = r.git("log", "-1", "--format=%ct"); err != nil {
			return errors.New("no date: set SOURCE_DATE_EPOCH, or build in a git repository")
		}
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH %q is not a number of seconds", epoch)
	}
	r.time = time.Unix(seconds, 0).UTC()
	return nil
}

func (r *release) git(args ...string) (string, error) {
	out, err := exec.Command("git", append([]string{"-C", r.root}, args...)...).Output()
	return strings.TrimSpace(string(out)), err
}
