package identity

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/web"
	"docker-credential-acr/internal/who"
)

// entra builds the sources for one authority.
type entra struct {
	config    config.Azure
	authority string // an https URL
	client    *http.Client
	watch     *watch
	discovery *discovery
	person    bool // is asked, on a command line
}

func newEntra(c config.Azure, transport http.RoundTripper, notes Notes, log *slog.Logger) *entra {
	e := &entra{config: c, authority: who.Authority(c), watch: &watch{next: transport, metadata: c.MetadataHost}}
	if u, err := url.Parse(e.authority); err == nil {
		e.watch.authority = strings.ToLower(u.Host)
	}
	for _, endpoint := range []string{c.MSIEndpoint, c.PipelinesURL} {
		if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
			e.watch.endpoints = append(e.watch.endpoints, strings.ToLower(u.Host))
		}
	}
	e.client = web.Client(e.watch)
	e.discovery = &discovery{next: e.watch, authority: e.watch.authority, notes: notes, log: log}
	return e
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

// applicationOptions are the options of an application's credential, within
// discovery.sure.
func (e *entra) applicationOptions() azcore.ClientOptions {
	options := e.options()
	options.Transport = web.Client(e.discovery)
	return options
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
