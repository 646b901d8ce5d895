package identity

import (
	"context"
	"strings"
)

// azToken asks az for an Entra access token for scope, from tenantID if that is
// not empty.
func azToken(ctx context.Context, scope, tenantID string) (string, error) {
	if err := plainArguments(scope, tenantID); err != nil {
		return "", err
	}
	path, err := find("az")
	if err != nil {
		return "", err
	}
	// --scope came with az 2.17 only, --resource works in all.
	args := []string{"account", "get-access-token", "--output", "json", "--resource", resource(scope)}
	if tenantID != "" {
		args = append(args, "--tenant", tenantID)
	}
	return cmdlet{"az", path, args}.token(ctx, "accessToken", azSaid)
}

// azSaid is az's error without the warnings before it. Python's own errors, of a
// broken installation, are in the last line of a traceback.
func azSaid(out printed) string {
	const mark = "ERROR:"
	text := out.stderr
	if strings.HasPrefix(text, mark) {
		return text
	}
	if i := strings.Index(text, "\n"+mark); i >= 0 {
		return text[i+1:]
	}
	if i := strings.LastIndex(text, "Traceback (most recent call last)"); i >= 0 {
		text = strings.TrimSpace(text[i:])
		return text[strings.LastIndex(text, "\n")+1:]
	}
	return text
}
