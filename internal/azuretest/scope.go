package azuretest

import (
	"slices"
	"strings"
)

// scope is what a token is asked for: "repository:NAME:pull,push".
type scope struct {
	kind    string
	name    string
	actions []string
}

func (s scope) String() string {
	return s.kind + ":" + s.name + ":" + strings.Join(s.actions, ",")
}

// parseScopes reads scope parameters, each of which may hold several scopes.
// What is not a scope is left out.
func parseScopes(parameters []string) []scope {
	var list []scope
	for _, p := range parameters {
		for _, word := range strings.Fields(p) {
			kind, rest, _ := strings.Cut(word, ":")
			i := strings.LastIndexByte(rest, ':')
			if i < 0 {
				continue
			}
			list = append(list, scope{kind, rest[:i], strings.Split(rest[i+1:], ",")})
		}
	}
	return list
}

// reduce is what is left of scopes under a permission. Nobody is told what was
// taken away: the data plane refuses later (wire-detail A4).
func reduce(scopes []scope, may func(kind, name, action string) bool) []Access {
	access := []Access{}
	for _, s := range scopes {
		var actions []string
		for _, action := range s.actions {
			if !slices.Contains(actions, action) && may(s.kind, s.name, action) {
				actions = append(actions, action)
			}
		}
		if actions != nil {
			access = append(access, Access{Type: s.kind, Name: s.name, Actions: actions})
		}
	}
	return access
}

// registryAction is the permission behind an action of a scope.
func registryAction(action string) string {
	switch action {
	case "pull", "metadata_read":
		return "read"
	case "push", "metadata_write":
		return "write"
	case "delete":
		return "delete"
	}
	return "" // nothing has it
}
