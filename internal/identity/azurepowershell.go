package identity

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// pwshToken asks Az PowerShell for an Entra access token for scope, from
// tenantID if that is not empty.
func pwshToken(ctx context.Context, scope, tenantID string) (string, error) {
	if err := plainArguments(scope, tenantID); err != nil {
		return "", err
	}
	path, err := find(shells...)
	if err != nil {
		return "", err
	}
	args := []string{"-NoProfile", "-NonInteractive", "-OutputFormat", "Text", "-EncodedCommand", encodedCommand(pwshScript(resource(scope), tenantID))}
	return cmdlet{"PowerShell", path, args}.token(ctx, "Token", pwshSaid)
}

// noAccounts is what the script says when the module is missing. Nothing that
// Az.Accounts or PowerShell say contains it.
const noAccounts = "docker-credential-acr: no Az.Accounts"

// pwshScript prints {"Token": …}, or the bare message of what went wrong, which
// PowerShell itself would decorate. The token is text before Az.Accounts 5 and a
// SecureString since
// (https://learn.microsoft.com/powershell/azure/protect-secrets); 2.2.0 is the
// oldest version that azidentity takes. It works in Windows PowerShell 5.1 too.
// A resource and a tenant that plainArguments allows are safe between quotes.
func pwshScript(resource, tenantID string) string {
	return strings.NewReplacer("{resource}", resource, "{tenant}", tenantID, "{missing}", noAccounts).Replace(`
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
try {
	if (-not (Import-Module Az.Accounts -MinimumVersion 2.2.0 -PassThru -ErrorAction SilentlyContinue)) {
		throw '{missing}'
	}
	$want = @{ ResourceUrl = '{resource}'; WarningAction = 'Ignore' }
	if ('{tenant}') { $want.TenantId = '{tenant}' }
	$token = (Get-AzAccessToken @want).Token
	if ($token -is [System.Security.SecureString]) {
		$token = (New-Object System.Net.NetworkCredential -ArgumentList '', $token).Password
	}
	[Console]::Out.WriteLine((@{ Token = $token } | ConvertTo-Json -Compress))
} catch {
	[Console]::Error.WriteLine($_.Exception.Message)
	exit 1
}
`)
}

// encodedCommand is the form of a script that needs no quoting: base64 of
// UTF-16, little-endian.
func encodedCommand(script string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(script)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// pwshSaid is what went wrong, with what mends it for the commonest.
func pwshSaid(out printed) string {
	switch {
	case entraNumber.MatchString(out.stderr): // Connect-AzAccount is then an advice among others
	case strings.Contains(out.stderr, noAccounts):
		return "the PowerShell module Az.Accounts, 2.2.0 or newer, is not installed; install it with 'Install-Module Az.Accounts'"
	case strings.Contains(out.stderr, "Connect-AzAccount"):
		return "nobody is signed in to Azure PowerShell; sign in with 'Connect-AzAccount'"
	}
	return out.stderr
}
