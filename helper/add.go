package helper

import (
	"context"
	"errors"
	"strings"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/golang-jwt/jwt/v5"

	"docker-credential-acr/cache"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/kept"
	"docker-credential-acr/internal/store"
)

// Notice is an error that is no failure: what was asked is done, or needs no
// doing, and the person should know something about it.
type Notice struct{ text string }

func (e *Notice) Error() string { return e.text }

// Add keeps what a login gave for a registry; Get then returns it before it asks
// for the ambient identity. A new one takes the place of the old.
//
// A refresh token of the registry (user "<token>" or the null GUID) is kept in
// the cache until it expires. One that is in the cache already, because the
// helper itself had given it out, changes nothing. What those users give and is
// no such token is not kept, which is a *Notice: Get goes on as before.
//
// Any other user and password are kept until Delete, in the platform's own
// credential store, or, with a *Notice, in a private file.
func (h *Helper) Add(c *credentials.Credentials) error {
	r, ok := h.registry(c.ServerURL)
	if !ok {
		return errors.New("only credentials for Azure container registries are kept here; in Docker's config.json use this helper in credHelpers, one line a registry, instead of credsStore")
	}
	if h.misconfig != nil {
		return h.misconfigured(r)
	}
	q := h.question(r)
	ctx, cancel := context.WithTimeout(h.base, q.settings.Timeout)
	defer cancel()
	if entraToken(c.Secret) {
		return errors.New(r.LoginServer + ": this is an Entra access token, which is no password of a registry; no login is needed, as each pull exchanges the token of your Azure identity by itself, and docker-credential-acr login " + r.LoginServer + " signs in without az")
	}
	if config.IsTokenUsername(c.Username) {
		return q.addToken(ctx, c.Secret)
	}
	return q.addPassword(ctx, store.Credential{Username: c.Username, Secret: c.Secret})
}

// stored is the key of the refresh token that a client stored.
func (q *question) stored() cache.Key { return storedKey(q.registry) }

func storedKey(r host.Registry) cache.Key {
	return cache.Key{Registry: r.LoginServer, Identity: kept.Stored}
}

func (q *question) addToken(ctx context.Context, secret string) error {
	patience, cancel := context.WithTimeout(ctx, q.settings.Timeout/2)
	defer cancel()
	unlock := q.cache.Lock(patience, q.stored())
	defer unlock()
	name := q.registry.LoginServer
	token, err := q.exchange.Verify(name, secret)
	if err != nil {
		return &Notice{name + ": the token is not kept, as it is not a live refresh token of this registry; pulls and pushes go on with your Azure identity"}
	}
	for _, e := range q.cache.Entries() {
		if e.Registry == name && e.Secret == token.Secret {
			q.log.Info("stored token is known", "registry", name)
			return nil
		}
	}
	if err := q.keepToken(ctx, token); err != nil {
		return &Notice{name + ": the token is not kept: " + err.Error()}
	}
	return nil
}

const maxSecret = 64 << 10

func (q *question) addPassword(ctx context.Context, c store.Credential) error {
	name := q.registry.LoginServer
	if len(c.Secret) > maxSecret || len(c.Username) > maxSecret {
		return errors.New(name + ": the user name or password is longer than 64 KiB")
	}
	where, err := q.store.Put(ctx, name, c)
	if err != nil {
		return errors.New(name + ": the password is not kept: " + err.Error())
	}
	q.log.Info("stored", "registry", name, "store", where)
	// The newest login counts.
	if err := q.cache.Remove(q.stored()); err != nil {
		q.log.Info("not erased", "what", "token", "registry", name)
	}
	if where == store.File && q.config.Store() != store.File {
		return &Notice{"WARNING! The password for " + name + " is stored unencrypted in " + q.store.Dir + ". A credential helper keeps it safe: install docker-credential-pass, docker-credential-secretservice or that of your platform, and log in again. See https://docs.docker.com/go/credential-store/"}
	}
	return nil
}

// entraToken reports whether a password is an access token of Entra's: its
// issuer is one of Microsoft's authorities.
func entraToken(secret string) bool {
	var claims jwt.RegisteredClaims
	_, _, _ = jwt.NewParser().ParseUnverified(secret, &claims) // a password leaves them empty
	issuer, ok := strings.CutPrefix(claims.Issuer, "https://")
	if !ok {
		return false
	}
	name, _, _ := strings.Cut(issuer, "/")
	return strings.HasPrefix(name, "login.") || strings.HasPrefix(name, "sts.")
}

// credential is what the helper has for a registry without asking anybody for
// a token.
func (q *question) credential(ctx context.Context) (store.Credential, bool, error) {
	c, found, err := q.store.Get(ctx, q.registry.LoginServer)
	if err != nil {
		return store.Credential{}, found, errors.New(q.registry.LoginServer + ": " + err.Error())
	}
	return c, found, nil
}
