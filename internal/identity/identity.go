// Package identity finds the Entra identity that a registry is asked with, and
// its token. It is the only importer of azidentity.
//
// It builds azidentity's concrete credentials itself, in the order of
// DefaultAzureCredential: that way the cache key is known before any request,
// each source is bounded in time, and errors name what was looked for without
// quoting an answer. Which sources there are, and whose token each would give, is
// package who's business.
package identity

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/who"
)

// Identity is the ambient identity for a registry.
type Identity struct {
	who.Identity
	entra   *entra
	sources []source
	named   bool
	notes   Notes
	log     *slog.Logger
}

// Notes remember, from one process to the next, what was found out about the
// surroundings. They may forget, and hold no secret.
type Notes interface {
	// Note returns what SetNote kept under about, or "".
	Note(about string) string
	// It is kept for life, and forgotten if it is empty.
	SetNote(about, text string, life time.Duration)
}

// week is how long a note of the surroundings is kept. What it says is found out
// again at little cost.
const week = 7 * 24 * time.Hour

// source is one place that a token can come from.
type source struct {
	who.Source
	token func(ctx context.Context, scope string) (string, error)
}

// absent is why a source has nothing to say here. The search goes on.
type absent string

func (a absent) Error() string { return string(a) }

// New returns the identity that the configuration selects. It makes no request.
//
// Requests go out through transport.
func New(c config.Azure, transport http.RoundTripper, notes Notes, log *slog.Logger) *Identity {
	i := &Identity{Identity: who.Of(c), entra: newEntra(c, transport, notes, log), named: c.Named, notes: notes, log: log}
	for _, s := range i.Sources {
		i.sources = append(i.sources, source{s, i.entra.token(s)})
	}
	return i
}

// token returns what asks a source.
func (e *entra) token(s who.Source) func(ctx context.Context, scope string) (string, error) {
	switch {
	case s.Absent != "":
		return fails(absent(s.Absent))
	case s.Broken != "":
		return fails(errors.New(s.Broken))
	}
	switch s.Kind {
	case config.Environment:
		return e.application
	case config.ServicePrincipal:
		return e.servicePrincipal
	case config.WorkloadIdentity:
		return e.assert(e.workloadAssertion)
	case config.FederatedToken:
		return e.assert(e.configuredAssertion)
	case config.GitHubActions:
		return e.assert(e.gitHubAssertion)
	case config.AzurePipelines:
		return e.azurePipelines()
	case config.ManagedIdentity:
		return e.managedIdentity(s.Unsure)
	case config.AzureCLI:
		return e.tool(azToken)
	case config.AzureDeveloperCLI:
		return e.tool(azdToken)
	case config.AzurePowerShell:
		return e.tool(pwshToken)
	}
	return fails(errors.New("nobody knows how to ask it"))
}

func fails(err error) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return "", err }
}

// Outcome is what one source said when it was asked.
type Outcome struct {
	Source config.Source
	// Title is the source's name for people.
	Title string
	// ID tells whose token it would be, as far as that is known; see
	// [who.Identity.ID].
	ID   string
	Took time.Duration
	// Err is why there was no token, or nil.
	Err error
	// Absent reports that the source has nothing to say here, which is no failure.
	Absent bool
}

// Token returns an Entra access token from the first source that has one.
// Errors are one line for people, without secrets.
func (i *Identity) Token(ctx context.Context) (string, error) {
	return i.Report(ctx, func(Outcome) {})
}

// Report is Token, and tells of each source that was asked what it said.
func (i *Identity) Report(ctx context.Context, seen func(Outcome)) (string, error) {
	about := "source for " + i.Surroundings()
	var looked []string
	sources := i.order(i.notes.Note(about))
	early := i.early(ctx, sources)
	defer early.stop()
	for n, s := range sources {
		start := time.Now()
		token, err, asked := early.answers(s)
		if !asked {
			token, err = i.ask(ctx, s)
		}
		var a absent
		seen(Outcome{s.Kind, s.Title, s.ID, time.Since(start), err, errors.As(err, &a)})
		switch {
		case err == nil:
			i.log.InfoContext(ctx, "identity", "source", s.Kind, "id", s.ID)
			if n > 0 && s.Kind.Developer() {
				i.notes.SetNote(about, string(s.Kind), week)
			}
			return token, nil
		case ctx.Err() != nil && errors.As(err, &a):
			return "", errors.New(s.Title + ": no answer in time")
		case ctx.Err() != nil: // what had happened by then may tell why
			return "", errors.New(s.Title + ": " + err.Error())
		case errors.As(err, &a), s.Kind.Developer() && !i.named:
			// A developer's tool that is installed but signed out is no reason
			// not to ask the next one.
			i.log.InfoContext(ctx, "identity not available", "source", s.Kind, "cause", err.Error())
			if !s.Quiet || i.named {
				looked = append(looked, s.Title+": "+err.Error())
			}
		default:
			i.log.InfoContext(ctx, "identity failed", "source", s.Kind, "cause", err.Error())
			return "", errors.New(s.Title + ": " + err.Error())
		}
	}
	return "", errors.New("no Azure identity found (" + strings.Join(looked, "; ") + ")" + i.advice())
}

// Expected is who an Identity is likely to be.
type Expected struct {
	Source config.Source
	// Title is the source's name for people; empty if no source has anything to
	// say.
	Title string
	// Who is whose token it would be, such as "anna@contoso.com of tenant …".
	Who string
	// Unsure reports that another source comes first which may have nothing to
	// say, a machine's metadata service, or that this is the one.
	Unsure bool
}

// Expect tells who answers, as far as that is known without asking anybody.
func (i *Identity) Expect() Expected {
	var perhaps Expected
	for _, s := range i.order(i.notes.Note("source for " + i.Surroundings())) {
		if s.Who == nil {
			continue
		}
		x := Expected{s.Kind, s.Title, s.Who(), s.Unsure || perhaps.Unsure}
		if !s.Unsure {
			return x
		}
		perhaps = x
	}
	return perhaps
}

// advice says how to get an identity: from the one source that was chosen, or
// the two likeliest.
func (i *Identity) advice() string {
	if !i.named || len(i.sources) != 1 {
		return "; sign in with 'az login', or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
	}
	switch i.sources[0].Kind {
	case config.AzureCLI:
		return "; sign in with 'az login'"
	case config.AzureDeveloperCLI:
		return "; sign in with 'azd auth login'"
	case config.AzurePowerShell:
		return "; sign in with 'Connect-AzAccount'"
	case config.Environment:
		return "; set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
	}
	return ""
}

// order is the order in which the sources are asked: as configured, but a
// developer's tool that answered last time comes first, so that a laptop does
// not wait for a metadata service that it has not got. The sources with
// variables of their own still go before it: with those, the surroundings would
// be others.
func (i *Identity) order(answered string) []source {
	n := slices.IndexFunc(i.sources, func(s source) bool { return string(s.Kind) == answered && s.Kind.Developer() })
	if n < 1 {
		return i.sources
	}
	return slices.Concat(i.sources[n:n+1], i.sources[:n], i.sources[n+1:])
}

// ask asks one source for a token of ACR's audience, and where Entra says that
// there is no such resource, and only then, once for the one of the cloud's
// Resource Manager, which ACR takes as well.
func (i *Identity) ask(ctx context.Context, s source) (string, error) {
	e := i.entra
	scope := e.scope()
	about := "audience at " + e.authority + " for " + i.Surroundings()
	if e.config.Audience == "" && i.notes.Note(about) == resourceManager {
		scope = e.resourceManagerScope()
	}
	token, err := s.token(ctx, scope)
	var refused *entraError
	if errors.As(err, &refused) && refused.noResource() && e.config.Audience == "" && scope != e.resourceManagerScope() {
		i.log.InfoContext(ctx, "the authority does not know ACR's audience", "source", s.Kind)
		token, err = s.token(ctx, e.resourceManagerScope())
		if err == nil {
			i.notes.SetNote(about, resourceManager, week)
		}
	}
	if err == nil && token == "" {
		err = errors.New("the token it gave is empty")
	}
	return token, err
}

// resourceManager is what a note says where ACR has no audience of its own.
const resourceManager = "resource manager"
