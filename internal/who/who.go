// Package who tells whose token a registry is asked with, before anybody is
// asked for one: that names what is kept in the cache, so that a get which is
// answered from there needs nothing of what talks to Entra. Package identity
// obtains the tokens.
//
// It makes no request, and reads at most the small files in which Microsoft's
// command-line tools note who is signed in, and a federated token.
package who

import (
	"cmp"
	"strings"

	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/host"
)

// Identity is whom a registry is asked as: the sources that may have a token, in
// the order in which they are asked.
type Identity struct {
	// Authority is the Entra endpoint, an https URL.
	Authority string
	// Audience is the resource that tokens are asked for; empty means ACR's.
	Audience string
	Sources  []Source
}

// Source is one place that a token can come from.
type Source struct {
	Kind config.Source
	// Title is its name for people.
	Title string
	// ID tells which identity the source would answer with; it holds no secret.
	ID string
	// Who tells the same to people, such as "anna@contoso.com of tenant …", as far
	// as it is known without asking; nil if the source has nothing to say here.
	Who func() string
	// Absent is why the source has nothing to say here, and Broken is what keeps
	// one from working that somebody has set up. Both are empty for one that can be
	// asked.
	Absent, Broken string
	// Unsure sources may have nothing to say here, which only asking tells.
	Unsure bool
	// Configured sources end the search: what their variables ask for is used
	// or is an error, never passed over for somebody else's identity.
	Configured bool
	// Quiet sources are not worth a word when they have nothing to say.
	Quiet bool
}

// Of returns the identity that the configuration selects.
func Of(c config.Azure) Identity {
	i := Identity{Authority: Authority(c), Audience: c.Audience}
	for _, kind := range c.Sources {
		s := source(c, kind)
		s.Kind = kind
		i.Sources = append(i.Sources, s)
		if s.Configured {
			break // and so nothing behind it belongs to the ID
		}
	}
	return i
}

// Authority is the Entra endpoint, an https URL.
func Authority(c config.Azure) string { return cmp.Or(c.AuthorityHost, authorities[c.Cloud]) }

// authorities are the Entra endpoints of the clouds that have registries
// (https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud).
var authorities = map[host.Cloud]string{
	host.Public: "https://login.microsoftonline.com/",
	host.China:  "https://login.chinacloudapi.cn/",
	host.USGov:  "https://login.microsoftonline.us/",
}

func source(c config.Azure, kind config.Source) Source {
	switch kind {
	case config.Environment:
		return environment(c)
	case config.WorkloadIdentity:
		return workloadIdentity(c)
	case config.GitHubActions:
		return gitHubActions(c)
	case config.AzurePipelines:
		return azurePipelines(c)
	case config.ManagedIdentity:
		return managedIdentity(c)
	case config.AzureCLI:
		account, who := cliAccount(c.CLIDir)
		return tool(c, "Azure CLI", "dir="+c.CLIDir+" "+account, who)
	case config.AzureDeveloperCLI:
		account, who := developerCLIAccount(c.DeveloperCLIDir)
		return tool(c, "Azure Developer CLI", "dir="+c.DeveloperCLIDir+" "+account, who)
	case config.AzurePowerShell:
		account, who := powerShellAccount(c.PowerShellDir)
		return tool(c, "Azure PowerShell", account, who)
	case config.FederatedToken:
		return federatedToken(c)
	case config.ServicePrincipal:
		return servicePrincipal(c)
	}
	// The sources that need a person. A get never prompts and never opens a
	// browser.
	return Source{Title: "interactive sign-in", Configured: true, Broken: "only a person can sign in with it: docker-credential-acr login REGISTRY"}
}

// tool is one of Microsoft's command-line tools, and who is signed in to it.
func tool(c config.Azure, title, id string, who func() string) Source {
	if c.ToolTenant != "" {
		id += " for tenant=" + c.ToolTenant
	}
	return Source{Title: title, ID: id, Who: who}
}

// ID tells identities apart: it changes with everything that decides whose token
// a registry is asked with, such as a client id, a tenant, the authority, the
// subject of a federated token or the account that is signed in to the Azure CLI.
// It is stable otherwise and holds no secret. A rotated secret or certificate
// changes nothing.
func (i Identity) ID() string { return i.describe(func(s Source) string { return s.ID }) }

// Surroundings is the part of the ID that does not change when a person signs in
// as somebody else.
func (i Identity) Surroundings() string {
	return i.describe(func(s Source) string {
		if s.Kind.Developer() {
			return ""
		}
		return s.ID
	})
}

func (i Identity) describe(of func(Source) string) string {
	parts := []string{"authority=" + i.Authority}
	if i.Audience != "" {
		parts = append(parts, "audience="+i.Audience)
	}
	for _, s := range i.Sources {
		parts = append(parts, string(s.Kind)+"("+of(s)+")")
	}
	return strings.Join(parts, " ")
}

// Name says who somebody is, a person or else an application, as far as that is
// known; it is empty for nobody.
func Name(user, application, tenant string) string {
	who := user
	if who == "" && application != "" {
		who = "application " + application
	}
	if who != "" && tenant != "" {
		who += " of tenant " + tenant
	}
	return who
}

func text(s string) func() string { return func() string { return s } }
