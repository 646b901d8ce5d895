package host

import (
	"strings"
	"testing"
)

func TestParseAccepts(t *testing.T) {
	for in, want := range map[string]Registry{
		"myregistry.azurecr.io":                                 {"myregistry.azurecr.io", Public},
		"MyRegistry.AzureCR.IO":                                 {"myregistry.azurecr.io", Public},
		"myregistry.azurecr.io:443":                             {"myregistry.azurecr.io", Public},
		"myregistry.azurecr.io.":                                {"myregistry.azurecr.io", Public},
		"myregistry.azurecr.io.:443":                            {"myregistry.azurecr.io", Public},
		"https://myregistry.azurecr.io":                         {"myregistry.azurecr.io", Public},
		"HTTPS://myregistry.azurecr.io/":                        {"myregistry.azurecr.io", Public},
		"http://myregistry.azurecr.io":                          {"myregistry.azurecr.io", Public},
		"http://myregistry.azurecr.io:443/v2/":                  {"myregistry.azurecr.io", Public},
		"https://myregistry.azurecr.io/v2/team":                 {"myregistry.azurecr.io", Public},
		"myregistry.azurecr.io/team/app":                        {"myregistry.azurecr.io", Public},
		"myregistry.azurecr.io/team/app:v1@sha256:0":            {"myregistry.azurecr.io", Public},
		"myregistry.azurecr.io/https://x":                       {"myregistry.azurecr.io", Public},
		"contosoacr-e7ggejfuhzhgedc8.azurecr.io":                {"contosoacr-e7ggejfuhzhgedc8.azurecr.io", Public},
		"myregistry.eastus2.geo.azurecr.io":                     {"myregistry.eastus2.geo.azurecr.io", Public},
		"contosoacr-abc123.eastus.geo.azurecr.io":               {"contosoacr-abc123.eastus.geo.azurecr.io", Public},
		"chinaregistry.azurecr.cn":                              {"chinaregistry.azurecr.cn", China},
		"govregistry.azurecr.us":                                {"govregistry.azurecr.us", USGov},
		"abcde.azurecr.io":                                      {"abcde.azurecr.io", Public},
		strings.Repeat("a", 50) + ".azurecr.io":                 {strings.Repeat("a", 50) + ".azurecr.io", Public},
		strings.Repeat("a", 50) + "-e7ggejfuhzhg.azurecr.io":    {strings.Repeat("a", 50) + "-e7ggejfuhzhg.azurecr.io", Public},
		"12345.azurecr.us/" + strings.Repeat("p", maxServer-32): {"12345.azurecr.us", USGov},
	} {
		got, ok := Parse(in)
		if !ok || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", in, got, ok, want)
		}
	}
}

// refused are hosts that are not login servers: look-alikes, tricks that fool
// other parsers (https://github.com/chrismellard/docker-credential-acr-env/issues/21),
// and other people's registries.
var refused = []string{
	"", ".", "/", ":443", "https://", "azurecr.io", ".azurecr.io", "..azurecr.io", "a..azurecr.io",
	"docker.io", "https://index.docker.io/v1/", "registry-1.docker.io", "ghcr.io", "quay.io", "mcr.microsoft.com", "https://mcr.microsoft.com",
	"localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:443", "10.0.0.1",
	"evilazurecr.io", "evil-azurecr.io", "myregistry.azurecr.io.attacker.com", "myregistry.azurecr.io.attacker.com:443",
	"attacker.com/.azurecr.io", "attacker.com/myregistry.azurecr.io", "attacker.com#.azurecr.io", "attacker.com?.azurecr.io", "attacker.com\\.azurecr.io",
	"attacker.com:443/myregistry.azurecr.io", "attacker.com:443#myregistry.azurecr.io",
	"myregistry.azurecr.io@attacker.com", "https://myregistry.azurecr.io@attacker.com", "https://myregistry.azurecr.io:443@attacker.com/",
	"user@myregistry.azurecr.io", "user:pass@myregistry.azurecr.io", "https://user:pass@myregistry.azurecr.io", "https://@myregistry.azurecr.io",
	"myregistry.azurecr.io#", "myregistry.azurecr.io#x", "myregistry.azurecr.io?", "myregistry.azurecr.io?x=y", "https://myregistry.azurecr.io?x", "myregistry.azurecr.io\\@attacker.com",
	"myregistry.azurecr.io:", "myregistry.azurecr.io:80", "myregistry.azurecr.io:5000", "http://myregistry.azurecr.io:80", "myregistry.azurecr.io:443:443", "myregistry.azurecr.io:0443", "myregistry.azurecr.io:+443", "myregistry.azurecr.io:443.",
	"ftp://myregistry.azurecr.io", "oci://myregistry.azurecr.io", "file://myregistry.azurecr.io", "javascript:myregistry.azurecr.io", "https:myregistry.azurecr.io", "https:/myregistry.azurecr.io", "https:///myregistry.azurecr.io", "//myregistry.azurecr.io", "https://https://myregistry.azurecr.io", "://myregistry.azurecr.io",
	"myregistry.azurecr.io..", "myregistry..azurecr.io", ".myregistry.azurecr.io", "my.registry.azurecr.io", "-myregistry.azurecr.io", "myregistry-.azurecr.io", "my-registry-x.azurecr.io", "my_registry.azurecr.io", "myregistry-a-b.azurecr.io", "xn--registry.azurecr.io",
	"abcd.azurecr.io", strings.Repeat("a", 51) + ".azurecr.io", strings.Repeat("a", 50) + "-" + strings.Repeat("b", 14) + ".azurecr.io",
	"myregistry.eastus.data.azurecr.io", "myregistry.data.azurecr.io", "myregistry.privatelink.azurecr.io", "geo.azurecr.io", "eastus.geo.azurecr.io.", "myregistry.geo.azurecr.io", "myregistry..geo.azurecr.io", "myregistry.east.us.geo.azurecr.io", "myregistry.eastus.geo.geo.azurecr.io", "myregistry.east-us.geo.azurecr.io",
	"myregistry.azurecr.de", "myregistry.azurecr.com", "myregistry.azurecr.io.cn", "myregistry.azurecr", "myregistry.azurecr.i", "myregistry.azurecr.ioo", "myregistryazurecr.io", "myregistry.azurecr-io",
	"myregistry.azurecr.io\n", "myregistry.azurecr.io\r\nx", "my\nregistry.azurecr.io", "attacker.com\nmyregistry.azurecr.io", "myregistry.azurecr.io\x00", "myregistry.azurecr.io\x00.attacker.com", "myregistry.azurecr.io attacker.com", " myregistry.azurecr.io", "myregistry.azurecr.io\t", "myregistry.azurecr.io/a b", "myregistry.azurecr.io/\x7f", "myregistry.azurecr.io/\x1b[31m",
	"myregistry\u3002azurecr\u3002io", "myregistry.azurecr\uff0eio", "myregi\u0455try.azurecr.io", "myregistry.azurecr.\u0131o", "\ufeffmyregistry.azurecr.io", "my\u00adregistry.azurecr.io", "myregistry\u200b.azurecr.io", "\u212ayregistry.azurecr.io", "myregistry.azurecr.io/\u00e9", "myregistry.azurecr.io\xff",
	"%6dyregistry.azurecr.io", "myregistry%2eazurecr.io", "myregistry.azurecr.io%2eattacker.com", "myregistry.azurecr.io%00", "myregistry.azurecr.io%40attacker.com", "myregistry.azurecr.io;attacker.com", "myregistry.azurecr.io,attacker.com", "myregistry.azurecr.io&attacker.com", "[myregistry.azurecr.io]", "*.azurecr.io", "$HOME.azurecr.io", "myregistry.azurecr.io|x", "\"myregistry.azurecr.io\"",
	"myregistry.azurecr.io/" + strings.Repeat("p", maxServer),
}

func TestParseRefuses(t *testing.T) {
	for _, in := range refused {
		if got, ok := Parse(in); ok || got != (Registry{}) {
			t.Errorf("Parse(%q) = %+v, %v; want a refusal", in, got, ok)
		}
	}
}

func TestRegistryNames(t *testing.T) {
	for in, want := range map[string][2]string{
		"myregistry.azurecr.io":                   {"myregistry", "myregistry.azurecr.io"},
		"contosoacr-abc123.azurecr.io":            {"contosoacr", "contosoacr-abc123.azurecr.io"},
		"myregistry.eastus.geo.azurecr.io":        {"myregistry", "myregistry.azurecr.io"},
		"contosoacr-abc123.eastus.geo.azurecr.cn": {"contosoacr", "contosoacr-abc123.azurecr.cn"},
	} {
		r, ok := Parse(in)
		if got := [2]string{r.Name(), r.Global()}; !ok || got != want {
			t.Errorf("%s: name and global login server %q, want %q", in, got, want)
		}
	}
}

// FuzzParse holds the invariants that everything behind this wall relies on.
func FuzzParse(f *testing.F) {
	for _, s := range refused {
		f.Add(s)
	}
	f.Add("HTTPS://MyRegistry.AzureCR.io.:443/v2/")
	f.Add("contosoacr-abc123.eastus.geo.azurecr.cn")
	f.Fuzz(func(t *testing.T, s string) {
		r, ok := Parse(s)
		if !ok {
			if r != (Registry{}) {
				t.Fatalf("Parse(%q) refuses and still names %+v", s, r)
			}
			return
		}
		h := r.LoginServer
		if !strings.HasSuffix(h, ".azurecr.io") && !strings.HasSuffix(h, ".azurecr.cn") && !strings.HasSuffix(h, ".azurecr.us") {
			t.Fatalf("Parse(%q) leaves ACR's suffixes: %q", s, h)
		}
		if strings.Trim(h, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.Contains(h, "..") || strings.Contains(h, ".data.") || len(h) > 253 {
			t.Fatalf("Parse(%q) = %q, not a login server", s, h)
		}
		if !strings.Contains(strings.ToLower(s), h) {
			t.Fatalf("Parse(%q) = %q, which the input does not contain", s, h)
		}
		if again, ok := Parse(h); !ok || again != r {
			t.Fatalf("Parse is no fixed point: %q gives %+v, then %+v", s, r, again)
		}
	})
}
