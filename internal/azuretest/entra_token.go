package azuretest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// entraToken is a token endpoint; v1 is the older one, with resource in place
// of scope and strings in place of numbers.
func (a *Azure) entraToken(x *call, cl cloud, tenantName string, v1 bool) {
	f := x.r.PostForm
	for _, name := range []string{"grant_type", "client_id"} {
		if f.Get(name) == "" {
			x.aadsts(900144, name)
			return
		}
	}
	grant := f.Get("grant_type")
	tenant := x.c.tenant(tenantName, cl.name)
	if tenant == nil && !(anyTenant(tenantName) && grant != "client_credentials") {
		x.aadsts(90002, tenantName)
		return
	}
	resource, problem := requestedResource(f.Get("resource"), f.Get("scope"), v1)
	switch grant {
	case "client_credentials":
		x.e.principal(f.Get("client_id"))
		app := x.c.app(f.Get("client_id"), tenant.ID)
		if app == nil {
			x.aadsts(700016, f.Get("client_id"), tenantName)
			return
		}
		if !a.clientAuthenticated(x, cl, app) {
			return
		}
		if problem {
			x.aadsts(70011, f.Get("scope"))
			return
		}
		if !x.resourceExists(cl, resource, tenant.ID) {
			return
		}
		if app.Fail != 0 {
			x.aadsts(app.Fail, resource)
			return
		}
		a.grantEntra(x, v1, resource, nil, a.appClaims(x, cl, tenant.ID, app.ClientID, resource))
	case "password", "refresh_token", "authorization_code",
		"urn:ietf:params:oauth:grant-type:device_code", "device_code":
		user, earlier := a.signedIn(x, tenant, grant)
		if user == nil {
			return
		}
		if resource == "" && f.Get("scope") == "" {
			resource, _ = requestedResource("", earlier, false)
		}
		if resource == "" {
			x.aadsts(70011, f.Get("scope"))
			return
		}
		id := user.homeTenant()
		if tenant != nil {
			id = tenant.ID
		}
		if !x.resourceExists(cl, resource, id) {
			return
		}
		x.e.principal(user.Name)
		a.grantEntra(x, v1, resource, user, a.userClaims(x, cl, id, f.Get("client_id"), user, resource))
	default:
		x.aadsts(70003, grant)
	}
}

// requestedResource is the resource of a scope "RESOURCE/.default" (or another
// permission, which users may ask for), or the older parameter.
func requestedResource(resource, scopes string, v1 bool) (_ string, problem bool) {
	if v1 {
		return resource, resource == ""
	}
	for _, s := range strings.Fields(scopes) {
		switch s {
		case "openid", "offline_access", "profile", "email":
			continue
		}
		i := strings.LastIndexByte(s, '/')
		if i < 0 || !strings.Contains(s[:i], ":/") {
			return "", true
		}
		return s[:i], s[i:] != "/.default"
	}
	return "", true
}

// resourceExists answers for resources that nobody can get tokens for.
func (x *call) resourceExists(cl cloud, resource, tenant string) bool {
	name := strings.TrimRight(resource, "/")
	for missing, code := range x.c.MissingAudiences {
		if strings.TrimRight(missing, "/") == name {
			x.aadsts(code, resource, tenant)
			return false
		}
	}
	if name == acrAudience || name == "https://graph.microsoft.com" || slices.Contains(cl.audiences, name) {
		return true
	}
	x.aadsts(500011, resource, tenant)
	return false
}

// grantEntra answers with an access token, and for users with the tokens that
// belong to a sign-in.
func (a *Azure) grantEntra(x *call, v1 bool, resource string, user *User, claims jwt.MapClaims) {
	life := cmp.Or(x.c.EntraTokenLife.D(), defaultEntraTokenLife)
	seconds := int(life / time.Second)
	body := map[string]any{"token_type": "Bearer", "access_token": a.sign(claims, false)}
	if v1 {
		body["expires_in"] = strconv.Itoa(seconds)
		body["ext_expires_in"] = strconv.Itoa(seconds)
		body["not_before"] = strconv.FormatInt(x.now.Unix(), 10)
		body["expires_on"] = strconv.FormatInt(x.now.Add(life).Unix(), 10)
		body["resource"] = resource
	} else {
		body["expires_in"] = seconds
		body["ext_expires_in"] = seconds
	}
	if user != nil {
		f := x.r.PostForm
		tenant := text(claims, "tid")
		body["scope"] = resource + "/user_impersonation " + resource + "/.default"
		body["refresh_token"] = a.sessions.remember(session{
			user: user.Name, tenant: tenant, client: f.Get("client_id"), scope: resource + "/.default",
		})
		body["foci"] = "1" // the developer tools are one family of clients
		body["id_token"] = a.sign(jwt.MapClaims{
			"aud": f.Get("client_id"), "iss": "https://" + x.host + "/" + tenant + "/v2.0", "ver": "2.0",
			"iat": x.now.Unix(), "nbf": x.now.Unix(), "exp": x.now.Add(life).Unix(),
			"name": user.Name, "preferred_username": user.Name, "upn": user.Name,
			"oid": user.objectID(), "sub": derivedID("sub " + user.Name), "tid": tenant,
		}, false)
		info, err := json.Marshal(map[string]string{"uid": user.objectID(), "utid": user.homeTenant()})
		if err != nil {
			panic("azuretest: " + err.Error())
		}
		body["client_info"] = base64.RawURLEncoding.EncodeToString(info)
	}
	x.noStore()
	x.json(http.StatusOK, body)
}

// commonClaims are in every access token of Entra.
func (x *call) commonClaims(issuer, tenant, resource string, life time.Duration) jwt.MapClaims {
	return jwt.MapClaims{
		"aud": resource, "iss": issuer + tenant + "/", "tid": tenant, "ver": "1.0",
		"iat": x.now.Unix(), "nbf": x.now.Unix(), "exp": x.now.Add(life).Unix(), "uti": uuid.NewString(),
	}
}

func (a *Azure) appClaims(x *call, cl cloud, tenant, clientID, resource string) jwt.MapClaims {
	claims := x.commonClaims(cl.issuer, tenant, resource, cmp.Or(x.c.EntraTokenLife.D(), defaultEntraTokenLife))
	oid := derivedID("service principal of " + clientID + " in " + tenant)
	for name, value := range map[string]string{
		"appid": clientID, "azp": clientID, "oid": oid, "sub": oid, "idtyp": "app",
		"idp": claims["iss"].(string), "appidacr": "1",
	} {
		claims[name] = value
	}
	return claims
}

func (a *Azure) userClaims(x *call, cl cloud, tenant, clientID string, u *User, resource string) jwt.MapClaims {
	claims := x.commonClaims(cl.issuer, tenant, resource, cmp.Or(x.c.EntraTokenLife.D(), defaultEntraTokenLife))
	for name, value := range map[string]string{
		"appid": clientID, "azp": clientID, "oid": u.objectID(), "sub": derivedID("sub " + u.Name), "idtyp": "user",
		"upn": u.Name, "unique_name": u.Name, "name": u.Name, "scp": "user_impersonation", "appidacr": "0",
	} {
		claims[name] = value
	}
	return claims
}

// EntraOptions are what an Entra token can have that is not usual. The zero
// value is a token of [ClientID] in [Tenant] for ACR.
type EntraOptions struct {
	ClientID   string
	User       string // instead of an app
	Tenant     string
	Cloud      string
	Audience   string
	Life       time.Duration // 0 means 3599 s
	Age        time.Duration // since it was issued
	ForeignKey bool
}

// IssueEntra makes a signed Entra access token.
func (a *Azure) IssueEntra(o EntraOptions) string {
	c := a.config.Load()
	x := &call{c: c, now: a.now().Add(-o.Age)}
	cl := cloudNamed(o.Cloud)
	tenant, resource := cmp.Or(o.Tenant, Tenant), cmp.Or(o.Audience, acrAudience)
	claims := a.appClaims(x, cl, tenant, cmp.Or(o.ClientID, ClientID), resource)
	if o.User != "" {
		claims = a.userClaims(x, cl, tenant, cmp.Or(o.ClientID, CLIClientID), &User{Name: o.User}, resource)
	}
	if o.Life != 0 {
		claims["exp"] = x.now.Add(o.Life).Unix()
	}
	return a.sign(claims, o.ForeignKey)
}
