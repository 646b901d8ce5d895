package exchange

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"docker-credential-acr/internal/acr"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/lazyregexp"
	"docker-credential-acr/internal/web"
)

// Error is why a registry gave no token. It quotes nothing that the registry
// sent but an error code, an IP address and a correlation id.
type Error struct {
	// Registry is the login server that was asked.
	Registry string
	// Status is the HTTP status of its answer, or 0 if there was none.
	Status int
	// Code is ACR's error code, such as "UNAUTHORIZED" or "DENIED", if it gave
	// one of those that are known.
	Code string
	// Message says what failed, in one line.
	Message string
	// Hint says what to do about it, or is empty.
	Hint string
	// Reason is a word for what happened, for programs, such as "firewall" or
	// "no-role"; empty where the registry did not answer.
	Reason string
	// Correlation is the id that Microsoft's support asks for, or empty.
	Correlation string

	passing    bool          // worth another try
	retryAfter time.Duration // as the registry asked
	cause      error         // of a failed connection
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Registry + ": " + e.Message
	}
	return e.Registry + ": " + e.Message + "; " + e.Hint
}

// Unwrap returns the error of a connection that failed, if that was it. Its text
// may quote the other side; don't print it.
func (e *Error) Unwrap() error { return e.cause }

// unreachable describes a request without an answer.
func unreachable(ctx context.Context, r host.Registry, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err() // a connection that is given up reports this in several ways
	}
	e := &Error{Registry: r.LoginServer, Message: "the registry did not answer: " + web.Cause(err), passing: web.Passing(err), cause: err}
	switch {
	case web.NoSuchHost(err):
		e.Message = "there is no such registry: the name does not resolve"
		e.Hint = "check the spelling; a registry with a private endpoint is known only inside its network: nslookup " + r.LoginServer
	case !e.passing:
		e.Hint = "try: curl -sSI https://" + r.LoginServer + "/v2/"
	}
	return e
}

// refusal describes an answer other than 200.
func refusal(r host.Registry, response *http.Response, body []byte, accessToken string) error {
	said := acr.Read(response, body)
	e := &Error{Registry: r.LoginServer, Status: said.Status, Code: said.Code, Reason: string(said.Reason), Correlation: said.Correlation, passing: passingStatus(said.Status)}
	switch said.Reason {
	case acr.ARMRefused:
		e.Message = "the registry accepts no Resource Manager tokens, and the Entra token is one (arm aad token disallowed)"
		e.Hint = "update the tool that the token comes from, or allow such tokens: az acr config authentication-as-arm update --registry " + r.Name() + " --status enabled"
	case acr.Firewall:
		e.Message = "the registry's firewall does not let " + cmp.Or(said.Address, "this machine") + " in"
		e.Hint = "allow it: az acr network-rule add --name " + r.Name() + " --ip-address " + cmp.Or(said.Address, "ADDRESS") + ", or use the registry's private endpoint (https://aka.ms/acr/firewall)"
	case acr.NoPermissions:
		e.Message = "this identity has not the permission to use the registry"
		e.Hint = roles(r, accessToken)
	case acr.NoRole:
		e.Message = "this identity has no role on the registry, or one that has not spread yet (up to 10 minutes), or is of another tenant"
		e.Hint = roles(r, accessToken) + "; for a registry of another tenant: az login --tenant TENANT, or set AZURE_TENANT_ID, or tenantId in the configuration"
	case acr.NotAccepted:
		e.Message = "the registry does not accept the Entra token"
		e.Hint = "the identity must be of the registry's own tenant" + tenantOf(accessToken) + ": az login --tenant TENANT, or set AZURE_TENANT_ID, or tenantId in the configuration"
	case acr.Forbidden:
		e.Message = "the registry or a firewall before it denies access (403)"
		e.Hint = "check its network rules (https://aka.ms/acr/firewall) and the identity's role: az acr check-health --name " + r.Name()
	case acr.NotFound:
		e.Message = "no registry answers here (404)"
		e.Hint = "check the spelling: az acr list --query [].loginServer"
	case acr.Throttled:
		e.retryAfter = retryAfter(response.Header, time.Now())
		e.Message = "the registry is getting too many requests (429)"
		if e.retryAfter > 0 {
			e.Message += fmt.Sprintf(" and asks to wait %.0f s", math.Ceil(e.retryAfter.Seconds()))
		}
		e.Hint = "try again later, with fewer clients at once"
	case acr.Redirected:
		e.Message = fmt.Sprintf("the registry answered with a redirect (%d), which is not followed with a token", e.Status)
		e.Hint = "check for a proxy or a captive portal between this machine and the registry"
	case acr.Trouble:
		e.retryAfter = retryAfter(response.Header, time.Now())
		e.Message = fmt.Sprintf("the registry has a problem of its own (%d)", e.Status)
		e.Hint = "try again, and see https://status.azure.com"
	default:
		e.Message = fmt.Sprintf("the registry answered the exchange with %d", e.Status)
		e.Hint = "check for a proxy between this machine and the registry"
	}
	if said.Correlation != "" && e.Hint != "" {
		e.Message += " [correlation id " + said.Correlation + "]"
	}
	return e
}

// roles says which role to ask for. A registry in ABAC mode ignores the Acr…
// roles (https://aka.ms/acr/auth/abac).
func roles(r host.Registry, accessToken string) string {
	return "ask for AcrPull to pull or AcrPush to push (Container Registry Repository Reader or Writer if the registry is in ABAC mode): az role assignment create --role AcrPull --assignee " +
		assignee(accessToken) + " --scope $(az acr show --name " + r.Name() + " --query id --output tsv)"
}

// uuid matches GUIDs.
var uuid = lazyregexp.New(`(?i)^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// assignee is the object id of the identity that an Entra token is for, as
// role assignments want it.
func assignee(accessToken string) string {
	if oid := claim(accessToken, "oid"); oid != "" {
		return oid
	}
	return "IDENTITY"
}

func tenantOf(accessToken string) string {
	if tid := claim(accessToken, "tid"); tid != "" {
		return ", and this one is of " + tid
	}
	return ""
}

// claim reads a GUID from an Entra token, or nothing: the token may be opaque.
func claim(accessToken, name string) string {
	claims := jwt.MapClaims{}
	_, _, _ = jwt.NewParser().ParseUnverified(accessToken, claims)
	value, _ := claims[name].(string)
	if !uuid.MatchString(value) {
		return ""
	}
	return value
}
