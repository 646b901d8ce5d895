package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"

	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/web"
)

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
	return e.idToken(ctx, idTokenRequest{
		service: "GitHub's token service", hint: "check that the job has permissions: id-token: write",
		method: http.MethodGet, variable: "ACTIONS_ID_TOKEN_REQUEST_URL", url: e.config.GitHubURL, bearer: e.config.GitHubToken,
		query: url.Values{"audience": {federationAudiences[e.config.Cloud]}}, field: "value",
	})
}

// pipelinesAssertion asks Azure Pipelines for one. azidentity can do it, too, and
// passes an answer without a token on to Entra.
func (e *entra) pipelinesAssertion(ctx context.Context) (string, error) {
	return e.idToken(ctx, idTokenRequest{
		service: "Azure Pipelines' token service", hint: "check SYSTEM_ACCESSTOKEN and the service connection",
		method: http.MethodPost, variable: "SYSTEM_OIDCREQUESTURI", url: e.config.PipelinesURL, bearer: e.config.PipelinesToken,
		query: url.Values{"api-version": {"7.1"}, "serviceConnectionId": {e.config.ServiceConnectionID}}, field: "oidcToken",
	})
}

// idTokenRequest asks a CI service for the id token of a job.
type idTokenRequest struct {
	service, hint         string // for people
	method, variable, url string
	bearer                string
	query                 url.Values
	field                 string // of the answer
}

// idToken asks for a token. An error that passes is one of unreachableError, after
// which anew asks again.
func (e *entra) idToken(ctx context.Context, q idTokenRequest) (string, error) {
	u, err := url.Parse(q.url)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !web.Loopback(u.Hostname())) {
		return "", errors.New(q.variable + " is not an https URL")
	}
	query := u.Query()
	maps.Copy(query, q.query)
	u.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, q.method, u.String(), nil)
	if err != nil {
		return "", errors.New(q.variable + " is not an https URL")
	}
	request.Header.Set("Authorization", "Bearer "+q.bearer)
	request.Header.Set("Accept", "application/json")
	// Azure Pipelines then answers 401 instead of sending a browser to a login page.
	request.Header.Set("X-TFS-FedAuthRedirect", "Suppress")
	response, err := e.client.Do(request)
	if err != nil {
		return "", silent(q.service, err, web.Passing(err))
	}
	defer response.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", silent(q.service, err, true)
	}
	if response.StatusCode != http.StatusOK {
		passes := response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests
		return "", &unreachableError{text: fmt.Sprintf("%s answered %d; %s", q.service, response.StatusCode, q.hint), passing: passes}
	}
	var answer map[string]any
	_ = json.Unmarshal(body, &answer) // what is not an object leaves it empty
	token, _ := answer[q.field].(string)
	if token == "" {
		return "", errors.New(q.service + " answered without a token; " + q.hint)
	}
	return token, nil
}

// azurePipelines signs in as the application of the job's service connection.
func (e *entra) azurePipelines() func(context.Context, string) (string, error) {
	job := *e
	job.config.TenantID, job.config.ClientID = e.config.PipelinesTenantID, e.config.PipelinesClientID
	return job.assert(job.pipelinesAssertion)
}
