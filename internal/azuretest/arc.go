package azuretest

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// arcTokens is where the agent of Azure Arc proves that a client may read what
// only members of a group can. Clients accept no other directory, so this is
// the one place outside its own directory where the emulator writes; Close
// removes what it wrote.
const arcTokens = "/var/opt/azcmagent/tokens"

// arcKeys are the keys that were handed out, by file.
type arcKeys struct {
	mu      sync.Mutex
	files   map[string]string
	created []string // directories, the innermost last
}

// arc is the agent's endpoint (wire-detail C3).
func (a *Azure) arc(x *call) {
	q := x.r.URL.Query()
	if x.r.Header.Get("Metadata") != "true" {
		x.identityError("invalid_request", "Required metadata header not specified")
		return
	}
	key, ok := strings.CutPrefix(x.r.Header.Get("Authorization"), "Basic ")
	if !ok {
		file, err := a.arcKeys.write()
		if err != nil {
			x.json(http.StatusInternalServerError, map[string]string{"error": "azuretest", "error_description": err.Error()})
			return
		}
		x.w.Header().Set("WWW-Authenticate", "Basic realm="+file)
		x.json(http.StatusUnauthorized, map[string]string{"error": "unauthorized_client", "error_description": "Missing Basic Authorization header"})
		return
	}
	if !a.arcKeys.use(key) {
		x.json(http.StatusForbidden, map[string]string{"error": "unauthorized_client", "error_description": "Wrong key"})
		return
	}
	a.managedToken(x, q.Get("resource"), q.Get("client_id"), q.Get("msi_res_id"), q.Get("object_id"))
}

// write makes a new key in a new file.
func (k *arcKeys) write() (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var missing []string
	for dir := arcTokens; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(dir)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		missing = append([]string{dir}, missing...)
	}
	for _, dir := range missing {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		k.created = append(k.created, dir)
	}
	key := uuid.NewString()
	file := filepath.Join(arcTokens, "azuretest-"+uuid.NewString()+".key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		return "", err
	}
	if k.files == nil {
		k.files = map[string]string{}
	}
	k.files[file] = key
	return file, nil
}

// use takes a key, once.
func (k *arcKeys) use(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for file, known := range k.files {
		if known == key {
			delete(k.files, file)
			_ = os.Remove(file)
			return true
		}
	}
	return false
}

// remove takes away files and directories; directories that others use by now
// stay.
func (k *arcKeys) remove() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for file := range k.files {
		_ = os.Remove(file)
	}
	for i := len(k.created) - 1; i >= 0; i-- {
		_ = os.Remove(k.created[i])
	}
	k.files, k.created = nil, nil
}
