package identity

import (
	"cmp"
	"context"
	"errors"
	"mime"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
)

const (
	imdsHost = "169.254.169.254"
	imdsPath = "/metadata/identity/oauth2/token"
	// probeTimeout is how long a machine outside Azure waits for a metadata
	// service that is not there. azidentity uses the same.
	probeTimeout = time.Second
)

// managedIdentity is the identity of the machine or service that this runs on:
// the user-assigned one that the configuration or AZURE_CLIENT_ID names, or the
// system-assigned one. In a search among several sources the metadata service is
// probed first.
func (e *entra) managedIdentity(among bool) source {
	s := source{title: "managed identity"}
	platform := e.platform()
	var id azidentity.ManagedIDKind
	switch c := e.config; {
	case c.ResourceID != "":
		id, s.id, s.who = azidentity.ResourceID(c.ResourceID), "resource="+c.ResourceID, text(c.ResourceID)
	case c.ObjectID != "":
		id, s.id, s.who = azidentity.ObjectID(c.ObjectID), "object="+c.ObjectID, text("object "+c.ObjectID)
	case c.ClientID != "":
		id, s.id, s.who = azidentity.ClientID(c.ClientID), "client="+c.ClientID, text("application "+c.ClientID)
	default:
		// A home directory on the network is shared by machines with
		// identities of their own.
		name, _ := os.Hostname()
		s.id, s.who = "system of "+name, text("system-assigned")
	}
	s.unsure = among && platform == managedidentity.DefaultToIMDS
	if platform != managedidentity.DefaultToIMDS {
		s.id += " on " + string(platform)
		s.configured = true // the platform set its variables for this very purpose
	}
	s.token = func(ctx context.Context, scope string) (string, error) {
		if s.unsure && !e.probe(ctx) {
			return "", absent("no metadata service at " + imdsHost)
		}
		credential, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
			ClientOptions: e.managedOptions(platform),
			ID:            id,
		})
		if err != nil {
			return "", errors.New("this platform (" + string(platform) + ") has no such managed identity, or its variables don't fit together")
		}
		token, err := e.request(ctx, credential, scope)
		if s.unsure {
			err = e.notOurs(err)
		}
		return token, err
	}
	return s
}

// platform finds out which kind of managed identity there is.
func (e *entra) platform() managedidentity.Source {
	if e.config.ContainerInstances {
		// Azure Container Instances sets a thumbprint beside an http endpoint;
		// with that azidentity 1.15 takes it for Service Fabric, which must be
		// https, and fails. Nothing else in this process reads the variable.
		_ = os.Unsetenv("IDENTITY_SERVER_THUMBPRINT")
	}
	platform, err := managedidentity.GetSource()
	if err != nil {
		return managedidentity.DefaultToIMDS
	}
	return platform
}

func (e *entra) managedOptions(platform managedidentity.Source) azcore.ClientOptions {
	options := e.options()
	switch platform {
	case managedidentity.ServiceFabric:
		// It pins the endpoint's certificate, refuses redirects, and wants to
		// build the client for that itself.
		options.Transport = nil
	case managedidentity.DefaultToIMDS:
		// The metadata service answers 404 and 410 while it starts
		// (https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling).
		again := worthwhile(append(slices.Clone(retriable), http.StatusNotFound, http.StatusGone))
		options.Retry.ShouldRetry = func(response *http.Response, err error) bool {
			return err == nil && again(response, nil) // a link-local address does not become reachable
		}
	}
	return options
}

// userAssigned is the id that the configuration names, for people.
func (e *entra) userAssigned() string {
	return cmp.Or(e.config.ResourceID, e.config.ObjectID, e.config.ClientID)
}

// notOurs turns failures that say "there is no identity for you here" into
// absence: the service knows no identity for this machine, or what answers is
// no metadata service at all but a proxy or a captive portal.
func (e *entra) notOurs(err error) error {
	var refused *entraError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refused):
		return absent("what answers at " + imdsHost + " is not a metadata service")
	case refused.status == http.StatusBadRequest && e.userAssigned() == "" && !refused.noResource():
		return absent(refused.text)
	case refused.code == "":
		return absent("what answers at " + imdsHost + " is not a metadata service")
	}
	return err
}

// probe reports whether there is a metadata service. It sends a request without
// the header that the service insists on, which it refuses at once with 400. What
// answers otherwise and not in JSON is a proxy or a captive portal.
func (e *entra) probe(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+imdsHost+imdsPath, nil)
	if err != nil {
		return false
	}
	response, err := e.client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch response.StatusCode {
	case http.StatusBadRequest:
		return media != "text/html"
	case http.StatusForbidden, http.StatusProxyAuthRequired:
		return false
	}
	return media == "application/json"
}
