package exchange

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// script is a transport that gives one answer after the other.
type script struct {
	answers  []func(*http.Request) (*http.Response, error)
	requests []*http.Request
	bodies   []string
	times    []time.Time
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.requests, s.bodies, s.times = append(s.requests, r), append(s.bodies, string(body)), append(s.times, time.Now())
	next := s.answers[min(len(s.requests), len(s.answers))-1]
	return next(r)
}

func status(code int, body string, header ...string) func(*http.Request) (*http.Response, error) {
	h := http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func broken(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// signed makes a token that is a refresh token of myregistry but for the given
// claims; nil leaves one out.
func signed(t testing.TB, changes jwt.MapClaims) string {
	t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": issuer, "aud": "myregistry.azurecr.io", "grant_type": "refresh_token",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(11700 * time.Second).Unix(),
	}
	for k, v := range changes {
		claims[k] = v
		if v == nil {
			delete(claims, k)
		}
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func good(t testing.TB) func(*http.Request) (*http.Response, error) {
	return status(http.StatusOK, `{"refresh_token":"`+signed(t, nil)+`","more":1}`)
}

func TestRequest(t *testing.T) {
	s := &script{answers: []func(*http.Request) (*http.Response, error){good(t)}}
	token, err := (&Client{Transport: s, UserAgent: "test/1"}).Exchange(t.Context(), "myregistry.azurecr.io", "entra+token&x=y")
	if err != nil {
		t.Fatal(err)
	}
	if life := token.Expires.Sub(token.Obtained); life < 11698*time.Second || life > 11700*time.Second {
		t.Errorf("the token lives %v", life)
	}
	r := s.requests[0]
	if r.Method != http.MethodPost || r.URL.String() != "https://myregistry.azurecr.io/oauth2/exchange" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Header.Get("User-Agent") != "test/1" || r.Header.Get("Authorization") != "" {
		t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
	}
	if want := "access_token=entra%2Btoken%26x%3Dy&grant_type=access_token&service=myregistry.azurecr.io"; s.bodies[0] != want {
		t.Errorf("form %s", s.bodies[0])
	}
}

// The token goes to no host that the caller made up.
func TestOnlyLoginServers(t *testing.T) {
	s := &script{answers: []func(*http.Request) (*http.Response, error){good(t)}}
	for _, registry := range []string{"", "attacker.com", "MyRegistry.azurecr.io", "https://myregistry.azurecr.io", "myregistry.azurecr.io:443", "myregistry.azurecr.io/", "myregistry.azurecr.io.attacker.com"} {
		if _, err := (&Client{Transport: s}).Exchange(t.Context(), registry, "entra"); err == nil {
			t.Errorf("%q: no error", registry)
		}
	}
	if len(s.requests) != 0 {
		t.Errorf("%d requests", len(s.requests))
	}
	// A custom domain is one that the caller names exactly.
	s = &script{answers: []func(*http.Request) (*http.Response, error){status(http.StatusOK, `{"refresh_token":"`+signed(t, jwt.MapClaims{"aud": "registry.contoso.com"})+`"}`)}}
	c := &Client{Transport: s, Trusted: []string{"registry.contoso.com", "127.0.0.1"}}
	for registry, want := range map[string]bool{"registry.contoso.com": true, "a.registry.contoso.com": false, "Registry.contoso.com": false, "127.0.0.1": false} {
		if _, err := c.Exchange(t.Context(), registry, "entra"); (err == nil) != want {
			t.Errorf("%s: %v", registry, err)
		}
	}
	if len(s.requests) != 1 {
		t.Errorf("%d requests", len(s.requests))
	}
}

func at(now time.Time) *Client { return &Client{Now: func() time.Time { return now }} }

func TestVerify(t *testing.T) {
	now := time.Now()
	unix := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for _, tt := range []struct {
		name    string
		claims  jwt.MapClaims
		message string // of the error, or empty
		life    time.Duration
	}{
		{"real", nil, "", 11700 * time.Second},
		{"of 2017", jwt.MapClaims{"exp": unix(2089 * time.Second), "tenant": "t"}, "", 2089 * time.Second},
		{"several audiences", jwt.MapClaims{"aud": []string{"x", "myregistry.azurecr.io"}}, "", 11700 * time.Second},
		{"no iat", jwt.MapClaims{"iat": nil}, "", 11700 * time.Second},
		{"no issuer", jwt.MapClaims{"iss": nil}, "", 11700 * time.Second},
		{"made earlier", jwt.MapClaims{"iat": unix(-time.Hour), "exp": unix(time.Hour)}, "", time.Hour},
		{"server's clock ahead", jwt.MapClaims{"iat": unix(5 * time.Hour), "exp": unix(8 * time.Hour)}, "", 3 * time.Hour},
		{"other registry", jwt.MapClaims{"aud": "otherregistry.azurecr.io"}, "another registry", 0},
		{"audience with a long s", jwt.MapClaims{"aud": "myregi\u017ftry.azurecr.io"}, "another registry", 0},
		{"exp in milliseconds", jwt.MapClaims{"exp": now.Add(time.Hour).UnixMilli()}, "", maxLife},
		{"exp in a hundred years", jwt.MapClaims{"exp": now.AddDate(100, 0, 0).Unix()}, "", maxLife},
		{"iat of the distant past", jwt.MapClaims{"iat": -1e300}, "", 11700 * time.Second},
		{"look-alike audience", jwt.MapClaims{"aud": "myregistry.azurecr.io.attacker.com"}, "another registry", 0},
		{"no audience", jwt.MapClaims{"aud": nil}, "another registry", 0},
		{"audience is a number", jwt.MapClaims{"aud": 7}, "cannot be read", 0},
		{"expired", jwt.MapClaims{"exp": unix(-time.Second)}, "expired", 0},
		{"no exp", jwt.MapClaims{"exp": nil}, "expired", 0},
		{"exp before iat", jwt.MapClaims{"iat": unix(2 * time.Hour), "exp": unix(time.Hour)}, "expired", 0},
		{"exp is text", jwt.MapClaims{"exp": "soon"}, "cannot be read", 0},
		{"access token", jwt.MapClaims{"grant_type": "access_token"}, "not a registry's refresh token", 0},
		{"other issuer", jwt.MapClaims{"iss": "https://sts.windows.net/"}, "not a registry's refresh token", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			secret := signed(t, tt.claims)
			token, err := at(now).Verify("myregistry.azurecr.io", secret)
			if tt.message != "" {
				if err == nil || !strings.Contains(err.Error(), tt.message) || strings.Contains(err.Error(), secret) || token != (Token{}) {
					t.Errorf("%+v, %v; want %s", token, err, tt.message)
				}
				return
			}
			if err != nil || token.Secret != secret || token.Obtained != now {
				t.Fatalf("%+v, %v", token, err)
			}
			if got := token.Expires.Sub(now); got > tt.life+2*time.Second || got < tt.life-2*time.Second {
				t.Errorf("lives %v, want %v", got, tt.life)
			}
		})
	}
	line := signed(t, nil) // what a decoder of Base64 passes over is no part of a token
	for _, secret := range []string{
		line + "\n", "\r\n" + line, line[:7] + "\n" + line[7:], line[:len(line)-7] + "\r" + line[len(line)-7:],
		"", "opaque", "a.b", "a.b.c", "a.b.c.d", "..", strings.Repeat("x", maxToken+1), signed(t, nil) + "=", signed(t, jwt.MapClaims{"x": strings.Repeat("x", maxToken)}),
	} {
		if _, err := at(now).Verify("myregistry.azurecr.io", secret); err == nil {
			t.Errorf("%.20q: no error", secret)
		}
	}
	// Tokens of the global login server serve the regional one of the same
	// registry, and no other.
	if _, err := at(now).Verify("myregistry.eastus.geo.azurecr.io", signed(t, nil)); err != nil {
		t.Error(err)
	}
	if _, err := at(now).Verify("myregistry2.eastus.geo.azurecr.io", signed(t, nil)); err == nil {
		t.Error("another registry's token was taken")
	}
}

func TestRetries(t *testing.T) {
	const forever = "600"
	for _, tt := range []struct {
		name     string
		answers  []func(*http.Request) (*http.Response, error)
		requests int
		ok       bool
		least    time.Duration // of all waiting
		most     time.Duration
	}{
		{"503", []func(*http.Request) (*http.Response, error){status(503, ""), nil}, 2, true, 100 * time.Millisecond, time.Second},
		{"408 and 500", []func(*http.Request) (*http.Response, error){status(408, ""), status(500, "<html>"), nil}, 3, true, 300 * time.Millisecond, 2 * time.Second},
		{"429 with seconds", []func(*http.Request) (*http.Response, error){status(429, "", "Retry-After", "7"), nil}, 2, true, 7 * time.Second, 8 * time.Second},
		{"429 with seconds, too long", []func(*http.Request) (*http.Response, error){status(429, "", "Retry-After", forever)}, 1, false, 0, 0},
		{"429 with nonsense", []func(*http.Request) (*http.Response, error){status(429, "", "Retry-After", "-1"), nil}, 2, true, 100 * time.Millisecond, time.Second},
		{"always 502", []func(*http.Request) (*http.Response, error){status(502, "")}, tries, false, time.Second, 5 * time.Second},
		{"broken connection", []func(*http.Request) (*http.Response, error){broken(io.ErrUnexpectedEOF), nil}, 2, true, 100 * time.Millisecond, time.Second},
		{"400", []func(*http.Request) (*http.Response, error){status(400, "")}, 1, false, 0, 0},
		{"401", []func(*http.Request) (*http.Response, error){status(401, "")}, 1, false, 0, 0},
		{"403", []func(*http.Request) (*http.Response, error){status(403, "")}, 1, false, 0, 0},
		{"404", []func(*http.Request) (*http.Response, error){status(404, "")}, 1, false, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if last := len(tt.answers) - 1; tt.answers[last] == nil {
					tt.answers[last] = good(t)
				}
				s := &script{answers: tt.answers}
				ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
				defer cancel()
				start := time.Now()
				_, err := (&Client{Transport: s}).Exchange(ctx, "myregistry.azurecr.io", "entra-secret")
				if (err == nil) != tt.ok || len(s.requests) != tt.requests {
					t.Errorf("%d requests, %v", len(s.requests), err)
				}
				if waited := time.Since(start); waited < tt.least || waited > tt.most {
					t.Errorf("waited %v", waited)
				}
				var e *Error
				if err != nil && (!errors.As(err, &e) || e.Registry != "myregistry.azurecr.io" || strings.ContainsAny(err.Error(), "`\n") || strings.Contains(err.Error(), "entra-secret")) {
					t.Errorf("error %q", err)
				}
			})
		})
	}
}

// A request that hangs leaves time for another.
func TestHangingRequestIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }
		s := &script{answers: []func(*http.Request) (*http.Response, error){hang, good(t)}}
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		if _, err := (&Client{Transport: s}).Exchange(ctx, "myregistry.azurecr.io", "entra"); err != nil {
			t.Error(err)
		}
		s = &script{answers: []func(*http.Request) (*http.Response, error){hang}}
		_, err := (&Client{Transport: s}).Exchange(ctx, "myregistry.azurecr.io", "entra")
		if err == nil || !strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("%v", err)
		}
	})
}

// hostile is text that must not appear in an error.
const hostile = "eyJhbGciOiJSUzI1NiJ9.echoed` \n\x1b[31m"

func TestErrorsQuoteNothing(t *testing.T) {
	for _, body := range []string{
		hostile, `{"errors":[{"code":"` + strings.Repeat("X", 99) + `","message":"echoed"}]}`, `{"errors":[{"code":"UNAUTHORIZED","message":"echoed CorrelationId: echoed"}]}`,
		`{"errors":[{"code":"DENIED","message":"client with IP 'echoed' is not allowed access."}]}`, `{"errors":[]}`, `{"errors":null}`, `{"errors":{}}`, `[]`, `null`, ``,
	} {
		for _, code := range []int{201, 204, 302, 400, 401, 403, 404, 418, 451} {
			s := &script{answers: []func(*http.Request) (*http.Response, error){status(code, body, "Location", "https://attacker.com", "X-Ms-Correlation-Request-Id", "echoed")}}
			_, err := (&Client{Transport: s}).Exchange(t.Context(), "myregistry.azurecr.io", "entra")
			if err == nil || strings.Contains(err.Error(), "echoed") || strings.Contains(err.Error(), "attacker") || strings.ContainsAny(err.Error(), "`\n\x1b") {
				t.Errorf("%d %q: %v", code, body, err)
			}
			if len(s.requests) != 1 {
				t.Errorf("%d %q: %d requests", code, body, len(s.requests))
			}
		}
	}
}
