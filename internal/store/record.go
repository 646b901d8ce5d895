package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/privatefile"
	"docker-credential-acr/internal/process"
)

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

var slots = [...]string{"a", "b"}

func (r record) place() place { return place{r.Registry, r.Store, r.Slot} }

// place is where in which helper something may be.
type place struct {
	Registry string `json:"-"`
	Store    string `json:"store"`
	Slot     string `json:"slot"`
}

// key is what a registry's credential is called in a helper: a URL, which all of
// them take, on a host that cannot exist (RFC 2606) and that no other registry
// shares, because wincred falls back on entries of the same host.
func (p place) key() string { return "https://" + p.host() }

func (p place) host() string { return p.Slot + "." + p.Registry + ".docker-credential-acr.invalid" }

// note lists the places that may hold something of a registry's: those of the
// current record, of a login that was killed, and of helpers that could not be
// asked to erase. All but the current record's are to be erased.
type note struct {
	Registry string  `json:"registry"`
	Places   []place `json:"places"`
}

func (n *note) add(p place) {
	if !slices.Contains(n.Places, p) {
		n.Places = append(n.Places, p)
	}
}

// The kinds of file in the directory, which are their extensions.
const (
	indexed = ".json"
	pending = ".pending"
	locking = ".lock"
	partial = ".tmp" // of a process that was killed, with a secret in the file store
)

const (
	maxRecord = 1 << 20
	moment    = 500 * time.Millisecond
)

func (s Store) path(registry, kind string) string { return filepath.Join(s.Dir, registry+kind) }

// The outcomes of reading a file of the index.
var (
	errNone    = errors.New("is not there")
	errDamaged = errors.New("is damaged, or not this user's alone")
)

// load reads a file of the index. What cannot be opened for a lack of rights is
// not there: with the home of somebody else nothing is stored.
func (s Store) load(registry, kind string, into any) error {
	if s.Dir == "" || !host.Valid(registry) {
		return errNone
	}
	content, err := privatefile.Read(s.path(registry, kind), maxRecord)
	for start := time.Now(); runtime.GOOS == "windows" && errors.Is(err, fs.ErrPermission) && time.Since(start) < moment; {
		// Somebody is just replacing the file, which is no reason to overlook it.
		time.Sleep(10 * time.Millisecond)
		content, err = privatefile.Read(s.path(registry, kind), maxRecord)
	}
	switch {
	case errors.Is(err, privatefile.ErrNotPrivate), errors.Is(err, syscall.ELOOP):
		return errDamaged
	case err != nil:
		return errNone
	case json.Unmarshal(content, into) != nil:
		return errDamaged
	}
	return nil
}

// read returns the record of a registry, errNone or errDamaged.
func (s Store) read(registry string) (record, error) {
	var r record
	if err := s.load(registry, indexed, &r); err != nil {
		return record{}, err
	}
	if r.Registry != registry || r.Username == "" || !usable(r.Store) || r.Store != File && !slices.Contains(slots[:], r.Slot) {
		return record{}, errDamaged
	}
	return r, nil
}

// known returns the current record, if any, and every place that may hold
// something. Where a file is damaged, that is any that this program would use.
func (s Store) known(registry string) (record, note) {
	r, damaged := s.read(registry)
	var n note
	switch err := s.load(registry, pending, &n); {
	case err == nil && n.Registry == registry:
	case !errors.Is(err, errNone):
		damaged = errDamaged
		n = note{}
	}
	n.Registry = registry
	n.Places = slices.DeleteFunc(n.Places, func(p place) bool { return !usable(p.Store) || p.Store == File || !slices.Contains(slots[:], p.Slot) })
	for i := range n.Places {
		n.Places[i].Registry = registry
	}
	if r.Store != "" && r.Store != File {
		n.add(r.place())
	}
	if errors.Is(damaged, errDamaged) {
		for _, name := range s.candidates("") {
			if _, ok := process.Find(prefix + name); !ok || name == File {
				continue
			}
			for _, slot := range slots {
				n.add(place{registry, name, slot})
			}
		}
	}
	return r, n
}

// note writes a note, or removes it if nothing is to be noted.
func (s Store) note(n note) error {
	if len(n.Places) > 0 {
		return s.write(n.Registry, pending, n)
	}
	if err := os.Remove(s.path(n.Registry, pending)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.unwritable()
	}
	return nil
}

func (s Store) write(registry, kind string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	if privatefile.Write(s.path(registry, kind), registry+partial, text, time.Time{}) != nil {
		return s.unwritable()
	}
	return nil
}

func (s Store) unwritable() error { return errors.New("cannot write to " + s.Dir) }

// any reports whether there is something of a registry's, be it damaged.
func (s Store) any(registry string) bool {
	if s.Dir == "" || !host.Valid(registry) {
		return false
	}
	for _, kind := range []string{indexed, pending} {
		if _, err := os.Lstat(s.path(registry, kind)); err == nil {
			return true
		}
	}
	return len(s.partial(registry)) > 0
}

// partial lists the files that a killed process has not finished.
func (s Store) partial(registry string) []string {
	var found []string
	entries, _ := os.ReadDir(s.Dir)
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), registry+partial+"-")
		if ok && strings.Trim(number, "0123456789") == "" {
			found = append(found, filepath.Join(s.Dir, e.Name()))
		}
	}
	return found
}

func (s Store) sweep(registry string) {
	for _, path := range s.partial(registry) {
		_ = os.Remove(path)
	}
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
		if r, err := s.read(registry); err == nil {
			found[registry] = r.Username
		}
	}
	return found
}
