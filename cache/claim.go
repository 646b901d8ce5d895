package cache

import (
	"os"
	"time"

	"docker-credential-acr/internal/privatefile"
)

// claimLife is how long a claim stands: longer than a renewal takes, and short
// enough that one which failed is soon tried again.
const claimLife = time.Minute

// Claim reports whether the caller is the one to have k renewed: of all processes,
// one within a minute. It is best effort, as Lock is; it is Lock that makes
// renewals one.
func (c Cache) Claim(k Key) bool {
	if c.Dir == "" {
		return false
	}
	path, now := c.path(k, claimFile), c.now()
	if info, err := os.Lstat(path); err == nil {
		if age := now.Sub(info.ModTime()); age > -slack && age < claimLife {
			return false
		}
		_ = os.Remove(path) // of long ago
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|privatefile.NoFollow, 0o600)
	if err != nil {
		return false // somebody was faster, or nothing can be written here
	}
	_ = f.Close()
	return os.Chtimes(path, time.Time{}, now) == nil
}
