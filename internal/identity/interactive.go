package identity

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/who"
)

// SignIn asks a person to sign in and returns an Entra access token: with a
// browser on this machine, or, with deviceCode, on any other. prompt is handed
// what the person must be told. c's tenant and client id may be empty: then it
// is the person's home tenant, and the application of Azure's own developer
// tools.
func SignIn(ctx context.Context, c config.Azure, transport http.RoundTripper, notes Notes, log *slog.Logger, deviceCode bool, prompt func(string)) (string, error) {
	e := newEntra(c, transport, notes, log)
	e.person = true
	var credential azcore.TokenCredential
	var err error
	if deviceCode {
		credential, err = azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
			ClientOptions:              e.options(),
			AdditionallyAllowedTenants: c.AdditionallyAllowedTenants,
			DisableInstanceDiscovery:   e.knownAuthority(),
			ClientID:                   c.ClientID,
			TenantID:                   c.TenantID,
			UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error {
				prompt("open " + quote(m.VerificationURL) + " in any browser and enter the code " + quote(m.UserCode))
				return nil
			},
		})
	} else {
		credential, err = azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{
			ClientOptions:              e.options(),
			AdditionallyAllowedTenants: c.AdditionallyAllowedTenants,
			DisableInstanceDiscovery:   e.knownAuthority(),
			ClientID:                   c.ClientID,
			TenantID:                   c.TenantID,
		})
		prompt("sign in with the browser window that opens; without one, use --device-code")
	}
	if err != nil {
		return "", errors.New("the tenant or client id cannot be used")
	}
	i := &Identity{Identity: who.Identity{Authority: e.authority, Audience: c.Audience}, entra: e, notes: notes, log: log}
	token, err := i.ask(ctx, source{who.Source{Kind: config.Browser}, func(ctx context.Context, scope string) (string, error) {
		return e.request(ctx, credential, scope)
	}})
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", errors.New("nobody signed in in time")
	case err != nil && ctx.Err() != nil:
		return "", errors.New("interrupted before anybody signed in")
	}
	return token, err
}
