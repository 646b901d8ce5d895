package identity

// shells are the names of PowerShell's program; the second is Windows
// PowerShell, which comes with Windows.
var shells = []string{"pwsh", "powershell"}
