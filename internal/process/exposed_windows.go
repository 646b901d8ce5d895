package process

import "io/fs"

// foreign cannot be told from the mode: access lists decide.
func foreign(fs.FileInfo) bool { return false }
