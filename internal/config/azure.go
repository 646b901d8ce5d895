package config

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/lazyregexp"
)

// Azure selects an Entra identity: the usual AZURE_* variables, and over them
// what the configuration file says of a registry.
type Azure struct {
	// Sources are tried in this order.
	Sources []Source
	// Named reports that somebody chose a single source: if it fails, there is
	// no other.
	Named bool
	// Configured reports that the configuration file did. Then Azure's variables
	// select no managed identity.
	Configured bool
	// AuthorityHost is an https URL; empty means that Cloud decides.
	AuthorityHost string
	// AuthorityTrusted reports that the configuration file names the authority.
	// Microsoft need not be asked whether it is one, and may be out of reach.
	AuthorityTrusted bool
	// Cloud is the registry's.
	Cloud host.Cloud
	// Audience is the resource that tokens are asked for; empty means ACR's.
	Audience string

	// ToolTenant is the tenant that Azure's command-line tools are asked for;
	// empty means their own choice. AZURE_TENANT_ID does not steer them.
	ToolTenant string
	// Platform is where a managed identity would come from.
	Platform Platform
	// ContainerInstances reports that this is Azure Container Instances, whose
	// variables look like Service Fabric's but for the endpoint's http.
	ContainerInstances bool

	TenantID, ClientID         string
	ResourceID, ObjectID       string // of a managed identity, instead of ClientID
	ClientSecret               string
	ClientSecretFile           string
	CertificatePath            string
	CertificatePassword        string
	CertificatePasswordFile    string
	SendCertificateChain       bool
	FederatedTokenFile         string // of a workload identity
	TokenFile, Token           string // of the source federated-token
	TokenVariable              string // where Token comes from
	ClientSecretVariable       string // where ClientSecret comes from
	AdditionallyAllowedTenants []string

	// GitHub Actions' and Azure Pipelines' identity providers.
	GitHubURL, GitHubToken               string
	PipelinesURL, PipelinesToken         string
	ServiceConnectionID                  string
	PipelinesClientID, PipelinesTenantID string

	// MSIEndpoint is where Cloud Shell and Azure ML have their identity.
	MSIEndpoint string
	// MetadataHost is AZURE_POD_IDENTITY_AUTHORITY_HOST, which moves the
	// instance metadata service away from 169.254.169.254; empty means there.
	MetadataHost string
	// CLIDir, DeveloperCLIDir and PowerShellDir are where the Azure CLI, the
	// Azure Developer CLI and Az PowerShell keep who is signed in.
	CLIDir, DeveloperCLIDir, PowerShellDir string
}

// Source is a place that an Entra token can come from.
type Source string

// The sources, named as users write them.
const (
	Environment       Source = "environment"
	WorkloadIdentity  Source = "workload-identity"
	GitHubActions     Source = "github-actions"
	AzurePipelines    Source = "azure-pipelines"
	ManagedIdentity   Source = "managed-identity"
	AzureCLI          Source = "azure-cli"
	AzureDeveloperCLI Source = "azure-developer-cli"
	AzurePowerShell   Source = "azure-powershell"
	FederatedToken    Source = "federated-token"
	ServicePrincipal  Source = "service-principal"
	DeviceCode        Source = "device-code"
	Browser           Source = "browser"
)

// DefaultSources is the order of azidentity's DefaultAzureCredential, with the
// CI services behind workload identity.
var DefaultSources = []Source{Environment, WorkloadIdentity, GitHubActions, AzurePipelines, ManagedIdentity, AzureCLI, AzureDeveloperCLI, AzurePowerShell}

// AllSources are DefaultSources and those that somebody must choose.
var AllSources = append(slices.Clone(DefaultSources), FederatedToken, ServicePrincipal, DeviceCode, Browser)

// credentialTypes are azidentity's names of the sources, for
// AZURE_TOKEN_CREDENTIALS
// (https://aka.ms/azsdk/go/identity/docs#DefaultAzureCredential).
var credentialTypes = map[string]Source{
	"environmentcredential":       Environment,
	"workloadidentitycredential":  WorkloadIdentity,
	"managedidentitycredential":   ManagedIdentity,
	"azureclicredential":          AzureCLI,
	"azuredeveloperclicredential": AzureDeveloperCLI,
	"azurepowershellcredential":   AzurePowerShell,
}

// developerTools are the sources that AZURE_TOKEN_CREDENTIALS calls dev; the
// others are prod.
var developerTools = []Source{AzureCLI, AzureDeveloperCLI, AzurePowerShell}

// Developer reports whether s is a tool that a person signs in to.
func (s Source) Developer() bool { return slices.Contains(developerTools, s) }

func (e *environment) azure() Azure {
	home, _ := os.UserHomeDir()
	chain := e.get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")
	a := Azure{
		TenantID:             e.get("AZURE_TENANT_ID"),
		ClientID:             e.get("AZURE_CLIENT_ID"),
		ClientSecret:         e.get("AZURE_CLIENT_SECRET"),
		CertificatePath:      e.get("AZURE_CLIENT_CERTIFICATE_PATH"),
		CertificatePassword:  e.get("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
		SendCertificateChain: chain == "1" || strings.EqualFold(chain, "true"),
		FederatedTokenFile:   e.get("AZURE_FEDERATED_TOKEN_FILE"),
		GitHubURL:            e.get("ACTIONS_ID_TOKEN_REQUEST_URL"),
		GitHubToken:          e.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
		PipelinesURL:         e.get("SYSTEM_OIDCREQUESTURI"),
		PipelinesToken:       e.get("SYSTEM_ACCESSTOKEN"),
		// The tasks AzureCLI and AzurePowerShell set these for their scripts
		// (https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/azure-cli-v2).
		ServiceConnectionID: e.get("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"),
		PipelinesClientID:   e.get("AZURESUBSCRIPTION_CLIENT_ID"),
		PipelinesTenantID:   e.get("AZURESUBSCRIPTION_TENANT_ID"),
		CLIDir:              e.dir("AZURE_CONFIG_DIR", home, ".azure"),
		DeveloperCLIDir:     e.dir("AZD_CONFIG_DIR", home, ".azd"),
		PowerShellDir:       e.dir("", home, ".Azure"),
		AuthorityHost:       e.authorityHost(),
		MetadataHost:        e.metadataHost(),
		MSIEndpoint:         e.get("MSI_ENDPOINT"),
		ContainerInstances:  e.containerInstances(),
		Platform:            e.platform(),
	}
	if tenants := e.get("AZURE_ADDITIONALLY_ALLOWED_TENANTS"); tenants != "" {
		a.AdditionallyAllowedTenants = strings.Split(tenants, ";")
	}
	a.Sources, a.Named = e.sources()
	return a
}

// with lays an entry of the configuration file over the variables.
func (a Azure) with(e entry, cloud host.Cloud, lookup Lookup) Azure {
	set := func(field *string, key string) {
		if v, ok := e[key]; ok {
			*field = v.text
		}
	}
	a.Cloud = cloud
	if v, ok := e["cloud"]; ok {
		a.Cloud, a.AuthorityHost = host.Cloud(v.text), ""
	}
	set(&a.AuthorityHost, "authorityHost")
	a.AuthorityTrusted = e.has("authorityHost")
	set(&a.Audience, "audience")
	set(&a.TenantID, "tenantId")
	set(&a.ToolTenant, "tenantId")
	set(&a.PipelinesTenantID, "tenantId")
	set(&a.ServiceConnectionID, "serviceConnectionId")
	set(&a.ClientSecretVariable, "clientSecretVariable")
	set(&a.TokenVariable, "tokenVariable")
	set(&a.ClientSecretFile, "clientSecretFile")
	set(&a.TokenFile, "tokenFile")
	set(&a.CertificatePasswordFile, "certificatePasswordFile")
	if v, ok := e["identity"]; ok {
		a.Sources, a.Named, a.Configured = []Source{Source(v.text)}, true, true
		switch a.Sources[0] {
		case ManagedIdentity, DeviceCode, Browser:
			a.ClientID = "" // AZURE_CLIENT_ID is another identity's
		}
		if a.Sources[0] == ServicePrincipal {
			a.ClientSecret, a.CertificatePath, a.CertificatePassword, a.SendCertificateChain = "", "", "", false
		}
	}
	set(&a.ClientID, "clientId")
	set(&a.PipelinesClientID, "clientId")
	set(&a.ResourceID, "resourceId")
	set(&a.ObjectID, "objectId")
	set(&a.CertificatePath, "certificateFile")
	if v, ok := e["sendCertificateChain"]; ok {
		a.SendCertificateChain = v.yes
	}
	read := func(field *string, variable string) {
		if value, ok := lookup(variable); ok && variable != "" {
			*field = value
		}
	}
	read(&a.ClientSecret, a.ClientSecretVariable)
	read(&a.Token, a.TokenVariable)
	read(&a.CertificatePassword, e["certificatePasswordVariable"].text)
	a.PipelinesClientID = cmp.Or(a.PipelinesClientID, a.ClientID)
	a.PipelinesTenantID = cmp.Or(a.PipelinesTenantID, a.TenantID)
	return a
}

// as puts one identity in the place of all others. Its tenant is that of the
// environment or the file if it names none.
func (a Azure) as(who Assertion) Azure {
	a.Sources, a.Named, a.Configured = []Source{FederatedToken}, true, true
	a.TenantID = cmp.Or(who.TenantID, a.TenantID)
	a.ClientID, a.Token, a.TokenFile = who.ClientID, who.Token, ""
	a.TokenVariable = "the federated token"
	return a
}

func (e *environment) dir(name, home, base string) string {
	if name != "" && e.get(name) != "" {
		return e.get(name)
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, base)
}

// sources reads AZURE_TOKEN_CREDENTIALS as azidentity does: "dev" and "prod" in
// lower case, or the name of one type in any case.
func (e *environment) sources() (sources []Source, named bool) {
	const name = "AZURE_TOKEN_CREDENTIALS"
	switch chosen := e.get(name); chosen {
	case "":
	case "prod":
		return slices.DeleteFunc(slices.Clone(DefaultSources), Source.Developer), false
	case "dev":
		return developerTools, false
	default:
		if s, ok := credentialTypes[strings.ToLower(chosen)]; ok {
			return []Source{s}, true
		}
		e.fail(name, "is %q; set it to dev, prod or a credential type such as AzureCLICredential", chosen)
	}
	return DefaultSources, false
}

// authorityHost reads AZURE_AUTHORITY_HOST, which receives the client's secret
// or assertion.
func (e *environment) authorityHost() string {
	const name = "AZURE_AUTHORITY_HOST"
	value := e.get(name)
	if value != "" && !secureURL(value) {
		e.fail(name, "is not an https URL such as https://login.microsoftonline.com/")
		return ""
	}
	return value
}

// secureURL reports whether text is an https URL.
func secureURL(text string) bool {
	scheme, _ := endpoint(text)
	return scheme == "https"
}

// metadataHost reads AZURE_POD_IDENTITY_AUTHORITY_HOST. What is asked there
// holds no secret, so http, which the service speaks everywhere, will do.
func (e *environment) metadataHost() string {
	const name = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
	value := e.get(name)
	if value == "" {
		return ""
	}
	scheme, host := endpoint(value)
	if scheme == "" {
		e.fail(name, "is not a URL such as http://169.254.169.254")
		return ""
	}
	return scheme + "://" + host
}

// endpoint returns the scheme, in lower case, and the host of an http or https URL
// that has no user, query or fragment; both are empty for anything else.
//
// It accepts less than net/url, which package first must not wait for.
func endpoint(text string) (scheme, host string) {
	parts := endpointURL.FindStringSubmatch(text)
	if parts == nil {
		return "", ""
	}
	return strings.ToLower(parts[1]), parts[2]
}

var endpointURL = lazyregexp.New(`^(?i:(https?))://((?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)(?:/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?$`)
