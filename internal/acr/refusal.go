// Package acr is what a Docker client and a registry say to each other beside
// the exchange of tokens, and how a registry refuses. It is for explaining: a
// get needs none of the requests.
package acr

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"

	"docker-credential-acr/internal/lazyregexp"
)

// Reason is why a registry refused a request.
type Reason string

// The reasons that can be told apart.
const (
	ARMRefused    Reason = "arm-token-refused" // no Resource Manager tokens
	Firewall      Reason = "firewall"          // the client's address is not let in
	NoPermissions Reason = "permission-denied" // its permissions could not be retrieved
	NoRole        Reason = "no-role"           // a 401 with an error code
	NotAccepted   Reason = "token-refused"     // a 401 without one
	Forbidden     Reason = "forbidden"         // any other 403
	NotFound      Reason = "not-found"         // 404
	Throttled     Reason = "throttled"         // 429
	Redirected    Reason = "redirected"        // 3xx, which is not followed
	Trouble       Reason = "registry-trouble"  // 5xx
	Unexpected    Reason = "unexpected-answer" // anything else
)

// Refusal is what is to be known of an answer that is not the wanted one. It
// quotes nothing that the registry sent but an error code, an IP address and a
// correlation id.
type Refusal struct {
	Status int
	Reason Reason
	// Code is the error code, such as "UNAUTHORIZED", if it looks like one.
	Code string
	// Address is that of this machine as the firewall sees it, if it says so.
	Address string
	// Correlation is the id that Microsoft's support asks for, or empty.
	Correlation string
}

// body is the body of ACR's errors: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes.
// An empty one is as common.
type body struct {
	Errors []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"errors"`
}

// What ACR is known to write into an error's message. The texts of the service
// are collected in https://aka.ms/acr/errors and in the SDK's troubleshooting
// page, https://github.com/Azure/azure-sdk-for-go/blob/main/sdk/containers/azcontainerregistry/TROUBLESHOOTING.md.
const (
	armRefused    = "arm aad token disallowed"
	noPermissions = "retrieving permissions failed"
	notAllowed    = "is not allowed access"
)

// code matches error codes of registries. What does not look like one is not
// repeated.
var code = lazyregexp.New(`^[A-Z]+(_[A-Z]+)*$`)

// Read reads a refusal.
func Read(response *http.Response, content []byte) Refusal {
	var b body
	_ = json.Unmarshal(content, &b) // an empty or foreign body leaves it empty
	r := Refusal{Status: response.StatusCode}
	said := ""
	if len(b.Errors) > 0 {
		said = b.Errors[0].Message
		if c := b.Errors[0].Code; len(c) <= 32 && code.MatchString(c) {
			r.Code = c
		}
	}
	r.Correlation = correlation(response.Header, said)
	switch {
	case strings.Contains(said, armRefused):
		r.Reason = ARMRefused
	case r.Status == http.StatusForbidden && strings.Contains(said, notAllowed):
		r.Reason, r.Address = Firewall, address(said)
	case strings.Contains(said, noPermissions):
		r.Reason = NoPermissions
	case r.Status == http.StatusUnauthorized && r.Code != "":
		r.Reason = NoRole
	case r.Status == http.StatusUnauthorized:
		r.Reason = NotAccepted
	case r.Status == http.StatusForbidden:
		r.Reason = Forbidden
	case r.Status == http.StatusNotFound:
		r.Reason = NotFound
	case r.Status == http.StatusTooManyRequests:
		r.Reason = Throttled
	case r.Status >= 300 && r.Status < 400:
		r.Reason = Redirected
	case r.Status >= http.StatusInternalServerError:
		r.Reason = Trouble
	default:
		r.Reason = Unexpected
	}
	return r
}

var (
	uuid     = lazyregexp.New(`(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
	quotedIP = lazyregexp.New(`'([0-9a-fA-F:.]+)'`)
)

// address finds the client's address in what the firewall says, or nothing.
func address(said string) string {
	if m := quotedIP.FindStringSubmatch(said); m != nil {
		if ip, err := netip.ParseAddr(m[1]); err == nil {
			return ip.String()
		}
	}
	return ""
}

// correlation finds the id that Microsoft's support asks for.
func correlation(h http.Header, said string) string {
	if id := uuid.FindString(h.Get("X-Ms-Correlation-Request-Id")); id != "" {
		return id
	}
	if _, after, ok := strings.Cut(said, "CorrelationId:"); ok {
		return uuid.FindString(after)
	}
	return ""
}
