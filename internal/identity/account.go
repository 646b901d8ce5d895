package identity

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// nobody stands for a tool that is signed out or was never used.
const nobody = "nobody"

// cliAccount names the account that az answers with, as azureProfile.json in dir
// has it: the user, the tenant and the subscription that is the default one.
func cliAccount(dir string) string {
	var profile struct {
		Subscriptions []struct {
			ID       string `json:"id"`
			TenantID string `json:"tenantId"`
			Default  bool   `json:"isDefault"`
			Cloud    string `json:"environmentName"`
			User     struct {
				Name             string `json:"name"`
				Type             string `json:"type"`
				AssignedIdentity string `json:"assignedIdentityInfo"`
			} `json:"user"`
		} `json:"subscriptions"`
	}
	if !readJSON(dir, "azureProfile.json", &profile) {
		return nobody
	}
	var accounts []string
	for _, s := range profile.Subscriptions {
		if s.Default {
			accounts = append(accounts, strings.TrimSpace("user="+s.User.Name+" "+s.User.Type+" "+s.User.AssignedIdentity)+" tenant="+s.TenantID+" subscription="+s.ID+" cloud="+s.Cloud)
		}
	}
	if accounts == nil {
		return nobody
	}
	return strings.Join(accounts, ",")
}

// developerCLIAccount stands for the account that azd answers with. azd keeps
// it under auth.account.currentUser of auth.json in its configuration
// directory; which fields it has depends on the kind of login, so they are
// hashed.
func developerCLIAccount(dir string) string {
	var auth struct {
		Auth struct {
			Account struct {
				CurrentUser json.RawMessage `json:"currentUser"`
			} `json:"account"`
		} `json:"auth"`
	}
	if !readJSON(dir, "auth.json", &auth) || auth.Auth.Account.CurrentUser == nil {
		return nobody
	}
	sum := sha256.Sum256(auth.Auth.Account.CurrentUser)
	return "user=" + hex.EncodeToString(sum[:8])
}

// powerShellAccount names the context that Az PowerShell answers with.
func powerShellAccount(dir string) string {
	var settings struct {
		DefaultContextKey string `json:"DefaultContextKey"`
	}
	if !readJSON(dir, "AzureRmContext.json", &settings) || settings.DefaultContextKey == "" {
		return nobody
	}
	return "context=" + settings.DefaultContextKey
}

// maxProfile bounds what is read of a file that others write. A profile with a
// thousand subscriptions has half a megabyte.
const maxProfile = 16 << 20

// readJSON reads a file of a Microsoft tool, some of which begin with a
// byte-order mark. It reports false for a file that is missing or unreadable.
func readJSON(dir, name string, v any) bool {
	if dir == "" {
		return false
	}
	path := filepath.Join(dir, name)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(io.LimitReader(f, maxProfile))
	return err == nil && json.Unmarshal(bytes.TrimPrefix(content, []byte("\ufeff")), v) == nil
}
