package azuretest

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// imdsHost is the address of the instance metadata service.
const imdsHost = "169.254.169.254"

const (
	forbiddenPage = "<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1><p>Your request was denied by policy (resolve_deny).</p></body></html>"
	captivePage   = "<html><head><title>Welcome to the guest network</title></head><body><form action=\"/login\">Please sign in.</form></body></html>"
)

// imds is what answers at 169.254.169.254, Azure or something else.
func (a *Azure) imds(x *call) {
	switch x.c.IMDS {
	case "", "off":
		panic(http.ErrAbortHandler)
	case "blackhole", "hang":
		a.hang(x.r)
		panic(http.ErrAbortHandler)
	case "forbidden":
		x.html(http.StatusForbidden, forbiddenPage)
		return
	case "captive":
		x.html(http.StatusOK, captivePage)
		return
	case "notfound":
		x.empty(http.StatusNotFound)
		return
	}
	x.w.Header().Set("Server", "IMDS/150.870.65.1854")
	if x.r.URL.Path != "/metadata/identity/oauth2/token" || x.r.Method != http.MethodGet {
		a.surprise(x)
		x.json(http.StatusNotFound, map[string]string{"error": "not found"})
		return
	}
	if x.r.Header.Get("Metadata") != "true" || x.r.Header.Get("X-Forwarded-For") != "" {
		// Also what the probe of azidentity's default chain gets.
		x.identityError("invalid_request", "Required metadata header not specified")
		return
	}
	q := x.r.URL.Query()
	if q.Get("api-version") == "" {
		x.identityError("invalid_request", "Required query variable 'api-version' is missing")
		return
	}
	a.managedToken(x, q.Get("resource"), q.Get("client_id"), cmp.Or(q.Get("msi_res_id"), q.Get("mi_res_id")), q.Get("object_id"))
}

func (x *call) identityError(code, description string) {
	x.json(http.StatusBadRequest, map[string]string{"error": code, "error_description": description})
}

// managedToken answers with a token of a managed identity, in the form that
// IMDS and the endpoints of platforms share.
func (a *Azure) managedToken(x *call, resource, clientID, resourceID, objectID string) {
	identity, problem := x.c.managedIdentity(clientID, resourceID, objectID)
	if problem != "" {
		x.identityError("invalid_request", problem)
		return
	}
	x.e.principal(identity.ClientID)
	name := strings.TrimRight(resource, "/")
	_, missing := x.c.MissingAudiences[name]
	cl := cloudNamed(x.c.ManagedIdentities.Cloud)
	known := name == acrAudience
	for _, each := range clouds() {
		for _, audience := range each.audiences {
			known = known || audience == name
		}
	}
	if missing || !known {
		x.identityError("invalid_resource", "AADSTS500011: The resource principal named "+resource+" was not found in the tenant named "+cmp.Or(x.c.ManagedIdentities.Tenant, Tenant)+".")
		return
	}
	life := cmp.Or(x.c.ManagedIdentities.TokenLife.D(), defaultManagedTokenLife)
	claims := x.commonClaims(cl.issuer, cmp.Or(x.c.ManagedIdentities.Tenant, Tenant), resource, life)
	for claim, value := range map[string]string{
		"appid": identity.ClientID, "azp": identity.ClientID, "oid": identity.ObjectID, "sub": identity.ObjectID,
		"idtyp": "app", "appidacr": "2", "xms_mirid": identity.ResourceID,
	} {
		claims[claim] = value
	}
	seconds := strconv.Itoa(int(life / time.Second))
	x.json(http.StatusOK, map[string]string{
		// Clients of Arc want to hear which identity it was; to others it is noise.
		"object_id": identity.ObjectID, "msi_res_id": identity.ResourceID,
		"access_token": a.sign(claims, false), "client_id": identity.ClientID, "token_type": "Bearer", "resource": resource,
		"expires_in": seconds, "ext_expires_in": seconds,
		"expires_on": strconv.FormatInt(x.now.Add(life).Unix(), 10), "not_before": strconv.FormatInt(x.now.Unix(), 10),
	})
}

// managedIdentity finds an identity of the machine; without any id it is the
// system-assigned one, or the only user-assigned one.
func (c *Config) managedIdentity(clientID, resourceID, objectID string) (_ ManagedIdentity, problem string) {
	all := c.ManagedIdentities.UserAssigned
	system := ManagedIdentity{SystemAssignedClientID, SystemAssignedObjectID, SystemAssignedResource}
	if clientID == "" && resourceID == "" && objectID == "" {
		switch {
		case !c.ManagedIdentities.NoSystemAssigned:
			return system, ""
		case len(all) == 1:
			return all[0], ""
		case len(all) > 1:
			return ManagedIdentity{}, "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"
		}
		return ManagedIdentity{}, "Identity not found"
	}
	if !c.ManagedIdentities.NoSystemAssigned {
		all = append(all[:len(all):len(all)], system)
	}
	for _, m := range all {
		if clientID != "" && strings.EqualFold(m.ClientID, clientID) ||
			resourceID != "" && strings.EqualFold(m.ResourceID, resourceID) ||
			objectID != "" && strings.EqualFold(m.ObjectID, objectID) {
			return m, ""
		}
	}
	return ManagedIdentity{}, "Identity not found"
}
