package exchange

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// tries bounds the requests of one exchange. The registry's limits count
	// for all its clients together, so it is no use to insist.
	tries = 4
	// tryTimeout bounds one request, so that a connection which hangs leaves
	// time for another.
	tryTimeout = 10 * time.Second
)

// retry calls try again after an error that passes, with growing and randomly
// spread pauses, or after as long as the registry asks for. It gives up at once
// when that is longer than ctx lasts.
func retry(ctx context.Context, try func(context.Context) (Token, error)) (Token, error) {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval = 250 * time.Millisecond
	pauses.Multiplier = 2
	pauses.MaxInterval = 4 * time.Second

	var last error
	token, err := backoff.Retry(ctx, func() (Token, error) {
		tryCtx, cancel := context.WithTimeout(ctx, tryTimeout)
		defer cancel()
		token, err := try(tryCtx)
		if err == nil {
			return token, nil
		}
		last = err
		var e *Error
		switch {
		case !errors.As(err, &e) || !e.passing || ctx.Err() != nil:
			return Token{}, backoff.Permanent(err)
		case e.retryAfter > 0 && !enough(ctx, e.retryAfter):
			return Token{}, backoff.Permanent(err)
		case e.retryAfter > 0:
			return Token{}, &backoff.RetryAfterError{Duration: e.retryAfter}
		}
		return Token{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(tries))
	if err != nil {
		// What the registry said last tells more than "deadline exceeded".
		return Token{}, last
	}
	return token, nil
}

// enough reports whether ctx lasts longer than d.
func enough(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > d
}

// passingStatus lists the answers that are worth another try. A 401 for a role
// that has not spread yet is not: that takes minutes.
func passingStatus(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}

// retryAfter reads a Retry-After header: seconds, or a date (RFC 9110, 10.2.3)
// by the clock of the server that sent it.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if server, err := http.ParseTime(h.Get("Date")); err == nil {
		now = server
	}
	return max(0, at.Sub(now))
}
