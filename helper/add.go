package helper

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/cache"
	"docker-credential-acr/internal/config"
)

// NotKept is the error of Add for credentials that it has no use for. It is no
// failure of a login: Get goes on as before.
type NotKept struct{ reason string }

func (e *NotKept) Error() string { return e.reason }

// Add keeps a refresh token that a client was given for a registry, until it
// expires; Get then returns it before it asks for the ambient identity. One that
// is in the cache already, because the helper itself had given it out, changes
// nothing.
//
// What is not a refresh token for that registry is a *NotKept.
func (h *Helper) Add(c *credentials.Credentials) error {
	r, ok := h.config.Registry(strings.TrimSpace(c.ServerURL))
	if !ok {
		return errors.New("only credentials for Azure container registries are kept here; in Docker's config.json use this helper in credHelpers, one line a registry, instead of credsStore")
	}
	if c.Username != config.TokenUsername && c.Username != config.GUIDUsername {
		return &NotKept{fmt.Sprintf("%s: the password is not kept; pulls and pushes go on with your Azure identity", r.LoginServer)}
	}
	token, err := h.exchange.Verify(r.LoginServer, c.Secret)
	if err != nil {
		return &NotKept{fmt.Sprintf("%s: the token is not kept, as it is not a live refresh token of this registry; pulls and pushes go on with your Azure identity", r.LoginServer)}
	}
	key := cache.Key{Registry: r.LoginServer, Identity: stored}
	q := h.question(r)
	ctx, cancel := context.WithTimeout(h.base, q.settings.Timeout/2)
	defer cancel()
	unlock := q.cache.Lock(ctx, key)
	defer unlock()
	for _, e := range q.cache.Entries() {
		if e.Registry == r.LoginServer && e.Secret == token.Secret {
			h.log.Info("stored token is known", "registry", r.LoginServer)
			return nil
		}
	}
	if err := q.cache.Put(cache.Entry{Key: key, Secret: token.Secret, Obtained: token.Obtained, Expires: token.Expires}); err != nil {
		return &NotKept{fmt.Sprintf("%s: the token is not kept: cannot write to %s", r.LoginServer, q.cache.Dir)}
	}
	h.log.Info("stored", "registry", r.LoginServer, "expires", token.Expires.UTC())
	return nil
}
