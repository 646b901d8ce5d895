//go:build unix

package identity

// shells are the names of PowerShell's program.
var shells = []string{"pwsh"}
