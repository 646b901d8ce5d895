package cache

import (
	"encoding/json"
	"path/filepath"

	"docker-credential-acr/internal/privatefile"
)

// Sealer encrypts entries with a key that is not in the directory, such as one
// that the system keeps for the user. An entry that cannot be sealed is written
// in clear, to a file that is private all the same, and one that cannot be
// opened is not there: a key may be lost at any time.
//
// Whoever uses the same directory with another key, or with none, such as
// another machine or a container, has entries of its own beside the others.
type Sealer interface {
	// ID names the key that Open uses, in hexadecimal digits; it is "" if there
	// is no key. It stands in the names of files.
	ID() string
	// Seal encrypts and authenticates plain, and authenticates about. It makes a
	// key if there is none; id names it.
	Seal(plain, about []byte) (sealed []byte, id string, err error)
	// Open undoes Seal, and fails if sealed or about is not the same.
	Open(sealed, about []byte) (plain []byte, err error)
}

// seal names the key that entries here can be opened with, or is "".
func (c Cache) seal() string {
	if c.Sealer == nil {
		return ""
	}
	return c.Sealer.ID()
}

// save writes an entry, sealed if that can be done, and returns its file.
func (c Cache) save(e Entry) (path string, err error) {
	path = c.tokenPath(e.Key, "")
	content, err := encode(e)
	if err != nil {
		return "", err
	}
	if c.Sealer != nil {
		plain, err := json.Marshal(e)
		if err != nil {
			return "", err
		}
		if sealed, id, err := c.Sealer.Seal(plain, about(path)); err == nil {
			path, content = c.tokenPath(e.Key, id), sealed
		}
	}
	// The file's modification time is the entry's end, so that sweep can tell
	// dead entries from live ones without opening each.
	return path, c.replace(path, e.Key, content, e.Expires)
}

// load reads the entry at path, which is sealed with the key id, or in clear if
// that is "". The entry's key must lead back to the file: a copy under another
// name is foreign.
func (c Cache) load(path, id string) (e Entry, ok bool) {
	if id == "" {
		ok = readRecord(path, &e)
	} else {
		ok = c.open(path, &e)
	}
	return e, ok && e.Secret != "" && c.tokenPath(e.Key, id) == path
}

func (c Cache) open(path string, e *Entry) bool {
	sealed, err := privatefile.Read(path, maxFile)
	if err != nil {
		return false
	}
	plain, err := c.Sealer.Open(sealed, about(path))
	return err == nil && json.Unmarshal(plain, e) == nil
}

// about is what a sealed file is bound to: the hashes of its registry and its
// identity. Under another name it cannot be opened.
func about(path string) []byte { return []byte(filepath.Base(path)[:2*hashLength+1]) }
