// Package config reads every variable that steers the program, into one struct.
// Nothing else in the program reads the environment, except the libraries that
// must (azidentity for managed identity endpoints, net/http for proxies).
//
// An empty variable counts as unset throughout: pipelines and compose files
// pass variables on that nobody has set.
package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Lookup finds a variable, like os.LookupEnv, which nil stands for.
type Lookup func(name string) (value string, ok bool)

// The program's own variables.
const (
	EnvCache    = "DOCKER_CREDENTIAL_ACR_CACHE"
	EnvLog      = "DOCKER_CREDENTIAL_ACR_LOG"
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

// Config is what the environment says. The zero value means: no cache, no log,
// no time limit; use Load.
type Config struct {
	// Timeout bounds everything that one get does.
	Timeout time.Duration
	// CacheDir is the directory for refresh tokens; empty for none.
	CacheDir string
	// Username is TokenUsername or GUIDUsername.
	Username string
	// Log is where the steps are written: empty for nowhere, "stderr", or a file.
	Log string
	// Azure selects the Entra identity.
	Azure Azure
}

// Load reads the environment. Values that cannot be used are an error that
// names the variable and what it may be; the Config is then complete but for
// them, with their defaults.
func Load(lookup Lookup) (Config, error) {
	if lookup == nil {
		lookup = os.LookupEnv
	}
	env := environment{lookup: lookup}
	c := Config{
		Timeout:  env.timeout(),
		CacheDir: env.cacheDir(),
		Username: env.username(),
		Log:      env.get(EnvLog),
		Azure:    env.azure(),
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
		return DefaultTimeout
	}
	duration := value
	if _, err := strconv.Atoi(value); err == nil {
		duration += "s"
	}
	d, err := time.ParseDuration(duration)
	if err != nil || d <= 0 {
		e.fail(EnvTimeout, "is %q; set it to seconds or a duration such as 25s", value)
		return DefaultTimeout
	}
	return d
}

func (e *environment) cacheDir() string {
	switch value := e.get(EnvCache); value {
	case "off":
		return ""
	case "":
		// Without a home there is no safe place, and no cache costs time only.
		dir, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		return filepath.Join(dir, "docker-credential-acr")
	default:
		dir, err := filepath.Abs(value)
		if err != nil {
			return ""
		}
		return dir
	}
}

func (e *environment) username() string {
	value := e.get(EnvUsername)
	name, ok := Username(value)
	if !ok {
		e.fail(EnvUsername, "is %q; set it to token or guid", value)
	}
	return name
}

// Username returns the user name that form stands for: "token", the default, or
// "guid". It returns the default and false for anything else.
func Username(form string) (name string, ok bool) {
	switch strings.ToLower(form) {
	case "", "token":
		return TokenUsername, true
	case "guid":
		return GUIDUsername, true
	}
	return TokenUsername, false
}
