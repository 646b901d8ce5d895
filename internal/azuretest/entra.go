package azuretest

import (
	"encoding/base64"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// entra is a host of Microsoft Entra.
func (a *Azure) entra(x *call) {
	cl, _ := x.c.authority(x.host)
	h := x.w.Header()
	h.Set("X-Ms-Request-Id", uuid.NewString())
	h.Set("X-Ms-Ests-Server", "2.1.19568.3 - EUS ProdSlices")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	path := x.r.URL.Path
	if path == "/common/discovery/instance" && x.r.Method == http.MethodGet {
		a.instanceDiscovery(x)
		return
	}
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if user, ok := strings.CutPrefix(rest, "userrealm/"); ok && x.r.Method == http.MethodGet {
		a.userRealm(x, user)
		return
	}
	switch x.r.Method + " " + rest {
	case "GET v2.0/.well-known/openid-configuration", "GET .well-known/openid-configuration":
		a.openIDConfiguration(x, cl, tenant)
	case "GET discovery/v2.0/keys", "GET discovery/keys":
		a.keys(x)
	case "POST oauth2/v2.0/token", "POST oauth2/token":
		a.entraToken(x, cl, tenant, rest == "oauth2/token")
	case "POST oauth2/v2.0/devicecode", "POST oauth2/devicecode":
		a.deviceCode(x, cl, tenant)
	case "GET oauth2/v2.0/authorize", "GET oauth2/authorize":
		a.authorize(x, cl, tenant)
	default:
		a.surprise(x)
		x.html(http.StatusNotFound, "<html><body>404 - File or directory not found.</body></html>")
	}
}

// instanceDiscovery says which hosts are the same authority. A host that no
// cloud knows is invalid_instance.
func (a *Azure) instanceDiscovery(x *call) {
	endpoint, err := url.Parse(x.r.URL.Query().Get("authorization_endpoint"))
	if err != nil || endpoint.Host == "" {
		x.aadsts(50049, endpoint.String())
		return
	}
	if _, ok := x.c.authority(endpoint.Host); !ok {
		x.aadsts(50049, endpoint.Host)
		return
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(endpoint.Path, "/"), "/")
	type metadata struct {
		Network string   `json:"preferred_network"`
		Cache   string   `json:"preferred_cache"`
		Aliases []string `json:"aliases"`
	}
	var list []metadata
	for _, cl := range clouds() {
		list = append(list, metadata{cl.authorities[0], slices.Concat(cl.authorities[1:], cl.authorities)[0], cl.authorities})
	}
	for _, h := range x.c.AuthorityHosts {
		list = append(list, metadata{h.Host, h.Host, []string{h.Host}})
	}
	x.w.Header().Set("Cache-Control", "max-age=86400, private")
	x.json(http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": "https://" + endpoint.Host + "/" + tenant + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata":                  list,
	})
}

// openIDConfiguration of a tenant, or of organizations and its like.
func (a *Azure) openIDConfiguration(x *call, cl cloud, tenant string) {
	issued := "{tenantid}"
	if !anyTenant(tenant) {
		t := x.c.tenant(tenant, cl.name)
		if t == nil {
			x.aadsts(90002, tenant)
			return
		}
		issued = t.ID
	}
	base := "https://" + x.host + "/" + tenant
	x.w.Header().Set("Cache-Control", "max-age=86400, private")
	x.json(http.StatusOK, map[string]any{
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"issuer":                                "https://" + x.host + "/" + issued + "/v2.0",
		"request_uri_parameter_supported":       false,
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"device_authorization_endpoint":         base + "/oauth2/v2.0/devicecode",
		"http_logout_supported":                 true,
		"frontchannel_logout_supported":         true,
		"end_session_endpoint":                  base + "/oauth2/v2.0/logout",
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   strings.TrimPrefix(cl.authorities[0], "login."),
	})
}

// anyTenant names no tenant in particular.
func anyTenant(name string) bool {
	return name == "common" || name == "organizations" || name == "consumers"
}

// keys is the public half of what signs tokens.
func (a *Azure) keys(x *call) {
	b64 := base64.RawURLEncoding.EncodeToString
	x.json(http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "kid": signingKeyID,
		"n": b64(a.key.N.Bytes()), "e": b64(big.NewInt(int64(a.key.E)).Bytes()),
	}}})
}
