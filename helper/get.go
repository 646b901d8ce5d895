package helper

import (
	"context"
	"errors"
	"net/http"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/exchange"
	"docker-credential-acr/internal/identity"
	"docker-credential-acr/internal/kept"
	"docker-credential-acr/internal/later"
	"docker-credential-acr/internal/web"
)

// grace is what a step gets, after the deadline, to notice it and say what it
// was waiting for.
const grace = 300 * time.Millisecond

// answer returns what a client is to be given, and holds the deadline.
func (q *question) answer() (username string, entry cache.Entry, err error) {
	ctx, cancel := later.WithTimeout(q.base, q.settings.Timeout)
	defer cancel()
	if q.asserted {
		entry, err = q.token(ctx)
		return q.settings.Username, entry, err
	}
	if entry, ok := kept.Find(q.store, q.cache, q.registry.LoginServer, q.who.ID); ok && !q.anew {
		source := "cache"
		if entry.Identity == kept.Stored {
			source = "stored token"
		}
		q.note(source, entry)
		return q.settings.Username, entry, nil
	}
	c, found, err := q.credential(ctx)
	if err != nil {
		return "", cache.Entry{}, err
	}
	if found {
		q.log.Info("answer", "registry", q.registry.LoginServer, "source", "stored credential")
		return c.Username, cache.Entry{Secret: c.Secret}, nil
	}
	explicit, ok := q.cache.Get(q.stored())
	ok = ok && !q.anew
	if ok && explicit.Usable(q.now()) {
		q.note("stored token", explicit)
		return q.settings.Username, explicit, nil
	}
	entry, err = q.token(ctx)
	if err != nil && ok && q.now().Before(explicit.Expires) {
		// In its last minute it may still do, and nothing better is to be had.
		q.note("stored token", explicit)
		return q.settings.Username, explicit, nil
	}
	return q.settings.Username, entry, err
}

// token returns a refresh token of the ambient identity.
func (q *question) token(ctx context.Context) (cache.Entry, error) {
	key := cache.Key{Registry: q.registry.LoginServer, Identity: q.who.ID()}
	entry, err, done := q.recall(key)
	switch {
	case done:
	case q.leave(key, entry):
		q.note("cache", entry)
	default:
		entry, err = q.renew(ctx, key, entry)
	}
	return entry, err
}

// noIdentity is the error of a Get for which the registry was not even asked.
type noIdentity struct{ text string }

func (e *noIdentity) Error() string { return e.text }

// recall looks into the cache. It is done if there is a fresh entry, or if a
// renewal has just failed: then there is the entry while it lives, or the
// failure's message.
func (q *question) recall(key cache.Key) (entry cache.Entry, err error, done bool) {
	if q.anew {
		return cache.Entry{}, nil, false
	}
	entry, _ = q.cache.Get(key)
	now := q.now()
	if entry.Fresh(now) {
		q.note("cache", entry)
		return entry, nil, true
	}
	failure, failed := q.cache.Failed(key)
	if !failed {
		return entry, nil, false
	}
	q.log.Info("failed a moment ago", "registry", key.Registry)
	if entry.Usable(now) {
		q.note("cache", entry)
		return entry, nil, true
	}
	if failure.NoIdentity {
		return cache.Entry{}, &noIdentity{failure.Message}, true
	}
	return cache.Entry{}, errors.New(failure.Message), true
}

// renew obtains a new token, alone of all processes that ask with this key. If
// that fails, or takes too long, it falls back on old as long as that lives.
func (q *question) renew(ctx context.Context, key cache.Key, old cache.Entry) (cache.Entry, error) {
	usable := old.Usable(q.now())
	if usable {
		// With an answer in hand nobody needs to wait for the whole deadline.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, q.settings.Timeout/3)
		defer cancel()
	}
	type result struct {
		entry cache.Entry
		err   error
	}
	results := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if recover() != nil { // Go would print every goroutine, and exit with 2
				r.err = errors.New(key.Registry + ": this is a bug in docker-credential-acr; please report it, with what DOCKER_CREDENTIAL_ACR_LOG=stderr prints")
			}
			results <- r
		}()
		r.entry, r.err = q.alone(ctx, key)
	}()
	var got result
	select {
	case got = <-results:
	case <-after(ctx, grace):
		// Some step does not heed the deadline, such as reading a pipe.
		got.err = errors.New(key.Registry + ": no answer within " + q.settings.Timeout.String() + "; see which step with DOCKER_CREDENTIAL_ACR_LOG=stderr")
		q.keep("failure", q.cache.Fail(key, cache.Failure{Message: got.err.Error()}))
	}
	if got.err != nil && usable {
		q.log.Info("renewal failed", "registry", key.Registry, "cause", got.err.Error())
		q.note("cache", old)
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
func (q *question) alone(ctx context.Context, key cache.Key) (cache.Entry, error) {
	patience, cancel := context.WithTimeout(ctx, q.settings.Timeout/2)
	defer cancel()
	// A holder that is stuck must not stop everybody behind it.
	unlock := q.cache.Lock(patience, key)
	defer unlock()
	if entry, err, done := q.recall(key); done {
		return entry, err
	}
	entry, err := q.request(ctx, key)
	if q.question(q.registry).who.ID() != key.Identity {
		// Somebody has signed in as somebody else meanwhile. Whose answer this is
		// nobody knows, so it is given and not kept.
		q.log.Info("not cached", "what", "answer", "cause", "the identity has changed meanwhile")
		return entry, err
	}
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) { // then nothing is wrong
			q.keep("failure", q.cache.Fail(key, cache.Failure{Message: err.Error(), NoIdentity: errors.As(err, new(*noIdentity))}))
		}
		return cache.Entry{}, err
	}
	q.keep("token", q.cache.Put(entry))
	return entry, nil
}

// keep notes that the cache could not be written, which costs time later and
// nothing now.
func (q *question) keep(what string, err error) {
	if err != nil {
		q.log.Info("not cached", "what", what, "cause", err.Error())
	}
}

// request asks Entra for an access token and the registry for its refresh token.
// The connection to the registry is opened meanwhile.
func (q *question) request(ctx context.Context, key cache.Key) (cache.Entry, error) {
	client := *q.exchange
	if q.network != nil {
		ahead := web.Connect(ctx, q.network, key.Registry, q.network)
		defer ahead.Close()
		client.Transport = web.Log(ahead, q.log)
	}
	access, err := q.who.Token(ctx)
	if err != nil {
		return cache.Entry{}, &noIdentity{key.Registry + ": " + err.Error()}
	}
	token, err := client.Exchange(ctx, key.Registry, access)
	if err != nil {
		return cache.Entry{}, as(identity.Describe(access), err)
	}
	entry := cache.Entry{Key: key, Secret: token.Secret, Obtained: token.Obtained, Expires: token.Expires}
	q.note("exchange", entry)
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

// note logs where an answer came from.
func (q *question) note(source string, e cache.Entry) {
	q.log.Info("answer", "registry", q.registry.LoginServer, "source", source, "expires", e.Expires.UTC().Format(time.RFC3339))
}
