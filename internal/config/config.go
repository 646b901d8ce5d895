// Package config reads every variable and the file that steer the program.
// Nothing else in the program reads the environment, except the libraries that
// must (azidentity for managed identity endpoints, net/http for proxies).
//
// An empty variable counts as unset throughout: pipelines and compose files
// pass variables on that nobody has set.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"docker-credential-acr/internal/host"
)

// Lookup finds a variable, like os.LookupEnv, which nil stands for.
type Lookup func(name string) (value string, ok bool)

// The program's own variables.
const (
	EnvCache    = "DOCKER_CREDENTIAL_ACR_CACHE"
	EnvLog      = "DOCKER_CREDENTIAL_ACR_LOG"
	EnvRenewal  = "DOCKER_CREDENTIAL_ACR_RENEWAL"
	EnvTimeout  = "DOCKER_CREDENTIAL_ACR_TIMEOUT"
	EnvUsername = "DOCKER_CREDENTIAL_ACR_USERNAME"
)

// DefaultTimeout bounds a whole get. Clients wait 30 s (testcontainers) or for
// ever, and nobody wants to wait that long for an error.
const DefaultTimeout = 25 * time.Second

// The user names that mark a refresh token for Docker clients.
const (
	// TokenUsername makes a client post the secret as a refresh token, ACR's
	// documented grant.
	TokenUsername = "<token>"
	// GUIDUsername makes a client send the secret as a password, which ACR
	// accepts for this name, for clients that don't know TokenUsername.
	GUIDUsername = "00000000-0000-0000-0000-000000000000"
)

// Config is what the environment and the configuration file say. Use Load; what
// holds for a registry is told by For.
type Config struct {
	// Timeout is DOCKER_CREDENTIAL_ACR_TIMEOUT, or 0.
	Timeout time.Duration
	// CacheDir is DOCKER_CREDENTIAL_ACR_CACHE: empty for off, nil if unset.
	CacheDir *string
	// Username is what DOCKER_CREDENTIAL_ACR_USERNAME stands for, or empty.
	Username string
	// Renewal is DOCKER_CREDENTIAL_ACR_RENEWAL, or empty.
	Renewal Renewal
	// Log is where the steps are written: empty for nowhere, "stderr", or a file.
	Log string

	azure     Azure
	file      File
	custom    map[string]host.Cloud
	lookup    Lookup
	ci        bool
	assertion *Assertion
}

// Assertion is a federated token for an application, from whoever runs the
// program.
type Assertion struct{ TenantID, ClientID, Token string }

// As returns c with one identity for all registries, in place of what the
// environment and the file say.
func (c Config) As(a Assertion) Config {
	c.assertion = &a
	return c
}

// Load reads the environment and the configuration file. Values that cannot be
// used are an error that names the variable, or the file and the key, and what
// may stand there; the Config is then complete but for them.
func Load(lookup Lookup) (Config, error) {
	if lookup == nil {
		lookup = os.LookupEnv
	}
	env := environment{lookup: lookup}
	c := Config{
		Timeout:  env.timeout(),
		CacheDir: env.cacheDir(),
		Username: env.username(),
		Renewal:  env.renewal(),
		Log:      env.get(EnvLog),
		azure:    env.azure(),
		file:     env.openFile(),
		custom:   map[string]host.Cloud{},
		lookup:   lookup,
		ci:       env.get("CI") != "" || env.get("TF_BUILD") != "",
	}
	for key, e := range c.file.registries {
		if _, ours := host.Parse(key); !ours && !strings.Contains(key, "*") {
			c.custom[key] = host.Cloud(cmp.Or(e["cloud"].text, string(host.Public)))
		}
	}
	return c, errors.Join(env.failed...)
}

// environment reads variables and collects what is wrong with them.
type environment struct {
	lookup Lookup
	failed []error
}

func (e *environment) get(name string) string {
	value, _ := e.lookup(name)
	return value
}

func (e *environment) fail(name, format string, args ...any) {
	e.failed = append(e.failed, fmt.Errorf("%s %s", name, fmt.Sprintf(format, args...)))
}

func (e *environment) timeout() time.Duration {
	value := e.get(EnvTimeout)
	if value == "" {
		return 0
	}
	duration := value
	if _, err := strconv.Atoi(value); err == nil {
		duration += "s"
	}
	d, err := time.ParseDuration(duration)
	if err != nil || d <= 0 {
		e.fail(EnvTimeout, "is %q; set it to seconds or a duration such as 25s", value)
		return 0
	}
	return d
}

func (e *environment) cacheDir() *string {
	dir := e.get(EnvCache)
	switch dir {
	case "":
		return nil
	case "off":
		dir = ""
	default:
		if absolute, err := filepath.Abs(dir); err == nil {
			dir = absolute
		}
	}
	return &dir
}

// defaultCacheDir is a directory of the user's. Without a home there is no safe
// place, and no cache costs time only.
func defaultCacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "docker-credential-acr")
}

func (e *environment) username() string {
	value := e.get(EnvUsername)
	if value == "" {
		return ""
	}
	name, ok := Username(value)
	if !ok {
		e.fail(EnvUsername, "is %q; set it to token or guid", value)
	}
	return name
}

// Username returns the user name that form stands for, "token" or "guid".
func Username(form string) (name string, ok bool) {
	switch strings.ToLower(form) {
	case "token":
		return TokenUsername, true
	case "guid":
		return GUIDUsername, true
	}
	return "", false
}

// IsTokenUsername reports whether name marks a secret as a refresh token.
func IsTokenUsername(name string) bool { return name == TokenUsername || name == GUIDUsername }
