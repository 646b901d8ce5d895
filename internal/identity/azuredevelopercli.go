package identity

import (
	"context"
	"encoding/json"
	"strings"
)

// azdToken asks azd for an Entra access token for scope, from tenantID if that
// is not empty.
func azdToken(ctx context.Context, scope, tenantID string) (string, error) {
	if err := plainArguments(scope, tenantID); err != nil {
		return "", err
	}
	path, err := find("azd")
	if err != nil {
		return "", err
	}
	args := []string{"auth", "token", "--output", "json", "--no-prompt", "--scope", scope}
	if tenantID != "" {
		args = append(args, "--tenant-id", tenantID)
	}
	return cmdlet{"azd", path, args}.token(ctx, "token", azdSaid)
}

// azdSaid is the error among the lines of JSON that azd writes to its standard
// error, and for some to its standard output. Since azd 1.23.7 it is
// {"error", "message", "suggestion"}, perhaps behind an empty message; before,
// {"type": "consoleMessage", "data": {"message"}}
// (azidentity 1.15, developer_credential_util.go). Of standard output nothing
// else is quoted.
func azdSaid(out printed) string {
	var message string
	for line := range strings.Lines(out.stderr + "\n" + out.stdout) {
		var said struct {
			Error      string `json:"error"`
			Suggestion string `json:"suggestion"`
			Data       struct {
				Message string `json:"message"`
			} `json:"data"`
		}
		if json.Unmarshal([]byte(strings.TrimSpace(line)), &said) != nil {
			continue
		}
		if said.Error != "" {
			return strings.TrimSpace(strings.TrimRight(said.Error, ". \r\n") + ". " + said.Suggestion)
		}
		if message == "" {
			message = strings.TrimSpace(said.Data.Message)
		}
	}
	if message == "" {
		message = out.stderr
	}
	return message
}
