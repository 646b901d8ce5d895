package identity

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"

	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/who"
)

// TestPlatform holds that the configuration and MSAL find the same platform, whatever
// variables there are.
func TestPlatform(t *testing.T) {
	names := []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "MSI_SECRET", "IMDS_ENDPOINT"}
	t.Setenv("DOCKER_CREDENTIAL_ACR_CONFIG", "")
	t.Setenv("HOME", t.TempDir())
	seen := map[config.Platform]bool{}
	for set := range 1 << len(names) {
		for n, name := range names {
			value := ""
			if set&(1<<n) != 0 {
				value = "https://localhost/"
			}
			t.Setenv(name, value)
		}
		want, err := managedidentity.GetSource()
		if err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(nil)
		if err != nil {
			t.Fatal(err)
		}
		got := c.For(host.Registry{LoginServer: "myregistry.azurecr.io"}).Azure.Platform
		if string(got) != string(want) {
			t.Errorf("variables %06b: %s, MSAL has %s", set, got, want)
		}
		seen[got] = true
	}
	if len(seen) < 5 {
		t.Errorf("only %v were seen", seen)
	}
}

// TestAuthorities holds that the authorities are those of the SDK.
func TestAuthorities(t *testing.T) {
	for c, want := range map[host.Cloud]cloud.Configuration{host.Public: cloud.AzurePublic, host.China: cloud.AzureChina, host.USGov: cloud.AzureGovernment} {
		if got := who.Authority(config.Azure{Cloud: c}); got != want.ActiveDirectoryAuthorityHost {
			t.Errorf("%s: %s", c, got)
		}
	}
}
