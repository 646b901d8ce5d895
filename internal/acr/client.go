package acr

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/lazyregexp"
	"docker-credential-acr/internal/web"
)

// Client makes the requests of a Docker client to one registry, at its own name
// and nowhere else.
type Client struct {
	Registry  host.Registry
	Transport http.RoundTripper
	UserAgent string
}

// Error is a request that a registry refused.
type Error struct{ Refusal }

func (e *Error) Error() string { return "the registry refused: " + string(e.Reason) }

// Challenge is what a registry says to somebody without credentials.
type Challenge struct {
	Status int
	// Date is the registry's clock, zero if it did not say.
	Date time.Time
	// Realm is where a client sends its credentials, Service what it calls the
	// registry there. Both are as the registry sent them.
	Realm, Service string
}

// ErrNoChallenge is the error of Ping for an answer that is no registry's.
var ErrNoChallenge = errors.New("this is not the answer of a registry")

// Ping asks for /v2/ without credentials, as every client begins. A refusal is an
// *Error; the challenge then still has Status and Date.
func (c *Client) Ping(ctx context.Context) (Challenge, error) {
	response, content, err := c.do(ctx, http.MethodGet, "/v2/", nil, "")
	if err != nil {
		return Challenge{}, err
	}
	challenge := Challenge{Status: response.StatusCode}
	challenge.Date, _ = http.ParseTime(response.Header.Get("Date"))
	scheme, parameters, _ := strings.Cut(response.Header.Get("WWW-Authenticate"), " ")
	switch {
	case response.StatusCode == http.StatusUnauthorized && strings.EqualFold(scheme, "Bearer"):
		for _, m := range parameter.FindAllStringSubmatch(parameters, -1) {
			switch strings.ToLower(m[1]) {
			case "realm":
				challenge.Realm = m[2]
			case "service":
				challenge.Service = m[2]
			}
		}
		if challenge.Realm == "" {
			return challenge, ErrNoChallenge
		}
		return challenge, nil
	case response.StatusCode == http.StatusOK, response.StatusCode == http.StatusUnauthorized:
		return challenge, ErrNoChallenge
	}
	return challenge, &Error{Read(response, content)}
}

// parameter is one of a challenge's (RFC 9110, 11.2); ACR quotes each.
var parameter = lazyregexp.New(`(\w+)="([^"]*)"`)

// Grant is what an access token allows on one resource.
type Grant struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// Access is what a registry's token service gave.
type Access struct {
	// Token is for requests to the registry.
	Token  string
	Grants []Grant
}

// Allows reports whether an action on a resource was granted.
func (a Access) Allows(kind, name, action string) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool {
		return g.Type == kind && g.Name == name && slices.Contains(g.Actions, action)
	})
}

// ByToken asks the token service for scope with a refresh token, as clients do
// that are given one.
func (c *Client) ByToken(ctx context.Context, refreshToken, scope string) (Access, error) {
	return c.access(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}, scope)
}

// ByPassword asks the token service for scope with a user name and a password,
// or with neither as anybody, whom a registry may let pull.
func (c *Client) ByPassword(ctx context.Context, username, password, scope string) (Access, error) {
	form := url.Values{"grant_type": {"password"}}
	if username != "" {
		form.Set("username", username)
		form.Set("password", password)
	}
	return c.access(ctx, form, scope)
}

func (c *Client) access(ctx context.Context, form url.Values, scope string) (Access, error) {
	form.Set("service", c.Registry.LoginServer)
	form.Set("scope", scope)
	response, content, err := c.do(ctx, http.MethodPost, "/oauth2/token", form, "")
	if err != nil {
		return Access{}, err
	}
	if response.StatusCode != http.StatusOK {
		return Access{}, &Error{Read(response, content)}
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	var claims struct {
		jwt.RegisteredClaims
		Access []Grant `json:"access"`
	}
	if json.Unmarshal(content, &answer) != nil || answer.AccessToken == "" {
		return Access{}, &Error{Refusal{Status: response.StatusCode, Reason: Unexpected}}
	}
	_, _, _ = jwt.NewParser().ParseUnverified(answer.AccessToken, &claims) // an opaque one leaves them empty
	return Access{Token: answer.AccessToken, Grants: claims.Access}, nil
}

// Exists reports whether a registry has a repository, as far as the holder of a
// token for pulling is told. The error is for anything else than a clear answer.
func (c *Client) Exists(ctx context.Context, repository, token string) (bool, error) {
	response, content, err := c.do(ctx, http.MethodGet, "/v2/"+repository+"/tags/list", nil, token)
	if err != nil {
		return false, err
	}
	refusal := Read(response, content)
	switch {
	case response.StatusCode == http.StatusOK:
		return true, nil
	case refusal.Code == "NAME_UNKNOWN":
		return false, nil
	}
	return false, &Error{refusal}
}

// maxBody is far more than what is looked at of an answer; the rest is left.
const maxBody = 1 << 20

func (c *Client) do(ctx context.Context, method, path string, form url.Values, bearer string) (*http.Response, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "https://"+c.Registry.LoginServer+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.UserAgent)
	response, err := web.Client(c.Transport).Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	return response, content, err
}

// Permissions are what a refresh token says that its holder may do anywhere in
// the registry, such as "read" and "write". What stands there for an identity
// with permissions on some repositories only is not documented.
func Permissions(refreshToken string) []string {
	var claims struct {
		jwt.RegisteredClaims
		Permissions struct{ Actions []string }
	}
	_, _, _ = jwt.NewParser().ParseUnverified(refreshToken, &claims) // an opaque one leaves them empty
	return slices.DeleteFunc(claims.Permissions.Actions, func(action string) bool { return len(action) > 64 || !plainAction.MatchString(action) })
}

// plainAction is what a permission may look like to be shown.
var plainAction = lazyregexp.New(`^[\w*/-]+$`)
