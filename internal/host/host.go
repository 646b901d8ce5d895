// Package host decides whether a server URL that a Docker client hands over
// names a login server of Azure Container Registry (ACR), and which one.
//
// It is the wall between the outside and every token: whatever it refuses is
// "not found" and never causes a byte on the network. It does no I/O.
package host

import "strings"

// Cloud is one of Microsoft's clouds. Each has Entra authorities of its own.
type Cloud string

// The clouds in which ACR has login servers.
const (
	Public Cloud = "AzurePublic"
	China  Cloud = "AzureChina"
	USGov  Cloud = "AzureUSGovernment"
)

// Registry is a login server of ACR. The zero value names none.
type Registry struct {
	// LoginServer is the lower-case host name without port and trailing dot,
	// such as "myregistry.azurecr.io". ACR wants it in this form: a service in
	// mixed case passes the exchange and fails at /oauth2/token
	// (https://github.com/Azure/azure-cli/issues/11111).
	LoginServer string
	// Cloud is where the registry lives, taken from the host's suffix.
	Cloud Cloud
}

// Name is the registry's resource name as Azure tools want it: the first label
// without the hash of a domain name label.
func (r Registry) Name() string {
	label, _, _ := strings.Cut(r.LoginServer, ".")
	name, _, _ := strings.Cut(label, "-")
	return name
}

// Global is the login server that r's regional login server belongs to
// (myregistry.eastus.geo.azurecr.io belongs to myregistry.azurecr.io), or
// LoginServer itself where it is not a regional one.
func (r Registry) Global() string {
	label, rest, _ := strings.Cut(r.LoginServer, ".")
	if _, suffix, regional := strings.Cut(rest, ".geo."); regional {
		return label + "." + suffix
	}
	return r.LoginServer
}

var suffixes = map[string]Cloud{"io": Public, "cn": China, "us": USGov}

const (
	maxName   = 253  // of a host name, and
	maxLabel  = 63   // of one of its labels, RFC 1035
	maxServer = 4096 // of a whole server URL; a path of an image is far shorter
)

// Parse reads a server URL in any form that a client sends: a host in any case,
// with or without http or https, port 443, a trailing dot, and a path. It
// reports false for everything else. Surrounding white space is the caller's to
// trim; white space inside is refused.
//
// An http URL is accepted because clients ask with it (nerdctl, docker logout);
// requests go out over https whatever it says.
func Parse(serverURL string) (Registry, bool) {
	if len(serverURL) > maxServer || !printable(serverURL) {
		return Registry{}, false
	}
	name, ok := hostname(serverURL)
	if !ok {
		return Registry{}, false
	}
	cloud, ok := loginServer(name)
	if !ok {
		return Registry{}, false
	}
	return Registry{LoginServer: name, Cloud: cloud}, true
}

// loginServer reports whether a host in lower case is what Azure documents: a
// name of 5 to 50 letters and digits, perhaps with the hash of a domain name
// label (https://learn.microsoft.com/azure/container-registry/container-registry-get-started-azure-cli),
// and perhaps a region before ".geo" (regional login servers of Premium
// registries). Data endpoints (NAME.REGION.data.azurecr.io) serve blobs and never
// a login.
//
// It is not a regular expression because one that counts to 63 takes longer to
// compile than everything else that a get from the cache does.
func loginServer(name string) (Cloud, bool) {
	labels := strings.Split(name, ".")
	n := len(labels)
	if n < 3 || labels[n-2] != "azurecr" {
		return "", false
	}
	if n == 5 && labels[2] == "geo" && alphanumeric(labels[1], 1, maxLabel) {
		n = 3
	}
	first, hash, labelled := strings.Cut(labels[0], "-")
	if n != 3 || len(labels[0]) > maxLabel || !alphanumeric(first, 5, 50) || labelled && !alphanumeric(hash, 1, maxLabel) {
		return "", false
	}
	cloud, ok := suffixes[labels[len(labels)-1]]
	return cloud, ok
}

// alphanumeric reports whether s is from least to most lower-case letters and
// digits.
func alphanumeric(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, letters+digits) == ""
}

const (
	letters = "abcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// hostname cuts the lower-case host out of a server URL. It does so by hand:
// net/url decodes, forgives and normalizes, and each of these is a way to make
// a foreign host look like a registry.
func hostname(serverURL string) (string, bool) {
	s := serverURL
	if scheme, rest, ok := strings.Cut(s, "://"); ok && !strings.Contains(scheme, "/") {
		if !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
			return "", false
		}
		s = rest
	}
	authority, _, _ := strings.Cut(s, "/")
	authority = strings.TrimSuffix(authority, ":443")
	return strings.ToLower(strings.TrimSuffix(authority, ".")), true
}

// printable reports whether s is ASCII without white space and control
// characters. Anything else cannot be part of an image reference.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// Valid reports whether name is a host name that could be a registry's: lower
// case, with a domain, no address, no port.
func Valid(name string) bool {
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if len(label) == 0 || len(label) > maxLabel || strings.Trim(label, letters+digits+"-") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	top := labels[len(labels)-1] // all digits in an address
	return len(name) <= maxName && len(labels) > 1 && len(top) > 1 && strings.Contains(letters, top[:1])
}

// ParseNamed is like Parse and accepts, beside ACR's own, exactly the hosts in
// named, each in the cloud that stands there: custom domains and registries of
// private clouds, which only the user can know.
func ParseNamed(serverURL string, named map[string]Cloud) (Registry, bool) {
	if r, ok := Parse(serverURL); ok {
		return r, true
	}
	if len(named) == 0 || len(serverURL) > maxServer || !printable(serverURL) {
		return Registry{}, false
	}
	name, ok := hostname(serverURL)
	cloud, listed := named[name]
	if !ok || !listed || !Valid(name) {
		return Registry{}, false
	}
	return Registry{LoginServer: name, Cloud: cloud}, true
}
