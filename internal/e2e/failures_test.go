//go:build e2e

package e2e

import (
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// firewalled is what clients say that run the helper only when the registry
// asks for a token, which a firewall does not.
const firewalled = "403"

// TestFirewall has what is said about a firewall reach the user of every client,
// through stderr if not through the client's own error. The other troubles are
// in the matrix.
func TestFirewall(t *testing.T) {
	t.Parallel()
	clients := []struct {
		name    string
		program func(*testing.T) string
		args    []string
		asked   bool // runs the helper only when the registry has asked for a token
	}{
		{"crane", crane.client, []string{"digest", registry + "/team/app:1"}, false},
		{"regctl", regctl.client, []string{"image", "digest", registry + "/team/app:1"}, true},
		{"helm", helm.client, []string{"pull", "oci://" + registry + "/team/app"}, true},
		{"helm3", helm3.client, []string{"pull", "oci://" + registry + "/team/app"}, true},
		{"skopeo", fromDebian("skopeo"), []string{"inspect", "docker://" + registry + "/team/app:1"}, false},
		{"podman", fromDebian("podman"), []string{"pull", registry + "/team/app:1"}, false},
		{"buildah", fromDebian("buildah"), []string{"pull", registry + "/team/app:1"}, false},
	}
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			program := c.program(t)
			w := containers(t, azuretest.Config{})
			seeded(w)
			firewall.make(w)
			says := firewall.says
			if c.asked {
				says = firewalled
			}
			w.shows(w.fails(program, c.args...).all(), says)
		})
	}
}

func fromDebian(program string) func(*testing.T) string {
	return func(t *testing.T) string { return debian(t, program, program) }
}
