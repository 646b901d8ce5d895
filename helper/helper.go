// Package helper answers Docker clients with credentials for Azure Container
// Registry. A *Helper is a credentials.Helper of
// github.com/docker/docker-credential-helpers, and its Get fits
// authn.NewKeychainFromHelper of github.com/google/go-containerregistry.
//
// Mind what the latter does with errors: it turns every one of them into an
// anonymous request, so a missing role shows up as the registry's "unauthorized"
// and the reason is lost. Call Get yourself where you want to see it, or set
// DOCKER_CREDENTIAL_ACR_LOG.
//
// The order of one Get: a refresh token that a client stored for the registry;
// the cache; an Entra token of the ambient identity, exchanged for a refresh
// token. A host that is not ACR's is answered with the not-found error, and
// nothing is sent anywhere.
//
// Importers use New, Get, Token, List, Add, Delete and Login. Whatever mentions a
// type of an internal package is for this module's own commands, and may change
// at any time.
package helper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/cache"
	"docker-credential-acr/exchange"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/kept"
	"docker-credential-acr/internal/process"
	"docker-credential-acr/internal/store"
	"docker-credential-acr/internal/web"
)

// Options say how a Helper works. The zero value means production: settings
// come from the environment, as the README describes.
type Options struct {
	// Lookup finds environment variables; nil means os.LookupEnv. Libraries
	// below (proxies, managed identity endpoints, command-line tools) read the
	// environment of the process all the same.
	Lookup func(name string) (value string, ok bool)
	// Context ends each Get when it is done, and kills what a Get has started;
	// nil means never.
	Context context.Context
	// Timeout bounds each Get; zero means DOCKER_CREDENTIAL_ACR_TIMEOUT or 25 s.
	Timeout time.Duration
	// Username is the form of the user name that Get returns, "token" or "guid";
	// empty means DOCKER_CREDENTIAL_ACR_USERNAME or "token".
	Username string
	// Assertion, unless nil, is who asks: no other identity is looked for, and
	// nothing that a login has stored is answered.
	Assertion *Assertion
	// Transport sends all requests; nil means one that honours the proxy
	// variables. Redirects are never followed.
	Transport http.RoundTripper
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives a line for each step, without secrets; nil means what
	// DOCKER_CREDENTIAL_ACR_LOG says.
	Log *slog.Logger
	// Stderr is where DOCKER_CREDENTIAL_ACR_LOG=stderr goes; nil means nowhere.
	Stderr io.Writer
	// Behind starts a process that calls Get for a login server, with
	// DOCKER_CREDENTIAL_ACR_RENEWAL=foreground, and does not wait for it. It is
	// called for a token that is good but not fresh, where the settings allow it.
	// Nil means that Get renews tokens itself.
	Behind func(loginServer string) error
	// UserAgent is sent to the registry; empty means "docker-credential-acr".
	UserAgent string
}

// Assertion signs in as an application, or as a user-assigned managed identity,
// that has a federated credential for the token, such as the token of a pod's
// service account
// (https://learn.microsoft.com/entra/workload-id/workload-identity-federation).
type Assertion struct {
	// TenantID is empty for the one in the configuration.
	TenantID, ClientID string
	// Token is an id token. It is secret, and is sent to Entra only.
	Token string
}

// Helper finds credentials. It is safe for concurrent use.
type Helper struct {
	asserted  bool // somebody else's identity, for which nothing is stored
	base      context.Context
	config    config.Config
	misconfig error // shown for ACR's hosts only, so that a typing mistake breaks no other registry
	exchange  *exchange.Client
	network   *http.Transport // under transport, unless the caller brought something else
	transport http.RoundTripper
	now       func() time.Time
	log       *slog.Logger
	once      *once // nil but for Once
	behind    func(loginServer string) error
}

var _ credentials.Helper = (*Helper)(nil)

// New returns a Helper. It reads the environment and opens the log, and never
// touches the network. The error is about o; what is wrong in the environment
// is reported by Get, for ACR's hosts.
func New(o Options) (*Helper, error) {
	c, misconfig := config.Load(o.Lookup)
	if o.Timeout < 0 {
		return nil, fmt.Errorf("timeout %v is negative", o.Timeout)
	}
	c.Timeout = cmp.Or(o.Timeout, c.Timeout)
	if o.Username != "" {
		name, ok := config.Username(o.Username)
		if !ok {
			return nil, fmt.Errorf("user name form %q is neither token nor guid", o.Username)
		}
		c.Username = name
	}
	if o.Assertion != nil {
		c = c.As(config.Assertion(*o.Assertion))
	}
	h := &Helper{asserted: o.Assertion != nil, base: o.Context, config: c, misconfig: misconfig, now: o.Now, log: o.Log, behind: o.Behind}
	if h.base == nil {
		h.base = context.Background()
	}
	h.base = h.private(h.base)
	if h.now == nil {
		h.now = time.Now
	}
	if h.log == nil {
		h.log = openLog(c.Log, o.Stderr)
	}
	transport := o.Transport
	if transport == nil {
		transport = web.NewTransport()
	}
	h.network, _ = transport.(*http.Transport)
	h.transport = web.Log(transport, h.log)
	h.exchange = &exchange.Client{Transport: h.transport, Now: h.now, UserAgent: o.UserAgent, Trusted: c.Custom()}
	return h, nil
}

// private returns ctx such that no program which is run in it inherits what the
// configuration calls a secret.
func (h *Helper) private(ctx context.Context) context.Context {
	return process.Without(ctx, h.config.SecretVariables())
}

// Get returns the user name and the refresh token for the registry that
// serverURL names, in any form that clients use. It never prompts, and returns
// within its timeout and half a second.
//
// For a host that is not ACR's the error is the not-found error of
// docker-credential-helpers, and so it is for a registry that the configuration
// calls anonymous where no identity is to be had. Any other error is one line
// for people, with the registry, the identity that was tried and what to do,
// without secrets.
func (h *Helper) Get(serverURL string) (username, secret string, err error) {
	_, username, entry, err := h.ask(serverURL, false)
	return username, entry.Secret, err
}

// ask is Get, with what else is known of the answer: an entry that never expires
// is a password. With renew, what is cached does not count.
func (h *Helper) ask(serverURL string, renew bool) (r host.Registry, username string, entry cache.Entry, err error) {
	r, ok := h.registry(serverURL)
	if !ok {
		h.log.Info("not an Azure container registry")
		return r, "", cache.Entry{}, credentials.NewErrCredentialsNotFound()
	}
	if h.misconfig != nil {
		return r, "", cache.Entry{}, h.misconfigured(r)
	}
	q := h.question(r)
	q.anew = renew
	username, entry, err = q.answer()
	switch {
	case err == nil:
		return r, username, entry, nil
	case q.settings.Anonymous && errors.As(err, new(*noIdentity)):
		h.log.Info("anonymous", "registry", r.LoginServer, "cause", err.Error())
		return r, "", cache.Entry{}, credentials.NewErrCredentialsNotFound()
	}
	h.log.Info("failed", "registry", r.LoginServer, "cause", err.Error())
	return r, "", cache.Entry{}, err
}

// registry finds the registry that a server URL names, which may have the white
// space around it that clients add.
func (h *Helper) registry(serverURL string) (host.Registry, bool) {
	return h.config.Registry(strings.Trim(serverURL, " \t\r\n"))
}

// misconfigured is what is wrong in the environment or the file, in one line.
func (h *Helper) misconfigured(r host.Registry) error {
	return errors.New(r.LoginServer + ": " + strings.ReplaceAll(h.misconfig.Error(), "\n", "; "))
}

// Delete forgets what is kept for the registry that serverURL names: the stored
// credential, and the cached tokens of every identity. A host that is not ACR's,
// or one of which nothing is kept, is no error.
func (h *Helper) Delete(serverURL string) error {
	r, ok := h.registry(serverURL)
	if !ok {
		return nil
	}
	q := h.question(r)
	ctx, cancel := context.WithTimeout(h.base, q.settings.Timeout)
	defer cancel()
	err := errors.Join(q.store.Delete(ctx, r.LoginServer), q.cache.Drop(r.LoginServer))
	h.log.Info("erased", "registry", r.LoginServer, "ok", err == nil)
	if err != nil {
		return errors.New(r.LoginServer + ": cannot delete all that is kept in " + q.store.Dir + " and " + q.cache.Dir)
	}
	return nil
}

// List returns the registries that Get would answer from what is kept, with the
// user name of each. It asks nobody.
func (h *Helper) List() (map[string]string, error) {
	found := map[string]string{}
	if h.misconfig != nil {
		return found, nil // Get would answer nothing
	}
	for name, user := range h.store().List() {
		if _, ok := h.config.Registry(name); ok {
			found[name] = user
		}
	}
	once := h.Once()
	for _, dir := range h.config.CacheDirs() {
		for _, e := range h.cache(dir).Entries() {
			r, ok := h.config.Registry(e.Registry)
			if !ok || !e.Usable(h.now()) || found[e.Registry] != "" {
				continue
			}
			q := once.question(r)
			// Tokens of an identity that is no longer signed in, or in a
			// directory that is no longer this registry's, would not be answered.
			if q.cache.Dir == dir && (e.Identity == kept.Stored || e.Identity == q.who.ID()) {
				found[e.Registry] = q.settings.Username
			}
		}
	}
	return found, nil
}

// ambient is what a question needs to know of the ambient identity.
type ambient interface {
	ID() string
	Token(context.Context) (string, error)
}

// question is one Get: a registry, what is configured for it, and whom to ask as.
type question struct {
	*Helper
	registry host.Registry
	settings config.Settings
	cache    cache.Cache
	store    store.Store
	who      ambient
	anew     bool // what is cached does not count
}

func (h *Helper) question(r host.Registry) *question {
	s := h.config.For(r)
	c := h.cache(s.CacheDir)
	return &question{Helper: h, registry: r, settings: s, cache: c, store: h.store(), who: h.identity(s.Azure, c)}
}

func (h *Helper) cache(dir string) cache.Cache { return kept.Cache(dir, h.now) }

func (h *Helper) store() store.Store { return kept.Store(h.config) }
