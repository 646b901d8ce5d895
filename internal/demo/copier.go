package main

import (
	"context"
	"fmt"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// copier is a client that copies between OCI layouts and registries: skopeo or
// crane.
type copier struct {
	sandbox    *sandbox
	pushLayout func(dir, ref string) command
	pullLayout func(ref, dir string) command
}

// anyCopier takes what is on PATH, and builds crane where nothing is.
func anyCopier(ctx context.Context, p *page, s *sandbox) (*copier, error) {
	if usable("skopeo") {
		return newCopier(ctx, p, s, "skopeo")
	}
	return newCopier(ctx, p, s, "crane")
}

// newCopier builds crane if need be. What else there is must be on PATH.
func newCopier(ctx context.Context, p *page, s *sandbox, name string) (*copier, error) {
	switch {
	case name == "crane":
		if !usable(name) {
			// Of the version that tools/go.mod pins, from the module proxy.
			if err := s.build(ctx, p, name, "tools", "github.com/google/go-containerregistry/cmd/crane"); err != nil {
				return nil, err
			}
		}
		p.note("client: %s", s.version(ctx, name, "version"))
		return crane(s), nil
	case usable(name):
		p.note("client: %s", s.version(ctx, name, "--version"))
		return skopeo(s), nil
	}
	return nil, fmt.Errorf("%s is not on PATH", name)
}

func crane(s *sandbox) *copier {
	return &copier{
		sandbox: s,
		pushLayout: func(dir, ref string) command {
			return command{name: "crane", args: []string{"push", dir, ref}}
		},
		pullLayout: func(ref, dir string) command {
			return command{name: "crane", args: []string{"pull", "--format=oci", ref, dir}}
		},
	}
}

func skopeo(s *sandbox) *copier {
	return &copier{
		sandbox: s,
		pushLayout: func(dir, ref string) command {
			return command{name: "skopeo", args: []string{"copy", "oci:" + dir, "docker://" + ref}}
		},
		pullLayout: func(ref, dir string) command {
			return command{name: "skopeo", args: []string{"copy", "docker://" + ref, "oci:" + dir}}
		},
	}
}

func (c *copier) prepare(_ context.Context, img v1.Image) error {
	return writeLayout(filepath.Join(c.sandbox.work, "app"), img)
}

func (c *copier) push() command                { return c.pushLayout("app", imageRef) }
func (c *copier) forget(context.Context) error { return nil } // pull makes another layout
func (c *copier) pull() command                { return c.pullLayout(imageRef, "app2") }

func (c *copier) verify(_ context.Context, img v1.Image) (string, error) {
	want, err := img.Digest()
	if err != nil {
		return "", err
	}
	return "same digest", sameLayout(filepath.Join(c.sandbox.work, "app2"), want)
}
