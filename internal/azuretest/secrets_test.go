package azuretest

import (
	"encoding/base64"
	"net/url"
	"testing"
)

func TestFindSecret(t *testing.T) {
	a := Start(t, Config{})
	hidden := map[string]string{
		"client secret":   ClientSecret,
		"password":        SecondUserPassword,
		"platform":        localSecret,
		"request token":   GitHubRequestToken,
		"refresh token":   a.Issue(MyRegistry, TokenOptions{}),
		"Entra token":     a.IssueEntra(EntraOptions{}),
		"assertion":       a.Assertion(AssertionOptions{}),
		"sign-in":         a.sessions.remember(session{}),
		"half of a token": a.Issue(MyRegistry, TokenOptions{})[:60],
	}
	for name, secret := range hidden {
		for form, text := range map[string]string{
			"plain":   "before" + "=" + secret + "&after",
			"auths":   base64.StdEncoding.EncodeToString([]byte("user:" + secret)),
			"URL":     "https://host.example/?x=" + url.QueryEscape(secret),
			"escaped": url.PathEscape("{" + secret + "}"),
		} {
			if FindSecret(text) == "" {
				t.Errorf("%s, %s: not found", name, form)
			}
		}
	}
	for _, text := range []string{
		"", "myregistry.azurecr.io: the registry did not answer; try: curl -sSI https://myregistry.azurecr.io/v2/",
		"correlation id 5a1e0000-0000-4000-8000-000000000001", "https://host.example/%zz", "eyJ", ClientID + Tenant, "100 % of aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=",
	} {
		if found := FindSecret(text); found != "" {
			t.Errorf("%q: %s", text, found)
		}
	}
}
