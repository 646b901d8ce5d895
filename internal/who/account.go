package who

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"

	"docker-credential-acr/internal/lazyregexp"
)

// nobody stands for a tool that is signed out or was never used.
const nobody = "nobody"

// somebody is who is signed in to a tool that does not say it in its files.
const somebody = "whoever is signed in"

var plain = lazyregexp.New(`^[\w.@+#-]+$`)

// Plain reports whether a name or id looks like one, so that it may be shown.
func Plain(name string) bool { return plain.MatchString(name) && len(name) <= longest }

const longest = 128

// toolUser says who is signed in to a tool. A service principal's name there is
// its client id.
func toolUser(name, tenant string) func() string {
	return func() string {
		if !Plain(name) {
			return somebody
		}
		return Name(name, "", tenant)
	}
}

// cliAccount names the account that az answers with, as azureProfile.json in dir
// has it: the user, the tenant and the subscription that is the default one. who
// is the same for people, and nil for nobody.
func cliAccount(dir string) (account string, who func() string) {
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
		return nobody, nil
	}
	var accounts []string
	for _, s := range profile.Subscriptions {
		if s.Default {
			accounts = append(accounts, strings.TrimSpace("user="+s.User.Name+" "+s.User.Type+" "+s.User.AssignedIdentity)+" tenant="+s.TenantID+" subscription="+s.ID+" cloud="+s.Cloud)
			who = toolUser(s.User.Name, s.TenantID)
		}
	}
	if accounts == nil {
		return nobody, nil
	}
	return strings.Join(accounts, ","), who
}

// developerCLIAccount stands for the account that azd answers with. azd keeps
// it under auth.account.currentUser of auth.json in its configuration
// directory; which fields it has depends on the kind of login, so they are
// hashed, and who it is stays unknown.
func developerCLIAccount(dir string) (account string, who func() string) {
	var auth struct {
		Auth struct {
			Account struct {
				CurrentUser json.RawMessage `json:"currentUser"`
			} `json:"account"`
		} `json:"auth"`
	}
	if !readJSON(dir, "auth.json", &auth) || auth.Auth.Account.CurrentUser == nil {
		return nobody, nil
	}
	sum := sha256.Sum256(auth.Auth.Account.CurrentUser)
	return "user=" + hex.EncodeToString(sum[:8]), text(somebody)
}

// powerShellAccount names the context that Az PowerShell answers with.
func powerShellAccount(dir string) (account string, who func() string) {
	var settings struct {
		DefaultContextKey string `json:"DefaultContextKey"`
	}
	if !readJSON(dir, "AzureRmContext.json", &settings) || settings.DefaultContextKey == "" {
		return nobody, nil
	}
	return "context=" + settings.DefaultContextKey, text(somebody)
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
