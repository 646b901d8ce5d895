package helper_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/azuretest"
)

// outside is a transport to an outside world that remembers who was spoken to,
// gives out Entra tokens, and lets nobody in.
type outside struct{ asked []*url.URL }

func (o *outside) RoundTrip(r *http.Request) (*http.Response, error) {
	o.asked = append(o.asked, r.URL)
	answer := &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{"Content-Type": {"application/json"}}, Body: http.NoBody, Request: r}
	if strings.HasPrefix(r.URL.Host, "login.") {
		authority := "https://" + r.URL.Host + "/" + azuretest.Tenant
		answer.StatusCode = http.StatusOK
		answer.Body = io.NopCloser(strings.NewReader(`{"access_token":"entra","token_type":"Bearer","expires_in":3599,"issuer":"` + authority + `/v2.0",` +
			`"authorization_endpoint":"` + authority + `/oauth2/v2.0/authorize","token_endpoint":"` + authority + `/oauth2/v2.0/token"}`))
	}
	return answer, nil
}

// FuzzHosts asks for anything: requests go to the authority of a cloud and to a
// login server of ACR that stands in the question, over https, or to nobody.
func FuzzHosts(f *testing.F) {
	for _, s := range []string{
		"myregistry.azurecr.io", "HTTPS://MyRegistry.AzureCR.io.:443/v2/\r\n", "contosoacr-abc123.eastus.geo.azurecr.cn", "usgovregistry.azurecr.us/team/app",
		"registry.contoso.example", "evil.azurecr.io.attacker.example", "attacker.example#.azurecr.io", "myregistry.azurecr.io@attacker.example", "myregistry.azurecr.io:80", "a\nb",
	} {
		f.Add(s)
	}
	authorities := []string{"login.microsoftonline.com", "login.chinacloudapi.cn", "login.microsoftonline.us"}
	f.Fuzz(func(t *testing.T, serverURL string) {
		network := &outside{}
		environment := map[string]string{
			"DOCKER_CREDENTIAL_ACR_CACHE": "off", "DOCKER_CREDENTIAL_ACR_CONFIG": "", "HOME": t.TempDir(), "PATH": "",
			"AZURE_TENANT_ID": azuretest.Tenant, "AZURE_CLIENT_ID": azuretest.ClientID, "AZURE_CLIENT_SECRET": azuretest.ClientSecret,
		}
		h, err := helper.New(helper.Options{
			Lookup:    func(name string) (string, bool) { value, ok := environment[name]; return value, ok },
			Transport: network, Timeout: time.Minute,
		})
		if err != nil {
			t.Fatal(err)
		}
		_, secret, err := h.Get(serverURL)
		if err == nil || secret != "" || strings.Contains(err.Error(), azuretest.ClientSecret) {
			t.Fatalf("%q: %d bytes of a secret, %v", serverURL, len(secret), err)
		}
		if credentials.IsErrCredentialsNotFound(err) {
			if len(network.asked) != 0 {
				t.Fatalf("%q: not found, and asked %v", serverURL, network.asked)
			}
			return
		}
		for _, u := range network.asked {
			acr := slices.ContainsFunc([]string{".azurecr.io", ".azurecr.cn", ".azurecr.us"}, func(suffix string) bool { return strings.HasSuffix(u.Host, suffix) })
			named := acr && strings.Contains(strings.ToLower(serverURL), u.Host) && u.Path == "/oauth2/exchange"
			if u.Scheme != "https" || !named && !slices.Contains(authorities, u.Host) {
				t.Fatalf("%q: asked %v", serverURL, u)
			}
		}
	})
}
