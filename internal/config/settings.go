package config

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"docker-credential-acr/internal/host"
)

// Settings are what holds for one registry.
type Settings struct {
	// Timeout bounds everything that one get does.
	Timeout time.Duration
	// CacheDir is the directory for refresh tokens; empty for none.
	CacheDir string
	// Username is TokenUsername or GUIDUsername.
	Username string
	// Renewal says who waits for a renewal; see InBackground.
	Renewal Renewal
	ci      bool
	// Anonymous registries are answered with not-found where no identity is to
	// be had, so that a client goes on without one.
	Anonymous bool
	// Azure selects the Entra identity.
	Azure Azure
}

// Registry finds the registry that a server URL names: one of ACR's own, or
// one that the configuration file names exactly.
func (c Config) Registry(serverURL string) (host.Registry, bool) {
	return host.ParseNamed(serverURL, c.custom)
}

// Custom are the login servers outside ACR's suffixes that the file names.
func (c Config) Custom() []string {
	var names []string
	for name := range c.custom {
		names = append(names, name)
	}
	return names
}

// Named are the login servers that the file names exactly.
func (c Config) Named() []string {
	var names []string
	for key := range c.file.registries {
		if !strings.Contains(key, "*") {
			names = append(names, key)
		}
	}
	return names
}

// CacheDirs are all directories that tokens can be in.
func (c Config) CacheDirs() []string {
	dirs := []string{c.cacheDir(c.file.fallback)}
	for _, e := range c.file.registries {
		if _, ok := e["cache"]; ok {
			dirs = append(dirs, c.cacheDir(e))
		}
	}
	slices.Sort(dirs)
	return slices.DeleteFunc(slices.Compact(dirs), func(dir string) bool { return dir == "" })
}

// Store is the store that the file names for credentials, or "" for the first
// that works.
func (c Config) Store() string { return c.file.store }

// StoreDir is the directory in the user's configuration where stored credentials
// are listed, or kept; empty without a home.
func (c Config) StoreDir() string { return ownDir("stored") }

// UndoDir is the directory in the user's configuration where it stands how to undo
// edits of the clients' files; empty without a home.
func (c Config) UndoDir() string { return ownDir("configured") }

func ownDir(name string) string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "docker-credential-acr", name)
}

// For merges what the file says of a registry, the most specific entry first,
// field by field. The program's own variables win over the file; the file's
// identity wins over Azure's variables.
func (c Config) For(r host.Registry) Settings {
	e := c.file.entryOf(r)
	s := Settings{
		Timeout:   DefaultTimeout,
		CacheDir:  c.cacheDir(e),
		Username:  TokenUsername,
		Renewal:   cmp.Or(c.Renewal, Renewal(e["renewal"].text)),
		ci:        c.ci,
		Anonymous: e["anonymous"].yes,
		Azure:     c.azure.with(e, r.Cloud, c.lookup),
	}
	if c.assertion != nil {
		s.Azure = s.Azure.as(*c.assertion)
		s.Renewal = RenewForeground // nobody else has the assertion
	}
	if d, err := time.ParseDuration(e["timeout"].text); err == nil {
		s.Timeout = d
	}
	if c.Timeout > 0 {
		s.Timeout = c.Timeout
	}
	if name, ok := Username(e["username"].text); ok {
		s.Username = name
	}
	if c.Username != "" {
		s.Username = c.Username
	}
	return s
}

// ForSource is what would select the identity if the file named source for r. Of what it
// says now, the keys of other sources don't count, and neither does the client
// id of another identity. tenantID and clientID win over the file's, unless they
// are empty.
func (c Config) ForSource(r host.Registry, source Source, tenantID, clientID string) Azure {
	e := c.file.entryOf(r)
	if e["identity"].text != string(source) {
		delete(e, "clientId")
		for key, owner := range belongs {
			if owner != source {
				delete(e, key)
			}
		}
	}
	e["identity"] = value{text: string(source)}
	if tenantID != "" {
		e["tenantId"] = value{text: tenantID}
	}
	if clientID != "" {
		e["clientId"] = value{text: clientID}
	}
	a := c.azure.with(e, r.Cloud, c.lookup)
	a.Configured = a.Configured && source != Environment // which reads Azure's variables, whoever chose it
	return a
}

func (c Config) cacheDir(e entry) string {
	if c.CacheDir != nil {
		return *c.CacheDir
	}
	if dir, ok := e["cache"]; ok {
		if dir.text == "off" {
			return ""
		}
		return dir.text
	}
	return defaultCacheDir()
}

// SecretVariables are the variables that the file says hold a secret, of whatever
// registry.
func (c Config) SecretVariables() []string {
	var names []string
	for _, e := range append(slices.Collect(maps.Values(c.file.registries)), c.file.fallback) {
		for _, key := range []string{"clientSecretVariable", "certificatePasswordVariable", "tokenVariable"} {
			if name := e[key].text; name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// entryOf merges the entries that are about r.
func (f File) entryOf(r host.Registry) entry {
	merged := entry{}
	for _, key := range f.keysFor(r.LoginServer) {
		merged.fill(f.registries[key])
	}
	merged.fill(f.fallback)
	return merged
}

// alternatives are keys of which one counts: where a more specific entry has
// one, the others of a less specific entry have no say.
var alternatives = [][]string{
	{"clientSecretFile", "clientSecretVariable", "certificateFile"},
	{"certificatePasswordFile", "certificatePasswordVariable"},
	{"tokenFile", "tokenVariable"},
	{"clientId", "resourceId", "objectId"},
}

// fill adds what e leaves open and a less specific entry says.
func (e entry) fill(less entry) {
	decided := map[string]bool{}
	for _, keys := range alternatives {
		if slices.ContainsFunc(keys, e.has) {
			for _, key := range keys {
				decided[key] = true
			}
		}
	}
	decided["authorityHost"] = e.has("cloud")
	for key, v := range less {
		if !decided[key] && !e.has(key) {
			e[key] = v
		}
	}
}

func (e entry) has(key string) bool {
	_, ok := e[key]
	return ok
}

// keysFor lists the keys that match a login server, the most specific first:
// its own name, then patterns by the number of their letters.
func (f File) keysFor(loginServer string) []string {
	var found []string
	for key := range f.registries {
		if key == loginServer || match(key, loginServer) {
			found = append(found, key)
		}
	}
	slices.SortFunc(found, func(a, b string) int {
		switch {
		case a == loginServer:
			return -1
		case b == loginServer:
			return 1
		case literal(a) != literal(b):
			return literal(b) - literal(a)
		}
		return strings.Compare(a, b)
	})
	return found
}

func literal(pattern string) int { return len(pattern) - strings.Count(pattern, "*") }

// match reports whether name fits a pattern in which * is any run of characters.
func match(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, ok := strings.Cut(name, part)
		if !ok {
			return false
		}
		name = after
	}
	return true
}

// expand replaces a leading ~ by the home directory.
func expand(name string) string {
	if name != "~" && !strings.HasPrefix(name, "~/") && !strings.HasPrefix(name, `~\`) {
		return name
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return name
	}
	return filepath.Join(home, name[1:])
}
