package identity

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

const (
	// maxAnswer bounds what an authority or metadata service may send; azcore reads
	// an answer to its end, however far that is, and MSAL makes twenty times as much
	// of it.
	maxAnswer = 1 << 20
	// maxNested is how many objects and arrays a refusal may consist of; Entra's are
	// one or two.
	maxNested = 100
)

// watch is the transport under azidentity: it bounds answers, moves requests to
// the metadata service where the platform says so, and remembers the last
// failure, which azidentity passes on only as text.
type watch struct {
	next      http.RoundTripper
	metadata  string
	authority string   // its host
	endpoints []string // hosts that the platform names

	mu      sync.Mutex
	host    string
	err     error
	refused *http.Response // the last answer, if it was one of refusal, with a body to read again
}

func (w *watch) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.metadata != "" && r.URL.Host == imdsHost {
		r = r.Clone(r.Context())
		scheme, host, _ := strings.Cut(w.metadata, "://")
		r.URL.Scheme, r.URL.Host, r.Host = scheme, host, host
	}
	response, err := w.send(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.host, w.err, w.refused = r.URL.Host, err, nil
	if err != nil {
		return nil, err
	}
	limited := io.LimitReader(response.Body, maxAnswer)
	if response.StatusCode < http.StatusBadRequest {
		response.Body = struct {
			io.Reader
			io.Closer
		}{limited, response.Body}
		return response, nil
	}
	content, err := io.ReadAll(limited)
	_ = response.Body.Close()
	if w.err = err; err != nil {
		return nil, err
	}
	if nested(content) > maxNested {
		content = nil
	}
	refused := *response
	refused.Body = io.NopCloser(bytes.NewReader(content))
	response.Body = io.NopCloser(bytes.NewReader(content))
	w.refused = &refused
	return response, nil
}

// nested is the number of objects and arrays in a text of JSON, or more. azcore
// indents the refusals that it quotes, and for ten thousand brackets that makes
// hundreds of megabytes.
func nested(content []byte) int {
	return bytes.Count(content, []byte("{")) + bytes.Count(content, []byte("["))
}

// send makes the request, unless it would carry a secret to a host that is not
// asked for tokens: an authority's own description of itself says where they are
// to be had, and may be forged or mistaken.
func (w *watch) send(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && !w.trusted(r.URL) {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, errStray{}
	}
	return w.next.RoundTrip(r)
}

// trusted reports whether secrets may be posted to u.
func (w *watch) trusted(u *url.URL) bool {
	name := strings.ToLower(u.Host)
	if slices.Contains(w.endpoints, name) { // as the platform says
		return true
	}
	// The last are regional authorities, for AZURE_REGIONAL_AUTHORITY_NAME.
	return u.Scheme == "https" && (name == w.authority || microsofts[name] || strings.HasSuffix(name, ".login.microsoft.com"))
}

// errStray is why a request was not sent.
type errStray struct{}

func (errStray) Error() string { return "it is not one of the authority's hosts, and was sent nothing" }

// NonRetriable keeps azcore from trying again.
func (errStray) NonRetriable() {}

// last returns the host of the last request, and why it had no answer or which
// refusal.
func (w *watch) last() (host string, refused *http.Response, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.host, w.refused, w.err
}
