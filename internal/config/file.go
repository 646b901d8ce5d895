package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"docker-credential-acr/internal/host"
)

// EnvFile names the configuration file.
const EnvFile = "DOCKER_CREDENTIAL_ACR_CONFIG"

// File is the configuration file. Its zero value configures nothing.
type File struct {
	path     string
	store    string
	fallback entry
	// registries holds the entries by their key: a login server, or a pattern
	// with a *.
	registries map[string]entry
}

// maxConfig bounds the file: 10,000 registries fit.
const maxConfig = 4 << 20

// openFile reads the configuration file, which need not exist unless it was
// named.
func (e *environment) openFile() File {
	name := e.get(EnvFile)
	named := name != ""
	if !named {
		name = defaultFile()
	}
	info, err := os.Stat(name)
	switch {
	case name == "", !named && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR)):
		return File{}
	case err == nil && !info.Mode().IsRegular():
		err = errors.New("it is not a regular file")
	case err == nil && info.Size() > maxConfig:
		err = errors.New("it is larger than 4 MiB")
	}
	var content []byte
	if err == nil {
		content, err = os.ReadFile(name)
	}
	if err != nil {
		e.fail(name, "cannot be read: %v", reason(err))
		return File{}
	}
	file, problems := parseFile(name, content)
	for _, p := range problems {
		e.fail(name, "%s", p)
	}
	return file
}

// defaultFile is where the configuration file is unless it is named; empty without
// a home.
func defaultFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "docker-credential-acr", "config.json")
}

// Path is where the configuration file is, or would be; empty without a home.
func (c Config) Path() string {
	if name, _ := c.lookup(EnvFile); name != "" {
		return name
	}
	return defaultFile()
}

// parseFile reads a configuration. Each problem is a clause that begins with
// the key it is about.
func parseFile(name string, content []byte) (File, []string) {
	file := File{path: name, registries: map[string]entry{}}
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }

	members, err := object(bytes.TrimPrefix(content, []byte("\ufeff")))
	if err != nil {
		return File{}, []string{err.Error()}
	}
	for _, m := range members {
		switch m.key {
		case "$schema":
		case "default":
			file.fallback = readEntry("default", m.value, problem).below(filepath.Dir(name))
		case "store":
			if json.Unmarshal(m.value, &file.store) != nil || !storeName.MatchString(file.store) || file.store == "acr" {
				problem(`store must be "file" or the name of a credential helper, such as "pass" for docker-credential-pass, and not this one's`)
				file.store = ""
			}
		case "registries":
			registries, err := object(m.value)
			if err != nil {
				problem("registries: %v", err)
			}
			for _, r := range registries {
				at := fmt.Sprintf("registries: %q", r.key)
				key := strings.ToLower(r.key)
				entry := readEntry(at, r.value, problem).below(filepath.Dir(name))
				if err := checkKey(key); err != nil {
					problem("%s: %v", at, err)
				}
				if _, twice := file.registries[key]; twice {
					problem("%s stands there twice", at)
				}
				file.registries[key] = entry
			}
		default:
			problem("has an unknown key %q; use default, registries and store", m.key)
		}
	}
	return file, problems
}

// checkKey checks the name of an entry. Only ACR's own suffixes can be meant by
// a pattern: everything else that is to be sent tokens is named exactly.
func checkKey(key string) error {
	if strings.Contains(key, "*") {
		if strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-.*") != "" {
			return errors.New("a pattern is a host name with a *, without scheme, port and path")
		}
		if !strings.HasSuffix(key, ".azurecr.io") && !strings.HasSuffix(key, ".azurecr.cn") && !strings.HasSuffix(key, ".azurecr.us") {
			return errors.New("a pattern must end in .azurecr.io, .azurecr.cn or .azurecr.us; name other registries exactly")
		}
		return nil
	}
	if r, ok := host.Parse(key); ok && r.LoginServer == key {
		return nil
	}
	if !host.Valid(key) {
		return errors.New("it is not a host name, without scheme, port and path")
	}
	return nil
}

// reason is the part of a file's error behind its name.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
