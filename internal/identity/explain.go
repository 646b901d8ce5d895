package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"docker-credential-acr/internal/lazyregexp"
	"docker-credential-acr/internal/web"
	"docker-credential-acr/internal/who"
)

// entraError is a refusal by Entra or a metadata service.
type entraError struct {
	status int
	code   string // OAuth's error, such as "invalid_client"; empty if the answer held none
	number string // Entra's, such as "AADSTS7000215"
	text   string
}

func (e *entraError) Error() string { return e.text }

// noResource reports that the authority does not know the audience that was
// asked for: clouds without an ACR of their own, such as Azure Local
// (https://github.com/Azure/azure-cli/issues/33674).
func (e *entraError) noResource() bool {
	return e.number == "AADSTS500011" || e.number == "AADSTS50001"
}

// unreachableError is a request without an answer.
type unreachableError struct {
	text    string
	passing bool
	host    string
	cause   error // of the failed request
}

// silent is the error for a host from which no answer came.
func silent(host string, cause error, passing bool) error {
	return &unreachableError{host + " did not answer: " + web.Cause(cause), passing, host, cause}
}

func (e *unreachableError) Error() string { return e.text }

// Problem is what a program may want to know of a source's failure.
type Problem struct {
	// Silent reports that a tool did not end in time.
	Silent bool
	// Number is Entra's, such as "AADSTS7000215", or empty.
	Number string
	// Host did not answer, and Cause is how; it is nil if it did. Its text may
	// quote the other side; don't print it.
	Host  string
	Cause error
}

// Explain takes an [Outcome]'s error apart.
func Explain(err error) Problem {
	var refused *entraError
	if errors.As(err, &refused) {
		return Problem{Number: refused.number}
	}
	var unreachable *unreachableError
	if errors.As(err, &unreachable) {
		return Problem{Host: unreachable.host, Cause: unreachable.cause}
	}
	return Problem{Silent: errors.Is(err, errNoAnswer)}
}

// explain turns azidentity's errors, which quote whole answers over many lines,
// into one line that quotes none.
func (e *entra) explain(ctx context.Context, err error) error {
	host, refused, cause := e.watch.last()
	var failed *azidentity.AuthenticationFailedError
	if refused == nil && errors.As(err, &failed) {
		// Of a platform whose requests don't pass through watch.
		refused = failed.RawResponse
	}
	switch {
	case strings.Contains(err.Error(), exec.ErrNotFound.Error()): // only a browser is run by azidentity here
		return errors.New("no browser can be opened here; use --device-code")
	case errors.As(cause, new(errStray)):
		return errors.New(e.watch.authority + " says that tokens are to be had from " + quote(host) + "; " + cause.Error())
	case cause != nil && refused == nil:
		return silent(host, cause, web.Passing(cause))
	case refused != nil:
		// azidentity has only a text of it for the system-assigned identity, and
		// one that is read to its end for a device code.
		return e.refusal(refused)
	case host != "" && ctx.Err() != nil: // in the middle of an answer
		return silent(host, ctx.Err(), true)
	case host != "":
		return errors.New(host + " answered with something that is not a token; check for a proxy or a captive portal")
	}
	return errors.New("the credential cannot be used")
}

// The forms of OAuth's and Entra's error codes. What does not look like one, or is
// longer than longestCode, is not repeated.
var (
	oauthCode = lazyregexp.New(`^[a-z_]+$`)
	entraCode = lazyregexp.New(`^AADSTS[0-9]+\b`)
)

const longestCode = 128

// refusal reads an answer other than 200.
func (e *entra) refusal(response *http.Response) error {
	refused := &entraError{status: response.StatusCode}
	body, _ := runtime.Payload(response)
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(body, &answer) // what is not JSON leaves it empty
	if oauthCode.MatchString(answer.Error) && len(answer.Error) <= longestCode {
		refused.code = answer.Error
	}
	if number := entraCode.FindString(answer.Description); len(number) <= longestCode {
		refused.number = number
	}

	asked := "Entra"
	if response.Request != nil {
		asked = response.Request.URL.Host
	}
	if advice, ok := advices[refused.number]; ok {
		words := []string{"{client}", e.config.ClientID, "{tenant}", e.config.TenantID}
		switch {
		case e.person:
			words = append(words, "AZURE_CLIENT_ID", "--client-id", "AZURE_TENANT_ID", "--tenant-id")
		case e.config.Configured:
			words = append(words, "set AZURE_CLIENT_SECRET", "put it where the configuration file says", "AZURE_CLIENT_ID", "clientId", "AZURE_TENANT_ID", "tenantId")
		}
		refused.text = asked + ": " + strings.NewReplacer(words...).Replace(advice) + " (" + refused.number + ")"
		return refused
	}
	if said := declines[refused.code]; e.person && said != "" {
		refused.text = said
		return refused
	}
	detail := strings.TrimSpace(refused.code + " " + refused.number)
	if detail != "" {
		detail = ": " + detail
	}
	refused.text = fmt.Sprintf("%s answered %d %s%s", asked, refused.status, http.StatusText(refused.status), detail)
	switch {
	case refused.number != "":
		refused.text += "; see https://login.microsoftonline.com/error?code=" + strings.TrimPrefix(refused.number, "AADSTS")
	case refused.status == http.StatusTooManyRequests:
		refused.text += "; try again later, with fewer clients at once"
	case refused.status >= http.StatusInternalServerError:
		refused.text += "; try again, and see https://status.azure.com"
	case refused.status < http.StatusBadRequest:
		refused.text += "; check for a proxy or a captive portal"
	}
	if refused.status == http.StatusBadRequest && response.Request != nil && response.Request.URL.Path == imdsPath && !refused.noResource() {
		refused.text = "this machine has no system-assigned identity"
		if id := who.UserAssigned(e.config); id != "" {
			refused.text = "no identity " + id + " is assigned to this machine; assign it, or correct AZURE_CLIENT_ID or the configuration"
		}
	}
	return refused
}

// declines say how the sign-in with a device code ended (RFC 8628, 3.5, and
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code).
var declines = map[string]string{
	"authorization_declined": "the sign-in was declined in the browser",
	"access_denied":          "the sign-in was declined in the browser",
	"expired_token":          "nobody entered the code in time; run the command again for another",
}

// advices say what Entra's commonest errors mean and what mends them
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
var advices = map[string]string{
	"AADSTS7000215": "the client secret of application {client} is wrong; make a new one with 'az ad app credential reset --id {client}' and set AZURE_CLIENT_SECRET",
	"AADSTS7000222": "the client secret of application {client} has expired; make a new one with 'az ad app credential reset --id {client}' and set AZURE_CLIENT_SECRET",
	"AADSTS700016":  "there is no application {client} in tenant {tenant}; check AZURE_CLIENT_ID and AZURE_TENANT_ID",
	"AADSTS700027":  "the certificate is not registered for application {client}, or has expired; add it with 'az ad app credential reset --id {client} --append --cert @FILE'",
	"AADSTS90002":   "there is no tenant {tenant}; check AZURE_TENANT_ID",
	"AADSTS900023":  "there is no tenant {tenant}; check AZURE_TENANT_ID",
	"AADSTS70021":   "application {client} has no federated credential that fits the token's issuer, subject and audience; see 'az ad app federated-credential list --id {client}'",
	"AADSTS700211":  "application {client} has no federated credential that fits the token's issuer; see 'az ad app federated-credential list --id {client}'",
	"AADSTS700212":  "application {client} has no federated credential that fits the token's audience; see 'az ad app federated-credential list --id {client}'",
	"AADSTS700213":  "application {client} has no federated credential that fits the token's subject; see 'az ad app federated-credential list --id {client}'",
	"AADSTS700024":  "the federated token has expired or is not valid yet; check that it is renewed and that the clock is right",
	"AADSTS50001":   "this cloud does not know the resource https://containerregistry.azure.net",
	"AADSTS500011":  "this tenant does not know the resource https://containerregistry.azure.net",
	"AADSTS50076":   "multi-factor authentication is required; sign in again with 'az login --scope https://containerregistry.azure.net/.default'",
	"AADSTS50079":   "multi-factor authentication must be set up; sign in again with 'az login --scope https://containerregistry.azure.net/.default'",
	"AADSTS53003":   "a Conditional Access policy forbids this sign-in; ask the administrator of tenant {tenant}",
}
