package azuretest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// permission says whether an action of a scope is allowed.
type permission func(kind, name, action string) bool

// caller is who asks for an access token, and what it may do.
type caller struct {
	principal
	may     permission
	grants  grants
	refresh string // the refresh token that it came with, if it did
}

// tokenPost is POST /oauth2/token (wire-detail A4).
func (a *Azure) tokenPost(x *call, reg *Registry) {
	f := x.r.PostForm
	var who *caller
	switch f.Get("grant_type") {
	case "refresh_token":
		who = a.byRefreshToken(x, reg, f.Get("refresh_token"))
		if who == nil {
			x.empty(http.StatusUnauthorized)
			return
		}
	case "password":
		if len(f["scope"]) == 0 {
			x.empty(http.StatusBadRequest)
			return
		}
		if f.Get("username") == "" {
			who = anonymous(reg)
		} else if who = a.byPassword(x, reg, f.Get("username"), f.Get("password")); who == nil {
			x.badPassword(reg, f.Get("username"))
			return
		}
	default:
		x.empty(http.StatusBadRequest)
		return
	}
	a.accessToken(x, reg, who, f.Get("service"), f["scope"], f.Get("access_type") == "offline")
}

// tokenGet is GET /oauth2/token with Basic, or nothing.
func (a *Azure) tokenGet(x *call, reg *Registry) {
	q := x.r.URL.Query()
	var who *caller
	if user, password, ok := x.r.BasicAuth(); ok {
		if who = a.byPassword(x, reg, user, password); who == nil {
			x.badPassword(reg, user)
			return
		}
	} else if x.r.Header.Get("Authorization") == "" {
		who = anonymous(reg)
	}
	a.accessToken(x, reg, who, q.Get("service"), q["scope"], q.Get("offline_token") == "true")
}

// accessToken answers with a token for a caller, nil for none.
func (a *Azure) accessToken(x *call, reg *Registry, who *caller, service string, scopes []string, offline bool) {
	if who == nil {
		x.noRole()
		return
	}
	x.e.principal(who.id)
	// The service is the host in lower case, and nothing else.
	if service != x.host {
		x.empty(http.StatusUnauthorized)
		return
	}
	access := reduce(parseScopes(scopes), who.may)
	answer := map[string]string{
		"access_token": a.issue(x.now, reg, x.host, who.principal, who.grants, TokenOptions{Kind: "access", Access: access}),
	}
	if offline && who.id != "anonymous" {
		answer["refresh_token"] = who.refresh
		if who.refresh == "" {
			answer["refresh_token"] = a.issue(x.now, reg, x.host, who.principal, who.grants, TokenOptions{})
		}
	}
	x.json(http.StatusOK, answer)
}

// byRefreshToken is the holder of a refresh token, nil if it is not good.
func (a *Azure) byRefreshToken(x *call, reg *Registry, token string) *caller {
	claims, err := a.verifyRegistry(x.now, reg, x.host, "refresh", token)
	if err != nil {
		return nil
	}
	id := text(claims, "azuretest_principal")
	who := &caller{
		principal: principal{id: id, clientID: text(claims, "appid"), objectID: text(claims, "sub")},
		refresh:   token,
	}
	if t := reg.scopeMapToken(strings.TrimPrefix(id, "token ")); t != nil && strings.HasPrefix(id, "token ") {
		who.may = t.may
		return who
	}
	if reg.ABAC {
		who.grants, _ = x.c.grantsFor(reg, who.principal)
	} else {
		// Baked in when the token was issued.
		who.grants = grants{{bakedIn(claims), "*"}}
	}
	who.may = byGrants(reg, who.grants)
	return who
}

func bakedIn(claims jwt.MapClaims) []string {
	permissions, _ := claims["permissions"].(map[string]any)
	list, _ := permissions["Actions"].([]any)
	var actions []string
	for _, a := range list {
		if s, ok := a.(string); ok {
			actions = append(actions, s)
		}
	}
	return actions
}

// byGrants is what roles allow. Who can read a registry can list it, but for
// ABAC mode, where listing is a role of its own.
func byGrants(reg *Registry, g grants) permission {
	return func(kind, name, action string) bool {
		switch {
		case kind == "repository":
			return g.allows(registryAction(action), name)
		case kind == "registry" && name == "catalog" && action == "*":
			return g.allows("catalog", "*") || !reg.ABAC && g.allows("read", "*")
		}
		return false
	}
}

// anonymous is nobody, who may pull if the registry lets anybody.
func anonymous(reg *Registry) *caller {
	if !reg.AnonymousPull {
		return nil
	}
	return &caller{
		principal: principal{id: "anonymous"},
		may: func(kind, _, action string) bool {
			return kind == "repository" && registryAction(action) == "read"
		},
	}
}

// byPassword is whoever has a user name and password: the holder of a token
// under the null GUID, the admin user, a scope-map token, a service principal.
// An empty user name is nobody, and so is <token>.
func (a *Azure) byPassword(x *call, reg *Registry, user, password string) *caller {
	switch {
	case user == "" || password == "":
		return nil
	case user == nullGUID:
		if who := a.byRefreshToken(x, reg, password); who != nil {
			return who
		}
		return a.byAccessToken(x, reg, password)
	case strings.EqualFold(user, reg.adminUser(x.host)):
		if !slices.Contains(reg.AdminPasswords, password) {
			return nil
		}
		g := grants{{deleteActions, "*"}}
		if reg.ABAC {
			g = append(g, grant{[]string{"catalog"}, "*"})
		}
		return &caller{principal: principal{id: user, clientID: user}, grants: g, may: byGrants(reg, g)}
	}
	if t := reg.scopeMapToken(user); t != nil {
		if t.Disabled || !slices.Contains(t.Passwords, password) {
			return nil
		}
		return &caller{principal: principal{id: "token " + t.Name, clientID: t.Name}, may: t.may}
	}
	app := x.c.app(user, reg.tenant())
	if app == nil || app.SecretExpired || !slices.Contains(app.Secrets, password) {
		return nil
	}
	p := principal{id: app.ClientID, clientID: app.ClientID}
	g, denied := x.c.grantsFor(reg, p)
	if denied || len(g) == 0 {
		return nil
	}
	return &caller{principal: p, grants: g, may: byGrants(reg, g)}
}

// badPassword answers to a user name and password that are nobody's. What looks
// like an app and is none is told so.
func (x *call) badPassword(reg *Registry, user string) {
	if uuid.Validate(user) == nil && user != nullGUID && x.c.app(user, reg.tenant()) == nil {
		x.acrError(http.StatusUnauthorized, "UNAUTHORIZED", "Application not registered with AAD.")
		return
	}
	x.noRole()
}

// byAccessToken lets an access token stand as a password, for what it grants
// already.
func (a *Azure) byAccessToken(x *call, reg *Registry, token string) *caller {
	claims, err := a.verifyRegistry(x.now, reg, x.host, "access", token)
	if err != nil {
		return nil
	}
	access := accessOf(claims)
	return &caller{
		principal: principal{id: text(claims, "azuretest_principal"), objectID: text(claims, "sub")},
		may:       func(kind, name, action string) bool { return granted(access, kind, name, action) },
	}
}

func (r *Registry) adminUser(host string) string {
	if r.AdminUser != "" {
		return r.AdminUser
	}
	name, _, _ := strings.Cut(host, ".")
	return name
}

func (r *Registry) scopeMapToken(name string) *ScopeMapToken {
	for i := range r.ScopeMapTokens {
		if strings.EqualFold(r.ScopeMapTokens[i].Name, name) {
			return &r.ScopeMapTokens[i]
		}
	}
	return nil
}

// may is what a scope map allows. It holds no catalog.
func (t *ScopeMapToken) may(kind, name, action string) bool {
	if kind != "repository" {
		return false
	}
	need := map[string]string{
		"pull": "content/read", "push": "content/write", "delete": "content/delete",
		"metadata_read": "metadata/read", "metadata_write": "metadata/write",
	}[action]
	for repository, actions := range t.Repositories {
		if match(repository, name) && slices.Contains(actions, need) {
			return true
		}
	}
	return false
}
