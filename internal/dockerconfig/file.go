package dockerconfig

import (
	"encoding/base64"
	"os"
	"strings"

	"docker-credential-acr/internal/host"
)

// File is a client's file as it stands. The zero value is a file that is not
// there.
type File struct {
	// Path is where it is, or would be; empty without a home.
	Path string
	// Exists reports that there is one.
	Exists bool
	// Err is why the file cannot be used, or nil: a *Problem, or the system's
	// error. The fields below are then empty.
	Err error
	// CredsStore is the helper for registries that CredHelpers does not name.
	CredsStore string
	// CredHelpers are helpers by registry, both as written.
	CredHelpers map[string]string
	// Auths are the logins that stand in the file, by registry as written.
	Auths map[string]Login
}

// Login is what an entry of "auths" holds.
type Login int

// The kinds of entries.
const (
	// Elsewhere is an empty entry: the login is in the credential store.
	Elsewhere Login = iota
	// Token is a registry's token, as az acr login leaves it.
	Token
	// Password is a user name and a password.
	Password
)

// Read reads a file.
func Read(path string) File {
	f := File{Path: path}
	if path == "" {
		return f
	}
	d, err := f.load()
	if err != nil || !f.Exists {
		f.Err = err
		return f
	}
	f.CredsStore = d.text(credsStore)
	f.CredHelpers = map[string]string{}
	for _, m := range d.object(credHelpers).Members {
		f.CredHelpers[nameOf(m)] = textOf(m.Value)
	}
	f.Auths = map[string]Login{}
	for _, m := range d.object(auths).Members {
		f.Auths[nameOf(m)] = loginOf(m.Value)
	}
	return f
}

// load reads the document at Path, and notes whether there is one. What a variable
// sends to the null device counts as empty, as it does for the clients.
func (f *File) load() (document, error) {
	if info, err := os.Stat(f.Path); err == nil {
		if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
			return parse(nil)
		}
	}
	s, err := readState(f.Path)
	f.Exists = s.exists || err != nil
	if err != nil || !s.exists {
		return document{}, err
	}
	return parse(s.content)
}

// readRegctl reads regctl's own file. Auths are then the hosts in it; a helper that
// it names for one is not looked at
// (https://github.com/regclient/regclient/blob/v0.11.7/config/host.go#L292).
func readRegctl(path string) File {
	f := File{Path: path}
	if path == "" {
		return f
	}
	d, err := f.load()
	if err != nil || !f.Exists {
		f.Err = err
		return f
	}
	f.Auths = map[string]Login{}
	for _, m := range d.object("hosts").Members {
		f.Auths[nameOf(m)] = Elsewhere
		if fieldOf(m.Value, "pass") != "" { // without it the helper of Docker's file counts
			f.Auths[nameOf(m)] = Password
		}
	}
	return f
}

// Helper is the name of the helper that a client runs for a login server by this
// file, exactly as Docker looks it up; empty for none.
func (f File) Helper(registry string) string {
	if helper, ok := f.CredHelpers[registry]; ok {
		return helper
	}
	return f.CredsStore
}

// Login is what "auths" holds for a login server. Clients find it under the
// host's name, and under URLs of it
// (https://github.com/docker/cli/blob/v29.9.3/cli/config/credentials/file_store.go#L46).
func (f File) Login(registry string) (key string, l Login, ok bool) {
	if l, ok := f.Auths[registry]; ok {
		return registry, l, true
	}
	for key, l := range f.Auths {
		if hostOf(key) == registry {
			return key, l, true
		}
	}
	return "", 0, false
}

// hostOf is the host of a key that may be a URL, as Docker's own file store
// reads it.
func hostOf(key string) string {
	key = strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	name, _, _ := strings.Cut(key, "/")
	return name
}

// Misspelt lists the keys of CredHelpers for this helper that no client ever
// looks up, by the login server that they mean: clients ask for the host alone,
// in small letters.
func (f File) Misspelt(registry string) []string {
	var keys []string
	for key, helper := range f.CredHelpers {
		if r, ok := host.Parse(key); helper == Name && ok && r.LoginServer == registry && key != registry {
			keys = append(keys, key)
		}
	}
	return keys
}

// userOf is the user name in the value of "auth".
func userOf(auth string) string {
	decoded, err := base64.StdEncoding.DecodeString(auth)
	if err != nil {
		return ""
	}
	user, _, _ := strings.Cut(string(decoded), ":")
	return user
}
