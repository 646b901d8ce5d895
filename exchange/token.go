package exchange

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"docker-credential-acr/internal/acr"
	"docker-credential-acr/internal/host"
)

const (
	// issuer is what real refresh tokens of every cloud carry.
	issuer = "Azure Container Registry"
	// maxToken is ten times a real token's length.
	maxToken = 16 << 10
	// maxLife is how long a token is believed to live at the most, whatever it says
	// of itself, such as milliseconds where seconds belong: a dead one that is kept
	// is refused again and again.
	maxLife = 24 * time.Hour
	// alphabet is what a token is made of. A decoder of Base64 passes over line
	// breaks, which whoever prints the token would not.
	alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
)

// claims are those claims of a refresh token that are looked at.
type claims struct {
	jwt.RegisteredClaims
	GrantType string `json:"grant_type"`
}

// Verify reads a refresh token that came from somewhere else than Exchange, such
// as one that a client stored. It reports an error unless secret is a JWT which
// was issued for the login server registry and has not expired by the clock of
// this machine.
//
// The signature is not verified: the registry publishes no key, and does it
// itself.
func (c *Client) Verify(registry, secret string) (Token, error) {
	r, err := c.loginServer(registry)
	if err != nil {
		return Token{}, err
	}
	now := c.now()
	return verify(r, secret, now, now)
}

// verify checks a token that was received at the time now of this machine's
// clock, when the server's clock said server (zero if unknown).
//
// The token's life is counted from now, and is what is left of it: exp − iat, or
// less if the server handed out one that it had made before. So a clock that is
// wrong on this machine neither kills a good token nor keeps a dead one.
// Documentation says 3 hours, real tokens live for 3 h 15 min, and a sample of
// 2017 had 35 minutes: the length is never assumed, but that it is below maxLife.
func verify(r host.Registry, secret string, server, now time.Time) (Token, error) {
	fail := func(message string) (Token, error) {
		return Token{}, &Error{Registry: r.LoginServer, Reason: string(acr.Unexpected), Message: message, Hint: "check for a proxy between this machine and the registry, and try again"}
	}
	var c claims
	// ErrTokenUnverifiable is about the algorithm; the claims are there.
	_, _, err := jwt.NewParser().ParseUnverified(secret, &c)
	if len(secret) > maxToken || strings.Trim(secret, alphabet) != "" || err != nil && !errors.Is(err, jwt.ErrTokenUnverifiable) {
		return fail("the token it answered with cannot be read")
	}
	if c.Issuer != "" && c.Issuer != issuer || c.GrantType != "" && c.GrantType != "refresh_token" {
		return fail("the token it answered with is not a registry's refresh token")
	}
	// Tokens of a registry's regional login server may name the global one.
	if !slices.ContainsFunc(c.Audience, func(name string) bool {
		return sameHost(name, r.LoginServer) || sameHost(name, r.Global())
	}) {
		return fail("the token it answered with is for another registry")
	}
	if server.IsZero() {
		server = now
	}
	if c.ExpiresAt == nil || !c.ExpiresAt.After(server) {
		return fail("the token it answered with has expired")
	}
	life := min(c.ExpiresAt.Sub(server), maxLife)
	if c.IssuedAt != nil {
		life = min(life, c.ExpiresAt.Sub(c.IssuedAt.Time))
	}
	if life <= 0 {
		return fail("the token it answered with has expired")
	}
	return Token{Secret: secret, Obtained: now, Expires: now.Add(life)}, nil
}

// sameHost compares host names of ASCII in any case. The length rules out what
// Unicode folds into ASCII: a long s, or the sign of kelvin.
func sameHost(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }
