//go:build !windows

package command

import "os"

// escapes reports that a terminal understands escape sequences.
func escapes(*os.File) bool { return true }
