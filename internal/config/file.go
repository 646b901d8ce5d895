package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

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

// entry is what the file says of a registry. Fields that are not there leave
// the question to a less specific entry.
type entry map[string]value

// value is the value of one key: a string or a bool.
type value struct {
	text string
	yes  bool
}

// kind says what values a key takes.
type kind int

const (
	text     kind = iota
	boolean       // true or false
	path          // of a file; ~ stands for the home directory
	variable      // the name of an environment variable
	choice        // one of a list
	duration      // such as 25s
	httpsURL
)

// keys are the keys of an entry. docs/config.schema.json lists the same.
var keys = map[string]kind{
	"identity":                    choice,
	"tenantId":                    text,
	"clientId":                    text,
	"resourceId":                  text,
	"objectId":                    text,
	"clientSecretFile":            path,
	"clientSecretVariable":        variable,
	"certificateFile":             path,
	"certificatePasswordFile":     path,
	"certificatePasswordVariable": variable,
	"sendCertificateChain":        boolean,
	"tokenFile":                   path,
	"tokenVariable":               variable,
	"serviceConnectionId":         text,
	"cloud":                       choice,
	"authorityHost":               httpsURL,
	"audience":                    text,
	"anonymous":                   boolean,
	"username":                    choice,
	"timeout":                     duration,
	"cache":                       path,
}

// choices are the values that a key of kind choice takes.
var choices = map[string][]string{
	"identity": names(AllSources),
	"cloud":    {string(host.Public), string(host.China), string(host.USGov)},
	"username": {"token", "guid"},
}

func names(sources []Source) []string {
	var all []string
	for _, s := range sources {
		all = append(all, string(s))
	}
	return all
}

// maxConfig bounds the file: 10,000 registries fit.
const maxConfig = 4 << 20

// openFile reads the configuration file, which need not exist unless it was
// named.
func (e *environment) openFile() File {
	name := e.get(EnvFile)
	named := name != ""
	if !named {
		dir, err := os.UserConfigDir()
		if err != nil {
			return File{}
		}
		name = filepath.Join(dir, "docker-credential-acr", "config.json")
	}
	info, err := os.Stat(name)
	switch {
	case !named && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || notDirectory(err)):
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

func readEntry(at string, raw json.RawMessage, problem func(string, ...any)) entry {
	members, err := object(raw)
	if err != nil {
		problem("%s: %v", at, err)
		return nil
	}
	e := entry{}
	for _, m := range members {
		k, known := keys[m.key]
		if !known {
			problem("%s: has an unknown key %q; the keys are %s", at, m.key, strings.Join(sortedKeys(), ", "))
			continue
		}
		if _, twice := e[m.key]; twice {
			problem("%s: %s stands there twice", at, m.key)
		}
		v, err := readValue(m.key, k, m.value)
		if err != nil {
			problem("%s: %s %v", at, m.key, err)
			continue
		}
		e[m.key] = v
	}
	chooseIdentity(at, e, problem)
	return e
}

// below makes the paths of e absolute: ~ is the home directory, and all else is
// relative to the file's own directory. The working directory may be anybody's.
func (e entry) below(dir string) entry {
	for key, v := range e {
		if keys[key] != path || key == "cache" && v.text == "off" {
			continue
		}
		v.text = expand(v.text)
		if !filepath.IsAbs(v.text) {
			v.text = filepath.Join(dir, v.text)
		}
		e[key] = v
	}
	return e
}

// belongs are the keys that only one identity has.
var belongs = map[string]Source{
	"clientSecretFile":            ServicePrincipal,
	"clientSecretVariable":        ServicePrincipal,
	"certificateFile":             ServicePrincipal,
	"certificatePasswordFile":     ServicePrincipal,
	"certificatePasswordVariable": ServicePrincipal,
	"sendCertificateChain":        ServicePrincipal,
	"tokenFile":                   FederatedToken,
	"tokenVariable":               FederatedToken,
	"resourceId":                  ManagedIdentity,
	"objectId":                    ManagedIdentity,
	"serviceConnectionId":         AzurePipelines,
}

// chooseIdentity lets a key that only one identity has choose it, and finds
// keys that contradict each other: none is silently without effect.
func chooseIdentity(at string, e entry, problem func(string, ...any)) {
	for _, keys := range alternatives {
		if there := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !e.has(key) }); len(there) > 1 {
			problem("%s: has %s, of which one can count", at, strings.Join(there, " and "))
		}
	}
	for _, key := range sortedKeys() {
		source, special := belongs[key]
		if !special || !e.has(key) {
			continue
		}
		if chosen, ok := e["identity"]; ok && chosen.text != string(source) {
			problem("%s: %s is for identity %s, not for %s", at, key, source, chosen.text)
			continue
		}
		e["identity"] = value{text: string(source)}
	}
}

func sortedKeys() []string {
	var all []string
	for k := range keys {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// storeName matches the suffixes of credential helpers, and "file".
var storeName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// readValue checks a value. What was written is not repeated, in case somebody
// has put a secret there.
func readValue(key string, k kind, raw json.RawMessage) (value, error) {
	var v value
	if k == boolean {
		if err := json.Unmarshal(raw, &v.yes); err != nil || string(raw) == "null" {
			return v, errors.New("must be true or false")
		}
		return v, nil
	}
	if err := json.Unmarshal(raw, &v.text); err != nil || v.text == "" {
		return v, errors.New("must be a text, and not an empty one")
	}
	switch k {
	case choice:
		if !slices.Contains(choices[key], v.text) {
			return v, fmt.Errorf("must be one of %s", strings.Join(choices[key], ", "))
		}
	case duration:
		if d, err := time.ParseDuration(v.text); err != nil || d <= 0 {
			return v, errors.New("must be a duration such as 25s")
		}
	case httpsURL:
		if !secureURL(v.text) {
			return v, errors.New("must be an https URL such as https://login.microsoftonline.com/")
		}
	case variable:
		if strings.ContainsAny(v.text, "=$ \t") {
			return v, errors.New("must be the name of an environment variable, not its value")
		}
	}
	return v, nil
}

// member is a key with its value.
type member struct {
	key   string
	value json.RawMessage
}

// object reads a JSON object in order. encoding/json alone would silently take
// the last of two equal keys.
func object(raw []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, broken(raw, err)
	}
	var members []member
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return nil, broken(raw, err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, broken(raw, err)
		}
		if slices.ContainsFunc(members, func(m member) bool { return m.key == key }) {
			return nil, fmt.Errorf("%q stands there twice", key)
		}
		members = append(members, member{key, value})
	}
	if _, err := d.Token(); err != nil {
		return nil, broken(raw, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("must be one JSON object, and something follows it")
	}
	return members, nil
}

// broken says where JSON is broken.
func broken(raw []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := raw[:min(int(syntax.Offset), len(raw))]
		return fmt.Errorf("is not JSON (line %d)", 1+bytes.Count(before, []byte("\n")))
	}
	return errors.New("must be a JSON object")
}

// reason is the part of a file's error behind its name.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// notDirectory reports that a part of a path is no directory, so that nothing
// can be there.
func notDirectory(err error) bool {
	return err != nil && strings.Contains(err.Error(), "not a directory")
}
