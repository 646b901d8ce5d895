//go:build e2e

package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// kubelet keeps a projected token as the real one does: NAME is a link to
// ..data/NAME, and ..data a link that is replaced when the token is rotated
// (https://pkg.go.dev/k8s.io/kubernetes/pkg/volume/util#AtomicWriter).
type kubelet struct {
	w      *world
	dir    string
	number int
}

func (k *kubelet) token() string { return filepath.Join(k.dir, "azure-identity-token") }

func (k *kubelet) rotate(token string) {
	k.w.t.Helper()
	old, _ := os.Readlink(filepath.Join(k.dir, "..data"))
	k.number++
	name := fmt.Sprintf("..2026_11_21_10_00_%02d.%d", k.number%60, k.number)
	k.w.must(os.Mkdir(filepath.Join(k.dir, name), 0o755)) //nolint:gosec // as kubelet makes it
	k.w.must(os.WriteFile(filepath.Join(k.dir, name, "azure-identity-token"), []byte(token), 0o600))
	k.w.must(os.Symlink(name, filepath.Join(k.dir, "..data_tmp")))
	k.w.must(os.Rename(filepath.Join(k.dir, "..data_tmp"), filepath.Join(k.dir, "..data")))
	if old == "" {
		k.w.must(os.Symlink(filepath.Join("..data", "azure-identity-token"), k.token()))
		return
	}
	k.w.must(os.RemoveAll(filepath.Join(k.dir, old)))
}

// pod is an account in a pod of AKS, on a node with managed identities.
func pod(t *testing.T) (*world, *kubelet) {
	t.Helper()
	w := nobody(t, azuretest.Config{IMDS: "on", Apps: []azuretest.App{{
		ClientID:  azuretest.ClientID,
		Federated: []azuretest.FederatedCredential{{Issuer: azuretest.ClusterIssuer, Subject: azuretest.ClusterSubject}},
	}, {
		ClientID:  azuretest.SecondClientID,
		Federated: []azuretest.FederatedCredential{{Issuer: azuretest.ClusterIssuer, Subject: "system:serviceaccount:default:second"}},
	}}})
	k := &kubelet{w: w, dir: t.TempDir()}
	w.setAll(w.azure.EnvFor("workload-identity"))
	k.rotate(w.azure.Assertion(azuretest.AssertionOptions{}))
	w.env["AZURE_FEDERATED_TOKEN_FILE"] = k.token()
	return w, k
}

func TestWorkloadIdentity(t *testing.T) {
	t.Parallel()
	w, k := pod(t)
	first := w.azure.Assertion(azuretest.AssertionOptions{})
	k.rotate(first)
	w.answersAs(registry, azuretest.ClientID)
	// Nothing but the token and the exchange.
	w.oursAre("POST login.microsoftonline.com/"+azuretest.Tenant+"/oauth2/v2.0/token", exchange)

	second := w.azure.Assertion(azuretest.AssertionOptions{})
	k.rotate(second)
	w.azure.Reset()
	w.answersAs(registry, azuretest.ClientID)
	w.asked("* *", 0) // a rotated token is no other identity
	w.answersAs(other, azuretest.ClientID)
	if got := w.assertions(w.asked(entra, 1)); !slices.Equal(got, []string{second}) {
		t.Error("the assertion is not the token after the rotation")
	}
	w.silent(w.helper(registry, "erase"))
	third := w.azure.Assertion(azuretest.AssertionOptions{})
	k.rotate(third)
	w.azure.Reset()
	w.answersAs(registry, azuretest.ClientID)
	if got := w.assertions(w.asked(entra, 1)); !slices.Equal(got, []string{third}) {
		t.Error("the assertion is not the token after the second rotation")
	}

	// Another service account and app in the same place.
	k.rotate(w.azure.Assertion(azuretest.AssertionOptions{Subject: "system:serviceaccount:default:second"}))
	w.env["AZURE_CLIENT_ID"] = azuretest.SecondClientID
	w.answersAs(registry, azuretest.SecondClientID)
	// Another service account alone is refused, and not served what was cached.
	w.env["AZURE_CLIENT_ID"] = azuretest.ClientID
	w.shows(w.refusal(registry), "workload identity: ", "AADSTS700213", "federated credential", azuretest.ClientID)
	w.asked(imds, 0)
}

// Rotations while pods start.
func TestWorkloadIdentityRotation(t *testing.T) {
	t.Parallel()
	w, k := pod(t)
	w.env["DOCKER_CREDENTIAL_ACR_CACHE"] = "off"
	var group sync.WaitGroup
	stop := make(chan struct{})
	group.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				k.rotate(w.azure.Assertion(azuretest.AssertionOptions{}))
			}
		}
	})
	var gets sync.WaitGroup
	for range 4 {
		gets.Go(func() {
			for range 5 {
				w.asks(registry, azuretest.ClientID)
			}
		})
	}
	gets.Wait()
	close(stop)
	group.Wait()
	w.asked(entra, 20)
	w.asked(imds, 0)
}

// What is wrong with the token's file is an error, never a step to the node's
// identity.
func TestWorkloadIdentityUnreadable(t *testing.T) {
	t.Parallel()
	w, k := pod(t)
	az := w.azureCLI()
	for name, spoil := range map[string]struct {
		make func()
		says string
	}{
		"missing":     {func() { w.must(os.Remove(k.token())) }, "no such file or directory"},
		"gone":        {func() { w.must(os.RemoveAll(filepath.Join(k.dir, "..data"))) }, "no such file or directory"},
		"empty":       {func() { k.rotate("\n") }, "is empty"},
		"a directory": {func() { w.must(os.Remove(k.token())); w.must(os.Mkdir(k.token(), 0o700)) }, "is a directory"},
	} {
		k.dir, k.number = t.TempDir(), 0
		k.rotate(w.azure.Assertion(azuretest.AssertionOptions{}))
		w.env["AZURE_FEDERATED_TOKEN_FILE"] = k.token()
		spoil.make()
		w.silent(w.helper(registry, "erase"))
		line := w.refusal(registry)
		w.shows(line, "workload identity: ", "federated token", k.token(), spoil.says)
		if t.Failed() {
			t.Fatal(name)
		}
	}

	// Root may read everything, unless it gives that up.
	k.dir, k.number = t.TempDir(), 0
	k.rotate(w.azure.Assertion(azuretest.AssertionOptions{}))
	w.env["AZURE_FEDERATED_TOKEN_FILE"] = k.token()
	w.must(os.Chmod(k.token(), 0))
	w.silent(w.helper(registry, "erase"))
	program := []string{filepath.Join(bin, "docker-credential-acr"), "get"}
	if os.Geteuid() == 0 {
		program = append([]string{debian(t, "setpriv", "util-linux"), "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search", "--"}, program...)
	}
	r := w.input(registry, program[0], program[1:]...)
	if r.code != 1 {
		t.Fatal(r.code)
	}
	w.shows(r.stdout, "workload identity: cannot read the federated token "+k.token()+": permission denied")

	delete(w.env, "AZURE_TENANT_ID")
	w.shows(w.refusal(registry), "AZURE_TENANT_ID is not")
	az.runs(0)
	w.asked("* *", 0)
}

func TestManagedIdentities(t *testing.T) {
	t.Parallel()
	w := nobody(t, azuretest.Config{IMDS: "on"})
	az := w.azureCLI()
	az.login(azuretest.ClientID, azuretest.ClientSecret, azuretest.Tenant)
	w.settings(`{"default": {"identity": "managed-identity"}, "registries": {
		"` + registry + `": {"clientId": "` + azuretest.UserAssignedClientID + `"},
		"` + other + `": {"resourceId": "` + azuretest.SecondUserAssignedResourceID + `"},
		"` + azuretest.LabelRegistry + `": {"objectId": "` + azuretest.ThirdUserAssignedObjectID + `"},
		"` + azuretest.ChinaRegistry + `": {"clientId": "0a550000-0000-4000-8000-0000000000ff"}
	}}`)
	of := map[string]string{
		registry:                     azuretest.UserAssignedClientID,
		other:                        azuretest.SecondUserAssignedClientID,
		azuretest.LabelRegistry:      azuretest.ThirdUserAssignedClientID,
		azuretest.RegionalRegistry:   azuretest.SystemAssignedClientID,
		azuretest.GovernmentRegistry: azuretest.SystemAssignedClientID,
	}
	for range 2 {
		for host, principal := range of {
			w.answersAs(host, principal)
		}
	}
	for _, r := range w.asked(imds, 5) {
		query, err := url.ParseQuery(r.Query)
		w.must(err)
		if query.Get("resource") != "https://containerregistry.azure.net" || r.Header.Get("Metadata") != "true" {
			t.Errorf("%s?%s", r, r.Query)
		}
	}
	w.asked(exchanges, 5)

	// A wrong one is an error, told by its id and without a second try.
	w.azure.Reset()
	w.shows(w.refusal(azuretest.ChinaRegistry), "managed identity: ", "0a550000-0000-4000-8000-0000000000ff", "assign")
	w.asked("* *", 1)
	// So it is in the chain, where AZURE_CLIENT_ID names it.
	w.settings(`{}`)
	w.env["AZURE_CLIENT_ID"] = "0a550000-0000-4000-8000-0000000000ff"
	w.azure.Reset()
	w.shows(w.refusal(registry), "managed identity: ", "0a550000-0000-4000-8000-0000000000ff", "AZURE_CLIENT_ID")
	w.asked(imds, 2) // the probe
	w.asked("* *", 2)
	w.env["AZURE_CLIENT_ID"] = azuretest.ThirdUserAssignedClientID
	w.answersAs(registry, azuretest.ThirdUserAssignedClientID)
	delete(w.env, "AZURE_CLIENT_ID")
	w.answersAs(registry, azuretest.SystemAssignedClientID)
	az.runs(0)

	// Without a system-assigned identity the chain goes on, a named source does
	// not.
	w.azure.Update(func(c *azuretest.Config) { c.ManagedIdentities.NoSystemAssigned = true })
	w.silent(w.helper(registry, "erase"))
	w.answersAs(registry, azuretest.ClientID)
	az.runs(1)
	w.settings(`{"default": {"identity": "managed-identity"}}`)
	w.shows(w.refusal(other), "managed identity: ", "no system-assigned identity")
	az.runs(0)
	az.run("logout")
	w.settings(`{}`)
	w.shows(w.refusal(azuretest.RegionalRegistry), "managed identity: ", "no system-assigned identity")
}

// job is an account in a job of a CI service, for an app that trusts exactly
// that job.
func job(t *testing.T, platform, issuer, subject string) *world {
	t.Helper()
	w := nobody(t, azuretest.Config{IMDS: "on", Apps: []azuretest.App{{
		ClientID: azuretest.ClientID,
		Federated: []azuretest.FederatedCredential{
			{Issuer: issuer, Subject: subject},
			{Issuer: issuer, Subject: subject, Audience: "api://AzureADTokenExchangeChina"},
			{Issuer: issuer, Subject: subject, Audience: "api://AzureADTokenExchangeUSGov"},
		},
	}}})
	w.setAll(w.azure.EnvFor(platform))
	w.keeps(azuretest.GitHubRequestToken, azuretest.PipelinesAccessToken)
	return w
}

func TestGitHubActions(t *testing.T) {
	t.Parallel()
	w := job(t, "github-actions", azuretest.GitHubIssuer, azuretest.GitHubSubject)
	w.env["AZURE_CLIENT_ID"], w.env["AZURE_TENANT_ID"] = azuretest.ClientID, azuretest.Tenant
	w.oidc("GET *.githubusercontent.com/*", azuretest.GitHubSubject)

	// The clouds have audiences of their own.
	w.azure.Reset()
	w.answersAs(azuretest.ChinaRegistry, azuretest.ClientID)
	w.answersAs(azuretest.GovernmentRegistry, azuretest.ClientID)
	asked := w.asked("GET *.githubusercontent.com/*", 2)
	for i, audience := range []string{"api://AzureADTokenExchangeChina", "api://AzureADTokenExchangeUSGov"} {
		query, err := url.ParseQuery(asked[i].Query)
		w.must(err)
		if query.Get("audience") != audience || query.Get("api-version") != "2.0" {
			t.Errorf("GitHub was asked %s", asked[i].Query)
		}
	}

	// The job's branch is another one.
	w.azure.Update(func(c *azuretest.Config) { c.GitHub.Subject = "repo:contoso/app:ref:refs/heads/other" })
	w.azure.Reset()
	w.shows(w.refusal(azuretest.LabelRegistry), "GitHub Actions: ", "AADSTS700213", "federated credential")
	w.asked("GET *.githubusercontent.com/*", 1)
	w.asked(imds, 0)
}

func TestAzurePipelines(t *testing.T) {
	t.Parallel()
	w := job(t, "azure-pipelines", azuretest.PipelinesIssuer, azuretest.PipelinesSubject)
	w.oidc("POST dev.azure.com/*", azuretest.PipelinesSubject)
	w.azure.Update(func(c *azuretest.Config) { c.Pipelines.Subject = "sc://contoso/project/other" })
	w.azure.Reset()
	w.shows(w.refusal(azuretest.LabelRegistry), "Azure Pipelines: ", "AADSTS700213", "federated credential")
	w.asked("POST dev.azure.com/*", 1)

	w.env["SYSTEM_ACCESSTOKEN"] = "wrong"
	line := w.refusal(azuretest.RegionalRegistry)
	w.shows(line, "Azure Pipelines: ")
	if !strings.Contains(line, "SYSTEM_ACCESSTOKEN") && !strings.Contains(line, "dev.azure.com") {
		t.Errorf("it is not said who refused in: %s", line)
	}
	w.asked(imds, 0)
}

// oidc expects a new assertion for each request to Entra.
func (w *world) oidc(provider, subject string) {
	t := w.t
	t.Helper()
	w.answersAs(registry, azuretest.ClientID)
	w.answersAs(other, azuretest.ClientID)
	w.answersAs(registry, azuretest.ClientID)
	w.asked(provider, 2)
	w.asked(exchanges, 2)
	assertions := w.assertions(w.asked(entra, 2))
	different(t, assertions)
	for _, a := range assertions {
		if claims := w.claims(a); claims["sub"] != subject || claims["aud"] != "api://AzureADTokenExchange" {
			t.Errorf("the assertion is for %v, %v", claims["sub"], claims["aud"])
		}
	}

	// Many at once: one alone asks, for itself and the others.
	w.silent(w.helper(registry, "erase"))
	w.silent(w.helper(other, "erase"))
	w.azure.Reset()
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() { w.asks([]string{registry, other}[i%2], azuretest.ClientID) })
	}
	group.Wait()
	w.asked(provider, 2)
	different(t, w.assertions(w.asked(entra, 2)))

	// Azure Local: two requests, with an assertion each.
	w.azure.Update(func(c *azuretest.Config) {
		c.MissingAudiences = map[string]int{"https://containerregistry.azure.net": 50001}
	})
	w.silent(w.helper(registry, "erase"))
	w.azure.Reset()
	w.answersAs(registry, azuretest.ClientID)
	w.asked(provider, 2)
	different(t, w.assertions(w.asked(entra, 2)))
	w.azure.Update(func(c *azuretest.Config) { c.MissingAudiences = nil })

	// Entra is busy once.
	w.silent(w.helper(registry, "erase"))
	w.azure.Update(func(c *azuretest.Config) {
		c.Faults = []azuretest.Fault{{Match: entra, Times: 1, Status: 503}}
	})
	w.azure.Reset()
	w.answersAs(registry, azuretest.ClientID)
	busy := w.assertions(w.asked(entra, 2))
	if busy[0] == busy[1] {
		t.Error("after a 503 the same assertion was sent again")
	}
	w.azure.Update(func(c *azuretest.Config) { c.Faults = nil })
	w.asked(imds, 0)
}
