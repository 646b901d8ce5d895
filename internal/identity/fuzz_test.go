package identity

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"docker-credential-acr/internal/config"
)

// shown reports whether text can stand in an error: one line without what ends
// Docker's quotation or steers a terminal.
func shown(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == '`' || r == 0x7f })
}

// FuzzRefusal reads any answer of Entra or a metadata service: the error is one
// line with nothing of the answer but codes of the known forms.
func FuzzRefusal(f *testing.F) {
	f.Add(401, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}`)
	f.Add(400, `{"error":"invalid_request","error_description":"Identity not found"}`)
	f.Add(400, `{"error":{"code":"SecretHeaderNotFound"},"error_description":7}`)
	f.Add(503, "<html>busy</html>")
	f.Add(200, "null")
	f.Add(400, `{"error":"`+strings.Repeat("a_", 99)+`","error_description":"AADSTS`+strings.Repeat("1", 999)+`"}`)
	f.Fuzz(func(t *testing.T, code int, body string) {
		const marker = "Marker7of9"
		request, err := http.NewRequest(http.MethodPost, "https://login.microsoftonline.com"+imdsPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		e := &entra{config: config.Azure{ClientID: "CLIENT", TenantID: "TENANT"}}
		body = strings.NewReplacer("a", marker, " ", marker).Replace(body)
		text := e.refusal(&http.Response{StatusCode: 100 + (code%500+500)%500, Body: io.NopCloser(strings.NewReader(body)), Request: request}).Error()
		if text == "" || len(text) > 1000 || !shown(text) || strings.Contains(text, marker) {
			t.Errorf("%q", text)
		}
	})
}

var jwtLike = regexp.MustCompile(`eyJ[\w-]{8,}\.`)

// FuzzTool reads whatever az, azd and pwsh print: a token or an error of
// one line, and never a token-like text in the error.
func FuzzTool(f *testing.F) {
	f.Add(`{"accessToken":"x","expires_on":1}`, "ERROR: AADSTS50076: Due to a configuration change", "{}")
	f.Add(`{"accessToken":7}`, "Traceback (most recent call last)\n  File\nImportError: no module eyJhbGciOiJSUzI1NiJ9.e30.x", "{}")
	f.Add("null", "\x1b[31mERROR:\x1b[0m", "\ufeffnull")
	f.Add("WARNING: {}\n{\"accessToken\":\"\"}", "", `{"subscriptions":[{"isDefault":true,"user":{"name":"x\ny"}}]}`)
	f.Fuzz(func(t *testing.T, stdout, stderr, account string) {
		out := printed{uncoloured([]byte(stdout)), uncoloured([]byte(stderr))}
		_ = tokenIn(out.stdout, "accessToken")
		for _, text := range []string{quote(azSaid(out)), Describe(stdout), Describe("e30." + account + ".x")} {
			if !shown(text) || jwtLike.MatchString(text) {
				t.Errorf("%q", text)
			}
		}
		if err := plainArguments(stdout, account); err == nil && strings.ContainsAny(stdout+account, " \t\r\n\"'`$&|;<>()%^!*?\\") {
			t.Errorf("%q and %q would be passed on", stdout, account)
		}
	})
}
