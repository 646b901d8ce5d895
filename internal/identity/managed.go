package identity

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/who"
)

const (
	imdsHost = "169.254.169.254"
	imdsPath = "/metadata/identity/oauth2/token"
	// probeTimeout is how long a machine outside Azure waits for a metadata
	// service that is not there. azidentity uses the same.
	probeTimeout = time.Second
)

// managedIdentity asks for the identity of the machine or service that this runs
// on. If it is not sure that there is a metadata service, that is probed first.
func (e *entra) managedIdentity(unsure bool) func(context.Context, string) (string, error) {
	platform := e.config.Platform
	return func(ctx context.Context, scope string) (string, error) {
		if unsure && !e.probe(ctx) {
			return "", absent("no metadata service at " + imdsHost)
		}
		if e.config.ContainerInstances {
			// Azure Container Instances sets a thumbprint beside an http endpoint;
			// with that azidentity 1.15 takes it for Service Fabric, which must be
			// https, and fails. Nothing else in this process reads the variable.
			_ = os.Unsetenv("IDENTITY_SERVER_THUMBPRINT")
		}
		credential, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
			ClientOptions: e.managedOptions(platform),
			ID:            e.managedID(),
		})
		if err != nil {
			return "", errors.New("this platform (" + string(platform) + ") has no such managed identity, or its variables don't fit together")
		}
		token, err := e.request(ctx, credential, scope)
		if unsure {
			err = e.notOurs(err)
		}
		return token, err
	}
}

// managedID is the identity that the configuration names, or nil.
func (e *entra) managedID() azidentity.ManagedIDKind {
	switch c := e.config; {
	case c.ResourceID != "":
		return azidentity.ResourceID(c.ResourceID)
	case c.ObjectID != "":
		return azidentity.ObjectID(c.ObjectID)
	case c.ClientID != "":
		return azidentity.ClientID(c.ClientID)
	}
	return nil
}

func (e *entra) managedOptions(platform config.Platform) azcore.ClientOptions {
	options := e.options()
	switch platform {
	case config.ServiceFabric:
		// It pins the endpoint's certificate, refuses redirects, and wants to
		// build the client for that itself.
		options.Transport = nil
	case config.Metadata:
		// The metadata service answers 404 and 410 while it starts
		// (https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling).
		again := worthwhile(append(slices.Clone(retriable), http.StatusNotFound, http.StatusGone))
		options.Retry.ShouldRetry = func(response *http.Response, err error) bool {
			return err == nil && again(response, nil) // a link-local address does not become reachable
		}
	}
	return options
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
	case refused.status == http.StatusBadRequest && who.UserAssigned(e.config) == "" && !refused.noResource():
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
