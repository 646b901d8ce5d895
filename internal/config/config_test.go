package config

import (
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"docker-credential-acr/internal/host"
)

// load reads a configuration from variables and the text of a file.
func load(t *testing.T, file string, env map[string]string) (Config, error) {
	t.Helper()
	all := map[string]string{}
	maps.Copy(all, env)
	if file != "" {
		path := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		all[EnvFile] = path
	}
	return Load(func(name string) (string, bool) { value, ok := all[name]; return value, ok })
}

func settings(t *testing.T, registry, file string, env map[string]string) Settings {
	t.Helper()
	c, err := load(t, file, env)
	if err != nil {
		t.Fatal(err)
	}
	r, ok := c.Registry(registry)
	if !ok {
		t.Fatalf("%s is no registry", registry)
	}
	return c.For(r)
}

func TestDefaults(t *testing.T) {
	s := settings(t, "myregistry.azurecr.us", "", map[string]string{EnvTimeout: "", EnvCache: "", EnvUsername: "", "AZURE_TOKEN_CREDENTIALS": "", "AZURE_CLIENT_ID": ""})
	if s.Timeout != 25*time.Second || s.Username != "<token>" || s.Anonymous || s.Azure.Named || s.Azure.Cloud != host.USGov || !slices.Equal(s.Azure.Sources, DefaultSources) || !strings.HasSuffix(s.CacheDir, "docker-credential-acr") {
		t.Errorf("%+v", s)
	}
}

func TestMostSpecificEntryWins(t *testing.T) {
	const file = `{
		"default": {"identity": "azure-cli", "tenantId": "t0", "clientId": "c0", "timeout": "1s", "username": "guid"},
		"registries": {
			"*.azurecr.io": {"tenantId": "t1", "timeout": "2s"},
			"my*.azurecr.io": {"tenantId": "t2"},
			"myregistry.azurecr.io": {"clientId": "c3", "anonymous": true}
		}}`
	for registry, want := range map[string][3]string{
		"myregistry.azurecr.io":    {"t2", "c3", "2s"},
		"myregistry2.azurecr.io":   {"t2", "c0", "2s"},
		"otherregistry.azurecr.io": {"t1", "c0", "2s"},
		"otherregistry.azurecr.us": {"t0", "c0", "1s"},
	} {
		s := settings(t, registry, file, map[string]string{"AZURE_TENANT_ID": "env", "AZURE_CLIENT_ID": "env"})
		if got := [3]string{s.Azure.TenantID, s.Azure.ClientID, s.Timeout.String()}; got != want || s.Username != GUIDUsername || !s.Azure.Named || s.Azure.Sources[0] != AzureCLI {
			t.Errorf("%s: %v, want %v; %+v", registry, got, want, s)
		}
		if s.Anonymous != (registry == "myregistry.azurecr.io") {
			t.Errorf("%s: anonymous %v", registry, s.Anonymous)
		}
	}
	s := settings(t, "myregistry.azurecr.io", file, map[string]string{EnvTimeout: "9", EnvUsername: "token", EnvCache: "off"})
	if s.Timeout != 9*time.Second || s.Username != TokenUsername || s.CacheDir != "" {
		t.Errorf("the program's own variables don't win: %+v", s)
	}
}

// A key that only one identity has chooses it; the variables of another don't
// reach it.
func TestKeysChooseTheIdentity(t *testing.T) {
	env := map[string]string{"AZURE_CLIENT_SECRET": "env", "AZURE_CLIENT_CERTIFICATE_PATH": "/env", "AZURE_CLIENT_ID": "env", "SECRET": "hidden", "TOKEN": "jwt"}
	for keys, want := range map[string]Source{
		`"clientSecretVariable": "SECRET", "clientId": "c"`: ServicePrincipal,
		`"tokenVariable": "TOKEN"`:                          FederatedToken,
		`"objectId": "o"`:                                   ManagedIdentity,
		`"serviceConnectionId": "s"`:                        AzurePipelines,
		`"identity": "browser"`:                             Browser,
	} {
		s := settings(t, "myregistry.azurecr.io", `{"default": {"identity": "azure-cli"}, "registries": {"myregistry.azurecr.io": {`+keys+`}}}`, env)
		if !slices.Equal(s.Azure.Sources, []Source{want}) || !s.Azure.Configured {
			t.Errorf("%s: %v", keys, s.Azure.Sources)
		}
		switch want {
		case ServicePrincipal:
			if s.Azure.ClientSecret != "hidden" || s.Azure.ClientID != "c" || s.Azure.CertificatePath != "" {
				t.Errorf("%+v", s.Azure)
			}
		case FederatedToken:
			if s.Azure.Token != "jwt" || s.Azure.ClientID != "env" {
				t.Errorf("%+v", s.Azure)
			}
		case ManagedIdentity:
			if s.Azure.ObjectID != "o" || s.Azure.ClientID != "" {
				t.Errorf("%+v", s.Azure)
			}
		}
	}
}

// Of alternatives, the one in the more specific entry counts.
func TestAlternatives(t *testing.T) {
	const file = `{
		"default": {"clientSecretFile": "/default", "authorityHost": "https://login.default/"},
		"registries": {
			"onecert.azurecr.io": {"certificateFile": "/cert.pem"},
			"managed.azurecr.io": {"objectId": "o"}, "*ged.azurecr.io": {"resourceId": "r"}, "*.azurecr.us": {"cloud": "AzureChina"}
		}}`
	a := settings(t, "onecert.azurecr.io", file, nil).Azure
	if a.ClientSecretFile != "" || a.CertificatePath != "/cert.pem" || a.Sources[0] != ServicePrincipal || a.AuthorityHost != "https://login.default/" || !a.AuthorityTrusted {
		t.Errorf("%+v", a)
	}
	a = settings(t, "managed.azurecr.io", file, nil).Azure
	if a.ResourceID != "" || a.ObjectID != "o" || a.Sources[0] != ManagedIdentity {
		t.Errorf("%+v", a)
	}
	a = settings(t, "usregistry.azurecr.us", file, nil).Azure
	if a.AuthorityHost != "" || a.Cloud != host.China || a.ClientSecretFile != "/default" {
		t.Errorf("%+v", a)
	}
	for _, bad := range []string{
		`{"default": {"clientSecretFile": "a", "certificateFile": "b"}}`,
		`{"default": {"clientId": "a", "objectId": "b"}}`,
		`{"registries": {"https://*.azurecr.io": {}}}`,
		`{"registries": {"*/x.azurecr.io": {}}}`,
		`{"store": "acr"}`, `{"store": ""}`, `{"store": "../pass"}`, `{"store": 1}`,
	} {
		if _, err := load(t, bad, nil); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestCloudAndAuthority(t *testing.T) {
	for _, tt := range []struct {
		registry, file, env string
		cloud               host.Cloud
		authority           string
	}{
		{"myregistry.azurecr.cn", "", "", host.China, ""},
		{"myregistry.azurecr.cn", "", "https://login.example/", host.China, "https://login.example/"},
		{"myregistry.azurecr.cn", `{"default": {"cloud": "AzurePublic"}}`, "https://login.example/", host.Public, ""},
		{"myregistry.azurecr.cn", `{"default": {"authorityHost": "https://login.file/"}}`, "https://login.example/", host.China, "https://login.file/"},
		{"registry.contoso.com", `{"registries": {"registry.contoso.com": {}}}`, "", host.Public, ""},
		{"registry.contoso.com", `{"registries": {"registry.contoso.com": {"cloud": "AzureUSGovernment"}}}`, "", host.USGov, ""},
	} {
		a := settings(t, tt.registry, tt.file, map[string]string{"AZURE_AUTHORITY_HOST": tt.env}).Azure
		if a.Cloud != tt.cloud || a.AuthorityHost != tt.authority {
			t.Errorf("%+v: %s %q", tt, a.Cloud, a.AuthorityHost)
		}
	}
}

func TestPaths(t *testing.T) {
	home, err := os.UserHomeDir()
	if err != nil {
		t.Skip("there is no home directory")
	}
	c, err := load(t, `{"default": {"clientSecretFile": "~/secret", "certificatePasswordFile": "sub/app.pem", "cache": "cache"}, "registries": {"myregistry.azurecr.io": {"cache": "off"}}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := c.Registry("otherregistry.azurecr.io")
	s := c.For(r)
	dir := filepath.Dir(c.file.path)
	if s.Azure.ClientSecretFile != filepath.Join(home, "secret") || s.Azure.CertificatePasswordFile != filepath.Join(dir, "sub", "app.pem") || s.CacheDir != filepath.Join(dir, "cache") {
		t.Errorf("%+v", s)
	}
	if dirs := c.CacheDirs(); !slices.Equal(dirs, []string{filepath.Join(dir, "cache")}) {
		t.Errorf("%v", dirs)
	}
}

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.azurecr.io", "myregistry.azurecr.io", true},
		{"*.azurecr.io", "myregistry.azurecr.us", false},
		{"my*.azurecr.io", "myregistry.azurecr.io", true},
		{"my*.azurecr.io", "amyregistry.azurecr.io", false},
		{"*prod*.azurecr.io", "contosoprodeu.azurecr.io", true},
		{"*prod*.azurecr.io", "contosotest.azurecr.io", false},
		{"*a*a.azurecr.io", "xa.azurecr.io", false},
		{"*.eastus.geo.azurecr.io", "myregistry.eastus.geo.azurecr.io", true},
		{"my.azurecr.io", "my.azurecr.io", true},
		{"**.azurecr.io", "my.azurecr.io", true},
	} {
		if got := match(tt.pattern, tt.name); got != tt.want {
			t.Errorf("match(%q, %q) = %v", tt.pattern, tt.name, got)
		}
	}
}

func TestTokenCredentials(t *testing.T) {
	for value, want := range map[string][]Source{
		"":                            DefaultSources,
		"prod":                        {Environment, WorkloadIdentity, GitHubActions, AzurePipelines, ManagedIdentity},
		"dev":                         {AzureCLI, AzureDeveloperCLI, AzurePowerShell},
		"AzurePowerShellCredential":   {AzurePowerShell},
		"WORKLOADIDENTITYCREDENTIAL":  {WorkloadIdentity},
		"AzureDeveloperCLICredential": {AzureDeveloperCLI},
		"EnvironmentCredential":       {Environment},
	} {
		s := settings(t, "myregistry.azurecr.io", "", map[string]string{"AZURE_TOKEN_CREDENTIALS": value})
		if !slices.Equal(s.Azure.Sources, want) || s.Azure.Named != (len(want) == 1) {
			t.Errorf("%q: %v, %v", value, s.Azure.Sources, s.Azure.Named)
		}
	}
	for _, value := range []string{"Dev", "PROD", "az", " "} {
		if _, err := load(t, "", map[string]string{"AZURE_TOKEN_CREDENTIALS": value}); err == nil {
			t.Errorf("%q: no error", value)
		}
	}
}

// FuzzFile reads any file: never a panic; whatever it says, only hosts that it
// names exactly are registries beside ACR's own.
func FuzzFile(f *testing.F) {
	f.Add(`{"default": {"identity": "azure-cli"}, "registries": {"registry.contoso.com": {"cloud": "AzurePublic"}}}`)
	f.Add(`{"registries": {"*.azurecr.io": {"timeout": "1s", "anonymous": true}}}`)
	f.Add("\ufeff{}")
	f.Add(`{"default": {"identity": "azure-cli", "identity": "browser"}}`)
	f.Fuzz(func(t *testing.T, content string) {
		file, problems := parseFile("/etc/config.json", []byte(content))
		for _, p := range problems {
			if p == "" {
				t.Error("a problem without words")
			}
		}
		for _, name := range []string{"attacker.com", "myregistry.azurecr.io.attacker.com"} {
			if strings.Contains(strings.ToLower(content), name) || strings.Contains(content, `\u`) {
				continue
			}
			if keys := file.keysFor(name); len(problems) == 0 && len(keys) > 0 {
				t.Errorf("%s is matched by %q", name, keys)
			}
		}
		file.entryOf(host.Registry{LoginServer: "myregistry.azurecr.io"})
	})
}

// FuzzEndpoint holds that what is taken for an endpoint is one to net/url, which
// all requests are made with, and that both see the same host.
func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{"https://login.microsoftonline.com/", "HTTPS://[::1]:8443/a%20b", "http://169.254.169.254", "https://a@b/", "https://a/?b", "https://a/#b", "https://a\\b/", "https:///", "https://a:99999", "https://a/%zz", "https://a:/", "https://[fe80::1%25eth0]/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		scheme, host := endpoint(text)
		if scheme == "" {
			return
		}
		u, err := url.Parse(text)
		if err != nil && strings.HasPrefix(host, "[") {
			return // net/url knows which IPv6 addresses there are
		}
		if err != nil || u.Scheme != scheme || u.Host != host || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q: %s://%s, net/url has %v and %v", text, scheme, host, u, err)
		}
	})
}

func TestEndpoint(t *testing.T) {
	for text, want := range map[string]string{
		"https://login.microsoftonline.com/":    "https://login.microsoftonline.com",
		"HTTPS://Login.example:8443/adfs/a%20b": "https://Login.example:8443",
		"http://[fd00::1]:80":                   "http://[fd00::1]:80",
		"https://a@b/":                          "://",
		"https://a/?b":                          "://",
		"https://a/#b":                          "://",
		"https://a b/":                          "://",
		"https:///":                             "://",
		"ftp://a/":                              "://",
		"https://a\n":                           "://",
		"":                                      "://",
	} {
		if scheme, host := endpoint(text); scheme+"://"+host != want {
			t.Errorf("endpoint(%q) = %s://%s, want %s", text, scheme, host, want)
		}
	}
}
