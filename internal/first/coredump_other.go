//go:build !unix

package first

// noCoreDump has nothing to do: Windows writes a dump only where an administrator
// has asked for it.
func noCoreDump() {}
