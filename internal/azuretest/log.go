package azuretest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Request is one HTTP request that reached the emulator.
type Request struct {
	Time   time.Time // of arrival, on the real clock
	Method string
	Host   string // in lower case, without a default port
	Path   string
	Query  string // as sent
	Form   url.Values
	Header http.Header
	// Status is 0 when no answer was given (hang, reset, no IMDS) or none yet.
	Status int
	// Principal is who the request was found to come from, if anybody: a client
	// id, a user name, "anonymous".
	Principal string
	// Duration until the answer was complete; 0 before that.
	Duration time.Duration
}

// String is one line, without secrets.
func (r Request) String() string {
	s := fmt.Sprintf("%s %s%s %d", r.Method, r.Host, r.Path, r.Status)
	if r.Principal != "" {
		s += " (" + r.Principal + ")"
	}
	return s
}

// requestLog is everything that happened since the last Reset.
type requestLog struct {
	mu          sync.Mutex
	requests    []*Request
	connections map[string]int
	unexpected  []string
}

// entry is a request in the log. Its mutable fields are set through it only.
type entry struct {
	log *requestLog
	r   *Request
}

func (l *requestLog) add(r Request) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, &r)
	return &entry{l, &r}
}

func (e *entry) status(code int) {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	e.r.Status = code
}

func (e *entry) principal(name string) {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	e.r.Principal = name
}

func (e *entry) done() {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	e.r.Duration = time.Since(e.r.Time)
}

func (l *requestLog) connected(host string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.connections == nil {
		l.connections = map[string]int{}
	}
	l.connections[host]++
}

func (l *requestLog) surprise(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unexpected = append(l.unexpected, fmt.Sprintf(format, args...))
}

// Requests lists all requests since the start or the last Reset, in order of
// arrival. A request is in the list before its answer reaches the client.
func (a *Azure) Requests() []Request {
	a.log.mu.Lock()
	defer a.log.mu.Unlock()
	all := make([]Request, len(a.log.requests))
	for i, r := range a.log.requests {
		all[i] = *r
	}
	return all
}

// Count is the number of requests that match a pattern "METHOD HOST/PATH", in
// which * is any run of characters: "POST *.azurecr.io/oauth2/exchange",
// "* *". With a ? in the pattern the query is looked at, too.
func (a *Azure) Count(pattern string) int {
	n := 0
	for _, r := range a.Requests() {
		if matchRequest(pattern, r.Method, r.Host, r.Path, r.Query) {
			n++
		}
	}
	return n
}

// Connections counts the connections to each host, those included that were
// refused or ended in the TLS handshake.
func (a *Azure) Connections() map[string]int {
	a.log.mu.Lock()
	defer a.log.mu.Unlock()
	return maps.Clone(a.log.connections)
}

// Unexpected lists the requests that nobody expects: unknown hosts (already the
// CONNECT counts), unknown paths, wrong methods.
func (a *Azure) Unexpected() []string {
	a.log.mu.Lock()
	defer a.log.mu.Unlock()
	return slices.Clone(a.log.unexpected)
}

// Reset forgets requests and connections. What was unexpected stays.
func (a *Azure) Reset() {
	a.log.mu.Lock()
	defer a.log.mu.Unlock()
	a.log.requests, a.log.connections = nil, nil
}
