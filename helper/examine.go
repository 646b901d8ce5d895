package helper

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/exchange"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/identity"
	"docker-credential-acr/internal/store"
)

// Parts are what a Get for a registry works with. They are for this module's own
// commands that explain a Get, or show what it would do. Their types are internal,
// and may change with any version: no promise holds for them, nor for Examine.
type Parts struct {
	Registry host.Registry
	Settings config.Settings
	Cache    cache.Cache
	Store    store.Store
	Identity *identity.Identity
	// File is where the configuration file is, or would be; empty without a home.
	File string
	// Transport sends requests as Get's are sent. Proxy is the proxy that it
	// would use, or nil.
	Transport http.RoundTripper
	Proxy     *url.URL
	UserAgent string
	Now       func() time.Time
}

// Stored is the key in Parts.Cache of the refresh token that a login left.
func (p Parts) Stored() cache.Key { return storedKey(p.Registry) }

// Ambient is the key in Parts.Cache of the ambient identity's refresh token.
func (p Parts) Ambient() cache.Key {
	return cache.Key{Registry: p.Registry.LoginServer, Identity: p.Identity.ID()}
}

// ErrNotACR is the error of Parts for what is not a registry of ACR's.
var ErrNotACR = errors.New("not the login server of an Azure container registry, such as myregistry.azurecr.io")

// Parts returns what Get would work with. The error is ErrNotACR, or says what is
// wrong in the environment or the configuration file, on a line for each; then
// the Parts are there all the same, without what is wrong.
func (h *Helper) Parts(serverURL string) (Parts, error) {
	r, ok := h.registry(serverURL)
	if !ok {
		return Parts{}, ErrNotACR
	}
	q := h.question(r)
	return Parts{
		Registry: r, Settings: q.settings, Cache: q.cache, Store: q.store, File: h.config.Path(),
		Identity:  h.identity(q.settings.Azure, q.cache),
		Transport: h.transport, Proxy: h.proxy(r), UserAgent: h.exchange.UserAgent, Now: h.now,
	}, h.misconfig
}

// proxy is the proxy on the way to a registry, or nil.
func (h *Helper) proxy(r host.Registry) *url.URL {
	if h.network == nil || h.network.Proxy == nil {
		return nil
	}
	proxy, _ := h.network.Proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: r.LoginServer}})
	return proxy
}

// Examination is what Examine has found out.
type Examination struct {
	// Identity says how long Entra took, all sources together, and Exchange how
	// long the registry.
	Identity, Exchange time.Duration
	// Claims are those of the Entra token; they are empty without one.
	Claims identity.Claims
	// Entra reports that there was an Entra token.
	Entra bool
	// Token is the registry's refresh token, if there is no error.
	Token exchange.Token
}

// Examine asks Entra and the registry for a new token of the ambient identity, as
// Get does that has nothing in the cache, and tells of each source of identity
// what it said. It keeps the token where Get would find it. A failure is not
// remembered.
//
// The error is Get's; with errors.As it may be an *exchange.Error. Like Parts, it
// is for this module's own commands.
func (h *Helper) Examine(ctx context.Context, serverURL string, seen func(identity.Outcome)) (Examination, error) {
	r, ok := h.registry(serverURL)
	if !ok {
		return Examination{}, ErrNotACR
	}
	q := h.question(r)
	ctx, cancel := context.WithTimeout(h.private(ctx), q.settings.Timeout)
	defer cancel()
	watched := &watched{Identity: h.identity(q.settings.Azure, q.cache), seen: seen}
	q.who = watched
	key := cache.Key{Registry: r.LoginServer, Identity: watched.ID()}
	start := time.Now()
	entry, err := q.request(ctx, key)
	x := Examination{Identity: watched.took, Claims: watched.claims, Entra: watched.answered}
	x.Exchange = time.Since(start) - watched.took
	if err != nil {
		return x, err
	}
	x.Token = exchange.Token{Secret: entry.Secret, Obtained: entry.Obtained, Expires: entry.Expires}
	if h.question(r).who.ID() == key.Identity {
		q.keep("token", q.cache.Put(entry))
	}
	return x, nil
}

// watched is an identity that tells what it hears.
type watched struct {
	*identity.Identity
	seen     func(identity.Outcome)
	took     time.Duration
	answered bool
	claims   identity.Claims
}

// Token is called once.
func (w *watched) Token(ctx context.Context) (string, error) {
	start := time.Now()
	token, err := w.Report(ctx, w.seen)
	w.took = time.Since(start)
	if err == nil {
		w.answered, w.claims = true, identity.Read(token)
	}
	return token, err
}
