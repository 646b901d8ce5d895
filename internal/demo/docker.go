package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// docker is the docker CLI with an engine of the demo's own. The user's engine,
// which knows nothing of the emulator, would ask the real registry of this name.
type docker struct{ sandbox *sandbox }

func newDocker(ctx context.Context, p *page, s *sandbox, done *cleanup) (*docker, error) {
	version, err := startEngine(ctx, s, done)
	if err != nil {
		return nil, fmt.Errorf("no private Docker engine here: %w", err)
	}
	p.note("client: %s with an engine %s of its own", s.version(ctx, "docker", "--version"), version)
	return &docker{s}, nil
}

func (d *docker) prepare(ctx context.Context, img v1.Image) error {
	ref, err := name.NewTag(imageRef)
	if err != nil {
		return err
	}
	if err := tarball.WriteToFile(filepath.Join(d.sandbox.work, "app.tar"), ref, img); err != nil {
		return err
	}
	return d.sandbox.quietly(ctx, "docker", "load", "-i", "app.tar")
}

func (d *docker) push() command { return command{name: "docker", args: []string{"push", imageRef}} }
func (d *docker) pull() command { return command{name: "docker", args: []string{"pull", imageRef}} }

func (d *docker) forget(ctx context.Context) error {
	return d.sandbox.quietly(ctx, "docker", "image", "rm", imageRef)
}

// verify compares the layers as the engine has unpacked them. The digest of the
// manifest is the engine's own, which compresses in its own way.
func (d *docker) verify(ctx context.Context, img v1.Image) (string, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return "", err
	}
	out, _, err := d.sandbox.run(ctx, command{name: "docker", args: []string{"image", "inspect", "--format", "{{json .RootFS.Layers}}", imageRef}})
	if err != nil {
		return "", errors.New(fit(out, width))
	}
	var got []v1.Hash
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		return "", err
	}
	if !slices.Equal(got, config.RootFS.DiffIDs) {
		return "", errDiffers
	}
	return fmt.Sprintf("same %d layers", len(got)), nil
}
