//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// exposed is what az acr login --expose-token prints.
func (c *azureCLI) exposed(name string) string {
	c.w.t.Helper()
	answer := jsonOf[struct{ LoginServer, AccessToken string }](c.w.t, c.run("acr", "login", "--expose-token", "-n", name, "-o", "json"))
	if claims := c.w.claims(answer.AccessToken); claims["aud"] != answer.LoginServer || claims["grant_type"] != "refresh_token" {
		c.w.t.Fatalf("az acr login: %s", answer.LoginServer)
	}
	return answer.AccessToken
}

// stored fails the test unless the helper answers with the token that a client
// has stored, without asking anybody; and after logout no more.
func (c *azureCLI) stored(token string, logout func()) {
	w := c.w
	w.t.Helper()
	w.azure.Reset()
	if w.answer(registry) != token {
		w.t.Error("the answer is not what was stored")
	}
	w.asked("* *", 0)
	if r := w.helper("", "list"); r.code != 0 || r.stdout == "{}\n" {
		w.t.Error(r)
	}
	logout()
	c.runs(0)
	if w.answer(registry) == token {
		w.t.Error("the token is still there after the logout")
	}
	c.runs(1)
	w.asked(exchanges, 1)
	logout()
	c.run("logout")
	w.shows(w.refusal(registry), "az login")
	c.runs(1)
}

// The Azure CLI's token in docker login, with an engine.
func TestExposeTokenDocker(t *testing.T) {
	clis := dockerCLIs(t)
	t.Parallel()
	e := startEngine(t)
	for _, cli := range clis {
		t.Run(cli.version, func(t *testing.T) {
			w := e.user(t)
			w.signOut()
			w.checksCache()
			az := w.azureCLI()
			w.settings(`{"default": {"identity": "azure-cli"}}`)
			az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
			w.answersAs(registry, azuretest.ClientID)
			az.runs(1)
			digest := w.seed(registry, "team/app", "1")

			token := az.exposed("myregistry")
			r := w.input(token, cli.path, "login", registry, "-u", guidUser, "--password-stdin")
			if r.code != 0 {
				t.Fatal(r)
			}
			w.shows(r.all(), "Login Succeeded")
			w.shows(w.ok(cli.path, "pull", registry+"/team/app:1").stdout, "Digest: "+digest)
			w.ok(cli.path, "rmi", registry+"/team/app:1")
			az.stored(token, func() {
				w.shows(w.ok(cli.path, "logout", registry).stdout, "Removing login credentials for "+registry)
				w.azure.Reset()
			})

			// az acr login as people know it runs docker itself.
			w.must(os.Symlink(cli.path, filepath.Join(w.home, "tools", "docker")))
			az.login(azuretest.SecondClientID, azuretest.SecondClientSecret, azuretest.Tenant)
			w.shows(az.run("acr", "login", "-n", "myregistry"), "Login Succeeded")
			w.answersAs(registry, azuretest.SecondClientID)
			w.asked("* *", 0)
			az.runs(0)
			w.ok(cli.path, "logout", registry)
		})
	}
}

// Without an engine docker takes the password from its command line only.
func TestExposeTokenWithoutEngine(t *testing.T) {
	t.Parallel()
	for _, cli := range dockerCLIs(t) {
		t.Run(cli.version, func(t *testing.T) {
			w := machine(t, azuretest.Config{})
			w.signOut()
			w.checksCache()
			w.env["DOCKER_HOST"] = "unix://" + w.home + "/none"
			az := w.azureCLI()
			w.settings(`{"default": {"identity": "azure-cli"}}`)
			az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
			token := az.exposed("myregistry")
			r := w.input("", cli.path, "login", registry, "-u", guidUser, "-p", token)
			if r.code != 0 {
				t.Fatalf("docker login: %s", r.all())
			}
			az.stored(token, func() { w.ok(cli.path, "logout", registry); w.azure.Reset() })
		})
	}
}

// The Azure CLI's token in helm registry login, where helm keeps credentials as
// Docker's configuration says.
func TestExposeTokenHelm(t *testing.T) {
	t.Parallel()
	for _, m := range []module{helm, helm3} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			program := m.client(t)
			w := machine(t, azuretest.Config{})
			w.signOut()
			w.checksCache()
			w.env["HELM_REGISTRY_CONFIG"] = w.env["DOCKER_CONFIG"] + "/config.json"
			az := w.azureCLI()
			w.settings(`{"default": {"identity": "azure-cli"}}`)
			az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
			w.chart("app", "")
			w.ok(program, "package", "app")

			token := az.exposed("myregistry")
			r := w.input(token, program, "registry", "login", registry, "-u", guidUser, "--password-stdin")
			if r.code != 0 {
				t.Fatal(r)
			}
			w.shows(r.all(), "Login Succeeded")
			w.ok(program, "push", "app-1.0.0.tgz", "oci://"+registry+"/charts")
			w.azure.Reset()
			w.shows(w.ok(program, "show", "chart", "oci://"+registry+"/charts/app").stdout, "a private chart")
			w.asked(exchanges, 0)
			az.stored(token, func() { w.ok(program, "registry", "logout", registry); w.azure.Reset() })
		})
	}
}
