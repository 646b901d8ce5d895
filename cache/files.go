package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The kinds of file in the directory, which are their extensions.
const (
	tokenFile     = ".token"
	failureFile   = ".failure"
	noteFile      = ".note"
	claimFile     = ".claim"
	lockFile      = ".lock"
	temporaryFile = ".tmp"
)

// hashLength is that of the name of a registry or an identity in a file's name.
const hashLength = 2 * 16

// ours reads the name of one of this package's files: two hashes, the name of
// the key that an entry is sealed with, if it is, the kind, and behind a
// temporary file's a number. Whatever else lies in the directory belongs to
// somebody else and is never touched.
func ours(name string) (f file, ok bool) {
	const length = hashLength
	if len(name) < 2*length+2 || name[length] != '-' || !hexadecimal(name[:length]) || !hexadecimal(name[length+1:2*length+1]) {
		return file{}, false
	}
	seal, kind, _ := strings.Cut(name[2*length+1:], ".")
	kind, number, numbered := strings.Cut("."+kind, "-")
	f = file{registry: name[:length], kind: kind}
	switch kind {
	case tokenFile:
		f.seal = strings.TrimPrefix(seal, "-")
		return f, !numbered && (seal == "" || f.seal != "" && f.seal != seal && hexadecimal(f.seal))
	case failureFile, noteFile, claimFile, lockFile:
		return f, !numbered && seal == ""
	case temporaryFile:
		return f, numbered && seal == "" && strings.Trim(number, "0123456789") == ""
	}
	return file{}, false
}

func hexadecimal(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// path is the file of k: the registry and the identity, each as a hash, so that
// any name fits and Drop finds a registry's files without opening them.
func (c Cache) path(k Key, kind string) string {
	return filepath.Join(c.Dir, hash(k.Registry)+"-"+hash(k.Identity)+kind)
}

// tokenPath is the file of k's entry, sealed with the key id or, if that is "",
// in clear.
func (c Cache) tokenPath(k Key, id string) string {
	if id != "" {
		id = "-" + id
	}
	return c.path(k, id+tokenFile)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(version) + "\n" + s))
	return hex.EncodeToString(sum[:hashLength/2])
}

// file is one of this package's files.
type file struct {
	path     string
	registry string // the hash of it
	kind     string
	seal     string // the name of the key that an entry is sealed with, or ""
	entry    fs.DirEntry
}

// files lists this package's files.
func (c Cache) files() ([]file, error) {
	if c.Dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var all []file
	for _, e := range entries {
		if f, ok := ours(e.Name()); ok {
			f.path, f.entry = filepath.Join(c.Dir, e.Name()), e
			all = append(all, f)
		}
	}
	return all, err
}

// removeFiles deletes those of this package's files that match.
func (c Cache) removeFiles(match func(file) bool) error {
	files, err := c.files()
	failed := []error{err}
	for _, f := range files {
		if !match(f) {
			continue
		}
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// maxFile is more than any refresh token needs.
const maxFile = 64 << 10
