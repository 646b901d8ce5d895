//go:build e2e

package e2e

import "docker-credential-acr/internal/azuretest"

// Who has no identity can pull what everybody can, when the helper is told so.
var anonymous = situation{
	name: "anonymous",
	make: func(w *world) {
		noIdentity.make(w)
		w.helperConfig(`{"registries": {"` + registry + `": {"anonymous": true}, "` + other + `": {"anonymous": true}}}`)
		w.anonymousPull(true)
	},
	mend: func(w *world) { w.anonymousPull(false) },
}

// anonymousPull lets everybody pull from the registries, or not.
func (w *world) anonymousPull(on bool) {
	w.azure.Update(func(c *azuretest.Config) {
		for _, host := range []string{registry, other} {
			c.Registry(host).AnonymousPull = on
		}
	})
}
