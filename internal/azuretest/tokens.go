package azuretest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// acrIssuer is the issuer of everything that a registry signs.
const acrIssuer = "Azure Container Registry"

// TokenOptions are what a token of a registry can have that is not usual. The
// zero value is a refresh token of [ClientID] that has just been issued.
type TokenOptions struct {
	// Kind is "refresh" (the default) or "access".
	Kind string `json:"kind,omitempty"`
	// Principal that the token is for: a client id, a user name. Empty means
	// [ClientID].
	Principal string `json:"principal,omitempty"`
	// Audience; empty means the registry.
	Audience string `json:"audience,omitempty"`
	Issuer   string `json:"issuer,omitempty"`
	// Life is exp − iat; 0 means that of the registry's tokens of this kind.
	Life Duration `json:"life,omitempty"`
	// Age is how long ago the token was issued. More than Life: it has expired.
	Age Duration `json:"age,omitempty"`
	// NoExpiry leaves exp out.
	NoExpiry bool `json:"noExpiry,omitempty"`
	// ForeignKey signs with a key that nobody knows.
	ForeignKey bool `json:"foreignKey,omitempty"`
	// Access of an access token.
	Access []Access `json:"access,omitempty"`
	// Claims are set last and override all else; null removes a claim.
	Claims map[string]any `json:"claims,omitempty"`
}

// Access is one grant of an access token.
type Access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// Issue makes a signed token of a registry, as the registry itself would. The
// registry need not exist.
func (a *Azure) Issue(registry string, o TokenOptions) string {
	c := a.config.Load()
	reg := c.registry(registry)
	if reg == nil {
		reg = &Registry{Host: registry}
	}
	p := principal{id: cmp.Or(o.Principal, ClientID), clientID: cmp.Or(o.Principal, ClientID)}
	g, _ := c.grantsFor(reg, p)
	return a.issue(a.now(), reg, registry, p, g, o)
}

// issue makes a token of a registry. The claims are those of a real one
// (wire-detail A3, A4).
func (a *Azure) issue(now time.Time, reg *Registry, host string, p principal, g grants, o TokenOptions) string {
	iat := now.Add(-o.Age.D())
	life := cmp.Or(o.Life.D(), reg.RefreshTokenLife.D(), defaultRefreshTokenLife)
	claims := jwt.MapClaims{
		"jti": uuid.NewString(), "sub": cmp.Or(p.objectID, p.id),
		"iat": iat.Unix(), "nbf": iat.Unix(),
		"iss": cmp.Or(o.Issuer, acrIssuer), "aud": cmp.Or(o.Audience, host),
		"version": "1.0", "rid": reg.id(host), "roles": []string{},
	}
	if o.Kind == "access" {
		life = cmp.Or(o.Life.D(), reg.AccessTokenLife.D(), defaultAccessTokenLife)
		claims["grant_type"] = "access_token"
		access := o.Access
		if access == nil {
			access = []Access{}
		}
		claims["access"] = access
	} else {
		claims["grant_type"] = "refresh_token"
		claims["appid"] = p.clientID
		// What ABAC registries put here is not documented; their permissions
		// are looked up when an access token is made.
		claims["permissions"] = map[string]any{"Actions": g.actions(), "NotActions": nil}
	}
	// Not in real tokens: who it was issued to, in the words of Registry.Roles.
	claims["azuretest_principal"] = p.id
	claims["exp"] = iat.Add(life).Unix()
	if o.NoExpiry {
		delete(claims, "exp")
	}
	for name, value := range o.Claims {
		if value == nil {
			delete(claims, name)
		} else {
			claims[name] = value
		}
	}
	return a.sign(claims, o.ForeignKey)
}

// sign makes a JWT of claims.
func (a *Azure) sign(claims jwt.MapClaims, foreign bool) string {
	key, kid := a.key, signingKeyID
	if foreign {
		key, kid = parseKey(foreignKeyPEM), foreignKeyID
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = kid
	s, err := t.SignedString(key)
	if err != nil {
		panic("azuretest: " + err.Error())
	}
	return s
}

// verify reads a JWT that the emulator signed and whose time has come and not
// passed. An exp is demanded.
func (a *Azure) verify(now time.Time, token string, options ...jwt.ParserOption) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	options = append([]jwt.ParserOption{
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return now }),
	}, options...)
	_, err := jwt.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		if t.Header["kid"] != signingKeyID {
			return nil, errors.New("unknown kid")
		}
		return &a.key.PublicKey, nil
	}, options...)
	return claims, err
}

// verifyRegistry is verify for tokens of a registry. Kind is that of
// [TokenOptions].
func (a *Azure) verifyRegistry(now time.Time, reg *Registry, host, kind, token string) (jwt.MapClaims, error) {
	claims, err := a.verify(now, token, jwt.WithIssuer(acrIssuer), jwt.WithAudience(host))
	if err != nil {
		return nil, err
	}
	if claims["grant_type"] != kind+"_token" {
		return nil, fmt.Errorf("not a %s token", kind)
	}
	if claims["rid"] != reg.id(host) {
		return nil, errors.New("the registry has changed its mode")
	}
	return claims, nil
}

// id is the registry's id in its tokens. It changes with the mode, which is how
// a change of mode kills the tokens issued before (wire-detail A3).
func (r *Registry) id(host string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %t", host, r.ABAC))
	return hex.EncodeToString(sum[:16])
}

// text is a claim that is a string, or "".
func text(claims jwt.MapClaims, name string) string {
	s, _ := claims[name].(string)
	return s
}

// derivedID is a GUID that depends on nothing but name.
func derivedID(name string) string { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String() }
