package azuretest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"docker-credential-acr/internal/azuretest"
)

const acrScope = "https://containerregistry.azure.net/.default"

// TestFlow is one login: Entra, exchange, token, data plane.
func TestFlow(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{})
	client := &http.Client{Transport: a.Transport()}
	options := azcore.ClientOptions{Transport: client}
	secret, err := azidentity.NewClientSecretCredential(azuretest.Tenant, azuretest.ClientID, azuretest.ClientSecret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options})
	if err != nil {
		t.Fatal(err)
	}
	entra, err := secret.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{acrScope}})
	if err != nil {
		t.Fatal(err)
	}
	refresh := exchange(t, client, azuretest.MyRegistry, entra.Token)
	access := post(t, client, "https://"+azuretest.MyRegistry+"/oauth2/token", url.Values{
		"grant_type": {"refresh_token"}, "service": {azuretest.MyRegistry}, "scope": {"repository:a/b:pull,push"}, "refresh_token": {refresh},
	})["access_token"]
	if access == "" {
		t.Fatal("no access token")
	}
	if got := a.Count("POST myregistry.azurecr.io/oauth2/*"); got != 2 {
		t.Errorf("count %d", got)
	}
	if got := a.Count("* *"); got != 5 {
		t.Errorf("count %d: %v", got, a.Requests())
	}
}

func exchange(t *testing.T, client *http.Client, host, token string) string {
	t.Helper()
	refresh := post(t, client, "https://"+host+"/oauth2/exchange", url.Values{
		"grant_type": {"access_token"}, "service": {host}, "access_token": {token},
	})["refresh_token"]
	if refresh == "" {
		t.Fatal("no refresh token")
	}
	return refresh
}

func post(t *testing.T, client *http.Client, to string, form url.Values) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]string
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", to, response.Status, body)
	}
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return fields
}
