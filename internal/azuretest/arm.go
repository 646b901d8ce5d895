package azuretest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

const (
	registryType  = "Microsoft.ContainerRegistry/registries"
	armAPIVersion = "api-version"
)

var (
	subscriptionPath = regexp.MustCompile(`(?i)^/subscriptions/([^/]+)$`)
	resourcesPath    = regexp.MustCompile(`(?i)^/subscriptions/([^/]+)/resources$`)
	registriesPath   = regexp.MustCompile(`(?i)^/subscriptions/([^/]+)(?:/resourceGroups/([^/]+))?/providers/Microsoft\.ContainerRegistry/registries$`)
	registryPath     = regexp.MustCompile(`(?i)^/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.ContainerRegistry/registries/([^/]+)(/listCredentials)?$`)
)

// arm is Resource Manager, as far as az login and az acr login need it.
func (a *Azure) arm(x *call) {
	cl, _ := armCloud(x.host)
	claims, err := a.verify(x.now, strings.TrimPrefix(x.r.Header.Get("Authorization"), "Bearer "))
	if err != nil || !slices.Contains(cl.audiences, strings.TrimRight(audienceOf(claims), "/")) {
		x.w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer authorization_uri="https://%s/%s", error="invalid_token", error_description="The authentication failed because of missing 'Authorization' header."`, cl.authorities[0], Tenant))
		x.armError(http.StatusUnauthorized, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing or its token is not valid.")
		return
	}
	x.e.principal(text(claims, "appid"))
	if upn := text(claims, "upn"); upn != "" {
		x.e.principal(upn)
	}
	if x.r.URL.Query().Get(armAPIVersion) == "" {
		x.armError(http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
		return
	}
	path := strings.TrimRight(x.r.URL.Path, "/")
	get := x.r.Method == http.MethodGet
	if m := registryPath.FindStringSubmatch(path); m != nil && get == (m[4] == "") {
		a.armRegistry(x, cl, claims, m)
		return
	}
	switch {
	case get && path == "/subscriptions":
		var list []any
		for _, id := range x.subscriptions(cl, claims) {
			list = append(list, subscription(id, text(claims, "tid")))
		}
		x.json(http.StatusOK, map[string]any{"value": list, "count": map[string]any{"type": "Total", "value": len(list)}})
	case get && path == "/tenants":
		x.json(http.StatusOK, map[string]any{"value": x.tenants(claims)})
	case get && subscriptionPath.MatchString(path):
		id := strings.ToLower(subscriptionPath.FindStringSubmatch(path)[1])
		if !slices.Contains(x.subscriptions(cl, claims), id) {
			x.armError(http.StatusNotFound, "SubscriptionNotFound", fmt.Sprintf("The subscription '%s' could not be found.", id))
			return
		}
		x.json(http.StatusOK, subscription(id, text(claims, "tid")))
	case get && (resourcesPath.MatchString(path) || registriesPath.MatchString(path)):
		list := []any{}
		for _, r := range x.registriesOf(cl, claims) {
			if strings.HasPrefix(strings.ToLower(path), "/subscriptions/"+r.subscription()+"/") {
				list = append(list, r.resource())
			}
		}
		x.json(http.StatusOK, map[string]any{"value": list})
	default:
		a.surprise(x)
		x.armError(http.StatusNotFound, "InvalidResource", "azuretest: nothing is known of "+path)
	}
}

// armRegistry answers for one registry or its admin credentials.
func (a *Azure) armRegistry(x *call, cl cloud, claims jwt.MapClaims, m []string) {
	for _, r := range x.registriesOf(cl, claims) {
		if !strings.EqualFold(r.name(), m[3]) || !strings.EqualFold(r.group(), m[2]) || !strings.EqualFold(r.subscription(), m[1]) {
			continue
		}
		if m[4] == "" {
			x.json(http.StatusOK, r.resource())
			return
		}
		if len(r.AdminPasswords) == 0 {
			x.armError(http.StatusBadRequest, "UnAuthorizedForCredentialOperations", fmt.Sprintf("Cannot perform credential operations for %s as admin user is disabled. Kindly enable admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account", r.id("")))
			return
		}
		passwords := []map[string]string{}
		for i, p := range r.AdminPasswords {
			name := "password"
			if i > 0 {
				name = fmt.Sprintf("password%d", i+1)
			}
			passwords = append(passwords, map[string]string{"name": name, "value": p})
		}
		x.json(http.StatusOK, map[string]any{"username": r.adminUser(r.Host), "passwords": passwords})
		return
	}
	x.armError(http.StatusNotFound, "ResourceNotFound", fmt.Sprintf("The Resource '%s/%s' under resource group '%s' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix", registryType, m[3], m[2]))
}

func (x *call) armError(status int, code, message string) {
	x.json(status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}

// registriesOf lists the registries of a cloud in the tenant of a token, one for
// each name of a resource; regional login servers are not resources.
func (x *call) registriesOf(cl cloud, claims jwt.MapClaims) []*Registry {
	var list []*Registry
	for i := range x.c.Registries {
		r := &x.c.Registries[i]
		tenant := x.c.tenant(r.tenant(), "")
		if r.Wildcard || regionalHost.MatchString(r.Host) || cloudOf(r, r.Host).name != cl.name ||
			tenant == nil || tenant.ID != text(claims, "tid") ||
			slices.ContainsFunc(list, func(other *Registry) bool { return other.name() == r.name() }) {
			continue
		}
		list = append(list, r)
	}
	return list
}

// subscriptions that a token can see. One without registries is among them, so
// that signing in works in every cloud.
func (x *call) subscriptions(cl cloud, claims jwt.MapClaims) []string {
	list := []string{(&Registry{Tenant: text(claims, "tid")}).subscription()}
	for _, r := range x.registriesOf(cl, claims) {
		if !slices.Contains(list, r.subscription()) {
			list = append(list, r.subscription())
		}
	}
	return list
}

func subscription(id, tenant string) map[string]any {
	return map[string]any{
		"id": "/subscriptions/" + id, "subscriptionId": id, "tenantId": tenant, "displayName": "subscription " + id[:4],
		"state": "Enabled", "authorizationSource": "RoleBased", "managedByTenants": []any{},
		"subscriptionPolicies": map[string]string{"locationPlacementId": "Internal_2014-09-01", "quotaId": "Internal_2014-09-01", "spendingLimit": "Off"},
	}
}

// tenants of a user are several, of an app one.
func (x *call) tenants(claims jwt.MapClaims) []any {
	var list []any
	u := x.c.user(text(claims, "upn"))
	for _, t := range x.c.Tenants {
		if t.ID == text(claims, "tid") || u != nil && u.in(t.ID) {
			list = append(list, map[string]any{"id": "/tenants/" + t.ID, "tenantId": t.ID, "displayName": strings.Join(t.Domains, ", "), "tenantCategory": "Home"})
		}
	}
	return list
}

// name is that of the resource: the first label, without a domain name label.
func (r *Registry) name() string {
	label, _, _ := strings.Cut(r.Host, ".")
	name, _, _ := strings.Cut(label, "-")
	return name
}

func (r *Registry) group() string {
	if r.ResourceGroup != "" {
		return r.ResourceGroup
	}
	return ResourceGroup
}

func (r *Registry) subscription() string {
	switch {
	case r.Subscription != "":
		return strings.ToLower(r.Subscription)
	case r.tenant() == Tenant:
		return SubscriptionID
	}
	return derivedID("subscription of " + r.tenant())
}

// resource is the registry in Resource Manager.
func (r *Registry) resource() map[string]any {
	arm := "enabled"
	if r.ARMTokens == "refused" {
		arm = "disabled"
	}
	mode := "LegacyRegistryPermissions"
	if r.ABAC {
		mode = "AbacRepositoryPermissions"
	}
	return map[string]any{
		"id":       fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/%s/%s", r.subscription(), r.group(), registryType, r.name()),
		"type":     registryType,
		"name":     r.name(),
		"location": "eastus",
		"tags":     map[string]string{},
		"sku":      map[string]string{"name": "Premium", "tier": "Premium"},
		"properties": map[string]any{
			"loginServer": r.Host, "creationDate": "2026-01-01T00:00:00Z", "provisioningState": "Succeeded",
			"adminUserEnabled": len(r.AdminPasswords) > 0, "anonymousPullEnabled": r.AnonymousPull,
			"publicNetworkAccess": "Enabled", "roleAssignmentMode": mode,
			"policies": map[string]any{"azureADAuthenticationAsArmPolicy": map[string]string{"status": arm}},
		},
	}
}
