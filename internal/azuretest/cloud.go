package azuretest

import "strings"

// The names of the clouds.
const (
	AzurePublic     = "AzurePublic"
	AzureChina      = "AzureChina"
	AzureGovernment = "AzureGovernment"
)

// cloud is what differs between the clouds (wire.md, Hosts and Entra).
type cloud struct {
	name        string
	suffix      string   // of login servers
	authorities []string // hosts of Entra; the first is the preferred one
	arm         string   // host of Resource Manager
	audiences   []string // of Resource Manager, without a trailing slash
	issuer      string   // of tokens, before the tenant
	federated   string   // audience of federated assertions
}

// acrAudience is the resource of ACR in every cloud.
const acrAudience = "https://containerregistry.azure.net"

// clouds lists the three. The issuer of v1 tokens in the US Government cloud
// is the one of the public cloud in reality; here it differs so that a registry
// can tell a token from the wrong authority.
func clouds() []cloud {
	return []cloud{
		{
			name: AzurePublic, suffix: ".azurecr.io",
			authorities: []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"},
			arm:         "management.azure.com",
			audiences:   []string{"https://management.azure.com", "https://management.core.windows.net"},
			issuer:      "https://sts.windows.net/",
			federated:   "api://AzureADTokenExchange",
		},
		{
			name: AzureChina, suffix: ".azurecr.cn",
			authorities: []string{"login.chinacloudapi.cn", "login.partner.microsoftonline.cn"},
			arm:         "management.chinacloudapi.cn",
			audiences:   []string{"https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn"},
			issuer:      "https://sts.chinacloudapi.cn/",
			federated:   "api://AzureADTokenExchangeChina",
		},
		{
			name: AzureGovernment, suffix: ".azurecr.us",
			authorities: []string{"login.microsoftonline.us", "login.usgovcloudapi.net"},
			arm:         "management.usgovcloudapi.net",
			audiences:   []string{"https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net"},
			issuer:      "https://sts.usgovcloudapi.net/",
			federated:   "api://AzureADTokenExchangeUSGov",
		},
	}
}

// cloudNamed falls back to the public cloud.
func cloudNamed(name string) cloud {
	all := clouds()
	for _, c := range all {
		if c.name == name {
			return c
		}
	}
	return all[0]
}

// cloudOf is the cloud of a login server.
func cloudOf(r *Registry, host string) cloud {
	if r.Cloud != "" {
		return cloudNamed(r.Cloud)
	}
	for _, c := range clouds() {
		if strings.HasSuffix(host, c.suffix) {
			return c
		}
	}
	return cloudNamed(AzurePublic)
}

// authority finds the cloud that a host of Entra belongs to.
func (c *Config) authority(host string) (cloud, bool) {
	for _, h := range c.AuthorityHosts {
		if strings.EqualFold(h.Host, host) {
			return cloudNamed(h.Cloud), true
		}
	}
	for _, cl := range clouds() {
		for _, h := range cl.authorities {
			if h == host {
				return cl, true
			}
		}
	}
	return cloud{}, false
}

// arm finds the cloud that a host of Resource Manager belongs to.
func armCloud(host string) (cloud, bool) {
	for _, cl := range clouds() {
		if cl.arm == host || host == "management.core.windows.net" && cl.name == AzurePublic {
			return cl, true
		}
	}
	return cloud{}, false
}
