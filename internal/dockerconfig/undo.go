package dockerconfig

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"docker-credential-acr/internal/privatefile"
)

// undo is what unconfigure must know to undo exactly what configure did to one
// file. Without it, as for entries that somebody wrote by hand, entries are
// removed, and credHelpers if it is then empty. It holds no secret: the texts are
// those of empty objects.
type undo struct {
	// File is the whole file, if it had no key; nil if it had.
	File *original `json:"file,omitempty"`
	// Helpers is the value of credHelpers, if it had no entry; nil if it had.
	Helpers *original `json:"credHelpers,omitempty"`
	// Replaced are the helpers that stood in the entries, by registry, as JSON.
	Replaced map[string]string `json:"replaced,omitempty"`
}

// original is a text as it was before.
type original struct {
	Absent bool   `json:"absent,omitempty"`
	Text   string `json:"text,omitempty"`
}

func (u undo) clone() undo {
	u.Replaced = maps.Clone(u.Replaced)
	if u.Replaced == nil {
		u.Replaced = map[string]string{}
	}
	return u
}

func (u undo) empty() bool { return u.File == nil && u.Helpers == nil && len(u.Replaced) == 0 }

// record is where the undo of one file is kept, and the lock for whoever edits the
// file. It is best effort: where it cannot be kept the edit is made all the same.
type record struct {
	dir, name string // in which directory, by which name without extension; both empty for nowhere
	path      string // of the edited file
	locked    bool
}

func recordOf(dir, path string) *record {
	absolute, err := filepath.Abs(path)
	if err != nil || dir == "" {
		return &record{}
	}
	sum := sha256.Sum256([]byte(absolute))
	return &record{dir: dir, name: hex.EncodeToString(sum[:16]), path: absolute}
}

func (r *record) file(extension string) string { return filepath.Join(r.dir, r.name+extension) }

// noted is a record on disk.
type noted struct {
	Path string `json:"path"`
	undo
}

// maxRecord is more than 10,000 replaced entries need.
const maxRecord = 4 << 20

// read returns the undo; one that is missing, damaged or another file's is empty.
func (r *record) read() undo {
	if r.name == "" {
		return undo{}
	}
	content, err := privatefile.Read(r.file(".json"), maxRecord)
	var n noted
	if err != nil || json.Unmarshal(content, &n) != nil || n.Path != r.path {
		return undo{}
	}
	return n.undo
}

func (r *record) write(u undo) {
	if r.name == "" {
		return
	}
	if u.empty() {
		_ = os.Remove(r.file(".json"))
		return
	}
	if content, err := json.Marshal(noted{r.path, u}); err == nil {
		_ = privatefile.Write(r.file(".json"), r.name+".tmp", append(content, '\n'), time.Time{})
	}
}

// lock keeps other processes of this program from the file until unlock, which is
// never nil, or ctx ends. Where no lock is to be had it goes on without: the file
// is exchanged all the same.
func (r *record) lock(ctx context.Context) (unlock func()) {
	if r.name == "" || os.MkdirAll(r.dir, 0o700) != nil {
		return func() {}
	}
	l := flock.New(r.file(".lock"), flock.SetFlag(os.O_CREATE|os.O_RDWR|privatefile.NoFollow), flock.SetPermissions(0o600))
	ok, err := l.TryLockContext(ctx, poll)
	if err != nil || !ok {
		_ = l.Close()
		return func() {}
	}
	r.locked = true
	return func() { _ = l.Unlock() }
}

// poll is how often a waiting process looks whether the lock is free.
const poll = 5 * time.Millisecond
