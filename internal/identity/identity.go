// Package identity finds the Entra identity that a registry is asked with, and
// its token. It is the only importer of azidentity.
//
// It builds azidentity's concrete credentials itself, in the order of
// DefaultAzureCredential: that way the cache key is known before any request,
// each source is bounded in time, and errors name what was looked for without
// quoting an answer.
package identity

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/host"
)

// Scope asks for a token of the audience that ACR has in every cloud.
const Scope = "https://containerregistry.azure.net/.default"

// Identity is the ambient identity for the registries of one cloud.
type Identity struct {
	sources   []source
	authority string
	named     bool
	log       *slog.Logger
}

// source is one place that a token can come from.
type source struct {
	kind  config.Source
	title string
	// id tells which identity the source would answer with; it holds no secret.
	id string
	// configured sources end the search: what their variables ask for is used
	// or is an error, never passed over for somebody else's identity.
	configured bool
	token      func(context.Context) (string, error)
}

// absent is why a source has nothing to say here. The search goes on.
type absent string

func (a absent) Error() string { return string(a) }

// New returns the identity that the environment selects for the registries of
// cloud. It makes no request and reads at most the small files in which
// Microsoft's command-line tools note who is signed in.
//
// Requests go out through transport.
func New(c config.Azure, cloud host.Cloud, transport http.RoundTripper, log *slog.Logger) *Identity {
	e := newEntra(c, cloud, transport)
	build := map[config.Source]func() source{
		config.Environment:       e.environment,
		config.WorkloadIdentity:  e.workloadIdentity,
		config.ManagedIdentity:   func() source { return e.managedIdentity(!c.Named) },
		config.AzureCLI:          e.azureCLI,
		config.AzureDeveloperCLI: e.azureDeveloperCLI,
		config.AzurePowerShell:   e.azurePowerShell,
	}
	i := &Identity{authority: e.authority, named: c.Named, log: log}
	for _, kind := range c.Sources {
		s := build[kind]()
		s.kind = kind
		i.sources = append(i.sources, s)
		if s.configured {
			break // and so nothing behind it belongs to the ID
		}
	}
	return i
}

// ID tells identities apart: it changes with everything that decides whose
// token Token returns, such as a client id, a tenant, the authority or the
// account that is signed in to the Azure CLI. It is stable otherwise and holds
// no secret. A rotated secret or certificate changes nothing.
func (i *Identity) ID() string {
	parts := []string{"authority=" + i.authority}
	for _, s := range i.sources {
		parts = append(parts, string(s.kind)+"("+s.id+")")
	}
	return strings.Join(parts, " ")
}

// Token returns an Entra access token from the first source that has one.
// Errors are one line for people, without secrets.
func (i *Identity) Token(ctx context.Context) (string, error) {
	var looked []string
	for _, s := range i.sources {
		token, err := s.token(ctx)
		if err == nil && token == "" {
			err = errors.New("the token it gave is empty")
		}
		var a absent
		switch {
		case err == nil:
			i.log.InfoContext(ctx, "identity", "source", s.kind, "id", s.id)
			return token, nil
		case ctx.Err() != nil:
			return "", errors.New(s.title + ": no answer in time")
		case errors.As(err, &a), i.passable(s):
			i.log.InfoContext(ctx, "identity not available", "source", s.kind, "cause", err.Error())
			looked = append(looked, s.title+": "+err.Error())
		default:
			i.log.InfoContext(ctx, "identity failed", "source", s.kind, "cause", err.Error())
			return "", errors.New(s.title + ": " + err.Error())
		}
	}
	return "", errors.New("no Azure identity found (" + strings.Join(looked, "; ") + "); sign in with 'az login', or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET")
}

// passable reports whether the search goes on after s failed: a developer's
// tool that is installed but signed out is no reason not to ask the next one.
func (i *Identity) passable(s source) bool {
	switch s.kind {
	case config.AzureCLI, config.AzureDeveloperCLI, config.AzurePowerShell:
		return !i.named
	}
	return false
}
