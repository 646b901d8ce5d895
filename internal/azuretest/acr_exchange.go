package azuretest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// exchange turns an Entra token into a refresh token of the registry
// (wire-detail A2, with its table of errors).
func (a *Azure) exchange(x *call, reg *Registry) {
	f := x.r.PostForm
	token := f.Get("access_token")
	switch f.Get("grant_type") {
	case "access_token", "access_token_refresh_token":
	case "refresh_token":
		// Deprecated: an Entra refresh token alone.
		token = a.sessions.accessToken(a, x, f.Get("refresh_token"))
	default:
		x.empty(http.StatusBadRequest) // inferred
		return
	}
	// In any case of letters; only /oauth2/token is strict always.
	if service := f.Get("service"); service == "" {
		x.empty(http.StatusBadRequest) // inferred
		return
	} else if !strings.EqualFold(service, x.host) || x.c.Strict && service != x.host {
		x.noRole() // inferred
		return
	}
	claims, err := a.verify(x.now, token)
	if err != nil {
		x.empty(http.StatusUnauthorized)
		return
	}
	p := principal{id: text(claims, "appid"), clientID: text(claims, "appid"), objectID: text(claims, "oid")}
	if upn := text(claims, "upn"); upn != "" {
		p.id = upn
	}
	x.e.principal(p.id)

	cl := cloudOf(reg, x.host)
	audience := strings.TrimRight(audienceOf(claims), "/")
	arm := slices.Contains(cl.audiences, audience)
	switch {
	case !arm && audience != acrAudience:
		x.empty(http.StatusUnauthorized)
		return
	case arm && reg.ARMTokens == "refused":
		x.acrError(http.StatusUnauthorized, "UNAUTHORIZED", "arm aad token disallowed")
		return
	case !a.fromTenant(x, reg, cl, claims):
		// The body of the real answer was never seen (wire-detail, Unknown).
		x.noRole()
		return
	}
	if named := f.Get("tenant"); named != "" {
		if t := x.c.tenant(named, ""); t == nil || t.ID != text(claims, "tid") {
			x.noRole() // inferred
			return
		}
	}
	g, denied := x.c.grantsFor(reg, p)
	switch {
	case denied:
		x.acrError(http.StatusForbidden, "DENIED", "retrieving permissions failed")
		return
	case len(g) == 0:
		x.noRole()
		return
	}
	options := reg.Exchanged
	if options.Audience == "" {
		// As it was asked for, which in mixed case is worth nothing later.
		options.Audience = f.Get("service")
	}
	x.w.Header().Set("X-Ms-Ratelimit-Remaining-Calls-Per-Second", "166.65")
	x.json(http.StatusOK, map[string]string{"refresh_token": a.issue(x.now, reg, x.host, p, g, options)})
}

// fromTenant reports whether a token comes from the registry's tenant, by an
// authority of the registry's cloud.
func (a *Azure) fromTenant(x *call, reg *Registry, cl cloud, claims jwt.MapClaims) bool {
	tenant := x.c.tenant(reg.tenant(), "")
	if tenant == nil || !strings.EqualFold(tenant.ID, text(claims, "tid")) {
		return false
	}
	if text(claims, "xms_mirid") != "" && x.c.ManagedIdentities.Cloud == "" {
		return true
	}
	return strings.HasPrefix(text(claims, "iss"), cl.issuer)
}

func (r *Registry) tenant() string {
	if r.Tenant != "" {
		return r.Tenant
	}
	return Tenant
}

func audienceOf(claims jwt.MapClaims) string {
	list, err := claims.GetAudience()
	if err != nil || len(list) != 1 {
		return ""
	}
	return list[0]
}
