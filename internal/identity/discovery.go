package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

// discovery is the transport through which MSAL asks an authority where its
// tokens are to be had, which it does in every process, at the cost of a round
// trip. What is known is answered here, from the first of
//
//   - what the authority said before, for as long as its Cache-Control allows,
//   - what Microsoft documents of its own clouds' authorities,
//
// and if tokens are not to be had there, sure asks the authority after all.
// Whatever it was that said so, the endpoint must be of the authority's own host.
//
// It serves one search for a token, in one goroutine.
type discovery struct {
	next      http.RoundTripper
	authority string // its host, in lower case
	notes     Notes
	log       *slog.Logger

	used *description // the one that MSAL was last told
}

// description is an authority's openid-configuration
// (https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata).
type description struct {
	url    string
	body   []byte
	tokens string // its token_endpoint
	// asked reports that the authority has just said so, and that others may be
	// told for life.
	asked bool
	life  time.Duration
}

const (
	wellKnown = "/.well-known/openid-configuration"
	// maxDescription is ten times what Entra's takes.
	maxDescription = 16 << 10
	// maxLife is how long a description is believed at the most; Entra says a
	// day.
	maxLife = 24 * time.Hour
)

func (d *discovery) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet || r.URL.Scheme != "https" || !strings.EqualFold(r.URL.Host, d.authority) || r.URL.RawQuery != "" || !strings.HasSuffix(r.URL.Path, wellKnown) {
		return d.next.RoundTrip(r)
	}
	name := "https://" + d.authority + r.URL.EscapedPath() // MSAL's ends in an empty query
	if known, ok := d.known(name); ok {
		d.used = &known
		return known.response(r), nil
	}
	response, err := d.next.RoundTrip(r)
	if err != nil || response.StatusCode != http.StatusOK {
		return response, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxDescription+1))
	if err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	rest := response.Body
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), rest}
	d.used = told(name, body, response.Header)
	return response, nil
}

// told is what the authority has said, or nil.
func told(name string, body []byte, h http.Header) *description {
	said, ok := read(name, body)
	if !ok {
		return nil
	}
	said.asked, said.life = true, fresh(h)
	return &said
}

// known is what can be answered without asking.
func (d *discovery) known(name string) (description, bool) {
	if d.used != nil && d.used.url == name && d.used.asked {
		return *d.used, true
	}
	if kept, ok := read(name, []byte(d.notes.Note(about(name)))); ok && d.own(kept) {
		return kept, true
	}
	return documented(name)
}

func about(name string) string { return "answer of " + name }

// read reads a description. What is none is for MSAL to judge.
func read(name string, body []byte) (description, bool) {
	var said struct {
		Issuer        string `json:"issuer"`
		Authorization string `json:"authorization_endpoint"`
		Tokens        string `json:"token_endpoint"`
	}
	if len(body) > maxDescription || json.Unmarshal(body, &said) != nil || said.Issuer == "" || said.Authorization == "" || said.Tokens == "" {
		return description{}, false
	}
	return description{url: name, body: body, tokens: said.Tokens}, true
}

// own reports whether tokens are to be had from the authority itself. A
// description that leads elsewhere is used at most by the process that was told
// so, and watch decides whether a secret is sent there.
func (d *discovery) own(s description) bool {
	tokens, err := url.Parse(s.tokens)
	return err == nil && tokens.Scheme == "https" && tokens.User == nil && strings.EqualFold(tokens.Host, d.authority)
}

// fresh is how long the answer with these headers may be told to others without
// asking again (RFC 9111, 4.2); zero if that is not said.
func fresh(h http.Header) time.Duration {
	var seconds int
	for _, directive := range strings.Split(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			n, err := strconv.Atoi(strings.Trim(value, `"`))
			if err != nil {
				return 0
			}
			seconds = n
		}
	}
	age, _ := strconv.Atoi(h.Get("Age"))
	seconds -= max(age, 0)
	return min(time.Duration(max(seconds, 0))*time.Second, maxLife)
}

// clouds' authorities have endpoints that are documented
// (https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud#application-endpoints,
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#get-a-token).
var clouds = []string{
	cloud.AzurePublic.ActiveDirectoryAuthorityHost,
	cloud.AzureChina.ActiveDirectoryAuthorityHost,
	cloud.AzureGovernment.ActiveDirectoryAuthorityHost,
}

// documented describes a tenant of one of Microsoft's clouds.
func documented(name string) (description, bool) {
	tenant, ok := strings.CutSuffix(name, "/v2.0"+wellKnown)
	slash := strings.LastIndex(tenant, "/")
	if !ok || !slices.Contains(clouds, tenant[:slash+1]) {
		return description{}, false
	}
	tokens := tenant + "/oauth2/v2.0/token"
	body, err := json.Marshal(map[string]string{
		"issuer":                 tenant + "/v2.0",
		"authorization_endpoint": tenant + "/oauth2/v2.0/authorize",
		"token_endpoint":         tokens,
	})
	return description{url: name, body: body, tokens: tokens}, err == nil
}

func (s description) response(r *http.Request) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(s.body)), ContentLength: int64(len(s.body)),
		Request: r,
	}
}

// sure calls get, which asks the authority for a token. If that is refused and
// the authority was not asked where its tokens are to be had, it is asked now,
// and get is called again if that is elsewhere: a tenant may have moved, or be
// one of another cloud.
func (d *discovery) sure(ctx context.Context, get func() (string, error)) (string, error) {
	d.used = nil
	token, err := get()
	switch {
	case d.used == nil:
		return token, err
	case err == nil:
		d.keep()
		return token, nil
	case d.used.asked || !disputable(ctx, err):
		return "", err
	}
	before := *d.used
	d.used = d.ask(ctx, before.url)
	if d.used == nil || d.used.tokens == before.tokens {
		return "", err
	}
	d.log.InfoContext(ctx, "the authority has its tokens elsewhere")
	if token, err = get(); err == nil {
		d.keep()
	}
	return token, err
}

// disputable reports whether err may come of asking in the wrong place. That the
// network or the authority is down, or has too much to do, does not.
func disputable(ctx context.Context, err error) bool {
	var refused *entraError
	if errors.As(err, &refused) && (refused.status == http.StatusTooManyRequests || refused.noResource()) {
		return false
	}
	return ctx.Err() == nil && !errors.As(err, new(*unreachableError))
}

// ask forgets what was kept, and asks the authority itself. It returns nil if
// that does not answer as it should.
func (d *discovery) ask(ctx context.Context, name string) *description {
	d.notes.SetNote(about(name), "", 0)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, name, nil)
	if err != nil {
		return nil
	}
	response, err := d.next.RoundTrip(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(io.LimitReader(response.Body, maxDescription+1))
	if err != nil || response.StatusCode != http.StatusOK {
		return nil
	}
	return told(name, body, response.Header)
}

// keep notes what the authority said, once it has led to a token.
func (d *discovery) keep() {
	if s := d.used; s != nil && s.asked && s.life > 0 && d.own(*s) {
		d.notes.SetNote(about(s.url), string(s.body), s.life)
	}
}
