package azuretest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// entraError is one of Entra's errors.
type entraError struct {
	status   int
	kind     string
	message  string // with {0}, {1} … for what the caller adds
	suberror string
}

// entraErrors holds the texts as they were seen in public reports; the shape of
// the answer is that of wire-detail B.
func entraErrors() map[int]entraError {
	const wrongTenant = " This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."
	const bad, unauthorized = http.StatusBadRequest, http.StatusUnauthorized
	return map[int]entraError{
		50001:   {bad, "invalid_resource", "The resource named {0} was not found in the tenant named {1}." + wrongTenant, ""},
		50034:   {bad, "invalid_grant", "The user account {0} does not exist in the {1} directory. To sign into this application, the account must be added to the directory.", ""},
		50049:   {bad, "invalid_instance", "Unknown or invalid instance. Instance: {0}.", ""},
		50076:   {bad, "interaction_required", "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{0}'.", "basic_action"},
		50079:   {bad, "interaction_required", "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '{0}'.", "basic_action"},
		50126:   {bad, "invalid_grant", "Error validating credentials due to invalid username or password.", ""},
		53003:   {bad, "invalid_grant", "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.", ""},
		70000:   {bad, "invalid_grant", "Provided grant is invalid or malformed.", "bad_token"},
		70003:   {bad, "unsupported_grant_type", "The app requested an unsupported grant type '{0}'.", ""},
		70011:   {bad, "invalid_scope", "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {0} is not valid.", ""},
		70016:   {bad, "authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling.", ""},
		70018:   {bad, "bad_verification_code", "Invalid verification code due to user typing in wrong user code for device code flow.", ""},
		70020:   {bad, "expired_token", "The provided value for the input parameter 'device_code' is not valid. This device code has expired.", ""},
		70021:   {bad, "invalid_request", "No matching federated identity record found for presented assertion. Assertion Issuer: '{0}'. Assertion Subject: '{1}'. Assertion Audience: '{2}'. https://learn.microsoft.com/entra/workload-id/workload-identity-federation", ""},
		90002:   {bad, "invalid_request", "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", ""},
		90014:   {bad, "invalid_request", "The required field '{0}' is missing from the credential. Ensure that you have all the necessary parameters for the login request.", ""},
		500011:  {bad, "invalid_resource", "The resource principal named {0} was not found in the tenant named {1}." + wrongTenant, ""},
		500133:  {bad, "invalid_grant", "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token.", ""},
		700016:  {bad, "unauthorized_client", "Application with identifier '{0}' was not found in the directory '{1}'." + wrongTenant, ""},
		700024:  {unauthorized, "invalid_client", "Client assertion is not within its valid time range. Current time: {0}, assertion valid from {1}, expiry time of assertion {2}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .", ""},
		700027:  {unauthorized, "invalid_client", "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: '{0}', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{1}'.]", ""},
		700082:  {bad, "invalid_grant", "The refresh token has expired due to inactivity.", "token_expired"},
		700211:  {unauthorized, "invalid_client", "No matching federated identity record found for presented assertion issuer '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation", ""},
		700212:  {unauthorized, "invalid_client", "No matching federated identity record found for presented assertion audience '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation", ""},
		700213:  {unauthorized, "invalid_client", "No matching federated identity record found for presented assertion subject '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation", ""},
		900144:  {bad, "invalid_request", "The request body must contain the following parameter: '{0}'.", ""},
		5002738: {unauthorized, "invalid_client", "The client assertion is malformed or its signature is not valid.", ""},
		7000215: {unauthorized, "invalid_client", "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{0}'.", ""},
		7000218: {unauthorized, "invalid_client", "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", ""},
		7000222: {unauthorized, "invalid_client", "The provided client secret keys for app '{0}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.", ""},
	}
}

// aadsts answers with an error of Entra.
func (x *call) aadsts(code int, details ...string) {
	e, ok := entraErrors()[code]
	if !ok {
		e = entraError{http.StatusBadRequest, "invalid_request", "The request was refused.", ""}
	}
	message := e.message
	for i, d := range details {
		message = strings.ReplaceAll(message, fmt.Sprintf("{%d}", i), d)
	}
	stamp := x.now.UTC().Format("2006-01-02 15:04:05Z")
	trace, correlation := uuid.NewString(), x.r.Header.Get("Client-Request-Id")
	if correlation == "" {
		correlation = uuid.NewString()
	}
	body := map[string]any{
		"error": e.kind,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			code, message, trace, correlation, stamp),
		"error_codes":    []int{code},
		"timestamp":      stamp,
		"trace_id":       trace,
		"correlation_id": correlation,
		"error_uri":      fmt.Sprintf("https://%s/error?code=%d", x.host, code),
	}
	if e.suberror != "" {
		body["suberror"] = e.suberror
	}
	x.noStore()
	x.json(e.status, body)
}

// noStore is what every answer of a token endpoint says.
func (x *call) noStore() {
	x.w.Header().Set("Cache-Control", "no-store, no-cache")
	x.w.Header().Set("Pragma", "no-cache")
	x.w.Header().Set("Expires", "-1")
}
