package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"time"

	"docker-credential-acr/internal/privatefile"
)

// write replaces the file of k by record, in clear, whole or not at all.
func (c Cache) write(k Key, kind string, record any, modified time.Time) error {
	content, err := encode(record)
	if err != nil {
		return err
	}
	return c.replace(c.path(k, kind), k, content, modified)
}

// replace replaces the file at path, which is one of k's, by content.
func (c Cache) replace(path string, k Key, content []byte, modified time.Time) error {
	return privatefile.Write(path, filepath.Base(c.path(k, temporaryFile)), content, modified)
}

// encode returns record as JSON behind its checksum. A flipped bit would
// otherwise be handed out as a token and be refused by the registry, for hours.
func encode(record any) ([]byte, error) {
	content, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	return append(hex.AppendEncode(nil, sum[:]), append([]byte("\n"), content...)...), nil
}

// readRecord reads what encode made into v. It reports false for a file that is
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
