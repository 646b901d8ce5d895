package azuretest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body string
}

func (r reply) field(t *testing.T, name string) string {
	t.Helper()
	var fields map[string]string
	if err := json.Unmarshal([]byte(r.body), &fields); err != nil || fields[name] == "" {
		t.Fatalf("no %s in %s %s", name, r.Status, r.body)
	}
	return fields[name]
}

// send does one request; header is name, value, ….
func send(t *testing.T, a *azuretest.Azure, method, to, body string, header ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	transport := a.Transport()
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response, string(data)}
}

// open starts an emulator whose surprises are part of the test.
func open(t *testing.T, c azuretest.Config) *azuretest.Azure {
	t.Helper()
	a, err := azuretest.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

const my = "https://" + azuretest.MyRegistry

func TestChallenge(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{})
	pull := a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{Kind: "access", Access: []azuretest.Access{{"repository", "a/b", []string{"pull"}}}})
	plain := `Bearer realm="https://myregistry.azurecr.io/oauth2/token",service="myregistry.azurecr.io"`
	message := `"message":"authentication required, visit https://aka.ms/acr/authorization for more information."`
	for _, test := range []struct {
		name, method, path, bearer string
		challenge, detail          string
	}{
		{"root", "GET", "/v2/", "", plain, `null`},
		{"garbage", "GET", "/v2/", "garbage", plain + `,error="invalid_token"`, `null`},
		{"catalog", "GET", "/v2/_catalog", "", plain + `,scope="registry:catalog:*"`, `[{"Action":"*","Name":"catalog","Type":"registry"}]`},
		{"manifest", "GET", "/v2/a/b/manifests/latest", "", plain + `,scope="repository:a/b:pull"`, `[{"Action":"pull","Name":"a/b","Type":"repository"}]`},
		{"catalog with pull", "GET", "/v2/_catalog", pull, plain + `,scope="registry:catalog:*",error="insufficient_scope"`, `[{"Action":"*","Name":"catalog","Type":"registry"}]`},
		{"push with pull", "POST", "/v2/a/b/blobs/uploads/", pull, plain + `,scope="repository:a/b:pull,push",error="insufficient_scope"`, `[{"Action":"pull","Name":"a/b","Type":"repository"},{"Action":"push","Name":"a/b","Type":"repository"}]`},
		{"delete with pull", "DELETE", "/v2/a/b/manifests/x", pull, plain + `,scope="repository:a/b:delete",error="insufficient_scope"`, `[{"Action":"delete","Name":"a/b","Type":"repository"}]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var header []string
			if test.bearer != "" {
				header = []string{"Authorization", "Bearer " + test.bearer}
			}
			r := send(t, a, test.method, my+test.path, "", header...)
			if r.StatusCode != 401 || r.Header.Get("WWW-Authenticate") != test.challenge {
				t.Errorf("%s %s", r.Status, r.Header.Get("WWW-Authenticate"))
			}
			if want := `{"errors":[{"code":"UNAUTHORIZED","detail":` + test.detail + `,` + message + `}]}`; r.body != want {
				t.Errorf("body %s\nwant %s", r.body, want)
			}
			if r.Header.Get("Docker-Distribution-Api-Version") != "registry/2.0" || r.Header.Get("Server") != "openresty" || r.Header.Get("X-Ms-Correlation-Request-Id") == "" {
				t.Errorf("header %v", r.Header)
			}
		})
	}
	r := send(t, a, "GET", my+"/v2/", "", "Authorization", "Bearer "+pull)
	if r.StatusCode != 200 || r.body != "{}" || r.ContentLength != 2 {
		t.Errorf("with a token: %s %q", r.Status, r.body)
	}
}

// TestExchangeErrors is the table of wire-detail A2.
func TestExchangeErrors(t *testing.T) {
	a := open(t, azuretest.Config{
		Registries: []azuretest.Registry{
			{Host: azuretest.MyRegistry, Roles: map[string]string{azuretest.SecondClientID: "none", azuretest.MultiTenantClientID: "denied"}},
			{Host: azuretest.OtherRegistry, ARMTokens: "refused"},
			{Host: "firewalled.azurecr.io", Firewall: "203.0.113.7"},
		},
		Faults: []azuretest.Fault{{
			Match: "POST throttled.azurecr.io/oauth2/exchange", Times: 1, Status: 429,
			Headers: map[string]string{"Retry-After": "2"}, Body: `{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}`,
		}},
	})
	a.Update(func(c *azuretest.Config) { c.Registry("throttled.azurecr.io") })
	good := a.IssueEntra(azuretest.EntraOptions{})
	noRole := `^{"errors":\[{"code":"UNAUTHORIZED","message":"authentication required, visit https://aka.ms/acr/authorization for more information. CorrelationId: [0-9a-f-]{36}"}\]}$`
	for _, test := range []struct {
		name, host, token, tenant string
		status                    int
		body                      string
	}{
		{"garbage", azuretest.MyRegistry, "garbage", "garbage", 401, `^$`},
		{"expired", azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{Age: 2 * time.Hour}), "", 401, `^$`},
		{"foreign key", azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{ForeignKey: true}), "", 401, `^$`},
		{"other audience", azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{Audience: "https://graph.microsoft.com"}), "", 401, `^$`},
		{"no role", azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{ClientID: azuretest.SecondClientID}), "", 401, noRole},
		{"denied", azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{ClientID: azuretest.MultiTenantClientID}), "", 403, `^{"errors":\[{"code":"DENIED","message":"retrieving permissions failed"}\]}$`},
		{"ARM token", azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{Audience: "https://management.azure.com/"}), "", 200, `refresh_token`},
		{"ARM token of another cloud", azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{Audience: "https://management.usgovcloudapi.net/"}), "", 401, `^$`},
		{"ARM token refused", azuretest.OtherRegistry, a.IssueEntra(azuretest.EntraOptions{Audience: "https://management.core.windows.net/"}), "", 401, `^{"errors":\[{"code":"UNAUTHORIZED","message":"arm aad token disallowed"}\]}$`},
		{"ACR token where ARM is refused", azuretest.OtherRegistry, good, "", 200, `refresh_token`},
		{"firewall", "firewalled.azurecr.io", good, "", 403, `^{"errors":\[{"code":"DENIED","message":"client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."}\]}$`},
		{"throttled", "throttled.azurecr.io", good, "", 429, `TOOMANYREQUESTS`},
		{"throttled no more", "throttled.azurecr.io", good, "", 200, `refresh_token`},
		{"other tenant", azuretest.SecondTenantRegistry, good, "", 401, noRole},
		{"right tenant", azuretest.SecondTenantRegistry, a.IssueEntra(azuretest.EntraOptions{ClientID: azuretest.MultiTenantClientID, Tenant: azuretest.SecondTenant}), azuretest.SecondTenantDomain, 200, `refresh_token`},
		{"other tenant named", azuretest.MyRegistry, good, azuretest.SecondTenant, 401, noRole},
		{"tenant named", azuretest.MyRegistry, good, azuretest.Tenant, 200, `refresh_token`},
		{"other authority", azuretest.ChinaRegistry, good, "", 401, noRole},
		{"right authority", azuretest.ChinaRegistry, a.IssueEntra(azuretest.EntraOptions{Cloud: azuretest.AzureChina}), "", 200, `refresh_token`},
		{"user", azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{User: azuretest.UserName}), "", 200, `refresh_token`},
	} {
		t.Run(test.name, func(t *testing.T) {
			form := url.Values{"grant_type": {"access_token"}, "service": {test.host}, "access_token": {test.token}}
			if test.tenant != "" {
				form.Set("tenant", test.tenant)
			}
			r := send(t, a, "POST", "https://"+test.host+"/oauth2/exchange?api-version=2021-07-01", form.Encode())
			if r.StatusCode != test.status || !regexp.MustCompile(test.body).MatchString(r.body) {
				t.Errorf("%s %s", r.Status, r.body)
			}
			if r.body == "" && r.ContentLength != 0 {
				t.Error("Content-Length is not 0")
			}
			if test.status == 429 && r.Header.Get("Retry-After") != "2" {
				t.Error("no Retry-After")
			}
		})
	}
	if len(a.Unexpected()) > 0 {
		t.Error(a.Unexpected())
	}
	if r := send(t, a, "GET", my+"/oauth2/exchange", ""); r.StatusCode != 404 {
		t.Errorf("GET: %s", r.Status)
	}
	if got := a.Unexpected(); len(got) != 1 || got[0] != "GET myregistry.azurecr.io/oauth2/exchange" {
		t.Errorf("unexpected: %q", got)
	}
}

func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(data, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func exchangeForm(host, token string) string {
	return url.Values{"grant_type": {"access_token"}, "service": {host}, "access_token": {token}}.Encode()
}

// TestRefreshToken holds the claims against those of a real one (wire-detail A3).
func TestRefreshToken(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{
		Registries: []azuretest.Registry{{Host: azuretest.MyRegistry, Roles: map[string]string{azuretest.ClientID: "owner"}}},
		Clock:      azuretest.Duration(-30 * 24 * time.Hour),
	})
	r := send(t, a, "POST", my+"/oauth2/exchange", exchangeForm(azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{})))
	claims := claimsOf(t, r.field(t, "refresh_token"))
	if life := claims["exp"].(float64) - claims["iat"].(float64); life != 11700 {
		t.Errorf("life %v", life)
	}
	month := time.Since(time.Unix(int64(claims["iat"].(float64)), 0))
	if month < 29*24*time.Hour {
		t.Errorf("issued %v ago by the real clock", month)
	}
	if date, err := http.ParseTime(r.Header.Get("Date")); err != nil || time.Since(date) < 29*24*time.Hour {
		t.Errorf("Date %s", r.Header.Get("Date"))
	}
	for name, want := range map[string]any{
		"iss": "Azure Container Registry", "aud": azuretest.MyRegistry, "version": "1.0", "grant_type": "refresh_token",
		"appid": azuretest.ClientID, "nbf": claims["iat"],
	} {
		if claims[name] != want {
			t.Errorf("%s is %v", name, claims[name])
		}
	}
	if got := fmt.Sprint(claims["permissions"], claims["roles"], len(claims["rid"].(string))); got != "map[Actions:[read write delete deleted/read deleted/restore/action] NotActions:<nil>] [] 32" {
		t.Error(got)
	}
}

func TestMixedCase(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{})
	const mixed = "MyRegistry.azurecr.io"
	r := send(t, a, "GET", "https://"+mixed+"/v2/", "")
	if !strings.Contains(r.Header.Get("WWW-Authenticate"), `service="MyRegistry.azurecr.io"`) {
		t.Errorf("%s", r.Header.Get("WWW-Authenticate"))
	}
	refresh := send(t, a, "POST", "https://"+mixed+"/oauth2/exchange", exchangeForm(mixed, a.IssueEntra(azuretest.EntraOptions{}))).field(t, "refresh_token")
	form := url.Values{"grant_type": {"refresh_token"}, "service": {mixed}, "scope": {"repository:a:pull"}, "refresh_token": {refresh}}
	if r := send(t, a, "POST", "https://"+mixed+"/oauth2/token", form.Encode()); r.StatusCode != 401 {
		t.Errorf("%s %s", r.Status, r.body)
	}
}

// The strictest registry says nothing but a status, and knows its name in lower
// case alone.
func TestStrict(t *testing.T) {
	t.Parallel()
	a := open(t, azuretest.Config{Strict: true, Registries: []azuretest.Registry{{Host: azuretest.MyRegistry, Roles: map[string]string{azuretest.SecondClientID: "none"}}}})
	good := a.IssueEntra(azuretest.EntraOptions{})
	for name, r := range map[string]reply{
		"challenge":  send(t, a, "GET", my+"/v2/", ""),
		"no role":    send(t, a, "POST", my+"/oauth2/exchange", exchangeForm(azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{ClientID: azuretest.SecondClientID}))),
		"mixed case": send(t, a, "POST", my+"/oauth2/exchange", exchangeForm("MyRegistry.azurecr.io", good)),
		"empty user": send(t, a, "GET", my+"/oauth2/token?service="+azuretest.MyRegistry, "", "Authorization", "Basic Og=="),
	} {
		if r.StatusCode != http.StatusUnauthorized || r.body != "" {
			t.Errorf("%s: %s %s", name, r.Status, r.body)
		}
	}
	if r := send(t, a, "POST", my+"/oauth2/token", "grant_type=password&service="+azuretest.MyRegistry+"&username=x&password=y"); r.StatusCode != http.StatusBadRequest || r.body != "" {
		t.Errorf("a password without a scope: %s %s", r.Status, r.body)
	}
	if r := send(t, a, "POST", my+"/oauth2/exchange", exchangeForm(azuretest.MyRegistry, good)); r.StatusCode != http.StatusOK {
		t.Errorf("exchange: %s %s", r.Status, r.body)
	}
}

func TestToken(t *testing.T) {
	scopeMap := azuretest.ScopeMapToken{Name: "ci", Passwords: []string{"p1", "p2"}, Repositories: map[string][]string{"team/*": {"content/read", "metadata/read"}}}
	disabled := azuretest.ScopeMapToken{Name: "old", Passwords: []string{"p"}, Repositories: scopeMap.Repositories, Disabled: true}
	a := azuretest.Start(t, azuretest.Config{Registries: []azuretest.Registry{
		{
			Host: azuretest.MyRegistry, AdminPasswords: []string{"admin1", "admin2"}, ScopeMapTokens: []azuretest.ScopeMapToken{scopeMap, disabled},
			Roles: map[string]string{azuretest.SecondClientID: "pull"},
		},
		{Host: azuretest.OtherRegistry, AnonymousPull: true},
	}})
	refresh := a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{})
	puller := a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{Principal: azuretest.SecondClientID})
	access := a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{Kind: "access", Access: []azuretest.Access{{"repository", "a", []string{"pull"}}}})
	bad := func(o azuretest.TokenOptions) string { return a.Issue(azuretest.MyRegistry, o) }
	const null = "00000000-0000-0000-0000-000000000000"
	all := []string{"repository:team/a:pull,push,delete", "registry:catalog:*"}
	pullPush := `[{"actions":["pull","push"],"name":"team/a","type":"repository"},{"actions":["*"],"name":"catalog","type":"registry"}]`
	everything := `[{"actions":["pull","push","delete"],"name":"team/a","type":"repository"},{"actions":["*"],"name":"catalog","type":"registry"}]`
	onlyPull := `[{"actions":["pull"],"name":"team/a","type":"repository"}]`
	const empty = "empty body"
	for _, test := range []struct {
		name, host string
		form       url.Values // POST, else GET
		basic      [2]string
		scopes     []string
		service    string
		status     int
		want       string // access, or empty
	}{
		{"refresh token", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}, [2]string{}, all, "", 200, pullPush},
		{"scopes in one", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}, [2]string{}, []string{strings.Join(all, " ")}, "", 200, pullPush},
		{"puller", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {puller}}, [2]string{}, all[:1], "", 200, onlyPull},
		{"garbage", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"garbage"}}, [2]string{}, all, "", 401, empty},
		{"none", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}}, [2]string{}, all, "", 401, empty},
		{"expired", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {bad(azuretest.TokenOptions{Age: azuretest.Duration(4 * time.Hour)})}}, [2]string{}, all, "", 401, empty},
		{"no exp", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {bad(azuretest.TokenOptions{NoExpiry: true})}}, [2]string{}, all, "", 401, empty},
		{"of another registry", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {bad(azuretest.TokenOptions{Audience: azuretest.OtherRegistry})}}, [2]string{}, all, "", 401, empty},
		{"foreign key", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {bad(azuretest.TokenOptions{ForeignKey: true})}}, [2]string{}, all, "", 401, empty},
		{"access token", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {access}}, [2]string{}, all, "", 401, empty},
		{"other service", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}, [2]string{}, all, azuretest.OtherRegistry, 401, empty},
		{"service with port", azuretest.MyRegistry, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}, [2]string{}, all, azuretest.MyRegistry + ":443", 401, empty},
		{"null GUID", azuretest.MyRegistry, nil, [2]string{null, refresh}, all, "", 200, pullPush},
		{"null GUID without scope", azuretest.MyRegistry, nil, [2]string{null, refresh}, nil, "", 200, `[]`},
		{"null GUID with an access token", azuretest.MyRegistry, nil, [2]string{null, access}, []string{"repository:a:pull,push"}, "", 200, `[{"actions":["pull"],"name":"a","type":"repository"}]`},
		{"null GUID with an Entra token", azuretest.MyRegistry, nil, [2]string{null, a.IssueEntra(azuretest.EntraOptions{})}, all, "", 401, ""},
		{"no user", azuretest.MyRegistry, nil, [2]string{"", refresh}, all, "", 401, ""},
		{"<token>", azuretest.MyRegistry, nil, [2]string{"<token>", refresh}, all, "", 401, ""},
		{"admin", azuretest.MyRegistry, nil, [2]string{"myregistry", "admin2"}, all, "", 200, everything},
		{"admin by POST", azuretest.MyRegistry, url.Values{"grant_type": {"password"}, "username": {"myregistry"}, "password": {"admin1"}}, [2]string{}, all, "", 200, everything},
		{"admin with another password", azuretest.MyRegistry, nil, [2]string{"myregistry", "admin3"}, all, "", 401, ""},
		{"scope map", azuretest.MyRegistry, nil, [2]string{"ci", "p2"}, all, "", 200, onlyPull},
		{"scope map disabled", azuretest.MyRegistry, nil, [2]string{"old", "p"}, all, "", 401, ""},
		{"service principal", azuretest.MyRegistry, nil, [2]string{azuretest.ClientID, azuretest.ClientSecret}, all, "", 200, pullPush},
		{"service principal, wrong secret", azuretest.MyRegistry, nil, [2]string{azuretest.ClientID, "wrong"}, all, "", 401, ""},
		{"password without scope", azuretest.MyRegistry, url.Values{"grant_type": {"password"}, "username": {"myregistry"}, "password": {"admin1"}}, [2]string{}, nil, "", 400, empty},
		{"anonymous", azuretest.OtherRegistry, url.Values{"grant_type": {"password"}, "refresh_token": {""}}, [2]string{}, all, "", 200, onlyPull},
		{"anonymous by GET", azuretest.OtherRegistry, nil, [2]string{}, all, "", 200, onlyPull},
		{"anonymous where it is off", azuretest.MyRegistry, url.Values{"grant_type": {"password"}}, [2]string{}, all, "", 401, ""},
		{"anonymous by GET where it is off", azuretest.MyRegistry, nil, [2]string{}, all, "", 401, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			parameters := url.Values{"service": {test.host}, "scope": test.scopes}
			if test.service != "" {
				parameters.Set("service", test.service)
			}
			to := "https://" + test.host + "/oauth2/token"
			var r reply
			if test.form != nil {
				for k, v := range test.form {
					parameters[k] = v
				}
				r = send(t, a, "POST", to, parameters.Encode())
			} else if test.basic != [2]string{} {
				r = send(t, a, "GET", to+"?"+parameters.Encode(), "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(test.basic[0]+":"+test.basic[1])))
			} else {
				r = send(t, a, "GET", to+"?"+parameters.Encode(), "")
			}
			if r.StatusCode != test.status {
				t.Fatalf("%s %s", r.Status, r.body)
			}
			if (test.want == empty) != (r.body == "") {
				t.Fatalf("body %q", r.body)
			}
			if r.StatusCode != 200 {
				return
			}
			claims := claimsOf(t, r.field(t, "access_token"))
			got, err := json.Marshal(claims["access"])
			if err != nil || string(got) != test.want {
				t.Errorf("access %s, want %s", got, test.want)
			}
			if life := claims["exp"].(float64) - claims["iat"].(float64); life != 4500 {
				t.Errorf("life %v", life)
			}
			if strings.Contains(r.body, "refresh_token\":") {
				t.Error("a refresh token that nobody asked for")
			}
		})
	}
	unknown := send(t, a, "GET", my+"/oauth2/token?service=myregistry.azurecr.io", "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(azuretest.SubscriptionID+":p1")))
	if want := `{"errors":[{"code":"UNAUTHORIZED","message":"Application not registered with AAD."}]}`; unknown.StatusCode != 401 || unknown.body != want {
		t.Errorf("unknown app: %s %s", unknown.Status, unknown.body)
	}
	offline := send(t, a, "GET", my+"/oauth2/token?service=myregistry.azurecr.io&offline_token=true", "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("ci:p1")))
	form := url.Values{"grant_type": {"refresh_token"}, "service": {azuretest.MyRegistry}, "scope": all, "refresh_token": {offline.field(t, "refresh_token")}}
	again := send(t, a, "POST", my+"/oauth2/token", form.Encode())
	if got := fmt.Sprint(claimsOf(t, again.field(t, "access_token"))["access"]); got != "[map[actions:[pull] name:team/a type:repository]]" {
		t.Errorf("offline token of a scope map: %s", got)
	}
}

// TestABAC switches a registry to repository permissions, which kills its
// tokens.
func TestABAC(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{})
	form := func(token string) string {
		return url.Values{
			"grant_type": {"refresh_token"}, "service": {azuretest.MyRegistry}, "refresh_token": {token},
			"scope": {"repository:team/a:pull,push repository:b:pull registry:catalog:*"},
		}.Encode()
	}
	before := a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{})
	if r := send(t, a, "POST", my+"/oauth2/token", form(before)); r.StatusCode != 200 {
		t.Fatal(r.Status)
	}
	a.Update(func(c *azuretest.Config) {
		r := c.Registry(azuretest.MyRegistry)
		r.ABAC = true
		r.Roles = map[string]string{azuretest.ClientID: "repository-reader:team/*", azuretest.SecondClientID: "push", "system": "repository-contributor:b", azuretest.UserName: "catalog-lister"}
	})
	if r := send(t, a, "POST", my+"/oauth2/token", form(before)); r.StatusCode != 401 {
		t.Errorf("old token: %s", r.Status)
	}
	if r := send(t, a, "POST", my+"/oauth2/exchange", exchangeForm(azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{ClientID: azuretest.SecondClientID}))); r.StatusCode != 401 {
		t.Errorf("AcrPush in ABAC mode: %s", r.Status)
	}
	after := send(t, a, "POST", my+"/oauth2/exchange", exchangeForm(azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{}))).field(t, "refresh_token")
	for token, want := range map[string]string{
		after: "[map[actions:[pull] name:team/a type:repository]]",
		a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{Principal: azuretest.SystemAssignedClientID}): "[map[actions:[pull] name:b type:repository]]",
		a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{Principal: azuretest.UserName}):               "[map[actions:[*] name:catalog type:registry]]",
	} {
		r := send(t, a, "POST", my+"/oauth2/token", form(token))
		if got := fmt.Sprint(claimsOf(t, r.field(t, "access_token"))["access"]); got != want {
			t.Error(got)
		}
	}
}
