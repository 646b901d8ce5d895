package exchange

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// plain reports whether an error's text can be shown: one line of moderate
// length, and nothing that ends a quotation or steers a terminal.
func plain(text string) bool {
	return text != "" && len(text) < 2000 && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == '`' || r > '~' })
}

func quoted(text string) string {
	content, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always is JSON
	}
	return string(content)
}

// FuzzAnswer gives the exchange any answer: there is a token of use or an error
// that can be shown, never both.
func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"refresh_token":"`+signed(f, nil)+`"}`)
	f.Add(200, `{"refresh_token":"`+signed(f, jwt.MapClaims{"exp": 1e300, "iat": -1e300})+`"}`)
	f.Add(200, "{}")
	f.Add(401, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required. CorrelationId: 2fb5120a-af76-4132-9c90-d9fd0af9122c"}]}`)
	f.Add(403, `{"errors":[{"code":"DENIED","message":"client with IP '1.2.3.4' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."}]}`)
	f.Fuzz(func(t *testing.T, code int, body string) {
		s := &script{answers: []func(*http.Request) (*http.Response, error){status(100+(code%400+400)%400, body)}}
		token, err := (&Client{Transport: s}).once(t.Context(), mustParse(t), "entra")
		switch {
		case err == nil && (token.Secret == "" || !token.Expires.After(token.Obtained)):
			t.Errorf("a token of no use: %+v", token)
		case err != nil && (token != Token{} || !plain(err.Error())):
			t.Errorf("%+v, %q", token, err)
		}
	})
}

// FuzzRefusal fills the places of an error body, and the Entra token that the
// error tells about, with any text: none of it is repeated.
func FuzzRefusal(f *testing.F) {
	f.Add(401, "UNAUTHORIZED", "authentication required, visit https://aka.ms/acr/authorization CorrelationId: 2fb5120a-af76-4132-9c90-d9fd0af9122c", "2fb5120a-af76-4132-9c90-d9fd0af9122c", "1", `{"oid":"2fb5120a-af76-4132-9c90-d9fd0af9122c"}`)
	f.Add(403, "DENIED", "client with IP '1.2.3.4' is not allowed access.", "", "", `{"tid":7}`)
	f.Add(403, "DENIED", "retrieving permissions failed", "x", "-1", `{"tid":"$(reboot)"}`)
	f.Add(429, "TOOMANYREQUESTS", "", "", "Fri, 31 Dec 9999 23:59:59 GMT", "")
	f.Add(503, "", "", "", "99999999999999999999", "null")
	f.Fuzz(func(t *testing.T, code int, errorCode, said, correlationID, wait, claims string) {
		const marker = "Marker7of9Fuzzing"
		body := `{"errors":[{"code":` + quoted(errorCode+marker) + `,"message":` + quoted(marker+said+marker) + `,"detail":` + quoted(marker) + `}]}`
		response := &http.Response{StatusCode: 300 + (code%300+300)%300, Header: http.Header{
			"X-Ms-Correlation-Request-Id": {correlationID + marker}, "Retry-After": {wait}, "Location": {"https://" + marker},
		}}
		access := "e30." + base64.RawURLEncoding.EncodeToString([]byte(strings.ReplaceAll(claims, "$", marker))) + ".sig"
		err := refusal(mustParse(t), response, []byte(body), access)
		if text := err.Error(); !plain(text) || strings.Contains(text, marker) || strings.Contains(text, access) {
			t.Errorf("%q", text)
		}
	})
}

// FuzzVerify reads any text as a token, at any time: what is taken is handed on
// unchanged, ends, and lives no longer than it says of itself.
func FuzzVerify(f *testing.F) {
	now := time.Now().Unix()
	for _, changes := range []jwt.MapClaims{
		nil,
		{"aud": []string{"other.azurecr.io", "MYREGISTRY.azurecr.io"}},
		{"aud": nil},
		{"exp": nil},
		{"iat": nil},
		{"exp": "soon"},
		{"exp": 1e300, "iat": -1e300},
		{"iat": now + 99999},
		{"iss": "https://sts.windows.net/"},
		{"grant_type": "access_token"},
		{"nbf": -1},
	} {
		f.Add(signed(f, changes), int64(0), now)
	}
	for _, text := range []string{"", "opaque", "..", "e30.e30.", "e30.bnVsbA.", "eyJhbGciOiJub25lIn0.eyJhdWQiOlt7fV19.", "a.b=.c", signed(f, nil) + "\n", "\n" + signed(f, nil), strings.Repeat("a.", 9999)} {
		f.Add(text, now, now)
	}
	f.Fuzz(func(t *testing.T, secret string, server, local int64) {
		r := mustParse(t)
		at, now := time.Unix(server%1e11, 0), time.Unix(local%1e11, 0)
		token, err := verify(r, secret, at, now)
		if err != nil {
			if token != (Token{}) || !plain(err.Error()) {
				t.Errorf("%+v, %q", token, err)
			}
			return
		}
		var claims jwt.RegisteredClaims
		_, _, _ = jwt.NewParser().ParseUnverified(secret, &claims)
		if strings.Trim(token.Secret, alphabet) != "" || token.Expires.Sub(now) > maxLife {
			t.Errorf("not one piece, or without end: %+v", token)
		}
		if token.Secret != secret || !token.Obtained.Equal(now) || !token.Expires.After(now) || token.Expires.Sub(now) > claims.ExpiresAt.Sub(at) {
			t.Errorf("a token of no use: %+v", token)
		}
		if !strings.Contains(strings.ToLower(strings.Join(claims.Audience, " ")), r.LoginServer) {
			t.Errorf("a token for %q", claims.Audience)
		}
		if again, err := verify(r, token.Secret, at, now); err != nil || again != token {
			t.Errorf("no fixed point: %+v, then %+v, %v", token, again, err)
		}
	})
}
