package azuretest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Config describes a world. Its zero value is the default world (see the
// constants in world.go): the entries named here are added to it, and replace
// those of the same host, id or name.
//
// The JSON form has the same names in lower camel case; durations are text.
type Config struct {
	// Bare leaves the default world out: only what is named exists.
	Bare bool `json:"bare,omitempty"`

	Registries []Registry `json:"registries,omitempty"`
	// DefaultRole is the role of principals without one of their own; see
	// [Registry.Roles]. Empty means push.
	DefaultRole string `json:"defaultRole,omitempty"`

	Tenants           []TenantConfig    `json:"tenants,omitempty"`
	Apps              []App             `json:"apps,omitempty"`
	Users             []User            `json:"users,omitempty"`
	ManagedIdentities ManagedIdentities `json:"managedIdentities,omitzero"`
	// SignIn is how interactive sign-ins (device code, browser) go.
	SignIn SignIn `json:"signIn,omitzero"`
	// AuthorityHosts are Entra's hosts beside those of the three clouds.
	AuthorityHosts []AuthorityHost `json:"authorityHosts,omitempty"`
	// MissingAudiences maps resources that do not exist to the AADSTS code
	// that Entra answers: 500011 or 50001 (Azure Local).
	MissingAudiences map[string]int `json:"missingAudiences,omitempty"`
	// EntraTokenLife is the life of Entra's access tokens; 0 means 3599 s.
	EntraTokenLife Duration `json:"entraTokenLife,omitempty"`

	// IMDS is what is found at 169.254.169.254:
	// "off" (the default: the connection is closed without an answer),
	// "blackhole" or "hang" (no answer ever comes), "on",
	// "forbidden" (a transparent proxy answers 403 with HTML),
	// "captive" (a captive portal answers 200 with HTML),
	// "notfound" (404, as while an identity is being attached).
	IMDS string `json:"imds,omitempty"`

	GitHub    GitHub    `json:"github,omitzero"`
	Pipelines Pipelines `json:"pipelines,omitzero"`

	// Strict makes the registries as strict as any was seen to be: errors have
	// no body, and the exchange, too, takes the host in lower case alone for
	// the service. The rest is strict always: a password without a scope is a
	// 400, and Basic with an empty user is nobody.
	Strict bool `json:"strict,omitempty"`

	// Clock is added to the real time in everything the emulator says (Date
	// headers, iat, nbf, exp) and checks.
	Clock Duration `json:"clock,omitempty"`
	// Latency is one round trip to the cloud. Connecting costs one, the TLS
	// handshake one, each request one. IMDS and loopback endpoints cost none.
	Latency Duration `json:"latency,omitempty"`
	Faults  []Fault  `json:"faults,omitempty"`

	// ProxyAuth, "user:password", is what the proxy demands (else 407).
	ProxyAuth string `json:"proxyAuth,omitempty"`
	// Tolerate holds patterns ("METHOD HOST/PATH", "CONNECT HOST/") of requests
	// that cannot be answered but are nobody's fault, such as telemetry.
	Tolerate []string `json:"tolerate,omitempty"`
}

// Registry is one login server.
type Registry struct {
	// Host in lower case. "*.azurecr.io" with Wildcard stands for every host
	// below that suffix that has no entry of its own.
	Host     string `json:"host"`
	Wildcard bool   `json:"wildcard,omitempty"`
	// Tenant that the registry belongs to; empty means [Tenant].
	Tenant string `json:"tenant,omitempty"`
	// Cloud, "" = from the suffix of the host, AzurePublic if that says nothing.
	Cloud string `json:"cloud,omitempty"`

	// AnonymousPull lets anybody pull.
	AnonymousPull bool `json:"anonymousPull,omitempty"`
	// ARMTokens "refused" is azureADAuthenticationAsArmPolicy=disabled.
	ARMTokens string `json:"armTokens,omitempty"`
	// ABAC is the role assignment mode with repository permissions. Changing it
	// kills the tokens issued before.
	ABAC bool `json:"abac,omitempty"`
	// Firewall is the client address that is not allowed access; when set,
	// every request is answered with the 403 of the firewall.
	Firewall string `json:"firewall,omitempty"`

	// Roles maps principals (client id, user name, object id or resource id;
	// "system" for the system-assigned identity) to roles, separated by spaces:
	//
	//	none                                     no role: the 401 with a CorrelationId
	//	denied                                   the 403 "retrieving permissions failed"
	//	pull, push, owner                        AcrPull, AcrPush, Owner
	//	repository-reader, -writer, -contributor ABAC roles, on all repositories or,
	//	                                         as "repository-reader:team/*", on some
	//	catalog-lister                           ABAC role
	//
	// pull and push are worth nothing in ABAC mode. The default role there is
	// "repository-writer catalog-lister".
	Roles map[string]string `json:"roles,omitempty"`

	// AdminPasswords enable the admin user, whose name is AdminUser or else the
	// first label of the host.
	AdminUser      string          `json:"adminUser,omitempty"`
	AdminPasswords []string        `json:"adminPasswords,omitempty"`
	ScopeMapTokens []ScopeMapToken `json:"scopeMapTokens,omitempty"`

	// RefreshTokenLife 0 means 11,700 s, AccessTokenLife 0 means 4,500 s.
	RefreshTokenLife Duration `json:"refreshTokenLife,omitempty"`
	AccessTokenLife  Duration `json:"accessTokenLife,omitempty"`
	// Exchanged changes the refresh tokens that the exchange gives out (another
	// audience, expired, …). The zero value changes nothing.
	Exchanged TokenOptions `json:"exchanged,omitzero"`

	// Subscription and ResourceGroup in Resource Manager; empty means
	// [SubscriptionID] and [ResourceGroup].
	Subscription  string `json:"subscription,omitempty"`
	ResourceGroup string `json:"resourceGroup,omitempty"`
}

// ScopeMapToken is a repository-scoped token of a registry.
type ScopeMapToken struct {
	Name      string   `json:"name"`
	Passwords []string `json:"passwords"`
	// Repositories maps repository names (or "team/*") to actions: content/read,
	// content/write, content/delete, metadata/read, metadata/write.
	Repositories map[string][]string `json:"repositories"`
	Disabled     bool                `json:"disabled,omitempty"`
}

// TenantConfig is an Entra tenant.
type TenantConfig struct {
	ID      string   `json:"id"`
	Domains []string `json:"domains,omitempty"`
	// Clouds that the tenant exists in; empty means all, which is convenient
	// and unlike the real ones.
	Clouds []string `json:"clouds,omitempty"`
}

// App is an application registration with its service principal.
type App struct {
	ClientID string `json:"clientId"`
	// Tenant of the app; empty means [Tenant].
	Tenant string `json:"tenant,omitempty"`
	// MultiTenant apps can get tokens in every tenant.
	MultiTenant bool `json:"multiTenant,omitempty"`
	// Secrets, any of which is valid. SecretExpired answers AADSTS7000222.
	Secrets       []string `json:"secrets,omitempty"`
	SecretExpired bool     `json:"secretExpired,omitempty"`
	// Certificates: PEM, or a SHA-1 or SHA-256 thumbprint in hexadecimal, or
	// "any". With PEM (or a chain in the assertion) the signature is verified.
	Certificates []string `json:"certificates,omitempty"`
	// Federated credentials. AnyFederated takes every well-formed assertion.
	Federated    []FederatedCredential `json:"federated,omitempty"`
	AnyFederated bool                  `json:"anyFederated,omitempty"`
	// Fail is an AADSTS code that every token request of the app is answered
	// with, such as 53003.
	Fail int `json:"fail,omitempty"`
}

// FederatedCredential must match the assertion literally. The signature must
// be the emulator's ([Azure.Assertion]).
type FederatedCredential struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
	// Audience; empty means the one of the authority's cloud.
	Audience string `json:"audience,omitempty"`
}

// User is a member of a tenant.
type User struct {
	Name     string `json:"name"` // user principal name
	Password string `json:"password,omitempty"`
	Tenant   string `json:"tenant,omitempty"` // empty means [Tenant]
	ObjectID string `json:"objectId,omitempty"`
	// MFA answers passwords and refresh tokens with AADSTS50076.
	MFA bool `json:"mfa,omitempty"`
	// Guest lists further tenants that the user can sign in to.
	Guest []string `json:"guest,omitempty"`
}

// ManagedIdentities are those of the machine that the client runs on.
type ManagedIdentities struct {
	// NoSystemAssigned takes the system-assigned identity away.
	NoSystemAssigned bool              `json:"noSystemAssigned,omitempty"`
	UserAssigned     []ManagedIdentity `json:"userAssigned,omitempty"`
	// Tenant that they live in; empty means [Tenant].
	Tenant string `json:"tenant,omitempty"`
	// Cloud that they live in; empty means that every cloud takes them.
	Cloud string `json:"cloud,omitempty"`
	// TokenLife 0 means 86,399 s.
	TokenLife Duration `json:"tokenLife,omitempty"`
}

// ManagedIdentity is a user-assigned identity.
type ManagedIdentity struct {
	ClientID   string `json:"clientId"`
	ObjectID   string `json:"objectId"`
	ResourceID string `json:"resourceId"`
}

// SignIn says how interactive sign-ins end.
type SignIn struct {
	// User who signs in; empty means [UserName].
	User string `json:"user,omitempty"`
	// Outcome: "" = signs in, "pending" = never does, "declined", "expired".
	Outcome string `json:"outcome,omitempty"`
	// Polls that are answered authorization_pending before the sign-in.
	Polls int `json:"polls,omitempty"`
}

// AuthorityHost is an Entra host of its own, such as that of a private cloud.
type AuthorityHost struct {
	Host  string `json:"host"`
	Cloud string `json:"cloud,omitempty"` // empty means AzurePublic
}

// GitHub is the OpenID Connect provider of GitHub Actions. Empty fields have
// the defaults of world.go.
type GitHub struct {
	RequestToken string `json:"requestToken,omitempty"`
	Subject      string `json:"subject,omitempty"`
}

// Pipelines is the OpenID Connect provider of Azure Pipelines.
type Pipelines struct {
	AccessToken         string `json:"accessToken,omitempty"`
	ServiceConnectionID string `json:"serviceConnectionId,omitempty"`
	Subject             string `json:"subject,omitempty"`
}

// Fault replaces or delays answers.
type Fault struct {
	// Match is a pattern "METHOD HOST/PATH" in which * is any run of
	// characters; with a ? in it the query is looked at, too. "CONNECT HOST/"
	// is the connection itself.
	Match string `json:"match"`
	// After skips the first requests that match, Times limits how many are
	// hit (0 = all).
	After int `json:"after,omitempty"`
	Times int `json:"times,omitempty"`
	// Delay comes first. A fault with nothing but a delay answers as usual.
	Delay Duration `json:"delay,omitempty"`
	// Status 0 means 200 where there is a body or a mode that needs one.
	Status      int               `json:"status,omitempty"`
	Body        Text              `json:"body,omitempty"`
	ContentType string            `json:"contentType,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	// Location of Mode "redirect" (Status 0 = 307).
	Location string `json:"location,omitempty"`
	// Mode:
	//
	//	""              the answer above
	//	reset           the connection is reset
	//	close           the connection is closed without an answer
	//	hang            no answer ever comes
	//	trickle         the body comes at one byte a second (empty: without end)
	//	endless         the body never ends
	//	gzipbomb        a small body that unpacks to 1 GiB
	//	truncate        the body ends before its Content-Length
	//	overlong        the body goes on behind its Content-Length, which is half of it
	//	redirect        to Location
	//	late            the usual answer, Delay after the request was let in:
	//	                as if its body had taken so long
	//
	// and on connections, whatever the method in Match:
	//
	//	nxdomain        502 from the proxy; no such host from DirectTransport
	//	refused         502 from the proxy; connection refused from DirectTransport
	//	tls-wrong-cert  a certificate of another name
	//	tls-expired     a certificate whose time is over
	//	tls-untrusted   a certificate of an unknown authority
	Mode string `json:"mode,omitempty"`
}

// Text is a body: in JSON either a string or any other value, which then is
// the body itself.
type Text string

// UnmarshalJSON keeps what is not a string as it is written.
func (t *Text) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] != '"' {
		*t = Text(data)
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	*t = Text(s)
	return nil
}

// ParseConfig reads the JSON form. Unknown keys and trailing data are errors.
func ParseConfig(data []byte) (Config, error) {
	var c Config
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("configuration of azuretest: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Config{}, fmt.Errorf("configuration of azuretest: data after the object")
	}
	if err := c.check(); err != nil {
		return Config{}, fmt.Errorf("configuration of azuretest: %w", err)
	}
	return c, nil
}

// clone is a deep copy.
func (c *Config) clone() *Config {
	data, err := json.Marshal(c)
	if err != nil {
		panic("azuretest: " + err.Error())
	}
	d := new(Config)
	if err := json.Unmarshal(data, d); err != nil {
		panic("azuretest: " + err.Error())
	}
	return d
}

// check finds values that mean nothing, so that a typing mistake in a test does
// not pass for a world in which nothing is wrong.
func (c *Config) check() error {
	switch c.IMDS {
	case "", "off", "blackhole", "hang", "on", "forbidden", "captive", "notfound":
	default:
		return fmt.Errorf("imds %q is unknown", c.IMDS)
	}
	switch c.SignIn.Outcome {
	case "", "pending", "declined", "expired":
	default:
		return fmt.Errorf("signIn outcome %q is unknown", c.SignIn.Outcome)
	}
	for _, f := range c.Faults {
		if !knownModes[f.Mode] {
			return fmt.Errorf("fault mode %q is unknown", f.Mode)
		}
		if !patternForm.MatchString(f.Match) {
			return fmt.Errorf("fault match %q is not of the form METHOD HOST/PATH", f.Match)
		}
	}
	for _, r := range c.Registries {
		if r.ARMTokens != "" && r.ARMTokens != "refused" {
			return fmt.Errorf("armTokens %q is unknown", r.ARMTokens)
		}
		for who, role := range r.Roles {
			if _, err := parseRole(role); err != nil {
				return fmt.Errorf("role of %s on %s: %w", who, r.Host, err)
			}
		}
	}
	if _, err := parseRole(c.DefaultRole); err != nil {
		return fmt.Errorf("default role: %w", err)
	}
	return nil
}
