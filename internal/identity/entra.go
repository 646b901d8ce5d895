package identity

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/web"
)

// entra builds the sources for one authority.
type entra struct {
	config    config.Azure
	authority string // an https URL
	client    *http.Client
	watch     *watch
}

func newEntra(c config.Azure, transport http.RoundTripper) *entra {
	e := &entra{config: c, authority: c.AuthorityHost, watch: &watch{next: transport, metadata: c.MetadataHost}}
	if e.authority == "" {
		e.authority = authorities[c.Cloud]
	}
	if u, err := url.Parse(e.authority); err == nil {
		e.watch.authority = strings.ToLower(u.Host)
	}
	for _, endpoint := range []string{c.MSIEndpoint, c.PipelinesURL} {
		if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
			e.watch.endpoints = append(e.watch.endpoints, strings.ToLower(u.Host))
		}
	}
	e.client = web.Client(e.watch)
	return e
}

// authorities are the Entra endpoints of the clouds that have registries.
var authorities = map[host.Cloud]string{
	host.Public: cloud.AzurePublic.ActiveDirectoryAuthorityHost,
	host.China:  cloud.AzureChina.ActiveDirectoryAuthorityHost,
	host.USGov:  cloud.AzureGovernment.ActiveDirectoryAuthorityHost,
}

// resourceManagers are the audiences of Azure Resource Manager.
var resourceManagers = map[host.Cloud]string{
	host.Public: "https://management.azure.com",
	host.China:  "https://management.chinacloudapi.cn",
	host.USGov:  "https://management.usgovcloudapi.net",
}

// audience is ACR's own resource, in every cloud.
const audience = "https://containerregistry.azure.net"

// scope asks for a token of the configured audience, or of ACR's.
func (e *entra) scope() string {
	return strings.TrimSuffix(cmp.Or(e.config.Audience, audience), "/") + "/.default"
}

func (e *entra) resourceManagerScope() string { return resourceManagers[e.config.Cloud] + "/.default" }

// microsofts are the hosts that MSAL itself trusts
// (https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud).
var microsofts = map[string]bool{
	"login.microsoftonline.com":              true,
	"login.windows.net":                      true,
	"login.microsoft.com":                    true,
	"sts.windows.net":                        true,
	"login.microsoftonline.us":               true,
	"login.usgovcloudapi.net":                true,
	"login.chinacloudapi.cn":                 true,
	"login.partner.microsoftonline.cn":       true,
	"login.sovcloud-identity.fr":             true,
	"login.sovcloud-identity.de":             true,
	"login.sovcloud-identity.sg":             true,
	"login-us.microsoftonline.com":           true,
	"login.microsoftonline.de":               true,
	"login.microsoftonline.microsoft.scloud": true,
}

// knownAuthority reports whether instance discovery, a request that asks
// Microsoft whether the authority is one of Microsoft's, can tell nothing new:
// it is one, or the user's own configuration names it, as for private clouds
// that Microsoft cannot be reached from.
func (e *entra) knownAuthority() bool {
	if e.config.AuthorityTrusted {
		return true
	}
	u, err := url.Parse(e.authority)
	return err == nil && microsofts[strings.ToLower(u.Hostname())] && (u.Port() == "" || u.Port() == "443")
}

// options are what all credentials that talk to Entra have in common.
func (e *entra) options() azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: e.authority},
		Transport: e.client,
		Retry: policy.RetryOptions{
			MaxRetries:    3,
			RetryDelay:    300 * time.Millisecond,
			MaxRetryDelay: 4 * time.Second,
			ShouldRetry:   worthwhile(retriable),
		},
	}
}

// retriable are the answers after which azcore may ask again.
var retriable = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// worthwhile decides instead of azcore whether to ask again. azcore itself would
// sit out a Retry-After of a minute, three times, however little time is left,
// and would look up a name again that does not exist.
func worthwhile(statuses []int) func(*http.Response, error) bool {
	return func(response *http.Response, err error) bool {
		if err != nil {
			return web.Passing(err)
		}
		return slices.Contains(statuses, response.StatusCode) && waits(response)
	}
}

// waits reports whether the time that the response asks to wait for ends before
// the request's context does.
func waits(response *http.Response) bool {
	pause, err := time.ParseDuration(response.Header.Get("Retry-After") + "s")
	if err != nil || response.Request == nil {
		return true
	}
	deadline, ok := response.Request.Context().Deadline()
	return !ok || time.Until(deadline) > pause
}

// request asks a credential for a token.
func (e *entra) request(ctx context.Context, c azcore.TokenCredential, scope string) (_ string, err error) {
	defer func() {
		if recover() != nil { // MSAL 1.10 does not survive an answer of "null"
			err = e.explain(ctx, errors.New("panic"))
		}
	}()
	token, err := c.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
	if err != nil {
		return "", e.explain(ctx, err)
	}
	return token.Token, nil
}

// maxAnswer bounds what an authority or metadata service may send; azcore reads
// an answer to its end, however far that is.
const maxAnswer = 4 << 20

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
	refused := *response
	refused.Body = io.NopCloser(bytes.NewReader(content))
	response.Body = io.NopCloser(bytes.NewReader(content))
	w.refused = &refused
	return response, nil
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
