package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/lazyregexp"
)

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
	"renewal":                     choice,
	"timeout":                     duration,
	"cache":                       path,
}

// choices are the values that a key of kind choice takes.
var choices = map[string][]string{
	"identity": names(AllSources),
	"cloud":    {string(host.Public), string(host.China), string(host.USGov)},
	"username": {"token", "guid"},
	"renewal":  {string(RenewAuto), string(RenewBackground), string(RenewForeground)},
}

func names(sources []Source) []string {
	var all []string
	for _, s := range sources {
		all = append(all, string(s))
	}
	return all
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

// variableName matches the names of environment variables. Somebody may have
// put the value there instead.
var variableName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

// storeName matches the suffixes of credential helpers, and "file".
var storeName = lazyregexp.New(`^[a-z0-9][a-z0-9._-]*$`)

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
		if !variableName.MatchString(v.text) {
			return v, errors.New("must be the name of an environment variable, not its value")
		}
	}
	return v, nil
}
