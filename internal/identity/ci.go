package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/web"
)

// gitHubActions is a job's own identity, straight from GitHub's OpenID Connect
// provider, without a step that signs in
// (https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect).
func (e *entra) gitHubActions() source {
	c := e.config
	s := source{title: "GitHub Actions", quiet: true}
	switch {
	case c.GitHubURL == "" || c.GitHubToken == "":
		s.token = unavailable("ACTIONS_ID_TOKEN_REQUEST_URL is not set; the job needs permissions: id-token: write")
	case len(e.missing()) > 0:
		// Jobs have the permission for other reasons, too.
		s.quiet = false
		s.token = unavailable(strings.Join(e.missing(), " and ") + " is not set")
	default:
		s.configured = true
		s.id = e.principal()
		s.token = e.assert(e.gitHubAssertion)
	}
	return s
}

// federationAudiences are what each cloud's Entra wants as the audience of a
// federated token.
var federationAudiences = map[host.Cloud]string{
	host.Public: "api://AzureADTokenExchange",
	host.China:  "api://AzureADTokenExchangeChina",
	host.USGov:  "api://AzureADTokenExchangeUSGov",
}

// gitHubAssertion asks GitHub for a new id token. It lives for minutes, so each
// sign-in has its own (https://github.com/Azure/login/issues/180).
func (e *entra) gitHubAssertion(ctx context.Context) (string, error) {
	c := e.config
	u, err := url.Parse(c.GitHubURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is not an https URL")
	}
	q := u.Query()
	q.Set("audience", federationAudiences[c.Cloud])
	u.RawQuery = q.Encode()
	const tries = 3
	for try := 1; ; try++ {
		token, again, err := e.askGitHub(ctx, u.String())
		if err == nil || !again || try == tries {
			return token, err
		}
		select {
		case <-ctx.Done():
			return "", err
		case <-time.After(time.Duration(try) * 500 * time.Millisecond):
		}
	}
}

// loopback reports whether host is this machine, where https adds nothing.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// askGitHub makes one request. again reports that another may go better.
func (e *entra) askGitHub(ctx context.Context, from string) (token string, again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return "", false, errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is not a URL")
	}
	request.Header.Set("Authorization", "Bearer "+e.config.GitHubToken)
	request.Header.Set("Accept", "application/json")
	response, err := e.client.Do(request)
	if err != nil {
		return "", web.Passing(err), errors.New("GitHub's token service did not answer: " + web.Cause(err))
	}
	defer response.Body.Close() //nolint:errcheck // only read
	var answer struct {
		Value string `json:"value"`
	}
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return "", true, errors.New("GitHub's token service did not answer: " + web.Cause(err))
	case response.StatusCode != http.StatusOK:
		again := response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests
		return "", again, fmt.Errorf("GitHub's token service answered %d; check that the job has permissions: id-token: write", response.StatusCode)
	case json.Unmarshal(body, &answer) != nil || answer.Value == "":
		return "", false, errors.New("GitHub's token service answered without a token")
	}
	return answer.Value, false, nil
}

// azurePipelines is the identity of a service connection, with the job's own
// token (https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity).
func (e *entra) azurePipelines() source {
	c := e.config
	s := source{title: "Azure Pipelines", quiet: true}
	var missing []string
	for _, m := range []struct{ value, name string }{
		{c.PipelinesTenantID, "a tenant id (AZURESUBSCRIPTION_TENANT_ID)"},
		{c.PipelinesClientID, "a client id (AZURESUBSCRIPTION_CLIENT_ID)"},
		{c.ServiceConnectionID, "a service connection id (AZURESUBSCRIPTION_SERVICE_CONNECTION_ID)"},
	} {
		if m.value == "" {
			missing = append(missing, m.name)
		}
	}
	switch {
	case c.PipelinesURL == "":
		s.token = unavailable("SYSTEM_OIDCREQUESTURI is not set")
	case c.PipelinesToken == "":
		s.quiet = false
		s.token = unavailable("SYSTEM_ACCESSTOKEN is not set; map it in the step: env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)")
	case len(missing) > 0:
		s.quiet = false
		s.token = unavailable("it lacks " + strings.Join(missing, " and "))
	default:
		s.configured = true
		s.id = "tenant=" + c.PipelinesTenantID + " client=" + c.PipelinesClientID + " connection=" + c.ServiceConnectionID
		s.token = e.serviceConnection
	}
	return s
}

func (e *entra) serviceConnection(ctx context.Context, scope string) (string, error) {
	c := e.config
	return e.anew(ctx, func(options azcore.ClientOptions) (string, error) {
		credential, err := azidentity.NewAzurePipelinesCredential(c.PipelinesTenantID, c.PipelinesClientID, c.ServiceConnectionID, c.PipelinesToken, &azidentity.AzurePipelinesCredentialOptions{
			ClientOptions:              options,
			AdditionallyAllowedTenants: c.AdditionallyAllowedTenants,
			DisableInstanceDiscovery:   e.knownAuthority(),
		})
		if err != nil {
			return "", errors.New("the variables of the service connection don't fit together")
		}
		return e.request(ctx, credential, scope)
	})
}
