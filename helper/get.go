package helper

import (
	"context"
	"errors"
	"net/http"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/exchange"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/identity"
)

// stored is the identity under which tokens that a client stored are cached.
// It contains no parenthesis, and so is no identity's ID.
const stored = "stored by a client"

// grace is what a step gets, after the deadline, to notice it and say what it
// was waiting for.
const grace = 300 * time.Millisecond

// token returns a refresh token for r, and holds the deadline.
func (h *Helper) token(r host.Registry) (string, error) {
	explicit, ok := h.cache.Get(cache.Key{Registry: r.LoginServer, Identity: stored})
	if ok && explicit.Usable(h.now()) {
		h.answer(r, "stored", explicit)
		return explicit.Secret, nil
	}
	who := h.identity(r)
	key := cache.Key{Registry: r.LoginServer, Identity: who.ID()}
	entry, err, done := h.recall(key)
	if !done {
		ctx, cancel := context.WithTimeout(context.Background(), h.config.Timeout)
		defer cancel()
		entry, err = h.renew(ctx, who, key, entry)
	}
	switch {
	case err == nil:
		return entry.Secret, nil
	case ok && h.now().Before(explicit.Expires):
		// In its last minute it may still do, and nothing better is to be had.
		h.answer(r, "stored", explicit)
		return explicit.Secret, nil
	}
	return "", err
}

// recall looks into the cache. It is done if there is a fresh entry, or if a
// renewal has just failed: then there is the entry while it lives, or the
// failure's message.
func (h *Helper) recall(key cache.Key) (entry cache.Entry, err error, done bool) {
	entry, _ = h.cache.Get(key)
	now := h.now()
	if entry.Fresh(now) {
		h.answer(host.Registry{LoginServer: key.Registry}, "cache", entry)
		return entry, nil, true
	}
	message, failed := h.cache.Failure(key)
	if !failed {
		return entry, nil, false
	}
	h.log.Info("failed a moment ago", "registry", key.Registry)
	if entry.Usable(now) {
		h.answer(host.Registry{LoginServer: key.Registry}, "cache", entry)
		return entry, nil, true
	}
	return cache.Entry{}, errors.New(message), true
}

// renew obtains a new token, alone of all processes that ask with this key. If
// that fails, or takes too long, it falls back on old as long as that lives.
func (h *Helper) renew(ctx context.Context, who ambient, key cache.Key, old cache.Entry) (cache.Entry, error) {
	usable := old.Usable(h.now())
	if usable {
		// With an answer in hand nobody needs to wait for the whole deadline.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.config.Timeout/3)
		defer cancel()
	}
	type result struct {
		entry cache.Entry
		err   error
	}
	results := make(chan result, 1)
	go func() {
		entry, err := h.alone(ctx, who, key)
		results <- result{entry, err}
	}()
	var got result
	select {
	case got = <-results:
	case <-after(ctx, grace):
		// Some step does not heed the deadline, such as reading a pipe.
		got.err = errors.New(key.Registry + ": no answer within " + h.config.Timeout.String() + "; see which step with DOCKER_CREDENTIAL_ACR_LOG=stderr")
	}
	if got.err != nil && usable {
		h.log.Info("renewal failed", "registry", key.Registry, "cause", got.err.Error())
		h.answer(host.Registry{LoginServer: key.Registry}, "cache", old)
		return old, nil
	}
	return got.entry, got.err
}

// after returns a channel that closes d after ctx has ended.
func after(ctx context.Context, d time.Duration) <-chan struct{} {
	over := make(chan struct{})
	context.AfterFunc(ctx, func() { time.AfterFunc(d, func() { close(over) }) })
	return over
}

// alone takes the lock of key, looks whether another process was faster, and
// otherwise asks Entra and the registry.
func (h *Helper) alone(ctx context.Context, who ambient, key cache.Key) (cache.Entry, error) {
	patience, cancel := context.WithTimeout(ctx, h.config.Timeout/2)
	defer cancel()
	// A holder that is stuck must not stop everybody behind it.
	unlock := h.cache.Lock(patience, key)
	defer unlock()
	if entry, err, done := h.recall(key); done {
		return entry, err
	}
	entry, err := h.request(ctx, who, key)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			h.keep("failure", h.cache.Fail(key, err.Error()))
		}
		return cache.Entry{}, err
	}
	h.keep("token", h.cache.Put(entry))
	return entry, nil
}

// keep notes that the cache could not be written, which costs time later and
// nothing now.
func (h *Helper) keep(what string, err error) {
	if err != nil {
		h.log.Info("not cached", "what", what, "cause", err.Error())
	}
}

// request asks Entra for an access token and the registry for its refresh token.
func (h *Helper) request(ctx context.Context, who ambient, key cache.Key) (cache.Entry, error) {
	access, err := who.Token(ctx)
	if err != nil {
		return cache.Entry{}, errors.New(key.Registry + ": " + err.Error())
	}
	token, err := h.exchange.Exchange(ctx, key.Registry, access)
	if err != nil {
		return cache.Entry{}, as(identity.Describe(access), err)
	}
	entry := cache.Entry{Key: key, Secret: token.Secret, Obtained: token.Obtained, Expires: token.Expires}
	h.answer(host.Registry{LoginServer: key.Registry}, "exchange", entry)
	return entry, nil
}

// as adds to the registry's refusal who was refused.
func as(who string, err error) error {
	var refused *exchange.Error
	if who == "" || !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized && refused.Status != http.StatusForbidden {
		return err
	}
	named := *refused
	named.Message += ", asked as " + who
	return &named
}

// answer notes where an answer came from.
func (h *Helper) answer(r host.Registry, source string, e cache.Entry) {
	h.log.Info("answer", "registry", r.LoginServer, "source", source, "expires", e.Expires.UTC().Format(time.RFC3339))
}
