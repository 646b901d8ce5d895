package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// buildImage makes a small image of three layers, every time the same: a base,
// what an app depends on (a few hundred kilobytes that don't compress), the app.
func buildImage() (v1.Image, error) {
	dependencies := make([]byte, 300<<10)
	if _, err := io.ReadFull(rand.NewChaCha8([32]byte{}), dependencies); err != nil {
		return nil, err
	}
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = mutate.ConfigMediaType(img, types.OCIConfigJSON)
	for _, files := range []map[string]string{
		{"etc/os-release": "NAME=demo\n"},
		{"usr/lib/dependencies": string(dependencies)},
		{"app/hello": "hello from Azure Container Registry\n"},
	} {
		data, err := archive(files)
		if err != nil {
			return nil, err
		}
		opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		layer, err := tarball.LayerFromOpener(opener, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return nil, err
		}
		if img, err = mutate.AppendLayers(img, layer); err != nil {
			return nil, err
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config.Cmd = []string{"/app/hello"}
	return mutate.ConfigFile(img, config)
}

// writeLayout makes an OCI layout with one image in it.
func writeLayout(dir string, img v1.Image) error {
	l, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	return l.AppendImage(img)
}

// sameLayout compares the one manifest of a layout, by its digest, and all that
// the manifest names, by reading it.
func sameLayout(dir string, want v1.Hash) error {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest != want {
		return errDiffers
	}
	img, err := index.Image(want)
	if err != nil {
		return err
	}
	m, err := img.Manifest()
	if err != nil {
		return err
	}
	for _, d := range append(m.Layers, m.Config, manifest.Manifests[0]) {
		f, err := os.Open(filepath.Join(dir, "blobs", d.Digest.Algorithm, d.Digest.Hex))
		if err != nil {
			return err
		}
		got, _, err := v1.SHA256(f)
		_ = f.Close()
		if err != nil {
			return err
		}
		if got != d.Digest {
			return errDiffers
		}
	}
	return nil
}
