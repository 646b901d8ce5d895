//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// A multi-tenant app, with the tenant of each registry.
func TestTenants(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{})
	dir := w.vault(map[string]string{"secret": azuretest.MultiTenantClientSecret + "\n", "first": azuretest.ClientSecret})
	app := `"identity": "service-principal", "clientId": "` + azuretest.MultiTenantClientID + `", "clientSecretFile": "` + dir + `/secret"`
	partner := azuretest.SecondTenantRegistry

	w.settings(`{"default": {` + app + `, "tenantId": "` + azuretest.Tenant + `"}}`)
	w.answersAs(registry, azuretest.MultiTenantClientID)
	line := w.refusal(partner)
	w.saysTenant(line, azuretest.Tenant, "tenantId")
	w.asked("POST login.microsoftonline.com/"+azuretest.Tenant+"/oauth2/v2.0/token", 2)

	w.settings(`{"default": {` + app + `, "tenantId": "` + azuretest.Tenant + `"}, "registries": {"` + partner + `": {"tenantId": "` + azuretest.SecondTenant + `"}}}`)
	w.azure.Reset()
	w.answersAs(partner, azuretest.MultiTenantClientID)
	w.asked("POST login.microsoftonline.com/"+azuretest.SecondTenant+"/oauth2/v2.0/token", 1)
	w.azure.Reset()
	w.answersAs(registry, azuretest.MultiTenantClientID)
	w.answersAs(partner, azuretest.MultiTenantClientID)
	w.asked("* *", 0)

	// A tenant may go by its domain.
	w.settings(`{"default": {` + app + `}, "registries": {"` + partner + `": {"tenantId": "` + azuretest.SecondTenantDomain + `"}}}`)
	w.answersAs(partner, azuretest.MultiTenantClientID)
	w.shows(w.refusal(registry), "tenantId")

	// An app of one tenant is unknown in the other.
	w.settings(`{"default": {"identity": "service-principal", "clientId": "` + azuretest.ClientID + `", "clientSecretFile": "` + dir + `/first", "tenantId": "` + azuretest.SecondTenant + `"}}`)
	w.saysTenant(w.refusal(partner), azuretest.SecondTenant, "tenantId", "AADSTS700016")

	// By variables alone.
	w.settings(`{}`)
	w.setAll([]string{"AZURE_TENANT_ID=" + azuretest.Tenant, "AZURE_CLIENT_ID=" + azuretest.MultiTenantClientID, "AZURE_CLIENT_SECRET=" + azuretest.MultiTenantClientSecret})
	w.saysTenant(w.refusal(partner), azuretest.Tenant, "AZURE_TENANT_ID", "tenantId")
	w.settings(`{"registries": {"` + partner + `": {"tenantId": "` + azuretest.SecondTenant + `"}}}`)
	w.answersAs(registry, azuretest.MultiTenantClientID)
	w.answersAs(partner, azuretest.MultiTenantClientID)
}

// Two registries with two identities in one Docker configuration.
func TestTwoIdentities(t *testing.T) {
	t.Parallel()
	program := crane.client(t)
	w := machine(t, azuretest.Config{})
	w.signOut()
	w.checksCache()
	dir := w.vault(map[string]string{"first": azuretest.ClientSecret, "second": azuretest.SecondClientSecret})
	w.settings(`{"default": {"identity": "service-principal", "tenantId": "` + azuretest.Tenant + `"}, "registries": {
		"` + registry + `": {"clientId": "` + azuretest.ClientID + `", "clientSecretFile": "` + dir + `/first"},
		"` + other + `": {"clientId": "` + azuretest.SecondClientID + `", "clientSecretFile": "` + dir + `/second"}
	}}`)
	w.azure.Update(func(c *azuretest.Config) {
		c.Registry(registry).Roles = map[string]string{azuretest.ClientID: "pull", azuretest.SecondClientID: "none"}
		c.Registry(other).Roles = map[string]string{azuretest.SecondClientID: "push", azuretest.ClientID: "none"}
	})
	digest := w.seed(registry, "team/app", "1")
	w.ok(program, "copy", registry+"/team/app:1", other+"/team/app:1")
	var as []string
	for _, r := range w.asked(exchanges, 2) {
		as = append(as, r.Host+" "+r.Principal)
	}
	slices.Sort(as)
	if !slices.Equal(as, []string{registry + " " + azuretest.ClientID, other + " " + azuretest.SecondClientID}) {
		t.Errorf("exchanged %q", as)
	}
	if got := w.digest(other, "team/app", "1"); got != digest {
		t.Errorf("copied %s, want %s", got, digest)
	}
}

// China and US Government at once, with one configuration.
func TestClouds(t *testing.T) {
	t.Parallel()
	w := machine(t, azuretest.Config{})
	w.checksCache()
	china, government := azuretest.ChinaRegistry, azuretest.GovernmentRegistry
	w.configure(credHelpers(registry, china, government))
	w.ok(crane.client(t), "version")
	digest := w.seed(china, "team/app", "1")

	w.ok(crane.client(t), "copy", china+"/team/app:1", government+"/team/app:1")
	if got := w.digest(government, "team/app", "1"); got != digest {
		t.Errorf("copied %s, want %s", got, digest)
	}
	for host, authority := range map[string]string{china: "login.chinacloudapi.cn", government: "login.microsoftonline.us"} {
		w.asked("POST "+host+"/oauth2/exchange", 1)
		for _, r := range w.asked("POST "+authority+"/*", 1) {
			if scope := r.Form.Get("scope"); !strings.HasPrefix(scope, "https://containerregistry.azure.net/.default") {
				t.Errorf("%s was asked for %s", authority, scope)
			}
		}
	}
	w.asked("* login.microsoftonline.com/*", 0)

	w.azure.Reset()
	w.ok(debian(t, "skopeo", "skopeo"), "copy", "--insecure-policy", "docker://"+government+"/team/app:1", "docker://"+china+"/team/second:1")
	if got := w.digest(china, "team/second", "1"); got != digest {
		t.Errorf("copied %s, want %s", got, digest)
	}
	w.asked(exchanges, 0)
	w.asked("* login.*", 0)

	w.answersAs(registry, azuretest.ClientID)
	w.asked("POST login.microsoftonline.com/*", 1)
	w.azure.Reset()
	for _, host := range []string{registry, china, government} {
		w.answersAs(host, azuretest.ClientID)
	}
	w.asked("* *", 0)

	// AZURE_AUTHORITY_HOST wins, as on a node of one cloud; then the token is
	// worth nothing in the other.
	w.env["AZURE_AUTHORITY_HOST"] = "https://login.chinacloudapi.cn/"
	w.answersAs(china, azuretest.ClientID)
	w.refusal(government)
	w.asked("* login.microsoftonline.us/*", 0)
}

// Azure Local has Resource Manager's audience only. That is found out once.
func TestAzureLocal(t *testing.T) {
	t.Parallel()
	for _, code := range []int{500011, 50001} {
		w := nobody(t, azuretest.Config{
			MissingAudiences: map[string]int{"https://containerregistry.azure.net": code},
			IMDS:             "on",
			AuthorityHosts:   []azuretest.AuthorityHost{{Host: "login.local.contoso.com"}},
			Registries:       []azuretest.Registry{{Host: "registry.local.contoso.com"}},
		})
		w.setAll(w.azure.EnvFor("service-principal"))
		w.answersAs(registry, azuretest.ClientID)
		var scopes []string
		for _, r := range w.asked(entra, 2) {
			scope, _, _ := strings.Cut(r.Form.Get("scope"), " ")
			scopes = append(scopes, scope)
		}
		if !slices.Equal(scopes, []string{"https://containerregistry.azure.net/.default", "https://management.azure.com/.default"}) {
			t.Errorf("Entra was asked for %q", scopes)
		}
		w.azure.Reset()
		w.answersAs(other, azuretest.ClientID)
		for _, r := range w.asked(entra, 1) {
			if r.Status != 200 {
				t.Error("a failing request: ", r)
			}
		}
		// It is known of that cloud and tenant alone.
		w.azure.Reset()
		w.answersAs(azuretest.GovernmentRegistry, azuretest.ClientID)
		w.asked(entra, 2)

		// By an authority of its own, for a registry outside of ACR's domains.
		w.settings(`{"registries": {"registry.local.contoso.com": {"authorityHost": "https://login.local.contoso.com/"}}}`)
		w.azure.Reset()
		w.answersAs("registry.local.contoso.com", azuretest.ClientID)
		w.asked("POST login.local.contoso.com/*", 2)
		w.asked(entra, 2)

		// The machine's identity.
		w.signOut()
		w.azure.Reset()
		w.answersAs(registry, azuretest.SystemAssignedClientID)
		w.asked(imds+"?*resource=*", 2)
		w.azure.Reset()
		w.answersAs(other, azuretest.SystemAssignedClientID)
		w.asked(imds+"?*resource=*", 1)
	}
}
