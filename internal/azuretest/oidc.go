package azuretest

import (
	"cmp"
	"net/http"
	"strings"
)

// The hosts of the identity providers of CI services.
const (
	gitHubHost    = "run-actions-1-azure-eastus.actions.githubusercontent.com"
	pipelinesHost = "dev.azure.com"

	gitHubPath    = "/12//idtoken/4f1d/8c2e"
	pipelinesPath = "/contoso/project/_apis/distributedtask/hubs/build/plans/4f1d/jobs/8c2e/oidctoken"
)

// oidc is the identity provider of GitHub Actions or Azure Pipelines.
func (a *Azure) oidc(x *call) {
	switch {
	case x.host == gitHubHost && x.r.URL.Path == gitHubPath && x.r.Method == http.MethodGet:
		a.gitHub(x)
	case x.host == pipelinesHost && x.r.URL.Path == pipelinesPath && x.r.Method == http.MethodPost:
		a.pipelines(x)
	default:
		a.surprise(x)
		x.json(http.StatusNotFound, map[string]string{"message": "Not Found"})
	}
}

// gitHub gives out identity tokens (wire-detail C7).
func (a *Azure) gitHub(x *call) {
	if x.r.Header.Get("Authorization") != "Bearer "+cmp.Or(x.c.GitHub.RequestToken, GitHubRequestToken) {
		x.json(http.StatusUnauthorized, map[string]string{"message": "Unauthorized"})
		return
	}
	audience := x.r.URL.Query().Get("audience")
	if audience == "" {
		audience = "https://github.com/contoso"
	}
	token := a.Assertion(AssertionOptions{Issuer: GitHubIssuer, Subject: cmp.Or(x.c.GitHub.Subject, GitHubSubject), Audience: audience})
	x.json(http.StatusOK, map[string]any{"count": len(token), "value": token})
}

// pipelines gives out identity tokens. The audience is always that of the
// public cloud.
func (a *Azure) pipelines(x *call) {
	authorization := x.r.Header.Get("Authorization")
	if authorization != "Bearer "+cmp.Or(x.c.Pipelines.AccessToken, PipelinesAccessToken) {
		// azidentity looks for this instead of a redirect to a page for people.
		x.html(http.StatusUnauthorized, "<html><body>Azure DevOps Services | Sign In</body></html>")
		return
	}
	q := x.r.URL.Query()
	if !strings.EqualFold(q.Get("serviceConnectionId"), cmp.Or(x.c.Pipelines.ServiceConnectionID, PipelinesConnection)) || q.Get("api-version") == "" {
		x.json(http.StatusNotFound, map[string]string{"message": "Could not find the service connection."})
		return
	}
	x.json(http.StatusOK, map[string]string{"oidcToken": a.Assertion(AssertionOptions{
		Issuer: PipelinesIssuer, Subject: cmp.Or(x.c.Pipelines.Subject, PipelinesSubject),
	})})
}
