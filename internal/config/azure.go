package config

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Azure is what the usual AZURE_* variables say.
type Azure struct {
	// Sources are the credential types that AZURE_TOKEN_CREDENTIALS leaves, in
	// azidentity's default order.
	Sources []Source
	// Named reports that AZURE_TOKEN_CREDENTIALS names a single source.
	Named bool
	// AuthorityHost is AZURE_AUTHORITY_HOST, an https URL; empty means that the
	// registry's cloud decides.
	AuthorityHost string

	TenantID, ClientID                   string
	ClientSecret                         string
	CertificatePath, CertificatePassword string
	SendCertificateChain                 bool
	FederatedTokenFile                   string
	AdditionallyAllowedTenants           []string
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
	ManagedIdentity   Source = "managed-identity"
	AzureCLI          Source = "azure-cli"
	AzureDeveloperCLI Source = "azure-developer-cli"
	AzurePowerShell   Source = "azure-powershell"
)

// DefaultSources is the order of azidentity's DefaultAzureCredential.
var DefaultSources = []Source{Environment, WorkloadIdentity, ManagedIdentity, AzureCLI, AzureDeveloperCLI, AzurePowerShell}

// envTokenCredentials narrows the default order
// (https://aka.ms/azsdk/go/identity/docs#DefaultAzureCredential).
const envTokenCredentials = "AZURE_TOKEN_CREDENTIALS"

func (e *environment) azure() Azure {
	home, _ := os.UserHomeDir()
	a := Azure{
		TenantID:             e.get("AZURE_TENANT_ID"),
		ClientID:             e.get("AZURE_CLIENT_ID"),
		ClientSecret:         e.get("AZURE_CLIENT_SECRET"),
		CertificatePath:      e.get("AZURE_CLIENT_CERTIFICATE_PATH"),
		CertificatePassword:  e.get("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
		SendCertificateChain: e.get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN") == "1" || strings.EqualFold(e.get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"), "true"),
		FederatedTokenFile:   e.get("AZURE_FEDERATED_TOKEN_FILE"),
		CLIDir:               e.dir("AZURE_CONFIG_DIR", home, ".azure"),
		DeveloperCLIDir:      e.dir("AZD_CONFIG_DIR", home, ".azd"),
		PowerShellDir:        e.dir("", home, ".Azure"),
		AuthorityHost:        e.authorityHost(),
		MetadataHost:         e.metadataHost(),
	}
	if tenants := e.get("AZURE_ADDITIONALLY_ALLOWED_TENANTS"); tenants != "" {
		a.AdditionallyAllowedTenants = strings.Split(tenants, ";")
	}
	a.Sources, a.Named = e.sources()
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
	value := e.get(envTokenCredentials)
	switch value {
	case "":
		return DefaultSources, false
	case "prod":
		return DefaultSources[:3], false
	case "dev":
		return DefaultSources[3:], false
	}
	for i, name := range []string{"EnvironmentCredential", "WorkloadIdentityCredential", "ManagedIdentityCredential", "AzureCLICredential", "AzureDeveloperCLICredential", "AzurePowerShellCredential"} {
		if strings.EqualFold(value, name) {
			return DefaultSources[i : i+1], true
		}
	}
	e.fail(envTokenCredentials, "is %q; set it to dev, prod or a credential type such as AzureCLICredential", value)
	return DefaultSources, false
}

// authorityHost reads AZURE_AUTHORITY_HOST, which receives the client's secret
// or assertion, and is therefore https without user, query or fragment.
func (e *environment) authorityHost() string {
	const name = "AZURE_AUTHORITY_HOST"
	value := e.get(name)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || !strings.EqualFold(u.Scheme, "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		e.fail(name, "is not an https URL such as https://login.microsoftonline.com/")
		return ""
	}
	return value
}

// metadataHost reads AZURE_POD_IDENTITY_AUTHORITY_HOST. What is asked there
// holds no secret, so http, which the service speaks everywhere, will do.
func (e *environment) metadataHost() string {
	const name = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
	value := e.get(name)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		e.fail(name, "is not a URL such as http://169.254.169.254")
		return ""
	}
	return u.Scheme + "://" + u.Host
}
