package azuretest_test

import (
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

func TestARM(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{Registries: []azuretest.Registry{
		{Host: azuretest.OtherRegistry, AdminPasswords: []string{"p1", "p2"}, ARMTokens: "refused"},
	}})
	const arm = "https://management.azure.com"
	const group = "/subscriptions/" + azuretest.SubscriptionID + "/resourceGroups/" + azuretest.ResourceGroup + "/providers/Microsoft.ContainerRegistry/registries"
	token := a.IssueEntra(azuretest.EntraOptions{Audience: "https://management.core.windows.net/"})
	for _, test := range []struct {
		method, path, token string
		status              int
		want                string
	}{
		{"GET", "/subscriptions", "", 401, `"code":"AuthenticationFailed"`},
		{"GET", "/subscriptions", a.IssueEntra(azuretest.EntraOptions{}), 401, `"code":"AuthenticationFailed"`},
		{"GET", "/subscriptions", token, 200, `"subscriptionId":"` + azuretest.SubscriptionID + `"`},
		{"GET", "/tenants", token, 200, `"tenantId":"` + azuretest.Tenant + `"`},
		{"GET", "/subscriptions/" + azuretest.SubscriptionID + "/resources", token, 200, `"name":"myregistry"`},
		{"GET", group + "/otherregistry", token, 200, `"azureADAuthenticationAsArmPolicy":{"status":"disabled"}`},
		{"POST", group + "/otherregistry/listCredentials", token, 200, `{"passwords":[{"name":"password","value":"p1"},{"name":"password2","value":"p2"}],"username":"otherregistry"}`},
		{"POST", group + "/myregistry/listCredentials", token, 400, `UnAuthorizedForCredentialOperations`},
		{"GET", group + "/partnerregistry", token, 404, `"code":"ResourceNotFound"`}, // of another tenant
	} {
		header := []string{}
		if test.token != "" {
			header = []string{"Authorization", "Bearer " + test.token}
		}
		r := send(t, a, test.method, arm+test.path+"?api-version=2023-07-01", "", header...)
		if r.StatusCode != test.status || !strings.Contains(r.body, test.want) {
			t.Errorf("%s %s: %s %s", test.method, test.path, r.Status, r.body)
		}
	}
}
