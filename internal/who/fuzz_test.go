package who

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzAccount reads whatever az, azd and PowerShell keep: it names somebody, the
// same each time, and shows no more than a name.
func FuzzAccount(f *testing.F) {
	f.Add(annas)
	f.Add("{}")
	f.Add("\ufeffnull")
	f.Add(`{"subscriptions":[{"isDefault":true,"user":{"name":"x\ny"}}]}`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, account string) {
		for _, name := range []string{"azureProfile.json", "auth.json", "AzureRmContext.json"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(account), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, read := range []func(string) (string, func() string){cliAccount, developerCLIAccount, powerShellAccount} {
			id, shows := read(dir)
			if again, _ := read(dir); id == "" || id != again {
				t.Errorf("%q names nobody", account)
			}
			if shows == nil {
				continue
			}
			name, _, _ := strings.Cut(shows(), " of tenant ")
			if name == "" || name != somebody && !Plain(name) {
				t.Errorf("%q shows %q", account, name)
			}
		}
	})
}

// FuzzSubject reads any federated token: white space around it changes nothing,
// and neither does the signature.
func FuzzSubject(f *testing.F) {
	f.Add(`{"iss":"https://issuer.example","sub":"system:serviceaccount:build:kaniko"}`)
	f.Add(`{"sub":"x"}`)
	f.Add(`{"iss":7}`)
	f.Add("null")
	f.Fuzz(func(t *testing.T, claims string) {
		token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "."
		got := subject("", token+"a")
		if got != subject("", " "+token+"b\r\n") {
			t.Errorf("%q: %q changes", claims, got)
		}
		if got != "" && !strings.Contains(got, " ") {
			t.Errorf("%q is not an issuer and a subject", got)
		}
		_ = subject("", claims)
	})
}
