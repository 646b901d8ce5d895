package identity

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/golang-jwt/jwt/v5"
)

// workloadIdentity is a pod's federated identity, with the variables that the
// webhook of Microsoft Entra Workload ID sets
// (https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html).
func (e *entra) workloadIdentity() source {
	c := e.config
	s := source{title: "workload identity"}
	missing := strings.Join(e.missing(), " and ")
	switch {
	case c.FederatedTokenFile == "":
		s.token = unavailable("AZURE_FEDERATED_TOKEN_FILE is not set")
	case missing != "":
		s.configured = true
		s.id, s.who = "incomplete", text("incomplete")
		s.token = fails("AZURE_FEDERATED_TOKEN_FILE is set but " + missing + " is not")
	default:
		s.configured = true
		s.id, s.who = e.principal()+" subject="+subject(c.FederatedTokenFile, ""), e.who
		s.token = e.assert(func(context.Context) (string, error) { return readAssertion(c.FederatedTokenFile) })
	}
	return s
}

// federatedToken is an id token that a CI service such as GitLab, CircleCI or
// Bitbucket hands to a job, in a file or a variable that the configuration names.
func (e *entra) federatedToken() source {
	c := e.config
	s := source{title: "federated token", who: e.who, configured: true}
	missing := e.missing()
	switch {
	case c.TokenFile == "" && c.TokenVariable == "":
		missing = append(missing, "tokenFile or tokenVariable")
	case c.TokenFile == "" && c.Token == "":
		missing = append(missing, "a value for "+c.TokenVariable)
	}
	if len(missing) > 0 {
		s.id, s.who = "incomplete", text("incomplete")
		s.token = fails("it lacks " + strings.Join(missing, " and "))
		return s
	}
	s.id = e.principal() + " subject=" + subject(c.TokenFile, c.Token)
	s.token = e.assert(func(context.Context) (string, error) {
		if c.TokenFile != "" {
			return readAssertion(c.TokenFile)
		}
		return c.Token, nil
	})
	return s
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

// subject names whom a federated token is for: its issuer and subject. The file
// is looked at only if it is one; a pipe would wait for its writer.
func subject(path, token string) string {
	if path != "" {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return ""
		}
		f, err := os.Open(path)
		if err != nil {
			return ""
		}
		defer f.Close() //nolint:errcheck // only read
		content, err := io.ReadAll(io.LimitReader(f, 64<<10))
		if err != nil {
			return ""
		}
		token = string(content)
	}
	var claims jwt.RegisteredClaims
	_, _, _ = jwt.NewParser().ParseUnverified(strings.TrimSpace(token), &claims) // an opaque token leaves them empty
	if claims.Subject == "" {
		return ""
	}
	return cmp.Or(claims.Issuer, "?") + " " + claims.Subject
}
