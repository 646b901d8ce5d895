package azuretest_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"docker-credential-acr/internal/azuretest"
)

// options reach the emulator from this process.
func options(a *azuretest.Azure) azcore.ClientOptions {
	return azcore.ClientOptions{Transport: &http.Client{Transport: a.Transport()}, Retry: policy.RetryOptions{MaxRetries: -1}}
}

// token asks a credential for a token and gives the error's text.
func token(t *testing.T, c azcore.TokenCredential, err error, scope string) (claims map[string]any, text string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got, err := c.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
	if err != nil {
		return nil, err.Error()
	}
	return claimsOf(t, got.Token), ""
}

func TestClientSecret(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{
		Apps: []azuretest.App{
			{ClientID: "blocked", Secrets: []string{"s"}, Fail: 53003},
			{ClientID: "mfa", Secrets: []string{"s"}, Fail: 50076},
			{ClientID: "expired", Secrets: []string{"s"}, SecretExpired: true},
		},
		MissingAudiences: map[string]int{"https://management.azure.com": 50001},
	})
	for _, test := range []struct {
		name, tenant, client, secret, scope string
		authority                           string
		errors                              []string // parts of the message; none: a token
	}{
		{name: "good", tenant: azuretest.Tenant, client: azuretest.ClientID, secret: azuretest.ClientSecret},
		{name: "domain", tenant: azuretest.TenantDomain, client: azuretest.ClientID, secret: azuretest.ClientSecret},
		{name: "wrong secret", tenant: azuretest.Tenant, client: azuretest.ClientID, secret: "wrong", errors: []string{"401 Unauthorized", `"error": "invalid_client"`, "AADSTS7000215: Invalid client secret provided."}},
		{name: "expired secret", tenant: azuretest.Tenant, client: "expired", secret: "s", errors: []string{"AADSTS7000222"}},
		{name: "unknown app", tenant: azuretest.Tenant, client: "nobody", secret: "x", errors: []string{"400 Bad Request", `"error": "unauthorized_client"`, "AADSTS700016: Application with identifier 'nobody' was not found in the directory '" + azuretest.Tenant}},
		{name: "app of another tenant", tenant: azuretest.SecondTenant, client: azuretest.ClientID, secret: azuretest.ClientSecret, errors: []string{"AADSTS700016"}},
		{name: "multi-tenant app", tenant: azuretest.SecondTenant, client: azuretest.MultiTenantClientID, secret: azuretest.MultiTenantClientSecret},
		{name: "unknown tenant", tenant: "nowhere", client: azuretest.ClientID, secret: "x", errors: []string{"AADSTS90002: Tenant 'nowhere' not found."}},
		{name: "conditional access", tenant: azuretest.Tenant, client: "blocked", secret: "s", errors: []string{"AADSTS53003"}},
		{name: "MFA", tenant: azuretest.Tenant, client: "mfa", secret: "s", errors: []string{"interaction_required", "AADSTS50076"}},
		{name: "resource that does not exist", tenant: azuretest.Tenant, client: azuretest.ClientID, secret: azuretest.ClientSecret, scope: "https://myregistry.azurecr.io/.default", errors: []string{"invalid_resource", "AADSTS500011: The resource principal named https://myregistry.azurecr.io was not found"}},
		{name: "missing resource", tenant: azuretest.Tenant, client: azuretest.ClientID, secret: azuretest.ClientSecret, scope: "https://management.azure.com/.default", errors: []string{"invalid_resource", "AADSTS50001"}},
		{name: "bad scope", tenant: azuretest.Tenant, client: azuretest.ClientID, secret: azuretest.ClientSecret, scope: "repository:a:pull", errors: []string{"invalid_scope", "AADSTS70011"}},
		{name: "China", tenant: azuretest.Tenant, client: azuretest.ClientID, secret: azuretest.ClientSecret, authority: "https://login.chinacloudapi.cn"},
		{name: "Government", tenant: azuretest.Tenant, client: azuretest.ClientID, secret: azuretest.ClientSecret, authority: "https://login.microsoftonline.us/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := &azidentity.ClientSecretCredentialOptions{ClientOptions: options(a)}
			if test.authority != "" {
				o.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: test.authority}
			}
			scope := test.scope
			if scope == "" {
				scope = acrScope
			}
			c, err := azidentity.NewClientSecretCredential(test.tenant, test.client, test.secret, o)
			claims, text := token(t, c, err, scope)
			if (text == "") != (len(test.errors) == 0) {
				t.Fatalf("error %q", text)
			}
			for _, want := range test.errors {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in %s", want, text)
				}
			}
			if text == "" && (claims["appid"] != test.client || claims["aud"] != "https://containerregistry.azure.net" || claims["idtyp"] != "app") {
				t.Errorf("claims %v", claims)
			}
		})
	}
}

// TestAuthorityHost is a private cloud with an authority of its own.
func TestAuthorityHost(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{AuthorityHosts: []azuretest.AuthorityHost{{Host: "login.contoso.example"}}})
	for _, skip := range []bool{true, false} {
		o := &azidentity.ClientSecretCredentialOptions{ClientOptions: options(a), DisableInstanceDiscovery: skip}
		o.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: "https://login.contoso.example/"}
		c, err := azidentity.NewClientSecretCredential(azuretest.Tenant, azuretest.ClientID, azuretest.ClientSecret, o)
		if _, text := token(t, c, err, acrScope); text != "" {
			t.Error(text)
		}
	}
}

func TestCertificate(t *testing.T) {
	registered, key := certificate(t)
	other, otherKey := certificate(t)
	a := azuretest.Start(t, azuretest.Config{Apps: []azuretest.App{{
		ClientID:     "certified",
		Certificates: []string{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: registered.Raw}))},
	}, {
		ClientID:     "by thumbprint",
		Certificates: []string{fmt.Sprintf("%X", sha256.Sum256(registered.Raw))},
	}}})
	for _, chain := range []bool{false, true} {
		o := &azidentity.ClientCertificateCredentialOptions{ClientOptions: options(a), SendCertificateChain: chain}
		c, err := azidentity.NewClientCertificateCredential(azuretest.Tenant, "certified", []*x509.Certificate{registered}, key, o)
		if _, text := token(t, c, err, acrScope); text != "" {
			t.Error(text)
		}
		c, err = azidentity.NewClientCertificateCredential(azuretest.Tenant, "by thumbprint", []*x509.Certificate{registered}, key, o)
		if _, text := token(t, c, err, acrScope); text != "" {
			t.Error(text)
		}
		c, err = azidentity.NewClientCertificateCredential(azuretest.Tenant, "certified", []*x509.Certificate{other}, otherKey, o)
		if _, text := token(t, c, err, acrScope); !strings.Contains(text, "AADSTS700027") {
			t.Errorf("another certificate: %s", text)
		}
		c, err = azidentity.NewClientCertificateCredential(azuretest.Tenant, azuretest.ClientID, []*x509.Certificate{other}, otherKey, o)
		if _, text := token(t, c, err, acrScope); text != "" {
			t.Error(text)
		}
	}
}

func certificate(t *testing.T) (*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "app"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func TestFederated(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{Apps: []azuretest.App{
		{ClientID: "federated", Federated: []azuretest.FederatedCredential{{Issuer: azuretest.ClusterIssuer, Subject: azuretest.ClusterSubject}}},
		{ClientID: "bare"},
	}})
	public := azuretest.AssertionOptions{}
	for _, test := range []struct {
		name, client string
		assertion    azuretest.AssertionOptions
		problem      string
	}{
		{"good", "federated", public, ""},
		{"any", azuretest.ClientID, azuretest.AssertionOptions{Issuer: "x", Subject: "y", ForeignKey: true}, ""},
		{"issuer", "federated", azuretest.AssertionOptions{Issuer: "https://elsewhere.example"}, "AADSTS700211"},
		{"subject", "federated", azuretest.AssertionOptions{Subject: "system:serviceaccount:other:one"}, "AADSTS700213: No matching federated identity record found for presented assertion subject 'system:serviceaccount:other:one'."},
		{"audience", "federated", azuretest.AssertionOptions{Audience: "api://AzureADTokenExchangeUSGov"}, "AADSTS700212"},
		{"audience for any", azuretest.ClientID, azuretest.AssertionOptions{Audience: "elsewhere"}, "AADSTS700212"},
		{"key", "federated", azuretest.AssertionOptions{ForeignKey: true}, "AADSTS5002738"},
		{"expired", "federated", azuretest.AssertionOptions{Age: time.Hour}, "AADSTS700024"},
		{"no credential", "bare", public, "AADSTS70021: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			assertion := a.Assertion(test.assertion)
			c, err := azidentity.NewClientAssertionCredential(azuretest.Tenant, test.client,
				func(context.Context) (string, error) { return assertion, nil },
				&azidentity.ClientAssertionCredentialOptions{ClientOptions: options(a)})
			_, text := token(t, c, err, acrScope)
			if (text == "") != (test.problem == "") || !strings.Contains(text, test.problem) {
				t.Errorf("%s", text)
			}
		})
	}
}

// TestIMDS uses every id that a managed identity can be named by. The resource
// differs each time, since azidentity's cache belongs to the process.
func TestIMDS(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{IMDS: "on"})
	for i, test := range []struct {
		name  string
		id    azidentity.ManagedIDKind
		appid string
	}{
		{"system", nil, azuretest.SystemAssignedClientID},
		{"client id", azidentity.ClientID(azuretest.UserAssignedClientID), azuretest.UserAssignedClientID},
		{"resource id", azidentity.ResourceID(azuretest.SecondUserAssignedResourceID), azuretest.SecondUserAssignedClientID},
		{"object id", azidentity.ObjectID(azuretest.ThirdUserAssignedObjectID), azuretest.ThirdUserAssignedClientID},
		{"unknown", azidentity.ClientID("nobody"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ClientOptions: options(a), ID: test.id})
			claims, text := token(t, c, err, acrScope)
			if test.appid == "" {
				if !strings.Contains(text, "the requested identity isn't assigned to this resource") {
					t.Error(text)
				}
				return
			}
			if text != "" || claims["appid"] != test.appid {
				t.Errorf("%d: %v %s", i, claims, text)
			}
			access := a.IssueEntra(azuretest.EntraOptions{ClientID: test.appid})
			if r := send(t, a, "POST", my+"/oauth2/exchange", exchangeForm(azuretest.MyRegistry, access)); r.StatusCode != 200 {
				t.Errorf("exchange: %s", r.Status)
			}
		})
	}
	const at = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fcontainerregistry.azure.net"
	if r := send(t, a, "GET", at, ""); r.StatusCode != 400 {
		t.Errorf("without the header: %s", r.Status)
	}
	r := send(t, a, "GET", at, "", "Metadata", "true")
	if r.field(t, "expires_in") != "86399" || r.field(t, "resource") != "https://containerregistry.azure.net" || r.field(t, "token_type") != "Bearer" {
		t.Error(r.body)
	}
	a.Update(func(c *azuretest.Config) { c.ManagedIdentities.NoSystemAssigned = true })
	if r := send(t, a, "GET", at, "", "Metadata", "true"); r.StatusCode != 400 || !strings.Contains(r.body, "Multiple user assigned identities exist") {
		t.Errorf("%s %s", r.Status, r.body)
	}
	a.Update(func(c *azuretest.Config) { c.ManagedIdentities.UserAssigned = c.ManagedIdentities.UserAssigned[:1] })
	if r := send(t, a, "GET", at, "", "Metadata", "true"); r.StatusCode != 200 || r.field(t, "client_id") != azuretest.UserAssignedClientID {
		t.Errorf("%s %s", r.Status, r.body)
	}
	a.Update(func(c *azuretest.Config) { c.ManagedIdentities.UserAssigned = nil })
	if r := send(t, a, "GET", at, "", "Metadata", "true"); r.StatusCode != 400 || r.field(t, "error_description") != "Identity not found" {
		t.Errorf("%s %s", r.Status, r.body)
	}
}

// TestNoIMDS is what is found where there is no Azure.
func TestNoIMDS(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{})
	for _, test := range []struct {
		mode   string
		status int
		body   string
	}{
		{"off", 0, ""},
		{"blackhole", 0, ""},
		{"hang", 0, ""},
		{"forbidden", 403, "Access Denied"},
		{"captive", 200, "sign in"},
		{"notfound", 404, ""},
	} {
		a.Update(func(c *azuretest.Config) { c.IMDS = test.mode })
		for name, transport := range map[string]*http.Transport{"proxy": a.Transport(), "direct": a.DirectTransport()} {
			deadline := 10 * time.Second
			if test.mode == "blackhole" || test.mode == "hang" {
				deadline = 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			r, err := http.NewRequestWithContext(ctx, "GET", "http://169.254.169.254/metadata/identity/oauth2/token", nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := transport.RoundTrip(r)
			switch {
			case (err != nil) != (test.status == 0):
				t.Errorf("%s, %s: %v", test.mode, name, err)
			case err == nil && response.StatusCode != test.status:
				t.Errorf("%s, %s: %s", test.mode, name, response.Status)
			case test.mode == "off" && ctx.Err() != nil:
				t.Errorf("%s: off takes until the deadline", name)
			}
			if err == nil {
				response.Body.Close()
			}
			cancel()
			transport.CloseIdleConnections()
		}
	}
}

// TestUsers signs people in by device code.
func TestUsers(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{SignIn: azuretest.SignIn{Polls: 1}})
	device := func() (azcore.TokenCredential, error) {
		return azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
			ClientOptions: options(a), TenantID: azuretest.Tenant,
			UserPrompt: func(context.Context, azidentity.DeviceCodeMessage) error { return nil },
		})
	}
	c, err := device()
	claims, text := token(t, c, err, acrScope)
	if text != "" || claims["upn"] != azuretest.UserName || claims["idtyp"] != "user" || claims["tid"] != azuretest.Tenant {
		t.Errorf("%v %s", claims, text)
	}
	a.Update(func(c *azuretest.Config) { c.SignIn.Outcome = "declined" })
	c, err = device()
	if _, text = token(t, c, err, acrScope); text == "" {
		t.Error("a token although the user declined")
	}
}

// TestBrowser goes the way of the authorization code, with PKCE.
func TestBrowser(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{SignIn: azuretest.SignIn{User: azuretest.SecondUserName}})
	const at = "https://login.microsoftonline.com/organizations/oauth2/v2.0/"
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	begin := url.Values{
		"client_id": {azuretest.CLIClientID}, "redirect_uri": {"http://localhost:1234"}, "state": {"s"}, "scope": {acrScope},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for _, test := range []struct {
		verifier string
		status   int
	}{{"wrong", 400}, {verifier, 200}} {
		r := send(t, a, "GET", at+"authorize?"+begin.Encode(), "")
		back, err := r.Location()
		if err != nil || back.Host != "localhost:1234" || back.Query().Get("state") != "s" {
			t.Fatal(r.Status, back, err)
		}
		form := url.Values{
			"grant_type": {"authorization_code"}, "client_id": {azuretest.CLIClientID}, "code": {back.Query().Get("code")}, "code_verifier": {test.verifier},
		}
		r = send(t, a, "POST", at+"token", form.Encode())
		if r.StatusCode != test.status {
			t.Fatalf("%s %s", r.Status, r.body)
		}
		if test.status == 200 && !strings.Contains(r.body, `"refresh_token"`) {
			t.Error(r.body)
		}
	}
	if n := len(a.Requests()); a.Requests()[n-1].Principal != azuretest.SecondUserName {
		t.Error(a.Requests()[n-1])
	}
}

// TestV1 is the older token endpoint, whose numbers are strings.
func TestV1(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{EntraTokenLife: azuretest.Duration(time.Minute)})
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {azuretest.ClientID}, "client_secret": {azuretest.ClientSecret},
		"resource": {"https://management.core.windows.net/"},
	}
	r := send(t, a, "POST", "https://login.windows.net/"+azuretest.Tenant+"/oauth2/token", form.Encode())
	if r.field(t, "expires_in") != "60" || r.field(t, "resource") != "https://management.core.windows.net/" {
		t.Error(r.body)
	}
	claims := claimsOf(t, r.field(t, "access_token"))
	if claims["aud"] != "https://management.core.windows.net/" || claims["exp"].(float64)-claims["iat"].(float64) != 60 {
		t.Error(claims)
	}
}

// TestErrorShape is the JSON of an error of Entra (wire-detail B).
func TestErrorShape(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{})
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {azuretest.ClientID}, "client_secret": {"wrong"}, "scope": {acrScope}}
	r := send(t, a, "POST", "https://login.microsoftonline.com/"+azuretest.Tenant+"/oauth2/v2.0/token", form.Encode(), "Client-Request-Id", "cid")
	var e struct {
		Error            string
		ErrorDescription string `json:"error_description"`
		ErrorCodes       []int  `json:"error_codes"`
		Timestamp        string
		TraceID          string `json:"trace_id"`
		CorrelationID    string `json:"correlation_id"`
		ErrorURI         string `json:"error_uri"`
	}
	d := json.NewDecoder(strings.NewReader(r.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		t.Fatal(err)
	}
	want := "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" +
		azuretest.ClientID + "'. Trace ID: " + e.TraceID + " Correlation ID: cid Timestamp: " + e.Timestamp
	if r.StatusCode != 401 || e.Error != "invalid_client" || len(e.ErrorCodes) != 1 || e.ErrorCodes[0] != 7000215 || e.CorrelationID != "cid" ||
		e.ErrorDescription != want || e.ErrorURI != "https://login.microsoftonline.com/error?code=7000215" {
		t.Errorf("%s %+v", r.Status, e)
	}
	if r.Header.Get("Cache-Control") != "no-store, no-cache" || r.Header.Get("X-Ms-Request-Id") == "" {
		t.Error(r.Header)
	}
}

// TestGitHub feeds the assertion of a job to Entra.
func TestGitHub(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{Apps: []azuretest.App{
		{ClientID: "app", Federated: []azuretest.FederatedCredential{{Issuer: azuretest.GitHubIssuer, Subject: azuretest.GitHubSubject}}},
	}})
	env := environment(a.EnvFor("github-actions"))
	at := env["ACTIONS_ID_TOKEN_REQUEST_URL"] + "&audience=api%3A%2F%2FAzureADTokenExchange"
	if r := send(t, a, "GET", at, "", "Authorization", "Bearer wrong"); r.StatusCode != 401 {
		t.Error(r.Status)
	}
	c, err := azidentity.NewClientAssertionCredential(azuretest.Tenant, "app", func(context.Context) (string, error) {
		r := send(t, a, "GET", at, "", "Authorization", "Bearer "+env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
		_, value, _ := strings.Cut(r.body, `"value":"`)
		return strings.TrimSuffix(value, `"}`), nil
	}, &azidentity.ClientAssertionCredentialOptions{ClientOptions: options(a)})
	if _, text := token(t, c, err, acrScope); text != "" {
		t.Error(text)
	}
}

// TestPlatforms lets azidentity find its own way with a platform's variables.
// The audiences differ for the sake of the cache, see TestIMDS.
func TestPlatforms(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{})
	managed := func() (azcore.TokenCredential, error) {
		return azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ClientOptions: options(a)})
	}
	for _, test := range []struct {
		platform, scope, appid string
		credential             func() (azcore.TokenCredential, error)
	}{
		{"service-principal", acrScope, azuretest.ClientID, func() (azcore.TokenCredential, error) {
			return azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{ClientOptions: options(a)})
		}},
		{"workload-identity", acrScope, azuretest.ClientID, func() (azcore.TokenCredential, error) {
			return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: options(a)})
		}},
		{"azure-pipelines", acrScope, azuretest.ClientID, func() (azcore.TokenCredential, error) {
			return azidentity.NewAzurePipelinesCredential(azuretest.Tenant, azuretest.ClientID, azuretest.PipelinesConnection, azuretest.PipelinesAccessToken,
				&azidentity.AzurePipelinesCredentialOptions{ClientOptions: options(a)})
		}},
		{"app-service", "https://management.azure.com/.default", azuretest.SystemAssignedClientID, managed},
		{"cloud-shell", "https://management.core.windows.net/.default", azuretest.SystemAssignedClientID, managed},
		{"azure-ml", "https://management.chinacloudapi.cn/.default", azuretest.SystemAssignedClientID, func() (azcore.TokenCredential, error) {
			t.Setenv("DEFAULT_IDENTITY_CLIENT_ID", azuretest.SystemAssignedClientID)
			return managed()
		}},
		{"arc", "https://management.usgovcloudapi.net/.default", azuretest.SystemAssignedClientID, managed},
		{"service-fabric", "https://management.core.usgovcloudapi.net/.default", azuretest.SystemAssignedClientID, managed},
	} {
		t.Run(test.platform, func(t *testing.T) {
			if test.platform == "arc" && (runtime.GOOS != "linux" || os.Getuid() != 0) {
				t.Skip("the directory of Arc's agent is not writable")
			}
			for name, value := range environment(a.EnvFor(test.platform)) {
				t.Setenv(name, value)
			}
			c, err := test.credential()
			claims, text := token(t, c, err, test.scope)
			if text != "" || claims["appid"] != test.appid {
				t.Errorf("%v %s", claims, text)
			}
		})
	}
}

func environment(list []string) map[string]string {
	m := map[string]string{}
	for _, v := range list {
		name, value, _ := strings.Cut(v, "=")
		m[name] = value
	}
	return m
}
