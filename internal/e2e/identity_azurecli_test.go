//go:build e2e

package e2e

import (
	"strings"
	"sync"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

const exchange = "POST " + registry + "/oauth2/exchange"

// The Azure CLI is the identity; whoever signs in there is the next get's.
func TestAzureCLI(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{IMDS: "on"})
	w.settings(`{"default": {"identity": "azure-cli"}}`)
	az := w.azureCLI()
	w.shows(w.refusal(registry), "az login")
	w.oursAre()
	az.runs(1)

	az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
	first := w.answer(registry) // the failure of a moment ago was nobody's
	w.oursAre(exchange)
	if got := w.asked(exchange, 1)[0].Principal; got != azuretest.ClientID {
		t.Errorf("exchanged as %s", got)
	}
	if args := az.runs(1)[0]; args != "account get-access-token --output json --resource https://containerregistry.azure.net" {
		t.Errorf("az %s", args)
	}

	w.azure.Reset()
	if w.answer(registry) != first {
		t.Error("the warm answer is another one")
	}
	az.runs(0)
	w.asked("* *", 0)
	w.answersAs(other, azuretest.ClientID)
	w.oursAre("POST " + other + "/oauth2/exchange")
	az.runs(1)

	az.login(azuretest.SecondClientID, azuretest.SecondClientSecret, azuretest.Tenant)
	second := w.answer(registry)
	w.oursAre(exchange)
	if got := w.asked(exchange, 1)[0].Principal; got != azuretest.SecondClientID || second == first {
		t.Errorf("exchanged as %s after the second az login", got)
	}
	w.answersAs(registry, azuretest.SecondClientID)
	w.answersAs(other, azuretest.SecondClientID)
	az.runs(2)

	az.run("logout")
	w.shows(w.refusal(registry), "az login")
	w.asked(exchanges, 0)
	if r := w.helper("", "list"); strings.TrimSpace(r.stdout) != "{}" {
		t.Error(r)
	}

	az.run("login", "-u", azuretest.UserName, "-p", azuretest.UserPassword)
	w.answersAs(registry, azuretest.UserName)
	az.run("login", "-u", azuretest.SecondUserName, "-p", azuretest.SecondUserPassword)
	w.answersAs(registry, azuretest.SecondUserName)
	az.run("login", "--use-device-code", "--tenant", azuretest.Tenant)
	w.answersAs(registry, azuretest.UserName)
	az.run("login", "--identity")
	w.answersAs(registry, azuretest.SystemAssignedClientID)
	az.run("login", "--identity", "-u", azuretest.SecondUserAssignedClientID)
	w.answersAs(registry, azuretest.SecondUserAssignedClientID)
	az.run("login", "--identity", "-u", azuretest.ThirdUserAssignedResourceID)
	w.answersAs(registry, azuretest.ThirdUserAssignedClientID)

	// Alice's other tenant is still signed in, and not selected.
	az.run("logout")
	w.shows(w.refusal(registry), "az account set")
	w.asked(exchanges, 0)
	az.login(azuretest.SecondClientID, azuretest.SecondClientSecret, azuretest.Tenant)
	w.answersAs(registry, azuretest.SecondClientID)
}

// Without configuration the machine is asked first, once.
func TestAzureCLIOfALaptop(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{})
	az := w.azureCLI()
	az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
	w.answersAs(registry, azuretest.ClientID)
	w.oursAre("GET 169.254.169.254/metadata/identity/oauth2/token", exchange)
	az.login(azuretest.SecondClientID, azuretest.SecondClientSecret, azuretest.Tenant)
	w.answersAs(registry, azuretest.SecondClientID)
	w.answersAs(other, azuretest.SecondClientID)
	w.oursAre(exchange, "POST "+other+"/oauth2/exchange")
	az.runs(3)
	az.run("logout")
	line := w.refusal(registry)
	w.shows(line, "no Azure identity found", "Azure CLI: ", "az login")
	w.asked(exchanges, 0)
}

// The tenant of each registry, for a guest.
func TestAzureCLITenants(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{})
	az := w.azureCLI()
	w.settings(`{"default": {"identity": "azure-cli"}}`)
	az.run("login", "-u", azuretest.UserName, "-p", azuretest.UserPassword, "--tenant", azuretest.Tenant)
	w.answersAs(registry, azuretest.UserName)
	w.saysTenant(w.refusal(azuretest.SecondTenantRegistry), azuretest.Tenant, "tenantId", "az login --tenant")
	w.settings(`{"default": {"identity": "azure-cli"}, "registries": {"` + azuretest.SecondTenantRegistry + `": {"tenantId": "` + azuretest.SecondTenant + `"}}}`)
	az.runs(2)
	w.answersAs(azuretest.SecondTenantRegistry, azuretest.UserName)
	if args := az.runs(1)[0]; !strings.HasSuffix(args, " --tenant "+azuretest.SecondTenant) {
		t.Errorf("az %s", args)
	}
	w.azure.Reset()
	w.answersAs(registry, azuretest.UserName)
	w.answersAs(azuretest.SecondTenantRegistry, azuretest.UserName)
	w.asked("* *", 0)
}

// Two directories of the Azure CLI, at the same time, with one cache.
func TestAzureCLIDirectories(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{})
	w.settings(`{"default": {"identity": "azure-cli"}}`)
	az := w.azureCLI()
	az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
	env := map[string]string{}
	for name, value := range w.env {
		env[name] = value
	}
	env["AZURE_CONFIG_DIR"] = t.TempDir()
	v := &world{t: t, azure: w.azure, home: w.home, env: env}
	t.Cleanup(v.searchSecrets)
	(&azureCLI{w: v, path: az.path}).login(azuretest.SecondClientID, azuretest.SecondClientSecret, azuretest.Tenant)

	var group sync.WaitGroup
	for range 3 {
		group.Go(func() { w.asks(registry, azuretest.ClientID) })
		group.Go(func() { v.asks(registry, azuretest.SecondClientID) })
	}
	group.Wait()
	of := map[string]int{}
	for _, r := range w.asked(exchange, 2) {
		of[r.Principal]++
	}
	if of[azuretest.ClientID] != 1 || of[azuretest.SecondClientID] != 1 {
		t.Errorf("exchanged as %v", of)
	}
	az.runs(2)
	for range 2 {
		w.answersAs(registry, azuretest.ClientID)
		v.answersAs(registry, azuretest.SecondClientID)
	}
	az.runs(0)
}

// asks is answersAs for other goroutines than the test's.
func (w *world) asks(host, want string) {
	r := w.helper(host, "get")
	if v := oneValue(r.stdout); r.code != 0 || v.kind != "found" {
		w.t.Error(r)
	} else if got := principal(v.pass); got != want {
		w.t.Errorf("%s: the token is %s's, want %s", host, got, want)
	}
}

// Somebody else signs in while az is being asked: the answer is theirs, and not
// kept for the one before.
func TestAzureCLISwitchedMeanwhile(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{})
	w.settings(`{"default": {"identity": "azure-cli"}}`)
	az := w.azureCLI()
	az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
	az.first("'" + az.path + "' login --service-principal -u " + azuretest.SecondClientID + " -p '" + azuretest.SecondClientSecret + "' --tenant " + azuretest.Tenant + " >/dev/null 2>&1")
	w.helper(registry, "get")
	az.first("")
	az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
	w.answersAs(registry, azuretest.ClientID)
	az.login(azuretest.SecondClientID, azuretest.SecondClientSecret, azuretest.Tenant)
	w.answersAs(registry, azuretest.SecondClientID)
}

// Where Entra says to az that there is no such audience, az is asked for Resource
// Manager's, and from then on at once.
func TestAzureCLIAudience(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{MissingAudiences: map[string]int{"https://containerregistry.azure.net": 500011}})
	w.settings(`{"default": {"identity": "azure-cli"}}`)
	az := w.azureCLI()
	az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
	w.answersAs(registry, azuretest.ClientID)
	runs := strings.Join(az.runs(2), "\n")
	w.shows(runs, "--resource https://containerregistry.azure.net", "--resource https://management.azure.com")
	w.answersAs(other, azuretest.ClientID)
	w.shows(az.runs(1)[0], "--resource https://management.azure.com")
}

// What Entra says to az is quoted in one line.
func TestAzureCLIRefused(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{})
	w.settings(`{"default": {"identity": "azure-cli"}}`)
	az := w.azureCLI()
	az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
	w.azure.Update(func(c *azuretest.Config) { c.App(azuretest.ClientID).Secrets = []string{"rotated"} })
	w.shows(w.refusal(registry), "Azure CLI: ", "AADSTS7000215")
	w.asked(exchanges, 0)
	w.asked(entra, 1)

	az.run("login", "-u", azuretest.UserName, "-p", azuretest.UserPassword)
	w.azure.Update(func(c *azuretest.Config) {
		for i := range c.Users {
			c.Users[i].MFA = true
		}
	})
	w.shows(w.refusal(registry), "Azure CLI: ", "AADSTS50076", "az login")
	w.asked(exchanges, 0)
}

// The cloud that az is set to decides for whom it has a token.
func TestAzureCLIClouds(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{Registries: []azuretest.Registry{{Host: azuretest.GovernmentRegistry, Tenant: azuretest.SecondTenant}}})
	w.settings(`{"default": {"identity": "azure-cli"}}`)
	az := w.azureCLI()
	az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
	w.answersAs(registry, azuretest.ClientID)
	az.run("cloud", "set", "-n", "AzureUSGovernment")
	w.shows(w.refusal(azuretest.GovernmentRegistry), "az login")
	az.login(azuretest.MultiTenantClientID, azuretest.MultiTenantClientSecret, azuretest.SecondTenant)
	w.answersAs(azuretest.GovernmentRegistry, azuretest.MultiTenantClientID)
	w.refusal(registry)
	az.run("cloud", "set", "-n", "AzureCloud")
	w.answersAs(registry, azuretest.ClientID)
	az.run("cloud", "set", "-n", "AzureUSGovernment")
	w.answersAs(azuretest.GovernmentRegistry, azuretest.MultiTenantClientID)
}
