package identity

import (
	"time"

	"github.com/golang-jwt/jwt/v5"

	"docker-credential-acr/internal/lazyregexp"
	"docker-credential-acr/internal/who"
)

// Claims are what an Entra access token says of itself. What does not look like
// a name or an id is left out.
type Claims struct {
	User        string // of a person, such as anna@contoso.com
	Application string // client id
	ObjectID    string
	Tenant      string
	Audience    string
	Expires     time.Time // zero if it does not say
}

// Read reads a token's claims. They are empty for a token that cannot be read.
func Read(token string) Claims {
	claims := jwt.MapClaims{}
	_, _, _ = jwt.NewParser().ParseUnverified(token, claims) // an opaque token leaves them empty
	first := func(names ...string) string {
		for _, name := range names {
			if value, _ := claims[name].(string); who.Plain(value) {
				return value
			}
		}
		return ""
	}
	c := Claims{
		User:        first("upn", "preferred_username", "unique_name"),
		Application: first("appid", "azp"),
		ObjectID:    first("oid"),
		Tenant:      first("tid"),
	}
	if audience, err := claims.GetAudience(); err == nil && len(audience) == 1 && plainURL.MatchString(audience[0]) && len(audience[0]) <= longestURL {
		c.Audience = audience[0]
	}
	if end, err := claims.GetExpirationTime(); err == nil && end != nil {
		c.Expires = end.Time
	}
	return c
}

// plainURL is what an audience may look like to be shown: a URL or an id, and no
// longer than longestURL.
var plainURL = lazyregexp.New(`^[\w:/.-]+$`)

const longestURL = 128

// Describe says who an Entra access token is for, such as "anna@contoso.com of
// tenant …". It shows claims, never the token; it is empty for a token that
// cannot be read.
func Describe(token string) string {
	return Read(token).String()
}

// String says whose claims they are; empty if they tell nobody.
func (c Claims) String() string { return who.Name(c.User, c.Application, c.Tenant) }
