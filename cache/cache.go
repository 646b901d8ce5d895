// Package cache keeps ACR refresh tokens on disk, one file an entry.
//
// A cache may forget; it may not lie, leak or block. Whatever is wrong with a
// file or the directory, Get answers "not there" and the caller goes on without.
// Entries are independent files, written to a temporary file and renamed, so
// that neither parallel writers nor a kill in the middle lose or tear one.
//
// Files are readable by their owner only, from birth. Get trusts no file that
// another user owns or could have written, and follows no symbolic link.
package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"docker-credential-acr/internal/privatefile"
)

// version is the format of the files. It is part of their names, so that
// another format is another file and programs of both versions can live side
// by side.
const version = 1

// Cache is a directory of entries. The zero value keeps nothing: every Get
// misses and every Put is forgotten.
type Cache struct {
	// Dir is made with mode 0700 when something is first put there.
	// Empty means no cache.
	Dir string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Key names an entry. Neither part is secret; both stand in the file.
type Key struct {
	// Registry is a login server, in lower case.
	Registry string `json:"registry"`
	// Identity tells whose token it is. Another identity is another entry.
	Identity string `json:"identity"`
}

// Entry is a refresh token and its life by the clock of this machine.
type Entry struct {
	Key
	Secret   string    `json:"secret"`
	Obtained time.Time `json:"obtained"`
	Expires  time.Time `json:"expires"`
}

const (
	// plenty is the life an entry must have left to be fresh: clients keep a
	// token for up to an hour (regctl) or for their own life (JVM clients).
	plenty = time.Hour
	// lastCall is the life below which a token is not worth handing out.
	lastCall = time.Minute
	// slack is how far a clock may step back before times written ahead of it
	// are no longer believed.
	slack = 5 * time.Minute
)

// Fresh reports whether e can be handed out without thinking of renewal: more
// than an hour of its life remains, or more than half if its life is shorter
// than two hours. An entry from the future is not fresh: the clock was set back
// since, by nobody knows how much.
func (e Entry) Fresh(now time.Time) bool {
	return e.plausible(now) && e.Expires.Sub(now) > min(plenty, e.Expires.Sub(e.Obtained)/2)
}

// Usable reports whether e still lives long enough, more than a minute, to be
// handed out when it cannot be renewed.
func (e Entry) Usable(now time.Time) bool {
	return e.plausible(now) && e.Expires.Sub(now) > lastCall
}

func (e Entry) plausible(now time.Time) bool {
	return e.Secret != "" && !now.Before(e.Obtained.Add(-slack))
}

// Get returns the entry of k, whatever its age. An entry that is missing,
// damaged, of another format, of another key, or not private counts as not
// there.
func (c Cache) Get(k Key) (Entry, bool) {
	var e Entry
	if c.Dir == "" || !readRecord(c.path(k, tokenFile), &e) || e.Key != k || e.Secret == "" {
		return Entry{}, false
	}
	return e, true
}

// Put keeps e, replacing what stood under its key, and sweeps the directory.
// An error means that e was not kept and that the old entry is as it was.
func (c Cache) Put(e Entry) error {
	if c.Dir == "" {
		return nil
	}
	c.dropTemporary(e.Key)
	// The file's modification time is the entry's end, so that sweep can tell
	// dead entries from live ones without opening each.
	if err := c.write(e.Key, tokenFile, e, e.Expires); err != nil {
		return err
	}
	_ = os.Remove(c.path(e.Key, failureFile))
	c.sweep()
	return nil
}

// Remove forgets one entry. What is not there is not an error.
func (c Cache) Remove(k Key) error {
	if c.Dir == "" {
		return nil
	}
	if err := os.Remove(c.path(k, tokenFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Drop forgets all entries of a registry, of every identity, with the failures
// remembered for it. What is not there is not an error.
func (c Cache) Drop(registry string) error {
	if c.Dir == "" {
		return nil
	}
	files, err := c.files()
	var failed []error
	for _, f := range files {
		if f.registry == hash(registry) && f.kind != lockFile {
			if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(append(failed, err)...)
}

// Entries returns all entries that Get would return, in no order.
func (c Cache) Entries() []Entry {
	if c.Dir == "" {
		return nil
	}
	files, _ := c.files()
	var all []Entry
	for _, f := range files {
		var e Entry
		// The key must lead back to the file: a copy under another name is foreign.
		if f.kind == tokenFile && readRecord(f.path, &e) && e.Secret != "" && c.path(e.Key, tokenFile) == f.path {
			all = append(all, e)
		}
	}
	return all
}

func (c Cache) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// write replaces the file of k by record, whole or not at all.
func (c Cache) write(k Key, kind string, record any, modified time.Time) error {
	content, err := seal(record)
	if err != nil {
		return err
	}
	return privatefile.Write(c.path(k, kind), filepath.Base(c.path(k, temporaryFile)), content, modified)
}

// seal writes record as JSON behind its checksum. A flipped bit would otherwise
// be handed out as a token and be refused by the registry, for hours.
func seal(record any) ([]byte, error) {
	content, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	return append(hex.AppendEncode(nil, sum[:]), append([]byte("\n"), content...)...), nil
}

// readRecord reads a sealed record into v. It reports false for a file that is
// missing, not private or damaged.
func readRecord(path string, v any) bool {
	content, err := privatefile.Read(path, maxFile)
	if err != nil {
		return false
	}
	sum, content, ok := bytes.Cut(content, []byte("\n"))
	want := sha256.Sum256(content)
	return ok && hex.EncodeToString(want[:]) == string(sum) && json.Unmarshal(content, v) == nil
}
