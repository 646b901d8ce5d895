package identity

import (
	"context"
	"errors"
	"os/exec"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// azureCLI is who is signed in to az.
func (e *entra) azureCLI() source {
	return source{
		title: "Azure CLI",
		id:    "dir=" + e.config.CLIDir + " " + cliAccount(e.config.CLIDir),
		token: tool("az", func() (azcore.TokenCredential, error) {
			return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{AdditionallyAllowedTenants: e.config.AdditionallyAllowedTenants})
		}),
	}
}

// azureDeveloperCLI is who is signed in to azd.
func (e *entra) azureDeveloperCLI() source {
	return source{
		title: "Azure Developer CLI",
		id:    "dir=" + e.config.DeveloperCLIDir + " " + developerCLIAccount(e.config.DeveloperCLIDir),
		token: tool("azd", func() (azcore.TokenCredential, error) {
			return azidentity.NewAzureDeveloperCLICredential(&azidentity.AzureDeveloperCLICredentialOptions{AdditionallyAllowedTenants: e.config.AdditionallyAllowedTenants})
		}),
	}
}

// azurePowerShell is who is signed in to Az PowerShell.
func (e *entra) azurePowerShell() source {
	return source{
		title: "Azure PowerShell",
		id:    powerShellAccount(e.config.PowerShellDir),
		token: tool("pwsh", func() (azcore.TokenCredential, error) {
			return azidentity.NewAzurePowerShellCredential(&azidentity.AzurePowerShellCredentialOptions{AdditionallyAllowedTenants: e.config.AdditionallyAllowedTenants})
		}),
	}
}

// tool asks one of Microsoft's command-line tools, if it is installed.
func tool(program string, build func() (azcore.TokenCredential, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if !installed(program) {
			return "", absent(program + " is not on PATH")
		}
		credential, err := build()
		if err != nil {
			return "", errors.New(program + " cannot be run")
		}
		token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{Scope}})
		if err != nil {
			return "", errors.New(quote(err.Error()))
		}
		return token.Token, nil
	}
}

// installed reports whether program is on PATH. A directory that is not
// absolute does not count: the working directory may be anybody's.
func installed(program string) bool {
	_, err := exec.LookPath(program)
	if err != nil && program == "pwsh" {
		_, err = exec.LookPath("powershell") // Windows PowerShell, which azidentity falls back to
	}
	return err == nil
}

var (
	// boilerplate is what azidentity puts around a tool's own words.
	boilerplate = regexp.MustCompile(`^\w+Credential: |\.? ?To troubleshoot, visit https://\S+$`)
	// secretive is what may be a token: long, and of a token's alphabet. The
	// words of messages are shorter.
	secretive = regexp.MustCompile(`eyJ[\w.+/=-]{10,}|[\w.+/=~-]{64,}`)
	blank     = regexp.MustCompile(`[\s\x00-\x1f\x7f-\x9f]+`)
)

// quote makes one plain line of what a tool wrote to its standard error.
func quote(text string) string {
	text = strings.TrimRight(boilerplate.ReplaceAllString(strings.TrimSpace(text), ""), ". \r\n")
	text = secretive.ReplaceAllString(text, "[redacted]")
	text = strings.ReplaceAll(blank.ReplaceAllString(text, " "), "`", "'")
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
