// Package store keeps the credentials that docker login and its relatives hand
// over: the admin user, repository-scoped tokens, service principals.
//
// The secret is kept by the platform's own Docker credential helper, under keys
// of this program, so that what Docker itself stored for a registry is neither
// read nor touched; or, where no such helper works, in a private file. Beside it
// stands a small index, one file a registry, so that a registry without a stored
// credential costs no helper, and so that a new credential replaces the old one
// in one step.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/privatefile"
)

// Store is where credentials are kept. The zero value keeps nothing.
type Store struct {
	// Dir is the directory of the index, and of the file store; empty for none.
	Dir string
	// Name is the credential helper to use, such as "pass", or File; empty means
	// the first of the platform's that works.
	Name string
}

// File is the name of the store that needs no helper.
const File = "file"

// Credential is a user name and a password or the like.
type Credential struct {
	Username string `json:"username"`
	Secret   string `json:"secret"`
}

// record is what the index knows of a registry.
type record struct {
	Registry string `json:"registry"`
	Username string `json:"username"`
	Store    string `json:"store"`
	// Slot is the one of two keys in the helper that holds the credential. A
	// new one goes into the other slot, so that the old one is whole until the
	// index points to the new: helpers replace by deleting first.
	Slot string `json:"slot,omitempty"`
	// Secret is the password itself if Store is File.
	Secret string `json:"secret,omitempty"`
}

const (
	maxRecord = 1 << 20
	// one bounds one run of a helper, so that a keyring that waits for a person
	// leaves time for the next.
	one = 8 * time.Second
)

// Get returns the credential of a registry. found is false where none is stored,
// which takes no more than a look at the index. An error means that there is one
// and that it cannot be had now.
func (s Store) Get(ctx context.Context, registry string) (c Credential, found bool, err error) {
	r, ok := s.read(registry)
	if !ok {
		return Credential{}, false, nil
	}
	if r.Store == File {
		return Credential{r.Username, r.Secret}, true, nil
	}
	c, err = get(ctx, r.Store, key(registry, r.Slot))
	if credentials.IsErrCredentialsNotFound(err) {
		// Somebody has emptied the store: don't ask it again.
		_ = os.Remove(s.path(registry, indexed))
		return Credential{}, false, nil
	}
	if err != nil {
		return Credential{}, true, errors.New("the credential is in the store " + r.Store + ", which " + err.Error() + "; see what it says: docker-credential-" + r.Store + " list")
	}
	return c, true, nil
}

// Put keeps a credential in place of the one before. It returns the store that
// it is in. The caller holds a lock for the registry. If Put fails or is killed,
// the old credential is what Get returns.
func (s Store) Put(ctx context.Context, registry string, c Credential) (store string, err error) {
	if s.Dir == "" {
		return "", errors.New("there is no home directory to keep it in")
	}
	old, had := s.read(registry)
	left, hadLeft := s.readFile(registry, pending)
	next := record{Registry: registry, Username: c.Username, Slot: "a"}
	if had && old.Slot == "a" {
		next.Slot = "b"
	}
	for _, name := range s.candidates(old.Store) {
		next.Store = name
		if name == File {
			break
		}
		// Should this process be killed, Delete knows where else to look.
		if err := s.write(registry, pending, next); err != nil {
			return "", err
		}
		if put(ctx, name, key(registry, next.Slot), c) == nil {
			break
		}
		if s.Name != "" {
			s.clean(ctx, registry, next)
			return "", errors.New("the store " + name + " does not take it; see what it says: docker-credential-" + name + " list")
		}
		next.Store = ""
	}
	if next.Store == "" {
		next.Store = File
	}
	if next.Store == File {
		next.Secret = c.Secret
	}
	if err := s.write(registry, indexed, next); err != nil {
		return "", err
	}
	s.remember(next.Store)
	// What is still to be erased stays noted until it is.
	var failed error
	if had && old.Store != File {
		failed = erase(ctx, old.Store, key(registry, old.Slot))
	}
	if hadLeft && left.Store != File && (left.Store != next.Store || left.Slot != next.Slot) {
		failed = errors.Join(failed, erase(ctx, left.Store, key(registry, left.Slot)))
	}
	if failed == nil {
		_ = os.Remove(s.path(registry, pending))
	}
	return next.Store, nil
}

// Delete forgets the credential of a registry, wherever it is. None is no error.
// Where a helper cannot be asked to forget, Get forgets all the same, and the
// next Put or Delete asks the helper again.
func (s Store) Delete(ctx context.Context, registry string) error {
	var failed error
	for _, kind := range []string{pending, indexed} {
		r, ok := s.readFile(registry, kind)
		if !ok {
			continue
		}
		var unerased error
		if r.Store != File {
			for _, slot := range []string{"a", "b"} {
				unerased = errors.Join(unerased, erase(ctx, r.Store, key(registry, slot)))
			}
		}
		if unerased != nil {
			r.Secret = ""
			failed = errors.Join(failed, unerased, s.write(registry, pending, r))
		}
		if kind == indexed || unerased == nil {
			if err := os.Remove(s.path(registry, kind)); err != nil && !errors.Is(err, os.ErrNotExist) {
				failed = errors.Join(failed, err)
			}
		}
	}
	return failed
}

// clean takes back what a failed Put may have left in a helper.
func (s Store) clean(ctx context.Context, registry string, r record) {
	_ = erase(ctx, r.Store, key(registry, r.Slot))
	_ = os.Remove(s.path(registry, pending))
}

// List returns the registries that have a stored credential, with its user name.
// It asks no helper.
func (s Store) List() map[string]string {
	found := map[string]string{}
	if s.Dir == "" {
		return found
	}
	entries, _ := os.ReadDir(s.Dir)
	for _, e := range entries {
		registry, ok := strings.CutSuffix(e.Name(), indexed)
		if !ok {
			continue
		}
		if r, ok := s.read(registry); ok {
			found[registry] = r.Username
		}
	}
	return found
}

// key is what a registry's credential is called in a helper: a URL, which all of
// them take, on a host that cannot exist (RFC 2606) and that no other registry
// shares, because wincred falls back on entries of the same host.
func key(registry, slot string) string {
	return "https://" + slot + "." + registry + ".docker-credential-acr.invalid"
}

// The kinds of file in the directory, which are their extensions.
const (
	indexed = ".json"
	pending = ".pending"
)

func (s Store) path(registry, kind string) string { return filepath.Join(s.Dir, registry+kind) }

func (s Store) read(registry string) (record, bool) { return s.readFile(registry, indexed) }

// readFile reads a record. One that is damaged, not private or about another
// registry counts as not there.
func (s Store) readFile(registry, kind string) (record, bool) {
	if s.Dir == "" || !host.Valid(registry) {
		return record{}, false
	}
	content, err := privatefile.Read(s.path(registry, kind), maxRecord)
	if err != nil {
		return record{}, false
	}
	var r record
	if json.Unmarshal(content, &r) != nil || r.Registry != registry || !usable(r.Store) {
		return record{}, false
	}
	return r, true
}

func (s Store) write(registry, kind string, r record) error {
	content, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := privatefile.Write(s.path(registry, kind), registry+".tmp", content, time.Time{}); err != nil {
		return errors.New("cannot write to " + s.Dir)
	}
	return nil
}
