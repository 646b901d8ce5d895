package identity

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

func (e *entra) workloadAssertion(context.Context) (string, error) {
	return readAssertion(e.config.FederatedTokenFile)
}

// configuredAssertion is an id token that a CI service hands to a job, in a file
// or a variable.
func (e *entra) configuredAssertion(context.Context) (string, error) {
	if e.config.TokenFile != "" {
		return readAssertion(e.config.TokenFile)
	}
	return e.config.Token, nil
}

// assert signs in with a federated token, which get obtains anew for each
// request to Entra: it lives for minutes.
func (e *entra) assert(get func(context.Context) (string, error)) func(context.Context, string) (string, error) {
	c := e.config
	return func(ctx context.Context, scope string) (string, error) {
		try := func(options azcore.ClientOptions) (string, error) {
			// It is asked for here, before any request to Entra, so that what
			// goes wrong with it is told as it is.
			assertion, err := get(ctx)
			if err != nil {
				return "", err
			}
			same := func(context.Context) (string, error) { return assertion, nil }
			credential, err := azidentity.NewClientAssertionCredential(c.TenantID, c.ClientID, same, &azidentity.ClientAssertionCredentialOptions{
				ClientOptions:              options,
				AdditionallyAllowedTenants: c.AdditionallyAllowedTenants,
				DisableInstanceDiscovery:   e.knownAuthority(),
			})
			if err != nil {
				return "", e.wrongTenant()
			}
			return e.request(ctx, credential, scope)
		}
		return e.discovery.sure(ctx, func() (string, error) { return e.anew(ctx, try) })
	}
}

// anew calls try again after an error of Entra's that passes. azcore would do so
// too, below the credential, and send the same assertion again.
func (e *entra) anew(ctx context.Context, try func(azcore.ClientOptions) (string, error)) (string, error) {
	options := e.applicationOptions()
	options.Retry = policy.RetryOptions{MaxRetries: -1}
	const tries = 3
	for n := 1; ; n++ {
		token, err := try(options)
		var refused *entraError
		passes := errors.As(err, &refused) && slices.Contains(retriable, refused.status)
		var unreachable *unreachableError
		passes = passes || errors.As(err, &unreachable) && unreachable.passing
		if err == nil || !passes || n == tries {
			return token, err
		}
		select {
		case <-ctx.Done():
			return "", err
		case <-time.After(time.Duration(n) * 400 * time.Millisecond):
		}
	}
}

// readAssertion reads a federated token. One that cannot be read is an error,
// never a step to another identity.
func readAssertion(path string) (string, error) {
	assertion, err := readSecret(path)
	if err != nil {
		return "", errors.New("cannot read the federated token " + describeFile(err))
	}
	if assertion = strings.TrimSpace(assertion); assertion == "" {
		return "", errors.New("the federated token in " + path + " is empty")
	}
	return assertion, nil
}
