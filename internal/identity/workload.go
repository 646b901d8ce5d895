package identity

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// workloadIdentity is a pod's federated identity, with the variables that the
// webhook of Microsoft Entra Workload ID sets
// (https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html).
func (e *entra) workloadIdentity() source {
	c := e.config
	s := source{title: "workload identity"}
	switch {
	case c.FederatedTokenFile == "":
		s.token = unavailable("AZURE_FEDERATED_TOKEN_FILE is not set")
	case !e.federated():
		s.configured = true
		s.id = "incomplete"
		s.token = fails("AZURE_FEDERATED_TOKEN_FILE is set but " + strings.Join(e.missing(), " and ") + " is not")
	default:
		s.configured = true
		s.id = e.principal()
		s.token = e.federatedToken
	}
	return s
}

// federated reports whether the variables of a workload identity are complete.
func (e *entra) federated() bool {
	return e.config.FederatedTokenFile != "" && len(e.missing()) == 0
}

func (e *entra) federatedToken(ctx context.Context) (string, error) {
	c := e.config
	// azidentity reads the file only after its first request. A token that
	// cannot be read is an error here and now, never a step to another identity.
	assertion, err := os.ReadFile(c.FederatedTokenFile)
	if err != nil {
		return "", errors.New("cannot read the federated token " + describeFile(err))
	}
	if len(strings.TrimSpace(string(assertion))) == 0 {
		return "", errors.New("the federated token in " + c.FederatedTokenFile + " is empty")
	}
	credential, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions:              e.options(),
		AdditionallyAllowedTenants: c.AdditionallyAllowedTenants,
		DisableInstanceDiscovery:   e.knownAuthority(),
		ClientID:                   c.ClientID,
		TenantID:                   c.TenantID,
		TokenFilePath:              c.FederatedTokenFile,
	})
	if err != nil {
		return "", errTenant
	}
	return e.request(ctx, credential)
}
