package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"io"
	"os"
	"time"
)

// file is one that goes into archives and packages.
type file struct {
	name string // in an archive, with slashes
	path string
	mode os.FileMode
}

// archive writes what people download by hand: the program and what belongs to
// it, in a directory of their own; for Windows as .zip.
func (r *release) archive(b binary, shared []file) error {
	base := name + "_" + r.version + "_" + b.os + "_" + b.arch
	files := append([]file{{b.exe(), b.path, 0o755}}, shared...)
	for i := range files {
		files[i].name = base + "/" + files[i].name
	}
	if b.os == "windows" {
		return r.write(base+".zip", func(w io.Writer) error { return writeZip(w, files, r.time) })
	}
	return r.tarball(base+".tar.gz", files)
}

func (r *release) tarball(base string, files []file) error {
	return r.write(base, func(w io.Writer) error {
		z := gzip.NewWriter(w) // its header holds no name and no time unless set
		if err := writeTar(z, files, r.time); err != nil {
			return err
		}
		return z.Close()
	})
}

// write adds a file to the release.
func (r *release) write(base string, content func(io.Writer) error) error {
	f, err := r.add(base)
	if err != nil {
		return err
	}
	if err := content(f); err != nil {
		_ = f.Close() // the first error counts
		return err
	}
	return f.Close()
}

// writeTar writes files as root's, all of one time.
func writeTar(w io.Writer, files []file, t time.Time) error {
	archive := tar.NewWriter(w)
	for _, f := range files {
		content, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		header := &tar.Header{Format: tar.FormatPAX, Typeflag: tar.TypeReg, Name: f.name, Size: int64(len(content)), Mode: int64(f.mode), ModTime: t}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	return archive.Close()
}

func writeZip(w io.Writer, files []file, t time.Time) error {
	archive := zip.NewWriter(w)
	for _, f := range files {
		content, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: t}
		header.SetMode(f.mode)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(content); err != nil {
			return err
		}
	}
	return archive.Close()
}
