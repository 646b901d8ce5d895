package process

import "errors"

// CanDetach reports that no process is left behind here: whoever waits for a job
// object, as PowerShell's Start-Process -Wait and many CI services do, would wait
// for it, too.
func CanDetach() bool { return false }

// Detach is not to be had here.
func Detach(string, []string, []string, string) error { return errors.ErrUnsupported }
