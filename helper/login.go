package helper

import (
	"cmp"
	"context"
	"errors"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/exchange"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/identity"
)

// Login says how a person signs in. One Login can serve several registries: the
// person signs in once for all that need the same.
type Login struct {
	// DeviceCode shows a code to be entered in a browser anywhere, instead of
	// opening one here.
	DeviceCode bool
	// TenantID is empty for the one in the configuration, or else the person's
	// own; ClientID for the one in the configuration of the identities
	// device-code and browser, or else Azure's developer tools'.
	TenantID, ClientID string
	// Prompt is handed what the person must be told, a line at a time.
	Prompt func(string)

	// access are the Entra tokens so far, in memory alone.
	access map[account]string
}

// account is what a sign-in depends on.
type account struct {
	cloud                                   host.Cloud
	authority, audience, tenantID, clientID string
}

// patience is how long a person has for signing in; a device code lasts as long.
const patience = 15 * time.Minute

// Login has a person sign in and keeps the registry's refresh token as Add would:
// Get returns it, before it asks for the ambient identity, until it expires. It
// returns who has signed in, and until when that holds.
func (h *Helper) Login(ctx context.Context, l *Login, serverURL string) (who string, until time.Time, err error) {
	q, err := h.settled(serverURL)
	if err != nil {
		return "", time.Time{}, err
	}
	if q.cache.Dir == "" {
		return "", time.Time{}, errors.New(q.registry.LoginServer + ": the cache is off, so there is nowhere to keep a token")
	}
	azure := q.settings.Azure
	azure.TenantID = cmp.Or(l.TenantID, azure.ToolTenant)
	if !azure.Configured || azure.Sources[0] != config.DeviceCode && azure.Sources[0] != config.Browser {
		azure.ClientID = "" // another identity's
	}
	azure.ClientID = cmp.Or(l.ClientID, azure.ClientID)
	ctx, cancel := context.WithTimeout(h.private(ctx), patience)
	defer cancel()
	as := account{azure.Cloud, azure.AuthorityHost, azure.Audience, azure.TenantID, azure.ClientID}
	access := l.access[as]
	if access == "" {
		access, err = identity.SignIn(ctx, azure, h.transport, q.cache, h.log, l.DeviceCode, l.Prompt)
		if err != nil {
			return "", time.Time{}, errors.New(q.registry.LoginServer + ": " + err.Error())
		}
		if l.access == nil {
			l.access = map[account]string{}
		}
		l.access[as] = access
	}
	who, token, err := q.trade(ctx, access)
	if err != nil {
		return "", time.Time{}, err
	}
	unlock := q.cache.Lock(ctx, q.stored())
	defer unlock()
	if err := q.keepToken(ctx, token); err != nil {
		return "", time.Time{}, errors.New(q.registry.LoginServer + ": " + err.Error())
	}
	return who, token.Expires, nil
}

// Try asks the identity source of this name, one of config.AllSources, for an
// Entra token, and the registry whether it takes that. It returns who that is,
// and until when the registry's token would hold. Nothing is kept. tenantID and
// clientID may be empty, for those in the configuration. Like Parts, it is for
// this module's own commands.
func (h *Helper) Try(ctx context.Context, serverURL string, source config.Source, tenantID, clientID string) (who string, until time.Time, err error) {
	q, err := h.settled(serverURL)
	if err != nil {
		return "", time.Time{}, err
	}
	ctx, cancel := context.WithTimeout(h.private(ctx), q.settings.Timeout)
	defer cancel()
	azure := h.config.ForSource(q.registry, source, tenantID, clientID)
	access, err := identity.New(azure, h.transport, q.cache, h.log).Token(ctx)
	if err != nil {
		return "", time.Time{}, errors.New(q.registry.LoginServer + ": " + err.Error())
	}
	who, token, err := q.trade(ctx, access)
	return who, token.Expires, err
}

// settled is the question about a registry, if nothing is wrong with the
// configuration.
func (h *Helper) settled(serverURL string) (*question, error) {
	r, ok := h.registry(serverURL)
	if !ok {
		return nil, notACR(serverURL)
	}
	if h.misconfig != nil {
		return nil, h.misconfigured(r)
	}
	return h.question(r), nil
}

// trade exchanges an Entra token, and tells whose it is.
func (q *question) trade(ctx context.Context, access string) (who string, token exchange.Token, err error) {
	who = identity.Describe(access)
	token, err = q.exchange.Exchange(ctx, q.registry.LoginServer, access)
	if err != nil {
		return "", exchange.Token{}, as(who, err)
	}
	return who, token, nil
}

// keepToken keeps a refresh token in place of whatever a login has left before.
// The caller holds the lock.
func (q *question) keepToken(ctx context.Context, t exchange.Token) error {
	if q.cache.Dir == "" {
		return errors.New("the cache is off, so there is nowhere to keep it")
	}
	if err := q.cache.Replace(cache.Entry{Key: q.stored(), Secret: t.Secret, Obtained: t.Obtained, Expires: t.Expires}); err != nil {
		return errors.New("cannot write to " + q.cache.Dir)
	}
	q.log.Info("stored", "registry", q.registry.LoginServer, "store", "cache", "expires", t.Expires.UTC().Format(time.RFC3339))
	if err := q.store.Delete(ctx, q.registry.LoginServer); err != nil {
		q.log.Info("not erased", "what", "credential", "registry", q.registry.LoginServer)
	}
	return nil
}
