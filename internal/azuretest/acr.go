package azuretest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

const (
	authenticationRequired = "authentication required, visit https://aka.ms/acr/authorization for more information."
	nullGUID               = "00000000-0000-0000-0000-000000000000"
)

// acr is a login server.
func (a *Azure) acr(x *call) {
	reg := x.c.registry(x.host)
	h := x.w.Header()
	h.Set("Server", "openresty")
	h.Set("X-Ms-Correlation-Request-Id", uuid.NewString())
	h.Add("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Add("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	if reg.Firewall != "" {
		x.acrError(http.StatusForbidden, "DENIED", fmt.Sprintf("client with IP '%s' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.", reg.Firewall))
		return
	}
	path := x.r.URL.Path
	switch {
	case path == "/oauth2/exchange" && x.r.Method == http.MethodPost:
		a.exchange(x, reg)
	case path == "/oauth2/token" && x.r.Method == http.MethodPost:
		a.tokenPost(x, reg)
	case path == "/oauth2/token" && x.r.Method == http.MethodGet:
		a.tokenGet(x, reg)
	case path == "/v2" || strings.HasPrefix(path, "/v2/"):
		a.dataPlane(x, reg)
	case strings.HasPrefix(path, "/acr/v1/"):
		a.metadata(x, reg)
	default:
		// GET /oauth2/exchange is a 404, too, and not a 405 (Azure/acr#166).
		a.surprise(x)
		x.acrError(http.StatusNotFound, "NOT_FOUND", "404 page not found")
	}
}

// acrError answers with an error that has no detail.
func (x *call) acrError(status int, code, message string) {
	x.acrErrors(status, map[string]any{"code": code, "message": message})
}

// acrErrors answers with an error as registries write it, or without a body, as
// they do, too.
func (x *call) acrErrors(status int, e map[string]any) {
	if x.c.Strict {
		x.empty(status)
		return
	}
	x.json(status, map[string]any{"errors": []any{e}})
}

// noRole is the answer to an identity that may do nothing.
func (x *call) noRole() {
	x.acrError(http.StatusUnauthorized, "UNAUTHORIZED", authenticationRequired+" CorrelationId: "+uuid.NewString())
}
