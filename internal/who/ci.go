package who

import (
	"strings"

	"docker-credential-acr/internal/config"
)

// gitHubActions is a job's own identity, straight from GitHub's OpenID Connect
// provider, without a step that signs in
// (https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect).
func gitHubActions(c config.Azure) Source {
	s := Source{Title: "GitHub Actions"}
	missing := missing(c)
	switch {
	case c.GitHubURL == "" || c.GitHubToken == "":
		s.Quiet = true
		s.Absent = "ACTIONS_ID_TOKEN_REQUEST_URL is not set; the job needs permissions: id-token: write"
	case len(missing) > 0:
		// Jobs have the permission for other reasons, too.
		s.Absent = strings.Join(missing, " and ") + " is not set"
	default:
		s.Configured = true
		s.ID, s.Who = principal(c), application(c)
	}
	return s
}

// azurePipelines is the identity of a service connection, with the job's own
// token (https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity).
func azurePipelines(c config.Azure) Source {
	s := Source{Title: "Azure Pipelines"}
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
		s.Quiet = true
		s.Absent = "SYSTEM_OIDCREQUESTURI is not set"
	case c.PipelinesToken == "":
		s.Absent = "SYSTEM_ACCESSTOKEN is not set; map it in the step: env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)"
	case len(missing) > 0:
		s.Absent = "it lacks " + strings.Join(missing, " and ")
	default:
		s.Configured = true
		s.ID = "tenant=" + c.PipelinesTenantID + " client=" + c.PipelinesClientID + " connection=" + c.ServiceConnectionID
		s.Who = text(Name("", c.PipelinesClientID, c.PipelinesTenantID))
	}
	return s
}
