package azuretest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// principal is who a request comes from.
type principal struct {
	id       string // as it stands in the log: client id or user name
	clientID string // appid of the token; of a user, the app that was used
	objectID string // oid of the token
}

// grant is a set of a registry's actions on repositories.
type grant struct {
	actions      []string // read, write, delete, …; catalog in ABAC mode only
	repositories string   // "*" or a name or pattern
}

type grants []grant

// The actions of the roles. Those of owner are those of a real token.
var (
	readActions   = []string{"read"}
	writeActions  = []string{"read", "write"}
	deleteActions = []string{"read", "write", "delete", "deleted/read", "deleted/restore/action"}
)

// actions lists the actions that hold on all repositories.
func (g grants) actions() []string {
	list := []string{}
	for _, one := range g {
		if one.repositories != "*" {
			continue
		}
		for _, action := range one.actions {
			if !slices.Contains(list, action) {
				list = append(list, action)
			}
		}
	}
	return list
}

// allows looks for an action on a repository.
func (g grants) allows(action, repository string) bool {
	return slices.ContainsFunc(g, func(one grant) bool {
		return slices.Contains(one.actions, action) && match(one.repositories, repository)
	})
}

// role is a parsed value of Registry.Roles.
type role struct {
	denied bool
	rbac   grants // of Azure roles
	abac   grants // of ABAC roles
}

func parseRole(text string) (role, error) {
	var r role
	for _, word := range strings.Fields(text) {
		name, repositories, limited := strings.Cut(word, ":")
		if !limited {
			repositories = "*"
		}
		abac := func(actions []string) { r.abac = append(r.abac, grant{actions, repositories}) }
		switch name {
		case "none":
		case "denied":
			r.denied = true
		case "pull":
			r.rbac = append(r.rbac, grant{readActions, "*"})
		case "push":
			r.rbac = append(r.rbac, grant{writeActions, "*"})
		case "owner":
			r.rbac = append(r.rbac, grant{deleteActions, "*"})
		case "repository-reader":
			abac(readActions)
		case "repository-writer":
			abac(writeActions)
		case "repository-contributor":
			abac(deleteActions)
		case "catalog-lister":
			r.abac = append(r.abac, grant{[]string{"catalog"}, "*"})
		default:
			return role{}, fmt.Errorf("role %q is unknown", word)
		}
	}
	return r, nil
}

// names are those under which a principal can stand in Registry.Roles. The app
// that a user came by is not among them.
func (c *Config) names(p principal) []string {
	names := []string{p.id, p.objectID}
	if p.id == SystemAssignedClientID {
		names = append(names, "system", SystemAssignedObjectID, SystemAssignedResource)
	}
	for _, m := range c.ManagedIdentities.UserAssigned {
		if strings.EqualFold(m.ClientID, p.id) {
			names = append(names, m.ObjectID, m.ResourceID)
		}
	}
	return names
}

// grantsFor is what a principal may do on a registry; denied says that not even
// its permissions can be read. No grants: it has no role there.
func (c *Config) grantsFor(reg *Registry, p principal) (g grants, denied bool) {
	text, found := "", false
	for _, name := range c.names(p) {
		for who, assigned := range reg.Roles {
			if name != "" && strings.EqualFold(who, name) {
				text, found = assigned, true
			}
		}
		if found {
			break
		}
	}
	if !found {
		text = cmp.Or(c.DefaultRole, "push")
		if reg.ABAC && c.DefaultRole == "" {
			text = "repository-writer catalog-lister"
		}
	}
	r, err := parseRole(text)
	if err != nil {
		panic("azuretest: " + err.Error()) // check let it through
	}
	if reg.ABAC {
		return r.abac, r.denied
	}
	return r.rbac, r.denied
}
