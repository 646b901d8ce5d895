package e2e

import "docker-credential-acr/internal/azuretest"

// situation is what an account meets: an identity or none, and what the registry
// makes of it.
type situation struct {
	name       string
	make, mend func(*world)
	says       string // what the user must get to see; empty: nothing is wrong
	// saysStrictly is the same where the registry says nothing but a status.
	saysStrictly string
}

func (w *world) update(change func(*azuretest.Registry)) {
	w.azure.Update(func(c *azuretest.Config) { change(c.Registry(registry)) })
}

var (
	good = situation{name: "good", make: func(*world) {}, mend: func(*world) {}}
	// Without tools of developers, which the machine may have or not.
	noIdentity = situation{
		"no identity",
		func(w *world) {
			w.signOut()
			w.env["AZURE_TOKEN_CREDENTIALS"] = "prod"
		},
		func(*world) {},
		registry + ": no Azure identity found",
		registry + ": no Azure identity found",
	}
	noRole = situation{
		"no role",
		func(w *world) {
			w.update(func(r *azuretest.Registry) { r.Roles = map[string]string{azuretest.ClientID: "none"} })
		},
		func(w *world) { w.update(func(r *azuretest.Registry) { r.Roles = nil }) },
		registry + ": this identity has no role on the registry",
		registry + ": the registry does not accept the Entra token",
	}
	firewall = situation{
		"firewall",
		func(w *world) { w.update(func(r *azuretest.Registry) { r.Firewall = "203.0.113.7" }) },
		func(w *world) { w.update(func(r *azuretest.Registry) { r.Firewall = "" }) },
		registry + ": the registry's firewall does not let 203.0.113.7 in",
		registry + ": the registry or a firewall before it denies access",
	}
)
