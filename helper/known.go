package helper

import (
	"errors"
	"maps"
	"slices"
	"time"

	"docker-credential-acr/cache"
)

// Registries returns the login servers that are known here without asking
// anybody, sorted: those that the configuration file names, and those of which
// something is kept, for whatever identity.
func (h *Helper) Registries() []string {
	known := map[string]bool{}
	for _, name := range h.config.Named() {
		known[name] = true
	}
	for name := range h.store().List() {
		known[name] = true
	}
	for _, dir := range h.config.CacheDirs() {
		for _, e := range h.cache(dir).Entries() {
			known[e.Registry] = true
		}
	}
	maps.DeleteFunc(known, func(name string, _ bool) bool {
		_, ok := h.config.Registry(name)
		return !ok
	})
	return slices.Sorted(maps.Keys(known))
}

// Misconfigured is what is wrong in the environment and the configuration file, a
// line for each, or nil.
func (h *Helper) Misconfigured() error { return h.misconfig }

// Files are the files and directories that a Helper works with. They need not
// exist. An empty path is none.
type Files struct {
	Configuration, Passwords, Log string
	// Cache are the directories of tokens; there is none where the cache is off.
	Cache []cache.Cache
}

// Files returns the files of the environment and the configuration.
func (h *Helper) Files() Files {
	f := Files{Configuration: h.config.Path(), Passwords: h.config.StoreDir(), Log: h.config.Log}
	for _, dir := range h.config.CacheDirs() {
		f.Cache = append(f.Cache, h.cache(dir))
	}
	return f
}

// Kept is what is kept of a registry on this machine.
type Kept struct {
	// Login is until when the token of a login is valid; zero without one that is.
	Login time.Time
	// Tokens is the number of refresh tokens, of whatever identity, that one
	// included, and whether they are valid or not.
	Tokens int
	// Username and Store are those of a stored password; empty without one.
	Username, Store string
}

// Kept returns what is kept of the registry, without asking anybody. The error is
// ErrNotACR, or says that the index of passwords cannot be read; then all else is
// there.
func (h *Helper) Kept(serverURL string) (Kept, error) {
	r, ok := h.registry(serverURL)
	if !ok {
		return Kept{}, notACR(serverURL)
	}
	q := h.question(r)
	var k Kept
	for _, e := range q.cache.Entries() {
		if e.Registry != r.LoginServer {
			continue
		}
		k.Tokens++
		if e.Key == q.stored() && e.Usable(h.now()) {
			k.Login = e.Expires
		}
	}
	var err error
	k.Store, k.Username, err = q.store.Look(r.LoginServer)
	if err != nil {
		return k, errors.New(r.LoginServer + ": " + err.Error())
	}
	return k, nil
}

// ClearCache forgets all tokens, of every registry and identity, and what else
// is remembered, in every directory of the configuration. It returns how many
// tokens that were, and the directories. Passwords stay.
func (h *Helper) ClearCache() (tokens int, dirs []string, err error) {
	if h.misconfig != nil {
		return 0, nil, h.misconfig // some directory may be missing
	}
	for _, dir := range h.config.CacheDirs() {
		n, failed := h.cache(dir).Clear()
		tokens += n
		dirs = append(dirs, dir)
		if failed != nil {
			err = errors.Join(err, errors.New("cannot delete all that is in "+dir))
		}
	}
	return tokens, dirs, err
}
