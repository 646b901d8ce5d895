//go:build e2e

package e2e

import (
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// docker login asks the registry for a refresh token, and ACR gives it one: what
// docker stores is that, as <token>, and not the password. It is answered until
// it expires.
func TestStoreDocker(t *testing.T) {
	clis := dockerCLIs(t)
	t.Parallel()
	e := startEngine(t)
	e.azure.Update(func(c *azuretest.Config) {
		r := withLogins().Registries[0]
		mine := c.Registry(registry)
		mine.AdminUser, mine.AdminPasswords, mine.ScopeMapTokens = r.AdminUser, r.AdminPasswords, r.ScopeMapTokens
	})
	for _, cli := range clis {
		for _, l := range logins {
			for _, store := range []string{"pass", "file"} {
				t.Run(cli.version+" "+l.name+" "+store, func(t *testing.T) {
					w := e.user(t)
					if store == "pass" {
						w.setUpPass()
					}
					w.signOut()
					digest := w.seed(registry, "team/app", "1")
					// What was stored before, by another client.
					if r := w.store("anna", "another+password/of:anna"); r.code != 0 {
						t.Fatal(r)
					}
					w.azure.Reset()
					r := w.input("", cli.path, "login", registry, "-u", l.user, "-p", l.password)
					if r.code != 0 {
						t.Fatal(r)
					}
					w.shows(r.all(), "Login Succeeded")
					w.azure.Reset()
					got := oneValue(w.helper(registry, "get").stdout)
					if got.kind != "found" {
						t.Fatalf("after the login: %+v", got)
					}
					w.shows(w.helper("", "list").stdout, `"`+registry+`":"\u003ctoken\u003e"`)
					w.shows(w.ok(cli.path, "pull", registry+"/team/app:1").stdout, "Digest: "+digest)
					w.costs(cost{refresh: 1})
					w.lacks(l.password, "another+password/of:anna")
					w.ok(cli.path, "rmi", registry+"/team/app:1")
					w.ok(cli.path, "logout", registry)
					w.fails(cli.path, "pull", registry+"/team/app:1")
					w.traceless(l.password, "another+password/of:anna")

					// A password that the registry refuses is not kept.
					w.fails(cli.path, "login", registry, "-u", l.user, "-p", "wrong+password/"+l.user)
					w.shows(w.helper("", "list").stdout, "{}")
				})
			}
		}
	}
}
