package azuretest_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// TestAzureCLI runs the real Azure CLI, unmodified (tried with Debian's 2.45).
// It takes some seconds, so it waits to be asked.
func TestAzureCLI(t *testing.T) {
	if os.Getenv("AZURETEST_AZ") != "1" {
		t.Skip("SKIPPED: the real Azure CLI is run with AZURETEST_AZ=1 only")
	}
	if _, err := exec.LookPath("az"); err != nil {
		t.Skip("SKIPPED although AZURETEST_AZ=1: az is not on PATH: ", err)
	}
	a := azuretest.Start(t, azuretest.Config{
		IMDS:       "on",
		Registries: []azuretest.Registry{{Host: azuretest.OtherRegistry, ARMTokens: "refused"}},
	})
	env := append(os.Environ(), a.Env()...)
	env = append(env, "AZURE_CONFIG_DIR="+t.TempDir(), "AZURE_CORE_COLLECT_TELEMETRY=no", "HOME="+t.TempDir())
	az := func(args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), "az", args...)
		c.Env = env
		var stderr strings.Builder
		c.Stderr = &stderr
		out, err := c.Output()
		if err != nil {
			t.Fatalf("az %s: %v\n%s", strings.Join(args, " "), err, &stderr)
		}
		return string(out)
	}
	exchanged := func(host, registry string) {
		t.Helper()
		var answer struct{ LoginServer, AccessToken string }
		if err := json.Unmarshal([]byte(az("acr", "login", "-n", registry, "--expose-token", "-o", "json")), &answer); err != nil {
			t.Fatal(err)
		}
		if answer.LoginServer != host || claimsOf(t, answer.AccessToken)["aud"] != host {
			t.Errorf("%s: %+v", registry, answer)
		}
	}

	az("login", "--service-principal", "-u", azuretest.ClientID, "-p", azuretest.ClientSecret, "--tenant", azuretest.Tenant)
	exchanged(azuretest.MyRegistry, "myregistry")
	exchanged(azuretest.OtherRegistry, "otherregistry")
	var token struct{ AccessToken, Tenant string }
	if err := json.Unmarshal([]byte(az("account", "get-access-token", "-o", "json", "--resource", "https://containerregistry.azure.net")), &token); err != nil {
		t.Fatal(err)
	}
	if claims := claimsOf(t, token.AccessToken); claims["aud"] != "https://containerregistry.azure.net" || claims["appid"] != azuretest.ClientID {
		t.Error(claims)
	}
	if got := strings.TrimSpace(az("acr", "repository", "list", "-n", "myregistry", "-o", "json")); got != "[]" {
		t.Error(got)
	}

	az("logout")
	az("login", "-u", azuretest.UserName, "-p", azuretest.UserPassword)
	exchanged(azuretest.MyRegistry, "myregistry")
	az("logout")
	az("login", "--use-device-code", "--tenant", azuretest.Tenant)
	exchanged(azuretest.MyRegistry, "myregistry")
	az("login", "--identity")
	exchanged(azuretest.MyRegistry, "myregistry")
	az("cloud", "set", "-n", "AzureUSGovernment")
	az("login", "--service-principal", "-u", azuretest.ClientID, "-p", azuretest.ClientSecret, "--tenant", azuretest.Tenant)
	exchanged(azuretest.GovernmentRegistry, "usgovregistry")
}
