package helper

import (
	"cmp"
	"context"
	"errors"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/exchange"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/identity"
)

// Login says how a person signs in.
type Login struct {
	// Registry is a server URL, as for Get.
	Registry string
	// DeviceCode shows a code to be entered in a browser anywhere, instead of
	// opening one here.
	DeviceCode bool
	// TenantID is empty for the one in the configuration, or else the person's
	// own; ClientID for the one in the configuration of the identities
	// device-code and browser, or else Azure's developer tools'.
	TenantID, ClientID string
	// Prompt is handed what the person must be told, a line at a time.
	Prompt func(string)
}

// patience is how long a person has for signing in; a device code lasts as long.
const patience = 15 * time.Minute

// Login has a person sign in and keeps the registry's refresh token as Add would:
// Get returns it, before it asks for the ambient identity, until it expires. It
// returns who has signed in, and until when that holds.
func (h *Helper) Login(ctx context.Context, l Login) (who string, until time.Time, err error) {
	r, ok := h.registry(l.Registry)
	if !ok {
		return "", time.Time{}, errors.New("not the login server of an Azure container registry, such as myregistry.azurecr.io")
	}
	if h.misconfig != nil {
		return "", time.Time{}, h.misconfigured(r)
	}
	q := h.question(r)
	if q.cache.Dir == "" {
		return "", time.Time{}, errors.New(r.LoginServer + ": the cache is off, so there is nowhere to keep a token")
	}
	azure := q.settings.Azure
	azure.TenantID = cmp.Or(l.TenantID, azure.ToolTenant)
	if !azure.Configured || azure.Sources[0] != config.DeviceCode && azure.Sources[0] != config.Browser {
		azure.ClientID = "" // another identity's
	}
	azure.ClientID = cmp.Or(l.ClientID, azure.ClientID)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	access, err := identity.SignIn(ctx, azure, h.transport, q.cache, h.log, l.DeviceCode, l.Prompt)
	if err != nil {
		return "", time.Time{}, errors.New(r.LoginServer + ": " + err.Error())
	}
	who = identity.Describe(access)
	token, err := h.exchange.Exchange(ctx, r.LoginServer, access)
	if err != nil {
		return "", time.Time{}, as(who, err)
	}
	unlock := q.cache.Lock(ctx, q.stored())
	defer unlock()
	if err := q.keepToken(ctx, token); err != nil {
		return "", time.Time{}, errors.New(r.LoginServer + ": " + err.Error())
	}
	return who, token.Expires, nil
}

// keepToken keeps a refresh token in place of whatever a login has left before.
// The caller holds the lock.
func (q *question) keepToken(ctx context.Context, t exchange.Token) error {
	if q.cache.Dir == "" {
		return errors.New("the cache is off, so there is nowhere to keep it")
	}
	if err := q.cache.Put(cache.Entry{Key: q.stored(), Secret: t.Secret, Obtained: t.Obtained, Expires: t.Expires}); err != nil {
		return errors.New("cannot write to " + q.cache.Dir)
	}
	q.log.Info("stored", "registry", q.registry.LoginServer, "store", "cache", "expires", t.Expires.UTC().Format(time.RFC3339))
	if err := q.store.Delete(ctx, q.registry.LoginServer); err != nil {
		q.log.Info("not erased", "what", "credential", "registry", q.registry.LoginServer)
	}
	return nil
}
