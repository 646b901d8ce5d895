package azuretest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// session is a sign-in that was begun (device code), is half done
// (authorization code) or is over (refresh token). Its key is the secret.
type session struct {
	user      string
	tenant    string
	client    string
	scope     string // asked for at the beginning
	polls     int    // of a device code, so far
	challenge string // of an authorization code
}

type sessions struct {
	mu   sync.Mutex
	open map[string]session
}

// remember keeps a session under a new secret.
func (s *sessions) remember(one session) string {
	key := "0." + strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", "")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]session{}
	}
	s.open[key] = one
	return key
}

func (s *sessions) find(key string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.open[key]
	return one, ok
}

func (s *sessions) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, key)
}

// poll counts one more question for a device code.
func (s *sessions) poll(key string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.open[key]
	if ok {
		one.polls++
		s.open[key] = one
	}
	return one, ok
}

// accessToken is an ACR token for an Entra refresh token, or "".
func (s *sessions) accessToken(a *Azure, x *call, refresh string) string {
	one, ok := s.find(refresh)
	if !ok {
		return ""
	}
	u := x.c.user(one.user)
	if u == nil {
		return ""
	}
	return a.sign(a.userClaims(x, cloudOf(x.c.registry(x.host), x.host), one.tenant, one.client, u, acrAudience), false)
}

// signedIn is the user behind a grant, and the scope asked for when the sign-in
// began, if it did so before. Nil: it has answered.
func (a *Azure) signedIn(x *call, tenant *TenantConfig, grant string) (_ *User, scope string) {
	f := x.r.PostForm
	name := f.Get("username")
	switch grant {
	case "password":
		u := x.c.user(name)
		switch {
		case u == nil:
			x.aadsts(50034, name, cmpTenant(tenant))
			return nil, ""
		case u.Password == "" || u.Password != f.Get("password"):
			x.aadsts(50126)
			return nil, ""
		}
	case "refresh_token":
		one, ok := a.sessions.find(f.Get("refresh_token"))
		if !ok {
			x.aadsts(70000)
			return nil, ""
		}
		name, scope = one.user, one.scope
	case "authorization_code":
		one, ok := a.sessions.find(f.Get("code"))
		a.sessions.forget(f.Get("code"))
		sum := sha256.Sum256([]byte(f.Get("code_verifier")))
		if !ok || one.challenge != "" && one.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
			x.aadsts(70000)
			return nil, ""
		}
		name, scope = one.user, one.scope
	default: // device code; v1 called it "code"
		key := f.Get("device_code")
		if key == "" {
			key = f.Get("code")
		}
		one, ok := a.sessions.poll(key)
		switch {
		case !ok || x.c.SignIn.Outcome == "expired":
			x.aadsts(70020)
			return nil, ""
		case x.c.SignIn.Outcome == "declined":
			x.json(http.StatusBadRequest, map[string]any{
				"error": "authorization_declined", "error_description": "AADSTS70015: The user declined to sign in.", "error_codes": []int{70015},
			})
			return nil, ""
		case x.c.SignIn.Outcome == "pending" || one.polls <= x.c.SignIn.Polls:
			x.aadsts(70016)
			return nil, ""
		}
		a.sessions.forget(key)
		name, scope = one.user, one.scope
	}
	u := x.c.user(name)
	if u == nil || tenant != nil && !u.in(tenant.ID) {
		x.aadsts(50034, name, cmpTenant(tenant))
		return nil, ""
	}
	if u.MFA && (grant == "password" || grant == "refresh_token") {
		x.aadsts(50076, acrAudience)
		return nil, ""
	}
	return u, scope
}

func cmpTenant(t *TenantConfig) string {
	if t == nil {
		return "organizations"
	}
	return t.ID
}

// signInUser is who sits before the browser.
func (c *Config) signInUser() string {
	if c.SignIn.User != "" {
		return c.SignIn.User
	}
	return UserName
}

// deviceCode begins a sign-in on another device.
func (a *Azure) deviceCode(x *call, cl cloud, tenantName string) {
	if x.c.tenant(tenantName, cl.name) == nil && !anyTenant(tenantName) {
		x.aadsts(90002, tenantName)
		return
	}
	key := a.sessions.remember(session{
		user: x.c.signInUser(), client: x.r.PostForm.Get("client_id"), scope: x.r.PostForm.Get("scope"),
	})
	x.json(http.StatusOK, map[string]any{
		"user_code": "EMULATED9", "device_code": key,
		"verification_uri": "https://microsoft.com/devicelogin", "expires_in": 900, "interval": 1,
		"message": "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code EMULATED9 to authenticate.",
	})
}

// authorize signs the user in at once and goes back to the client.
func (a *Azure) authorize(x *call, cl cloud, tenantName string) {
	if x.c.tenant(tenantName, cl.name) == nil && !anyTenant(tenantName) {
		x.aadsts(90002, tenantName)
		return
	}
	q := x.r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || !back.IsAbs() {
		x.aadsts(900144, "redirect_uri")
		return
	}
	answer := url.Values{"state": {q.Get("state")}}
	switch x.c.SignIn.Outcome {
	case "":
		answer.Set("code", a.sessions.remember(session{
			user: x.c.signInUser(), client: q.Get("client_id"), scope: q.Get("scope"), challenge: q.Get("code_challenge"),
		}))
	case "pending":
		a.hang(x.r)
		panic(http.ErrAbortHandler)
	default:
		answer.Set("error", "access_denied")
		answer.Set("error_description", "AADSTS65004: User declined to consent to access the app.")
	}
	switch q.Get("response_mode") {
	case "form_post":
		x.formPost(back.String(), answer)
		return
	case "fragment":
		back.Fragment = answer.Encode()
	default:
		back.RawQuery = answer.Encode()
	}
	x.w.Header().Set("Location", back.String())
	x.empty(http.StatusFound)
}

// formPost has the browser post the answer, with a page that does so by itself
// (OAuth 2.0 Form Post Response Mode). MSAL takes nothing else on loopback.
func (x *call) formPost(to string, answer url.Values) {
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(x.w, "<html><body onload=\"document.forms[0].submit()\"><form method=\"POST\" action=%q>\n", to) //nolint:errcheck // the client is gone
	for name := range answer {
		fmt.Fprintf(x.w, "<input type=\"hidden\" name=%q value=%q />\n", name, html.EscapeString(answer.Get(name))) //nolint:errcheck // the client is gone
	}
	fmt.Fprint(x.w, "</form></body></html>\n") //nolint:errcheck // the client is gone
}

// userRealm says that a user's passwords are checked by Entra itself.
func (a *Azure) userRealm(x *call, user string) {
	x.json(http.StatusOK, map[string]string{
		"ver": "1.0", "account_type": "Managed", "domain_name": user[strings.LastIndexByte(user, '@')+1:],
		"cloud_instance_name": strings.TrimPrefix(x.host, "login."), "cloud_audience_urn": "urn:federation:MicrosoftOnline",
	})
}
