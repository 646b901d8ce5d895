package azuretest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// call is one request on its way through the emulator.
type call struct {
	w    http.ResponseWriter
	r    *http.Request
	c    *Config // as it was when the request came
	e    *entry
	host string    // of the virtual host, in lower case, without a default port
	now  time.Time // on the server's clock
}

// json answers with a document.
func (x *call) json(status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic("azuretest: " + err.Error())
	}
	if x.w.Header().Get("Content-Type") == "" {
		x.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	x.w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	x.w.WriteHeader(status)
	_, _ = x.w.Write(data)
}

// html answers with a page, as things between client and service do.
func (x *call) html(status int, page string) {
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	x.w.WriteHeader(status)
	_, _ = x.w.Write([]byte(page))
}

// empty answers without a body.
func (x *call) empty(status int) {
	x.w.Header().Set("Content-Length", "0")
	x.w.WriteHeader(status)
}

// answer is the ResponseWriter of every virtual host. It notes the status
// before the client can see it and sets Date by the server's clock.
type answer struct {
	http.ResponseWriter
	e    *entry
	date time.Time
	sent bool
}

func (a *answer) WriteHeader(code int) {
	if !a.sent {
		a.sent = true
		a.e.status(code)
		a.Header().Set("Date", a.date.UTC().Format(http.TimeFormat))
	}
	a.ResponseWriter.WriteHeader(code)
}

func (a *answer) Write(p []byte) (int, error) {
	if !a.sent {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// bareHost is a host of a URL or Host header in lower case without the default
// port of the scheme.
func bareHost(host, defaultPort string) string {
	return strings.TrimSuffix(strings.ToLower(host), ":"+defaultPort)
}
