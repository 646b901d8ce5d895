package main

import (
	"bytes"
	"io"
	"io/fs"
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

// image writes an image for all of Linux' platforms, as an OCI layout in a tar
// file: https://github.com/opencontainers/image-spec/blob/main/image-layout.md.
// In it there is the program and nothing else, to be taken out with
// COPY --from.
func (r *release) image(built []binary) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, b := range built {
		if b.os != "linux" {
			continue
		}
		image, err := r.imageOf(b)
		if err != nil {
			return err
		}
		p := v1.Platform{OS: b.os, Architecture: b.arch}
		if b.arch == "arm" {
			p.Variant = "v" + arm
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &p}})
	}
	if manifest, err := index.IndexManifest(); err != nil || len(manifest.Manifests) == 0 {
		return err // none of the platforms is Linux
	}
	dir, err := os.MkdirTemp("", "release-image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // temporary
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	// Tools that load an archive want to know what it is called.
	called := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.version})
	if err := to.AppendIndex(index, called); err != nil {
		return err
	}
	var files []file
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		files = append(files, file{filepath.ToSlash(relative), path, 0o644})
		return err
	})
	if err != nil {
		return err
	}
	return r.write(name+"_"+r.version+"_image.tar", func(w io.Writer) error { return writeTar(w, files, r.time) })
}

func (r *release) imageOf(b binary) (v1.Image, error) {
	var content bytes.Buffer
	if err := writeTar(&content, []file{{b.exe(), b.path, 0o755}}, r.time); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image, err := mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: v1.Time{Time: r.time}, CreatedBy: "COPY " + name + " /", Comment: runtime.Version()},
	})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Created = v1.Time{Time: r.time}
	config.OS, config.Architecture = b.os, b.arch
	if b.arch == "arm" {
		config.Variant = "v" + arm
	}
	config.Config.Entrypoint = []string{"/" + name}
	config.Config.Labels = map[string]string{
		"org.opencontainers.image.title":       name,
		"org.opencontainers.image.description": summary,
		"org.opencontainers.image.version":     r.version,
		"org.opencontainers.image.licenses":    license,
	}
	if r.commit != "" {
		config.Config.Labels["org.opencontainers.image.revision"] = r.commit
	}
	return mutate.ConfigFile(image, config)
}
