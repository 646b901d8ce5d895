package dockerconfig_test

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"docker-credential-acr/internal/dockerconfig"
)

const registry = "myregistry.azurecr.io"

// user is an account with files and variables of its own.
type user struct {
	t    *testing.T
	home string
	env  map[string]string
}

func newUser(t *testing.T) *user {
	t.Helper()
	home := t.TempDir()
	bin := filepath.Join(home, "bin")
	u := &user{t: t, home: home, env: map[string]string{
		"HOME": home, "USERPROFILE": home, "APPDATA": filepath.Join(home, ".config"),
		"PATH": bin, "XDG_CONFIG_HOME": filepath.Join(home, ".config"), "XDG_RUNTIME_DIR": filepath.Join(home, "run"),
	}}
	u.program(dockerconfig.Program)
	return u
}

func (u *user) lookup(name string) (string, bool) {
	value, ok := u.env[name]
	return value, ok
}

// write makes a file below the home and returns its path.
func (u *user) write(path, content string) string {
	u.t.Helper()
	path = filepath.Join(u.home, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		u.t.Fatal(err)
	}
	return path
}

// program puts an empty program on PATH.
func (u *user) program(name string) string {
	u.t.Helper()
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := u.write("bin/"+name, "")
	if err := os.Chmod(path, 0o755); err != nil { //nolint:gosec // a program
		u.t.Fatal(err)
	}
	return path
}

func (u *user) look() dockerconfig.Setup { return dockerconfig.Look(u.lookup, "") }

// codes are the findings' codes, in their order, with ! behind those that hide
// the helper.
func codes(found []dockerconfig.Finding) string {
	var all []string
	for _, f := range found {
		code := string(f.Code)
		if f.Hides {
			code += "!"
		}
		all = append(all, code)
	}
	return strings.Join(all, " ")
}

// basic is the value of "auth" for a user and a password.
func basic(name, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(name + ":" + password))
}

const configured = `{"credHelpers": {"myregistry.azurecr.io": "acr"}}`

func TestFindings(t *testing.T) {
	t.Parallel()
	login := `{"auths": {"myregistry.azurecr.io": {"auth": "` + basic("admin", "password") + `"}}`
	for _, test := range []struct {
		name    string
		files   map[string]string // by path below the home
		env     map[string]string
		general string
		found   string
	}{
		{name: "nothing", found: "not-configured!"},
		{name: "configured", files: map[string]string{".docker/config.json": configured}},
		{
			name:    "unusable file",
			files:   map[string]string{".docker/config.json": `{"credHelpers": {}, // none` + "\n}"},
			general: "file-unusable!",
		},
		{
			name:  "another helper",
			files: map[string]string{".docker/config.json": `{"credHelpers": {"myregistry.azurecr.io": "acr-env"}}`},
			found: "other-helper!",
		},
		{
			name:  "a store for all",
			files: map[string]string{".docker/config.json": `{"credsStore": "desktop"}`},
			found: "not-configured!",
		},
		{
			name:    "as credsStore",
			files:   map[string]string{".docker/config.json": `{"credsStore": "acr"}`},
			general: "creds-store",
		},
		{
			name:  "a URL as key",
			files: map[string]string{".docker/config.json": `{"credHelpers": {"https://MyRegistry.azurecr.io": "acr"}}`},
			found: "misspelt not-configured!",
		},
		{
			name:  "leftover login",
			files: map[string]string{".docker/config.json": login + `, "credHelpers": {"myregistry.azurecr.io": "acr"}}`},
			found: "leftover-login",
		},
		{
			name:  "a login that is in the store",
			files: map[string]string{".docker/config.json": `{"auths": {"myregistry.azurecr.io": {}}, "credHelpers": {"myregistry.azurecr.io": "acr"}}`},
		},
		{
			name:  "DOCKER_AUTH_CONFIG",
			files: map[string]string{".docker/config.json": configured},
			env:   map[string]string{"DOCKER_AUTH_CONFIG": login + "}"},
			found: "environment-login!",
		},
		{
			name:  "DOCKER_AUTH_CONFIG for others, and broken",
			files: map[string]string{".docker/config.json": configured},
			env:   map[string]string{"DOCKER_AUTH_CONFIG": `{"auths": {"ghcr.io": {"auth": "eDp5"}}}`},
		},
		{
			name:  "DOCKER_AUTH_CONFIG that docker cannot read",
			files: map[string]string{".docker/config.json": configured},
			env:   map[string]string{"DOCKER_AUTH_CONFIG": "myregistry.azurecr.io"},
		},
		{
			name:  "helm's login",
			files: map[string]string{".docker/config.json": configured, "helm/registry/config.json": login + "}"},
			env:   map[string]string{"HELM_CONFIG_HOME": "helm"},
			found: "helm-login!",
		},
		{
			name:  "podman's login before docker's file",
			files: map[string]string{".docker/config.json": configured, "auth.json": login + "}"},
			env:   map[string]string{"REGISTRY_AUTH_FILE": "auth.json"},
			found: "podman-login!",
		},
		{
			name:  "podman's helper before docker's file",
			files: map[string]string{".docker/config.json": configured, "auth.json": `{"credHelpers": {"myregistry.azurecr.io": "pass"}}`},
			env:   map[string]string{"REGISTRY_AUTH_FILE": "auth.json"},
			found: "podman-helper!",
		},
		{
			name:  "a login in a file in which the helper goes first",
			files: map[string]string{".docker/config.json": configured, "auth.json": login + `, "credHelpers": {"myregistry.azurecr.io": "acr"}}`},
			env:   map[string]string{"REGISTRY_AUTH_FILE": "auth.json"},
		},
		{
			name:    "not on PATH",
			files:   map[string]string{".docker/config.json": configured},
			env:     map[string]string{"PATH": ""},
			general: "program-missing!",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t)
			for path, content := range test.files {
				u.write(path, content)
			}
			for name, value := range test.env {
				if strings.HasSuffix(name, "_HOME") || strings.HasSuffix(name, "_FILE") {
					value = filepath.Join(u.home, value)
				}
				u.env[name] = value
			}
			s := u.look()
			if got := codes(s.General()); got != test.general {
				t.Errorf("general findings %q, want %q", got, test.general)
			}
			if got := codes(s.For(registry)); got != test.found {
				t.Errorf("findings %q, want %q", got, test.found)
			}
		})
	}
}

// The order of podman's files is that of its source.
func TestPodmanOrder(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("XDG_RUNTIME_DIR is Linux's")
	}
	u := newUser(t)
	login := `{"auths": {"myregistry.azurecr.io": {"auth": "` + basic("admin", "password") + `"}}}`
	u.write(".config/containers/auth.json", configured)
	u.write(".docker/config.json", configured)
	if got := codes(u.look().For(registry)); got != "" {
		t.Errorf("findings %q", got)
	}
	path := u.write("run/containers/auth.json", login)
	u.env["DOCKER_CONFIG"] = filepath.Join(u.home, ".docker")
	if got := dockerconfig.PodmanPaths(u.lookup); len(got) != 1 || got[0] != dockerconfig.DockerPath(u.lookup) {
		t.Errorf("with DOCKER_CONFIG: %q", got)
	}
	delete(u.env, "DOCKER_CONFIG")
	found := u.look().For(registry)
	if got := codes(found); got != "podman-login!" || found[0].Path != path {
		t.Errorf("findings %q in %q", got, found[0].Path)
	}
	var places []string
	for _, p := range u.look().Places(registry) {
		places = append(places, p.Key+" "+p.File.Path)
	}
	want := []string{"credHelpers " + filepath.Join(u.home, ".docker/config.json"), "credHelpers " + filepath.Join(u.home, ".config/containers/auth.json")}
	if !slices.Equal(places, want) {
		t.Errorf("places %q, want %q", places, want)
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.write(".docker/config.json", configured)
	self := filepath.Join(u.home, "Downloads", "docker-credential-acr_linux_amd64")
	found := dockerconfig.Look(u.lookup, u.write("Downloads/docker-credential-acr_linux_amd64", "")).General()
	if got := codes(found); got != "program-other" || found[0].Detail != self {
		t.Errorf("findings %q", got)
	}
	if runtime.GOOS == "windows" {
		return // links need a privilege there
	}
	link := filepath.Join(u.home, "link")
	if err := os.Symlink(u.program(dockerconfig.Program), link); err != nil {
		t.Fatal(err)
	}
	if got := codes(dockerconfig.Look(u.lookup, link).General()); got != "" {
		t.Errorf("findings %q of a link", got)
	}
	u.env["PATH"] = "bin"
	if got := u.look().Program; got != "" {
		t.Errorf("a relative PATH leads to %q", got)
	}
}

func TestRegistries(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.write(".docker/config.json", `{
		"auths": {"https://Second.azurecr.io/v2/": {}, "ghcr.io": {}},
		"credHelpers": {"registry.contoso.com": "acr", "gcr.io": "gcloud", "firstone.azurecr.cn": "pass"}
	}`)
	want := []string{"firstone.azurecr.cn", "registry.contoso.com", "second.azurecr.io"}
	if got := u.look().Registries(); !slices.Equal(got, want) {
		t.Errorf("registries %q, want %q", got, want)
	}
}

// What docker would choose by itself it chooses no more with a helper in its
// file.
func TestPlainLogins(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the names are Linux's")
	}
	u := newUser(t)
	u.write(".docker/config.json", configured)
	u.program("docker-credential-secretservice")
	found := u.look().General()
	if got := codes(found); got != "plain-logins" || found[0].Detail != "secretservice" {
		t.Errorf("findings %q", got)
	}
	u.program("pass") // whose helper is not there
	if got := codes(u.look().General()); got != "" {
		t.Errorf("findings %q with pass and without its helper", got)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]dockerconfig.Problem{
		"\ufeff{}":                              {Code: dockerconfig.ByteOrderMark},
		"\xff\xfe{\x00}\x00":                    {Code: dockerconfig.UTF16},
		"{\"a\": \"\xff\"}":                     {Code: dockerconfig.NotUTF8},
		"{\n// mine\n}":                         {Code: dockerconfig.Comment, Line: 2},
		"{\"a\": 1 /* one */}":                  {Code: dockerconfig.Comment, Line: 1},
		"{\"a\": 1,\n}":                         {Code: dockerconfig.Syntax, Line: 2},
		"{\"auths\": {":                         {Code: dockerconfig.Syntax, Line: 1},
		"{}\n{}":                                {Code: dockerconfig.Trailing, Line: 2},
		"{}\nrest":                              {Code: dockerconfig.Trailing, Line: 2},
		"[]":                                    {Code: dockerconfig.NotObject},
		"null":                                  {Code: dockerconfig.NotObject},
		"{\"a\": 1,\n\"a\": 2}":                 {Code: dockerconfig.Duplicate, Line: 2, Key: "a"},
		`{"a": {"b": [{"c": 1, "\u0063": 2}]}}`: {Code: dockerconfig.Duplicate, Line: 1, Key: "c"},
		`{"credhelpers": {}}`:                   {Code: dockerconfig.LetterCase, Line: 1, Key: "credhelpers"},
		`{"credHelpers": []}`:                   {Code: dockerconfig.WrongType, Line: 1, Key: "credHelpers"},
		"{\"credHelpers\":\n{\"x\": true}}":     {Code: dockerconfig.WrongType, Line: 2, Key: "x"},
		`{"credHelpers": {"x": null}}`:          {Code: dockerconfig.WrongType, Line: 1, Key: "x"},
		`{"auths": "none"}`:                     {Code: dockerconfig.WrongType, Line: 1, Key: "auths"},
		`{"credsStore": 1}`:                     {Code: dockerconfig.WrongType, Line: 1, Key: "credsStore"},
		strings.Repeat("[", 20_000):             {Code: dockerconfig.Syntax, Line: 1},
	} {
		path := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var got *dockerconfig.Problem
		if f := dockerconfig.Read(path); !errors.As(f.Err, &got) || *got != want {
			t.Errorf("%.40q: %v, want %+v", content, f.Err, want)
		}
	}
	for _, content := range []string{"", " \n", "{}", `{"credHelpers": null, "auths": null}`, `{"credHelpers": {}, "other": [1e400, "\ud800"]}`} {
		path := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if f := dockerconfig.Read(path); f.Err != nil || !f.Exists {
			t.Errorf("%q: %v", content, f.Err)
		}
	}
}

// Nothing is waited for, and nothing without an end is read.
func TestEndlessFiles(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	path := u.write(".docker/config.json", "")
	size := int64(100 << 30) // more than memory holds; a sparse file has no blocks
	if runtime.GOOS == "windows" {
		size = 65 << 20
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	var problem *dockerconfig.Problem
	if f := dockerconfig.Read(path); !errors.As(f.Err, &problem) || problem.Code != dockerconfig.TooLarge || !f.Exists {
		t.Errorf("%+v", f)
	}
	if _, err := u.editor().Configure(path, []string{registry}); !errors.As(err, &problem) || problem.Code != dockerconfig.TooLarge {
		t.Error(err)
	}
	if f := dockerconfig.Read(os.DevNull); f.Err != nil || f.Exists {
		t.Errorf("the null device: %+v", f)
	}
}

// What regctl registry login leaves goes before the helper; a host that stands
// there for other reasons does not.
func TestRegctl(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]bool{
		`{"hosts": {"myregistry.azurecr.io": {"user": "admin", "pass": "hunter2"}}}`: true,
		`{"hosts": {"myregistry.azurecr.io": {"tls": "enabled"}}}`:                   false,
		`{"hosts": {"other.azurecr.io": {"user": "admin", "pass": "hunter2"}}}`:      false,
		`{"hosts": {"myregistry.azurecr.io": null}}`:                                 false,
		`{"hosts": []}`: false,
	} {
		for _, place := range []string{".regctl/config.json", ".config/regctl/config.json", "named.json"} {
			u := newUser(t)
			if place == "named.json" {
				u.env["REGCTL_CONFIG"] = filepath.Join(u.home, place)
			}
			path := u.write(place, content)
			found := slices.ContainsFunc(u.look().For(registry), func(f dockerconfig.Finding) bool {
				return f.Code == dockerconfig.RegctlLogin && f.Path == path && f.Hides
			})
			if found != want {
				t.Errorf("%s with %s: found %t", place, content, found)
			}
		}
	}
}
