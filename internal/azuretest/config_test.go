package azuretest_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

func TestParseConfig(t *testing.T) {
	c, err := azuretest.ParseConfig([]byte(`{
		"registries": [{"host": "myregistry.azurecr.io", "anonymousPull": true, "roles": {"system": "none"}, "refreshTokenLife": "90s",
			"exchanged": {"audience": "otherregistry.azurecr.io", "claims": {"jti": null}}}],
		"imds": "on",
		"clock": "-720h", "latency": "40ms",
		"faults": [{"match": "POST *.azurecr.io/oauth2/exchange", "times": 2, "status": 503, "body": {"errors": []}, "headers": {"Retry-After": "1"}}]
	}`))
	if err != nil {
		t.Fatal(err)
	}
	if r := c.Registries[0]; !r.AnonymousPull || r.RefreshTokenLife.D() != 90*time.Second || r.Exchanged.Audience != "otherregistry.azurecr.io" {
		t.Errorf("%+v", r)
	}
	if c.Latency.D() != 40*time.Millisecond || c.Clock.D() != -720*time.Hour || c.Faults[0].Body != `{"errors": []}` {
		t.Errorf("%+v", c)
	}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	again, err := azuretest.ParseConfig(data)
	if err != nil || !reflect.DeepEqual(c, again) {
		t.Errorf("%v\n%+v\n%+v", err, c, again)
	}
}

func TestParseConfigErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"registry": []}`:  `unknown field "registry"`,
		`{"latency": 40}`:   "cannot unmarshal",
		`{"latency": "40"}`: "missing unit",
		`{} {}`:             "data after the object",
		`{"imds": "maybe"}`: `imds "maybe" is unknown`,
		`{"faults": [{"match": "* *", "mode": "explode"}]}`:       `fault mode "explode" is unknown`,
		`{"faults": [{"match": "myregistry.azurecr.io"}]}`:        "not of the form METHOD HOST/PATH",
		`{"registries": [{"host": "x", "roles": {"y": "king"}}]}`: `role "king" is unknown`,
		`{"registries": [{"host": "x", "armTokens": "yes"}]}`:     `armTokens "yes" is unknown`,
	} {
		if _, err := azuretest.ParseConfig([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestExchanged has the exchange hand out a token of another registry.
func TestExchanged(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{Registries: []azuretest.Registry{{
		Host: azuretest.MyRegistry,
		Exchanged: azuretest.TokenOptions{
			Audience: azuretest.OtherRegistry, Age: azuretest.Duration(4 * time.Hour), Claims: map[string]any{"iss": "somebody", "jti": nil},
		},
	}}})
	r := send(t, a, "POST", my+"/oauth2/exchange", exchangeForm(azuretest.MyRegistry, a.IssueEntra(azuretest.EntraOptions{})))
	claims := claimsOf(t, r.field(t, "refresh_token"))
	if claims["aud"] != azuretest.OtherRegistry || claims["iss"] != "somebody" || claims["jti"] != nil || claims["exp"].(float64) > float64(time.Now().Unix()) {
		t.Error(claims)
	}
}

// TestBare is a world with nothing in it but what is named.
func TestBare(t *testing.T) {
	a := open(t, azuretest.Config{Bare: true, Registries: []azuretest.Registry{{Host: "only.example"}}})
	if r := send(t, a, "GET", "https://only.example/v2/", ""); r.StatusCode != 401 {
		t.Error(r.Status)
	}
	if _, _, err := get(t, a.Transport(), my+"/v2/", time.Second, 1); err == nil {
		t.Error("the default world is there")
	}
}
