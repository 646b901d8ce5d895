package process

import (
	"context"
	"os/exec"
	"slices"
	"strings"
)

// secrets are variables that hold a secret which this program uses itself, and
// that no tool which is run here reads.
var secrets = []string{"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_PASSWORD"}

type without struct{}

// Without returns a context in which programs start without these variables, as
// they do without this program's own secrets.
func Without(ctx context.Context, variables []string) context.Context {
	if len(variables) == 0 {
		return ctx
	}
	return context.WithValue(ctx, without{}, variables)
}

// withoutSecrets takes secret variables out of what cmd inherits. All others stay:
// azd, for one, asks for a job's id token by itself. Names are compared as Windows
// does.
func withoutSecrets(ctx context.Context, cmd *exec.Cmd) {
	more, _ := ctx.Value(without{}).([]string)
	cmd.Env = slices.DeleteFunc(cmd.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		same := func(secret string) bool { return strings.EqualFold(secret, name) }
		return slices.ContainsFunc(secrets, same) || slices.ContainsFunc(more, same)
	})
}
