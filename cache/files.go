package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// The kinds of file in the directory, which are their extensions.
const (
	tokenFile     = ".token"
	failureFile   = ".failure"
	noteFile      = ".note"
	lockFile      = ".lock"
	temporaryFile = ".tmp"
)

// ours matches the names of this package's files. Whatever else lies in the
// directory belongs to somebody else and is never touched.
var ours = regexp.MustCompile(`^([0-9a-f]{32})-[0-9a-f]{32}(\.[a-z]+)(-[0-9]+)?$`)

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
		m := ours.FindStringSubmatch(e.Name())
		if m == nil || (m[3] != "") != (m[2] == temporaryFile) {
			continue
		}
		all = append(all, file{filepath.Join(c.Dir, e.Name()), m[1], m[2], e})
	}
	return all, err
}

// maxFile is more than any refresh token needs.
const maxFile = 64 << 10
