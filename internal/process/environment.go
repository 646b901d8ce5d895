package process

import (
	"os/exec"
	"slices"
	"strings"
)

// secrets are variables that hold a secret which this program uses itself, and
// that no tool which is run here reads.
var secrets = []string{"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_PASSWORD"}

// withoutSecrets takes these variables out of what cmd inherits. All others stay:
// azd, for one, asks for a job's id token by itself.
func withoutSecrets(cmd *exec.Cmd) {
	cmd.Env = slices.DeleteFunc(cmd.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(secrets, strings.ToUpper(name))
	})
}
