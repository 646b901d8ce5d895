// Package exchange turns a Microsoft Entra access token into a refresh token of
// an Azure container registry.
//
// The request goes to https://REGISTRY/oauth2/exchange and nowhere else: not
// where a challenge's realm points, and not where a redirect leads. What comes
// back is handed out only if it is a refresh token for that registry.
//
// Protocol: https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
package exchange

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

	"docker-credential-acr/internal/acr"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/web"
)

// Client exchanges tokens. The zero value works: it honours the proxy variables
// and the system's certificates, as net/http does. It is safe for concurrent
// use as long as its fields stay as they are.
type Client struct {
	// Transport sends the requests; nil means one of its own. Redirects are
	// refused whatever it is.
	Transport http.RoundTripper
	// Trusted are login servers outside ACR's domains that may be sent tokens:
	// custom domains and registries of private clouds, by their exact names. The
	// names of *.azurecr.io, .cn and .us need not be listed.
	Trusted []string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// UserAgent is sent with each request; empty means "docker-credential-acr".
	UserAgent string
}

// Token is an ACR refresh token.
type Token struct {
	// Secret is the token itself. Docker clients send it as an identity token,
	// or as the password of the user 00000000-0000-0000-0000-000000000000.
	Secret string
	// Obtained and Expires bound its life by the clock of this machine.
	Obtained, Expires time.Time
}

// maxBody is far more than any answer of a registry.
const maxBody = 1 << 20

// Exchange returns a refresh token for registry, a login server such as
// "myregistry.azurecr.io" in lower case, without scheme and port. The Entra
// token must be for the audience https://containerregistry.azure.net (or the
// cloud's Resource Manager, where the registry allows that) and from the
// registry's tenant.
//
// It tries again when the registry is busy or the connection breaks, as long as
// ctx lasts. The registry's refusals are of type *Error. No error holds either
// token.
func (c *Client) Exchange(ctx context.Context, registry, accessToken string) (Token, error) {
	r, err := c.loginServer(registry)
	if err != nil {
		return Token{}, err
	}
	return retry(ctx, func(ctx context.Context) (Token, error) {
		return c.once(ctx, r, accessToken)
	})
}

// loginServer returns the registry that may be sent a token.
func (c *Client) loginServer(registry string) (host.Registry, error) {
	r, ok := host.Parse(registry)
	if !ok && slices.Contains(c.Trusted, registry) && host.Valid(registry) {
		r, ok = host.Registry{LoginServer: registry}, true
	}
	if !ok || r.LoginServer != registry {
		return host.Registry{}, &Error{Registry: registry, Message: "this is not the login server of an Azure container registry"}
	}
	return r, nil
}

// once makes one request.
func (c *Client) once(ctx context.Context, r host.Registry, accessToken string) (Token, error) {
	form := url.Values{"grant_type": {"access_token"}, "service": {r.LoginServer}, "access_token": {accessToken}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+r.LoginServer+"/oauth2/exchange", strings.NewReader(form.Encode()))
	if err != nil {
		return Token{}, errors.New("cannot make a request for the registry")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.userAgent())

	response, err := web.Client(c.transport()).Do(request)
	if err != nil {
		return Token{}, unreachable(ctx, r, err)
	}
	defer response.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return Token{}, unreachable(ctx, r, err)
	}
	if response.StatusCode != http.StatusOK {
		return Token{}, refusal(r, response, body, accessToken)
	}
	var answer struct {
		RefreshToken string `json:"refresh_token"`
	}
	if len(body) > maxBody || json.Unmarshal(body, &answer) != nil || answer.RefreshToken == "" {
		return Token{}, &Error{
			Registry: r.LoginServer, Status: response.StatusCode, Reason: string(acr.Unexpected),
			Message: "the answer to the exchange is not a token",
			Hint:    "check for a proxy or a captive portal between this machine and the registry: curl -sSI https://" + r.LoginServer + "/v2/",
		}
	}
	// The server's own clock says whether its token has expired; this machine's
	// may be wrong.
	server, _ := http.ParseTime(response.Header.Get("Date"))
	return verify(r, answer.RefreshToken, server, c.now())
}

// defaultTransport is shared by all zero Clients, so that connections are.
var defaultTransport = web.NewTransport()

func (c *Client) transport() http.RoundTripper {
	if c.Transport != nil {
		return c.Transport
	}
	return defaultTransport
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) userAgent() string {
	if c.UserAgent != "" {
		return c.UserAgent
	}
	return "docker-credential-acr"
}
