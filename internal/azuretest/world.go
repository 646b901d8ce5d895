package azuretest

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The default world. All of it is invented.
const (
	Tenant = "7a1e0000-0000-4000-8000-00000000c0de"
	// TenantDomain is another name of Tenant.
	TenantDomain = "contoso.onmicrosoft.com"
	// SecondTenant owns [SecondTenantRegistry].
	SecondTenant       = "7a1e0000-0000-4000-8000-000000000002"
	SecondTenantDomain = "partner.onmicrosoft.com"

	// ClientID is an app of Tenant that takes ClientSecret, any certificate and
	// any federated assertion.
	ClientID     = "c11e0000-0000-4000-8000-000000000001"
	ClientSecret = "first~secret.of-the_emulator"
	// SecondClientID is another app of Tenant, like the first.
	SecondClientID     = "c11e0000-0000-4000-8000-000000000002"
	SecondClientSecret = "second~secret.of-the_emulator"
	// MultiTenantClientID is an app of Tenant that SecondTenant knows, too.
	MultiTenantClientID     = "c11e0000-0000-4000-8000-000000000003"
	MultiTenantClientSecret = "third~secret.of-the_emulator"

	// UserName can sign in to Tenant and, as a guest, to SecondTenant.
	UserName           = "alice@contoso.onmicrosoft.com"
	UserPassword       = "alice's password"
	SecondUserName     = "bob@contoso.onmicrosoft.com"
	SecondUserPassword = "bob's password"

	// The managed identities of the machine.
	SystemAssignedClientID = "5e1f0000-0000-4000-8000-000000000000"
	SystemAssignedObjectID = "5e1f0000-0000-4000-9000-000000000000"
	SystemAssignedResource = "/subscriptions/" + SubscriptionID + "/resourcegroups/" + ResourceGroup + "/providers/Microsoft.Compute/virtualMachines/machine"

	UserAssignedClientID         = "0a550000-0000-4000-8000-000000000001"
	UserAssignedObjectID         = "0a550000-0000-4000-9000-000000000001"
	UserAssignedResourceID       = userAssignedPrefix + "first"
	SecondUserAssignedClientID   = "0a550000-0000-4000-8000-000000000002"
	SecondUserAssignedObjectID   = "0a550000-0000-4000-9000-000000000002"
	SecondUserAssignedResourceID = userAssignedPrefix + "second"
	ThirdUserAssignedClientID    = "0a550000-0000-4000-8000-000000000003"
	ThirdUserAssignedObjectID    = "0a550000-0000-4000-9000-000000000003"
	ThirdUserAssignedResourceID  = userAssignedPrefix + "third"

	SubscriptionID = "5ab50000-0000-4000-8000-000000000001"
	ResourceGroup  = "group"

	// Default registries.
	MyRegistry           = "myregistry.azurecr.io"
	OtherRegistry        = "otherregistry.azurecr.io"
	LabelRegistry        = "myregistry-abc123def456.azurecr.io" // with a domain name label
	RegionalRegistry     = "myregistry.eastus.geo.azurecr.io"   // same content as MyRegistry
	ChinaRegistry        = "chinaregistry.azurecr.cn"           //
	GovernmentRegistry   = "usgovregistry.azurecr.us"           //
	SecondTenantRegistry = "partnerregistry.azurecr.io"         // of SecondTenant

	// What GitHub Actions and Azure Pipelines hand to a job.
	GitHubRequestToken   = "github-request-token"
	GitHubSubject        = "repo:contoso/app:ref:refs/heads/main"
	GitHubIssuer         = "https://token.actions.githubusercontent.com"
	PipelinesAccessToken = "pipelines-system-accesstoken"
	PipelinesConnection  = "c0220000-0000-4000-8000-000000000001"
	PipelinesSubject     = "sc://contoso/project/connection"
	PipelinesIssuer      = "https://vstoken.dev.azure.com/0e600000-0000-4000-8000-000000000001"

	// ClusterIssuer and ClusterSubject are those of [Azure.EnvFor]'s
	// workload identity.
	ClusterIssuer  = "https://eastus.oic.prod-aks.azure.com/7a1e0000-0000-4000-8000-00000000c0de/cluster/"
	ClusterSubject = "system:serviceaccount:default:workload"

	// CLIClientID is the Azure CLI's own app, a public client of every tenant.
	CLIClientID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

	userAssignedPrefix = "/subscriptions/" + SubscriptionID + "/resourcegroups/" + ResourceGroup + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
)

// What lives how long, where the configuration says nothing (wire.md).
const (
	defaultRefreshTokenLife = 11700 * time.Second
	defaultAccessTokenLife  = 4500 * time.Second
	defaultEntraTokenLife   = 3599 * time.Second
	defaultManagedTokenLife = 86399 * time.Second
)

// defaultWorld is a new copy of it.
func defaultWorld() Config {
	app := func(id, secret string, multi bool) App {
		return App{ClientID: id, Secrets: []string{secret}, Certificates: []string{"any"}, AnyFederated: true, MultiTenant: multi}
	}
	return Config{
		Registries: []Registry{
			{Host: MyRegistry},
			{Host: OtherRegistry},
			{Host: LabelRegistry},
			{Host: RegionalRegistry},
			{Host: ChinaRegistry},
			{Host: GovernmentRegistry},
			{Host: SecondTenantRegistry, Tenant: SecondTenant},
		},
		Tenants: []TenantConfig{
			{ID: Tenant, Domains: []string{TenantDomain}},
			{ID: SecondTenant, Domains: []string{SecondTenantDomain}},
		},
		Apps: []App{
			app(ClientID, ClientSecret, false),
			app(SecondClientID, SecondClientSecret, false),
			app(MultiTenantClientID, MultiTenantClientSecret, true),
		},
		// The Azure CLI looks there, at times, whether it is online at all.
		Tolerate: []string{"CONNECT azure.microsoft.com/"},
		Users: []User{
			{Name: UserName, Password: UserPassword, Guest: []string{SecondTenant}},
			{Name: SecondUserName, Password: SecondUserPassword},
		},
		ManagedIdentities: ManagedIdentities{UserAssigned: []ManagedIdentity{
			{UserAssignedClientID, UserAssignedObjectID, UserAssignedResourceID},
			{SecondUserAssignedClientID, SecondUserAssignedObjectID, SecondUserAssignedResourceID},
			{ThirdUserAssignedClientID, ThirdUserAssignedObjectID, ThirdUserAssignedResourceID},
		}},
	}
}

// withDefaults is c on top of the default world.
func (c Config) withDefaults() *Config {
	w := c.clone()
	// An explicitly empty list does not survive clone, and means none.
	none := c.ManagedIdentities.UserAssigned != nil && len(c.ManagedIdentities.UserAssigned) == 0
	if w.Bare {
		return w
	}
	d := defaultWorld()
	w.Registries = overlay(d.Registries, w.Registries, func(r Registry) string { return r.Host })
	w.Tenants = overlay(d.Tenants, w.Tenants, func(t TenantConfig) string { return t.ID })
	w.Apps = overlay(d.Apps, w.Apps, func(a App) string { return a.ClientID })
	w.Tolerate = append(d.Tolerate, w.Tolerate...)
	w.Users = overlay(d.Users, w.Users, func(u User) string { return u.Name })
	if w.ManagedIdentities.UserAssigned == nil && !none {
		w.ManagedIdentities.UserAssigned = d.ManagedIdentities.UserAssigned
	}
	return w
}

// overlay is base with the entries of top replaced and added.
func overlay[T any](base, top []T, key func(T) string) []T {
	for _, t := range top {
		same := func(b T) bool { return strings.EqualFold(key(b), key(t)) }
		if i := slices.IndexFunc(base, same); i >= 0 {
			base[i] = t
		} else {
			base = append(base, t)
		}
	}
	return base
}

// Registry is the entry of host, made when there is none, for use in
// [Azure.Update].
func (c *Config) Registry(host string) *Registry {
	for i := range c.Registries {
		if c.Registries[i].Host == host && !c.Registries[i].Wildcard {
			return &c.Registries[i]
		}
	}
	c.Registries = append(c.Registries, Registry{Host: host})
	return &c.Registries[len(c.Registries)-1]
}

// App is the entry of a client id, made when there is none.
func (c *Config) App(clientID string) *App {
	for i := range c.Apps {
		if strings.EqualFold(c.Apps[i].ClientID, clientID) {
			return &c.Apps[i]
		}
	}
	c.Apps = append(c.Apps, App{ClientID: clientID})
	return &c.Apps[len(c.Apps)-1]
}

// registry finds the login server of a host, an exact entry before a wildcard.
func (c *Config) registry(host string) *Registry {
	var wild *Registry
	for i := range c.Registries {
		r := &c.Registries[i]
		if !r.Wildcard && r.Host == host {
			return r
		}
		if r.Wildcard && match(r.Host, host) {
			wild = r
		}
	}
	return wild
}

// tenant finds a tenant by id or domain, as a cloud knows it.
func (c *Config) tenant(name, inCloud string) *TenantConfig {
	for i := range c.Tenants {
		t := &c.Tenants[i]
		known := strings.EqualFold(t.ID, name) || slices.ContainsFunc(t.Domains, func(d string) bool { return strings.EqualFold(d, name) })
		if known && (inCloud == "" || len(t.Clouds) == 0 || slices.Contains(t.Clouds, inCloud)) {
			return t
		}
	}
	return nil
}

// app finds an app as a tenant knows it.
func (c *Config) app(clientID, tenant string) *App {
	for i := range c.Apps {
		a := &c.Apps[i]
		if strings.EqualFold(a.ClientID, clientID) && (a.MultiTenant || strings.EqualFold(cmp.Or(a.Tenant, Tenant), tenant)) {
			return a
		}
	}
	return nil
}

// user finds a user by name.
func (c *Config) user(name string) *User {
	for i := range c.Users {
		if strings.EqualFold(c.Users[i].Name, name) {
			return &c.Users[i]
		}
	}
	return nil
}

// homeTenant is where the user belongs, in says whether the user can sign in to
// a tenant.
func (u *User) homeTenant() string { return cmp.Or(u.Tenant, Tenant) }

func (u *User) in(tenant string) bool {
	return strings.EqualFold(u.homeTenant(), tenant) || slices.ContainsFunc(u.Guest, func(g string) bool { return strings.EqualFold(g, tenant) })
}

func (u *User) objectID() string { return cmp.Or(u.ObjectID, derivedID("user "+u.Name)) }
