package web

import (
	"log/slog"
	"net/http"
	"time"
)

// Log returns a transport that writes a line about each request: method, host,
// path, status and duration. Query, headers and body are left out, for that is
// where the secrets are.
func Log(next http.RoundTripper, log *slog.Logger) http.RoundTripper {
	return logging{next, log}
}

type logging struct {
	next http.RoundTripper
	log  *slog.Logger
}

func (l logging) RoundTrip(r *http.Request) (*http.Response, error) {
	start := time.Now()
	response, err := l.next.RoundTrip(r)
	attrs := []any{"method", r.Method, "host", r.URL.Host, "path", r.URL.Path, "duration", time.Since(start).Round(time.Microsecond)}
	if err != nil {
		l.log.InfoContext(r.Context(), "request failed", append(attrs, "cause", Cause(err))...)
		return nil, err
	}
	l.log.InfoContext(r.Context(), "request", append(attrs, "status", response.StatusCode)...)
	return response, nil
}
