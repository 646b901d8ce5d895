package who

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func profile(t *testing.T, name, content string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

const annas = `{"subscriptions":[
	{"id":"s1","isDefault":false,"tenantId":"t9","user":{"name":"other","type":"user"}},
	{"id":"s2","isDefault":true,"tenantId":"t1","environmentName":"AzureCloud","user":{"name":"anna@contoso.com","type":"user"}}]}`

func TestCLIAccount(t *testing.T) {
	for name, tt := range map[string]struct{ content, want string }{
		"user":             {annas, "user=anna@contoso.com user tenant=t1 subscription=s2 cloud=AzureCloud"},
		"byte-order mark":  {"\ufeff" + annas, "user=anna@contoso.com user tenant=t1 subscription=s2 cloud=AzureCloud"},
		"managed identity": {`{"subscriptions":[{"id":"s","isDefault":true,"tenantId":"t","user":{"name":"userAssignedIdentity","type":"servicePrincipal","assignedIdentityInfo":"MSIClient-1"}}]}`, "user=userAssignedIdentity servicePrincipal MSIClient-1 tenant=t subscription=s cloud="},
		"signed out":       {`{"subscriptions":[]}`, nobody},
		"no default":       {strings.ReplaceAll(annas, "true", "false"), nobody},
		"damaged":          {annas[:50], nobody},
		"empty":            {"", nobody},
		"null":             {"null", nobody},
	} {
		if got, _ := cliAccount(profile(t, "azureProfile.json", tt.content)); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	unused, _ := cliAccount(t.TempDir())
	homeless, _ := cliAccount("")
	if got := unused + homeless; got != nobody+nobody {
		t.Errorf("without a profile: %q", got)
	}
}

func TestOtherToolsAccounts(t *testing.T) {
	anna, _ := developerCLIAccount(profile(t, "auth.json", `{"auth":{"account":{"currentUser":{"homeAccountId":"a","tenantId":"t"}}}}`))
	bert, _ := developerCLIAccount(profile(t, "auth.json", `{"auth":{"account":{"currentUser":{"homeAccountId":"b","tenantId":"t"}}}}`))
	if anna == bert || anna == nobody || bert == nobody {
		t.Errorf("azd: %q and %q", anna, bert)
	}
	if got, _ := developerCLIAccount(profile(t, "auth.json", `{"auth":{}}`)); got != nobody {
		t.Errorf("azd, signed out: %q", got)
	}
	if got, _ := powerShellAccount(profile(t, "AzureRmContext.json", "\ufeff"+`{"DefaultContextKey":"Sub (s) - t - anna"}`)); got != "context=Sub (s) - t - anna" {
		t.Errorf("PowerShell: %q", got)
	}
	if got, _ := powerShellAccount(profile(t, "AzureRmContext.json", `{}`)); got != nobody {
		t.Errorf("PowerShell, signed out: %q", got)
	}
}

func TestSubject(t *testing.T) {
	const token = "e30.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoicG9kIn0.c2ln"
	file := filepath.Join(profile(t, "token", token+"\n"), "token")
	for _, tt := range []struct{ path, token, want string }{
		{file, "", "https://issuer.example pod"},
		{"", " " + token + "\r\n", "https://issuer.example pod"},
		{"", "e30.eyJzdWIiOiJwb2QifQ.c2ln", "? pod"},
		{"", "e30.e30.c2ln", ""},
		{"", "opaque", ""},
		{file + ".gone", "", ""},
		{filepath.Dir(file), "", ""},
	} {
		if got := subject(tt.path, tt.token); got != tt.want {
			t.Errorf("subject(%q, %q) = %q, want %q", tt.path, tt.token, got, tt.want)
		}
	}
}
