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
	"slices"
	"strings"
	"time"

	"docker-credential-acr/internal/config"
)

// Identity is the ambient identity for a registry.
type Identity struct {
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
	kind  config.Source
	title string
	// id tells which identity the source would answer with; it holds no secret.
	id string
	// who tells the same to people, as far as it is known without asking; nil if
	// the source has nothing to say here.
	who func() string
	// unsure sources may have nothing to say here, which only asking tells.
	unsure bool
	// configured sources end the search: what their variables ask for is used
	// or is an error, never passed over for somebody else's identity.
	configured bool
	// quiet sources are not worth a word when they have nothing to say.
	quiet bool
	token func(ctx context.Context, scope string) (string, error)
}

// absent is why a source has nothing to say here. The search goes on.
type absent string

func (a absent) Error() string { return string(a) }

// New returns the identity that the configuration selects. It makes no request
// and reads at most the small files in which Microsoft's command-line tools note
// who is signed in, and a federated token.
//
// Requests go out through transport.
func New(c config.Azure, transport http.RoundTripper, notes Notes, log *slog.Logger) *Identity {
	e := newEntra(c, transport, notes, log)
	build := map[config.Source]func() source{
		config.Environment:       e.environment,
		config.WorkloadIdentity:  e.workloadIdentity,
		config.GitHubActions:     e.gitHubActions,
		config.AzurePipelines:    e.azurePipelines,
		config.ManagedIdentity:   func() source { return e.managedIdentity(!c.Named) },
		config.AzureCLI:          e.azureCLI,
		config.AzureDeveloperCLI: e.azureDeveloperCLI,
		config.AzurePowerShell:   e.azurePowerShell,
		config.FederatedToken:    e.federatedToken,
		config.ServicePrincipal:  e.servicePrincipal,
		config.DeviceCode:        interactive,
		config.Browser:           interactive,
	}
	i := &Identity{entra: e, named: c.Named, notes: notes, log: log}
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

// interactive stands for the sources that need a person. A get never prompts and
// never opens a browser.
func interactive() source {
	return source{
		title:      "interactive sign-in",
		configured: true,
		token:      fails("only a person can sign in with it: docker-credential-acr login REGISTRY"),
	}
}

// ID tells identities apart: it changes with everything that decides whose
// token Token returns, such as a client id, a tenant, the authority, the subject
// of a federated token or the account that is signed in to the Azure CLI. It is
// stable otherwise and holds no secret. A rotated secret or certificate changes
// nothing.
func (i *Identity) ID() string { return i.describe(func(s source) string { return s.id }) }

// surroundings is the part of the ID that does not change when a person signs
// in as somebody else.
func (i *Identity) surroundings() string {
	return i.describe(func(s source) string {
		if s.kind.Developer() {
			return ""
		}
		return s.id
	})
}

func (i *Identity) describe(of func(source) string) string {
	parts := []string{"authority=" + i.entra.authority}
	if audience := i.entra.config.Audience; audience != "" {
		parts = append(parts, "audience="+audience)
	}
	for _, s := range i.sources {
		parts = append(parts, string(s.kind)+"("+of(s)+")")
	}
	return strings.Join(parts, " ")
}

// Outcome is what one source said when it was asked.
type Outcome struct {
	Source config.Source
	// Title is the source's name for people.
	Title string
	// ID tells whose token it would be, as far as that is known; see
	// [Identity.ID].
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
	about := "source for " + i.surroundings()
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
		seen(Outcome{s.kind, s.title, s.id, time.Since(start), err, errors.As(err, &a)})
		switch {
		case err == nil:
			i.log.InfoContext(ctx, "identity", "source", s.kind, "id", s.id)
			if n > 0 && s.kind.Developer() {
				i.notes.SetNote(about, string(s.kind), week)
			}
			return token, nil
		case ctx.Err() != nil && errors.As(err, &a):
			return "", errors.New(s.title + ": no answer in time")
		case ctx.Err() != nil: // what had happened by then may tell why
			return "", errors.New(s.title + ": " + err.Error())
		case errors.As(err, &a), s.kind.Developer() && !i.named:
			// A developer's tool that is installed but signed out is no reason
			// not to ask the next one.
			i.log.InfoContext(ctx, "identity not available", "source", s.kind, "cause", err.Error())
			if !s.quiet || i.named {
				looked = append(looked, s.title+": "+err.Error())
			}
		default:
			i.log.InfoContext(ctx, "identity failed", "source", s.kind, "cause", err.Error())
			return "", errors.New(s.title + ": " + err.Error())
		}
	}
	return "", errors.New("no Azure identity found (" + strings.Join(looked, "; ") + ")" + i.advice())
}

// Sources are the sources in the order in which they are configured, with their
// names for people.
func (i *Identity) Sources() []Outcome {
	var all []Outcome
	for _, s := range i.sources {
		all = append(all, Outcome{Source: s.kind, Title: s.title, ID: s.id})
	}
	return all
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
	for _, s := range i.order(i.notes.Note("source for " + i.surroundings())) {
		if s.who == nil {
			continue
		}
		x := Expected{s.kind, s.title, s.who(), s.unsure || perhaps.Unsure}
		if !s.unsure {
			return x
		}
		perhaps = x
	}
	return perhaps
}

// Authority is the Entra endpoint, an https URL.
func (i *Identity) Authority() string { return i.entra.authority }

// advice says how to get an identity: from the one source that was chosen, or
// the two likeliest.
func (i *Identity) advice() string {
	if !i.named || len(i.sources) != 1 {
		return "; sign in with 'az login', or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
	}
	switch i.sources[0].kind {
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
	n := slices.IndexFunc(i.sources, func(s source) bool { return string(s.kind) == answered && s.kind.Developer() })
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
	about := "audience at " + e.authority + " for " + i.surroundings()
	if e.config.Audience == "" && i.notes.Note(about) == resourceManager {
		scope = e.resourceManagerScope()
	}
	token, err := s.token(ctx, scope)
	var refused *entraError
	if errors.As(err, &refused) && refused.noResource() && e.config.Audience == "" && scope != e.resourceManagerScope() {
		i.log.InfoContext(ctx, "the authority does not know ACR's audience", "source", s.kind)
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
