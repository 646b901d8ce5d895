package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// client pushes an image and pulls it. Each is a program that runs
// docker-credential-acr by itself, because config.json says so.
type client interface {
	// prepare puts the image where push finds it.
	prepare(context.Context, v1.Image) error
	push() command
	// forget makes sure that pull has something to do.
	forget(context.Context) error
	pull() command
	// verify compares what was pulled, and says in which respect it is the same.
	verify(context.Context, v1.Image) (string, error)
}

var errDiffers = errors.New("what came back is not what was sent")

// known says whether there is a client of this name. Empty is any.
func known(name string) bool {
	return slices.Contains([]string{"", "docker", "skopeo", "crane"}, name)
}

// usable says whether a program is there that can be made to trust the emulator.
func usable(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil && trustsFile
}

// chooseClient takes the client that was asked for, else the first that works
// here.
func chooseClient(ctx context.Context, p *page, s *sandbox, name string, done *cleanup) (client, error) {
	switch {
	case !trustsFile && name != "" && name != "crane":
		return nil, fmt.Errorf("%s does not trust SSL_CERT_FILE on %s, use crane; or run make demo in a Linux container", name, runtime.GOOS)
	case name == "docker":
		return newDocker(ctx, p, s, done)
	case name != "":
		return newCopier(ctx, p, s, name)
	case usable("docker") && usable("dockerd"):
		c, err := newDocker(ctx, p, s, done)
		if err == nil || ctx.Err() != nil {
			return c, err
		}
		p.note("%v; going on without it", err)
	}
	return anyCopier(ctx, p, s)
}

// chooseChartClient takes helm where there is one, which then is nil, else what
// copies OCI artifacts of any kind.
func chooseChartClient(ctx context.Context, p *page, s *sandbox, c client) (*copier, error) {
	if usable("helm") {
		p.note("client: %s", s.version(ctx, "helm", "version"))
		return nil, nil
	}
	if copies, ok := c.(*copier); ok {
		return copies, nil
	}
	return anyCopier(ctx, p, s)
}

var versionNumber = regexp.MustCompile(`v?[0-9]+\.[0-9]+[^\s",]*`)

// version is what a program says when it is asked for its version.
func (s *sandbox) version(ctx context.Context, name, flag string) string {
	out, _, _ := s.run(ctx, command{name: name, args: []string{flag}})
	return strings.TrimSpace(name + " " + versionNumber.FindString(out))
}

// quietly runs a command that the story does not need.
func (s *sandbox) quietly(ctx context.Context, name string, args ...string) error {
	out, _, err := s.run(ctx, command{name: name, args: args})
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, args[0], err, readable(strings.Join(last(out, 3), "; ")))
	}
	return nil
}
