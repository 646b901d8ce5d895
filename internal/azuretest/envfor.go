package azuretest

import (
	"cmp"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
)

// EnvFor is what a platform sets for the programs that run on it, pointing at
// this emulator: "service-principal" (a secret), "workload-identity" (as the
// webhook of AKS does, with a new token file), "github-actions",
// "azure-pipelines", "app-service", "container-instances", "cloud-shell",
// "azure-ml", "arc" (which writes to /var/opt/azcmagent), "service-fabric". It comes on top of [Azure.Env]. An unknown name is a panic.
func (a *Azure) EnvFor(platform string) []string {
	c := a.config.Load()
	switch platform {
	case "service-principal":
		return []string{"AZURE_TENANT_ID=" + Tenant, "AZURE_CLIENT_ID=" + ClientID, "AZURE_CLIENT_SECRET=" + ClientSecret}
	case "workload-identity":
		file := filepath.Join(a.dir, "federated-token")
		if err := os.WriteFile(file, []byte(a.Assertion(AssertionOptions{})), 0o600); err != nil {
			panic("azuretest: " + err.Error())
		}
		return []string{
			"AZURE_TENANT_ID=" + Tenant, "AZURE_CLIENT_ID=" + ClientID,
			"AZURE_AUTHORITY_HOST=https://login.microsoftonline.com/", "AZURE_FEDERATED_TOKEN_FILE=" + file,
		}
	case "github-actions":
		return []string{
			"GITHUB_ACTIONS=true", "CI=true",
			"ACTIONS_ID_TOKEN_REQUEST_URL=https://" + gitHubHost + gitHubPath + "?api-version=2.0",
			"ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + cmp.Or(c.GitHub.RequestToken, GitHubRequestToken),
		}
	case "azure-pipelines":
		return []string{
			"TF_BUILD=True",
			"SYSTEM_OIDCREQUESTURI=https://" + pipelinesHost + pipelinesPath,
			"SYSTEM_ACCESSTOKEN=" + cmp.Or(c.Pipelines.AccessToken, PipelinesAccessToken),
			// The task hands these over under names of its own choice.
			"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID=" + cmp.Or(c.Pipelines.ServiceConnectionID, PipelinesConnection),
			"AZURESUBSCRIPTION_CLIENT_ID=" + ClientID, "AZURESUBSCRIPTION_TENANT_ID=" + Tenant,
		}
	case "app-service":
		return []string{"IDENTITY_ENDPOINT=" + a.LocalURL() + "/msi/token", "IDENTITY_HEADER=" + localSecret}
	case "container-instances":
		// The endpoint has a query already, and there is a thumbprint although
		// the endpoint is not https (wire-detail C3).
		return []string{
			"IDENTITY_ENDPOINT=" + a.LocalURL() + "/msi/token?api-version=1.0", "IDENTITY_HEADER=" + localSecret,
			"IDENTITY_SERVER_THUMBPRINT=0000000000000000000000000000000000000000",
		}
	case "cloud-shell":
		return []string{"MSI_ENDPOINT=" + a.LocalURL() + "/cloudshell/token"}
	case "azure-ml":
		return []string{"MSI_ENDPOINT=" + a.LocalURL() + "/azureml/token", "MSI_SECRET=" + localSecret}
	case "arc":
		return []string{"IDENTITY_ENDPOINT=" + a.LocalURL() + "/arc/token", "IMDS_ENDPOINT=" + a.LocalURL()}
	case "service-fabric":
		leaf, err := a.ca.leaf(serviceFabricHost, false)
		if err != nil {
			panic("azuretest: " + err.Error())
		}
		return []string{
			"IDENTITY_ENDPOINT=https://" + serviceFabricHost + "/metadata/identity/oauth2/token", "IDENTITY_HEADER=" + localSecret,
			fmt.Sprintf("IDENTITY_SERVER_THUMBPRINT=%X", sha1.Sum(leaf.Certificate[0])),
		}
	}
	panic(fmt.Sprintf("azuretest: nothing is known of the platform %q", platform))
}
