package identity

import (
	"regexp"

	"github.com/golang-jwt/jwt/v5"
)

// plain is what a name or id in a token may look like to be shown; and it is
// no longer than longest.
var plain = regexp.MustCompile(`^[\w.@+#-]+$`)

const longest = 128

// Describe says who an Entra access token is for, such as "anna@contoso.com of
// tenant …". It shows claims, never the token; it is empty for a token that
// cannot be read.
func Describe(token string) string {
	claims := jwt.MapClaims{}
	_, _, _ = jwt.NewParser().ParseUnverified(token, claims) // an opaque token leaves them empty
	first := func(names ...string) string {
		for _, name := range names {
			if value, _ := claims[name].(string); plain.MatchString(value) && len(value) <= longest {
				return value
			}
		}
		return ""
	}
	who := first("upn", "preferred_username", "unique_name")
	if who == "" {
		if id := first("appid", "azp"); id != "" {
			who = "application " + id
		}
	}
	if tenant := first("tid"); who != "" && tenant != "" {
		who += " of tenant " + tenant
	}
	return who
}
