package process

import (
	"os"
	"path/filepath"
)

// Exposed lists the directories from which Find could be made to return another
// program by somebody else: those of PATH, as far as the one where the program
// is, or all where it is nowhere, in which another user can make files, and the
// directory of a program that another user can change.
func Exposed(name string) []string {
	var found []string
	add := func(path string) {
		if Foreign(path) {
			found = append(found, path)
		}
	}
	program, _ := Find(name)
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		add(dir)
		if program != "" && filepath.Clean(dir) == filepath.Dir(program) {
			break
		}
	}
	if program == "" {
		return found
	}
	add(program) // which follows a link
	if target, err := filepath.EvalSymlinks(program); err == nil && filepath.Dir(target) != filepath.Dir(program) {
		add(filepath.Dir(target))
	}
	return found
}

// Foreign reports whether somebody else than this user and root can change the file
// at path, or what is in that directory.
func Foreign(path string) bool {
	info, err := os.Stat(path)
	return err == nil && foreign(info)
}

// OtherOwner reports whether what is at path belongs to neither this user nor
// root.
func OtherOwner(path string) bool {
	info, err := os.Stat(path)
	return err == nil && otherOwner(info)
}
