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
	lockFile      = ".lock"
	temporaryFile = ".tmp"
)

// ours reads the name of one of this package's files: two hashes, the kind, and
// behind a temporary file's a number. Whatever else lies in the directory belongs
// to somebody else and is never touched.
func ours(name string) (registry, kind string, ok bool) {
	const length = 2 * 16
	if len(name) < 2*length+2 || name[length] != '-' || !hexadecimal(name[:length]) || !hexadecimal(name[length+1:2*length+1]) {
		return "", "", false
	}
	kind, number, numbered := strings.Cut(name[2*length+1:], "-")
	switch kind {
	case tokenFile, failureFile, noteFile, lockFile:
		return name[:length], kind, !numbered
	case temporaryFile:
		return name[:length], kind, numbered && strings.Trim(number, "0123456789") == ""
	}
	return "", "", false
}

func hexadecimal(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// path is the file of k: the registry and the identity, each as a hash, so that
// any name fits and Drop finds a registry's files without opening them.
func (c Cache) path(k Key, kind string) string {
	return filepath.Join(c.Dir, hash(k.Registry)+"-"+hash(k.Identity)+kind)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(version) + "\n" + s))
	return hex.EncodeToString(sum[:16])
}

// file is one of this package's files.
type file struct {
	path     string
	registry string // the hash of it
	kind     string
	entry    fs.DirEntry
}

// files lists this package's files.
func (c Cache) files() ([]file, error) {
	entries, err := os.ReadDir(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var all []file
	for _, e := range entries {
		if registry, kind, ok := ours(e.Name()); ok {
			all = append(all, file{filepath.Join(c.Dir, e.Name()), registry, kind, e})
		}
	}
	return all, err
}

// maxFile is more than any refresh token needs.
const maxFile = 64 << 10
