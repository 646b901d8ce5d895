package doctor

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/exchange"
	"docker-credential-acr/helper"
	"docker-credential-acr/internal/acr"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/identity"
	"docker-credential-acr/internal/store"
	"docker-credential-acr/internal/web"
)

// credential is what a client would be given.
type credential struct {
	// works reports that there is one, or that none is needed.
	works bool
	// token is a refresh token, or else password is one.
	token    string
	password store.Credential
	// skipped is the step because of which there is none.
	skipped Step
	// who is the object id of the identity, and tenant its tenant.
	who, tenant string
}

// credential finds out what a get would answer, in its order: what a login left,
// and else a token of the ambient identity.
func (w *walk) credential(ctx context.Context) credential {
	if w.wrong != nil { // a get says so and does no more
		for _, step := range []Step{Login, Identity, Token, Exchange} {
			w.skip(step, Settings)
		}
		return credential{skipped: Settings}
	}
	type kept struct {
		credential
		found, broken bool
	}
	k := measure(ctx, w, Login, w.parts.Settings.Timeout, func(ctx context.Context) (kept, []Finding) {
		c, found, findings := w.login(ctx)
		return kept{c, found, len(findings) > 0 && findings[0].State == Failed}, findings
	})
	if k.found || k.broken {
		for _, step := range []Step{Identity, Token, Exchange} {
			w.skip(step, Login)
		}
		k.skipped = Login
		return k.credential
	}
	return w.ambient(ctx)
}

// login looks for what a login has left: a password, or a token that still
// lives.
func (w *walk) login(ctx context.Context) (c credential, found bool, findings []Finding) {
	name := w.parts.Registry.LoginServer
	where, user, _ := w.parts.Store.Look(name)
	stored, found, err := w.parts.Store.Get(ctx, name)
	switch {
	case err != nil:
		return c, false, []Finding{failure(StoreBroken, "store", where, "user", user, "error", err.Error())}
	case found:
		return credential{works: true, password: stored}, true, []Finding{info(StoredPassword, "store", where, "user", user)}
	}
	entry, ok := w.parts.Cache.Get(w.parts.Stored())
	if ok && entry.Usable(w.parts.Now()) {
		return credential{works: true, token: entry.Secret}, true, []Finding{info(StoredToken, "until", stamp(entry.Expires))}
	}
	if w.parts.Cache.Elsewhere(w.parts.Stored()) {
		return c, false, []Finding{warning(StoredSealed)}
	}
	return c, false, []Finding{info(NothingStored)}
}

// ambient has the identity's sources asked, and the registry, if it can be
// reached.
func (w *walk) ambient(ctx context.Context) credential {
	type asked struct {
		helper.Examination
		outcomes []identity.Outcome
		err      error
	}
	limit := w.parts.Settings.Timeout
	start := time.Now()
	a, failed := bounded(ctx, limit, func(ctx context.Context) (asked, []Finding) {
		a := asked{}
		seen := func(o identity.Outcome) { a.outcomes = append(a.outcomes, o) }
		if w.network.open {
			a.Examination, a.err = w.Helper.Examine(ctx, w.parts.Registry.LoginServer, seen)
			return a, nil
		}
		token, err := w.parts.Identity.Report(ctx, seen)
		a.Examination = helper.Examination{Entra: err == nil, Claims: identity.Read(token), Identity: time.Since(start)}
		a.err = err
		return a, nil
	})
	if failed != nil {
		w.add(Check{Step: Identity, Took: time.Since(start), Findings: failed})
		w.skip(Token, Identity)
		w.skip(Exchange, Identity)
		return credential{skipped: Identity}
	}
	sources := w.sources(a.outcomes)
	if !a.Entra {
		sources, anonymous := w.nobody(ctx, a.outcomes, sources)
		w.add(Check{Step: Identity, Took: a.Identity, Findings: sources})
		w.skip(Token, Identity)
		w.skip(Exchange, Identity)
		return credential{works: anonymous, skipped: Identity}
	}
	w.add(Check{Step: Identity, Took: a.Identity, Findings: sources})
	w.add(Check{Step: Token, Findings: claims(a.Claims)})
	c := credential{who: a.Claims.ObjectID, tenant: a.Claims.Tenant, skipped: Exchange}
	if !w.network.open {
		w.skip(Exchange, w.unreached())
		return c
	}
	if a.err != nil {
		w.add(Check{Step: Exchange, Took: a.Exchange, Findings: []Finding{refusal(a.err, a.Claims)}})
		return c
	}
	w.add(Check{Step: Exchange, Took: a.Exchange, Findings: []Finding{info(Exchanged, "until", stamp(a.Token.Expires))}})
	c.works, c.token, c.skipped = true, a.Token.Secret, ""
	return c
}

// unreached is the step that ended the way to the registry.
func (w *walk) unreached() Step {
	for _, c := range w.report.Checks {
		if c.State == Failed && (c.Step == Name || c.Step == Connection || c.Step == Firewall) {
			return c.Step
		}
	}
	return Connection
}

// sources says what each source said, and which were not asked.
func (w *walk) sources(outcomes []identity.Outcome) []Finding {
	var found []Finding
	asked := map[config.Source]bool{}
	for _, o := range outcomes {
		asked[o.Source] = true
		switch {
		case o.Err == nil:
			found = append(found, info(SourceAnswered, "source", o.Title))
		case o.Absent:
			found = append(found, info(SourceAbsent, "source", o.Title, "error", o.Err.Error()))
		default:
			found = append(found, info(SourceFailed, "source", o.Title, "error", o.Err.Error()))
		}
	}
	var others []string
	for _, s := range w.parts.Identity.Sources {
		if !asked[s.Kind] {
			others = append(others, s.Title)
		}
	}
	if others != nil {
		found = append(found, info(SourcesNotAsked, "sources", strings.Join(others, ", ")))
	}
	return found
}

// nobody explains why there is no Entra token. It reports whether a pull works
// all the same, because the configuration says that the registry needs none.
func (w *walk) nobody(ctx context.Context, outcomes []identity.Outcome, sources []Finding) (findings []Finding, works bool) {
	var why []Finding
	if w.incomplete(outcomes) {
		why = append(why, failure(PrincipalIncomplete))
	}
	for _, o := range outcomes {
		if o.Err != nil && !o.Absent {
			why = append(why, w.blame(o))
			break
		}
	}
	switch {
	case why != nil:
	case len(outcomes) == 1:
		why = []Finding{failure(SourceMissing, "source", outcomes[0].Title, "error", outcomes[0].Err.Error())}
	default:
		why = []Finding{failure(NoIdentity)}
	}
	// The source that is to blame is told about once.
	var others []Finding
	for _, f := range sources {
		if source := f.Values["source"]; source == "" || source != why[len(why)-1].Values["source"] {
			others = append(others, f)
		}
	}
	anybody := w.network.open && w.anybody(ctx)
	switch {
	case anybody && w.parts.Settings.Anonymous:
		for i := range why {
			why[i].State = OK
		}
		return append(append(others, why...), info(Anonymous)), true
	case anybody:
		return append(append(why, info(AnonymousPossible)), others...), false
	}
	return append(why, others...), false
}

// incomplete reports whether the environment names an application, and has
// nothing that belongs to it, so that at most somebody's tool was asked.
func (w *walk) incomplete(outcomes []identity.Outcome) bool {
	id, _ := w.Lookup("AZURE_CLIENT_ID")
	asked := false
	for _, o := range outcomes {
		asked = asked || o.Source == config.Environment
		if !o.Absent && !o.Source.Developer() {
			return false
		}
	}
	return id != "" && asked
}

// anybody reports whether the registry gives a token to somebody without
// credentials.
func (w *walk) anybody(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, requestLimit/2)
	defer cancel()
	_, err := w.api().ByPassword(ctx, "", "", catalog)
	return err == nil
}

// blame finds the words for a source that failed.
func (w *walk) blame(o identity.Outcome) Finding {
	azure := w.parts.Settings.Azure
	values := []string{"source", o.Title, "error", o.Err.Error(), "application", azure.ClientID, "tenant", azure.TenantID}
	p := identity.Explain(o.Err)
	switch code, known := codeOf(p.Number); {
	case known:
		return failure(code, append(values, "number", p.Number)...)
	case p.Number != "":
		return failure(EntraRefused, append(values, "number", p.Number, "code", strings.TrimPrefix(p.Number, "AADSTS"))...)
	case p.Silent:
		return failure(ToolSilent, values...)
	case p.Host != "" && o.Source != config.ManagedIdentity:
		return failure(AuthorityUnreachable, append(values, "host", p.Host, "why", web.Cause(p.Cause))...)
	}
	switch o.Source {
	case config.AzureCLI:
		return failure(AzFailed, values...)
	case config.AzureDeveloperCLI:
		return failure(AzdFailed, values...)
	case config.AzurePowerShell:
		return failure(PwshFailed, values...)
	case config.ManagedIdentity:
		return failure(ManagedFailed, values...)
	}
	return failure(SourceBroken, values...)
}

// claims says whose token Entra gave. The token itself is nowhere.
func claims(c identity.Claims) []Finding {
	who := c.User
	if who == "" && c.Application != "" {
		who = "application " + c.Application
	}
	if who == "" {
		return []Finding{info(EntraOpaque)}
	}
	until := "?"
	if !c.Expires.IsZero() {
		until = stamp(c.Expires)
	}
	return []Finding{info(EntraToken, "who", who, "object", c.ObjectID, "tenant", c.Tenant, "audience", c.Audience, "until", until)}
}

// refusal finds the words for an exchange that failed.
func refusal(err error, c identity.Claims) Finding {
	var refused *exchange.Error
	if !errors.As(err, &refused) {
		return failure(ExchangeFailed, "error", err.Error())
	}
	who := c.User
	if who == "" {
		who = "application " + c.Application
	}
	object := c.ObjectID
	if object == "" {
		object = "IDENTITY"
	}
	values := []string{"who", who, "object", object, "tenant", c.Tenant, "audience", c.Audience, "correlation", refused.Correlation}
	if cause := refused.Unwrap(); cause != nil {
		return failure(ExchangeUnanswered, append(values, "why", web.Cause(cause))...)
	}
	if code, ok := refusalOf(acr.Reason(refused.Reason)); ok {
		return failure(code, values...)
	}
	return failure(ExchangeFailed, append(values, "error", refused.Message)...)
}

// permissions reads what the refresh token allows.
func (w *walk) permissions(c credential) {
	if c.token == "" {
		w.skip(Permissions, c.skipped)
		return
	}
	actions := acr.Permissions(c.token)
	var found []Finding
	switch {
	case len(actions) == 0:
		found = []Finding{info(NoPermissions)}
	default:
		found = []Finding{info(PermissionsGiven, "actions", strings.Join(actions, ", "))}
		if !reads(actions) {
			found = append(found, failure(NoReading, "object", c.object()))
		}
	}
	w.add(Check{Step: Permissions, Findings: found})
}

func reads(actions []string) bool {
	for _, a := range actions {
		if a == "read" || a == "*" {
			return true
		}
	}
	return false
}

func (c credential) object() string {
	if c.who == "" {
		return "IDENTITY"
	}
	return c.who
}

// catalog is a scope that needs no repository.
const catalog = "registry:catalog:*"

// repository asks for an access token, as a client does with what it is given:
// for the repository that was named, or else only whether what a login left is
// good for anything.
func (w *walk) repository(ctx context.Context, c credential) {
	switch {
	case !w.network.open:
		w.skip(Repository, w.unreached())
		return
	case !c.works:
		w.skip(Repository, c.skipped)
		return
	}
	take(ctx, w, Repository, 2*requestLimit, func(ctx context.Context) []Finding {
		if w.Repository == "" {
			return w.tried(ctx, c)
		}
		return w.granted(ctx, c)
	})
}

// access asks for an access token with a credential.
func (w *walk) access(ctx context.Context, c credential, scope string) (acr.Access, error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit/2)
	defer cancel()
	switch {
	case config.IsTokenUsername(c.password.Username):
		return w.api().ByToken(ctx, c.password.Secret, scope)
	case c.token != "":
		return w.api().ByToken(ctx, c.token, scope)
	}
	return w.api().ByPassword(ctx, c.password.Username, c.password.Secret, scope)
}

// tried looks whether the registry takes a credential.
func (w *walk) tried(ctx context.Context, c credential) []Finding {
	if _, err := w.access(ctx, c, catalog); err != nil {
		return []Finding{w.accessRefused(err, c)}
	}
	return []Finding{info(NoRepositoryNamed)}
}

// granted looks what a credential allows on the repository.
func (w *walk) granted(ctx context.Context, c credential) []Finding {
	access, err := w.access(ctx, c, "repository:"+w.Repository+":pull,push")
	if err != nil {
		return []Finding{w.accessRefused(err, c)}
	}
	actions := acr.Permissions(c.token)
	values := []string{"object", c.object(), "tenant", c.tenant}
	if !access.Allows("repository", w.Repository, "pull") {
		switch {
		case c.password.Username != "":
			return []Finding{failure(PasswordNoPull, "user", c.password.Username)}
		case c.token == "":
			return []Finding{failure(AnonymousNoPull)}
		case reads(actions) || len(actions) == 0:
			return []Finding{failure(NoPullABAC, values...)}
		}
		return []Finding{failure(NoPull, values...)}
	}
	found := []Finding{info(PullOnly, values...)}
	if access.Allows("repository", w.Repository, "push") {
		found = []Finding{info(PullAndPush)}
	}
	if c.token != "" && w.byRepository(ctx, c, actions) {
		found = append(found, info(ByRepository))
	}
	if there, err := w.api().Exists(ctx, w.Repository, access.Token); err == nil && !there {
		found = append(found, failure(NoRepository)) // a push would make it
	}
	return found
}

// byRepository reports whether the registry shows itself to be in ABAC mode: what
// it grants is not what the refresh token says, or reading does not include the
// list of all repositories, which is a role of its own there
// (https://aka.ms/acr/auth/abac).
func (w *walk) byRepository(ctx context.Context, c credential, actions []string) bool {
	if !reads(actions) {
		return true
	}
	access, err := w.access(ctx, c, catalog)
	return err == nil && !access.Allows("registry", "catalog", "*")
}

// accessRefused finds the words for a token service that refuses a credential.
func (w *walk) accessRefused(err error, c credential) Finding {
	var refused *acr.Error
	if !errors.As(err, &refused) {
		return failure(ExchangeUnanswered, "why", web.Cause(err))
	}
	switch {
	case refused.Reason == acr.Firewall || refused.Reason == acr.Forbidden:
		return w.firewall(&refused.Refusal)[0]
	case refused.Reason == acr.Throttled:
		return failure(Throttled)
	case refused.Reason == acr.Trouble:
		return failure(RegistryTrouble)
	case refused.Status == 401 && c.password.Username != "":
		return failure(PasswordRefused, "user", c.password.Username)
	case refused.Status == 401 && c.token == "":
		return failure(AnonymousNoPull)
	case refused.Status == 401 && c.skipped == Login:
		return failure(StoredTokenRefused)
	}
	return failure(AccessRefused, "correlation", refused.Correlation)
}

// cache looks at the directory of the cache and its locks.
func (w *walk) cache(ctx context.Context) []Finding {
	dir := w.parts.Cache.Dir
	if dir == "" {
		return []Finding{info(CacheOff)}
	}
	h := w.parts.Cache.Health()
	var found []Finding
	switch {
	case h.Err != nil:
		return []Finding{unwritable(dir, h.Err)}
	case h.Unsealed != nil:
		found = append(found, info(CacheReady, "path", dir), info(CacheClear, "error", reason(h.Unsealed)))
	default:
		found = append(found, info(CacheReady, "path", dir), info(CacheSealed))
	}
	if h.Files.Elsewhere > 0 {
		found = append(found, info(CacheElsewhere, "count", strconv.Itoa(h.Files.Elsewhere)))
	}
	if h.Foreign {
		found = append(found, warning(CacheForeign, "path", dir))
	}
	if h.Files.Damaged > 0 {
		found = append(found, warning(CacheDamaged, "path", dir))
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, k := range []cache.Key{w.parts.Ambient(), w.parts.Stored()} {
		if w.parts.Cache.Locked(ctx, k) {
			return append(found, warning(CacheLocked, "path", dir))
		}
	}
	return found
}
