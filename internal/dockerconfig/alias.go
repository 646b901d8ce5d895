package dockerconfig

import (
	"bytes"
	"os"
)

// aliases are the names of other helpers under which this program may be run:
// what was made for them needs no change then.
var aliases = []string{"acr-env", "acr-login"}

// readAliases takes the aliases in the files for Name, where the program that
// clients find under such a name is this one, linked or copied.
func (s *Setup) readAliases(lookup Lookup) {
	files := []*File{&s.Docker, &s.Helm}
	for i := range s.Podman {
		files = append(files, &s.Podman[i])
	}
	for _, alias := range aliases {
		used := false
		for _, f := range files {
			used = used || f.names(alias)
		}
		if !used || !sameProgram(lookup.find(prefix+alias), s.Self) {
			continue
		}
		for _, f := range files {
			if f.CredsStore == alias {
				f.CredsStore = Name
			}
			for registry, helper := range f.CredHelpers {
				if helper == alias {
					f.CredHelpers[registry] = Name
				}
			}
		}
	}
}

// names reports whether the file names a helper.
func (f File) names(helper string) bool {
	for _, other := range f.CredHelpers {
		if other == helper {
			return true
		}
	}
	return f.CredsStore == helper
}

// sameProgram reports whether two paths lead to one file, or to files with one
// content.
func sameProgram(a, b string) bool {
	if sameFile(a, b) {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	if err != nil || first.Size() != second.Size() || !first.Mode().IsRegular() || !second.Mode().IsRegular() {
		return false
	}
	one, err := os.ReadFile(a)
	if err != nil {
		return false
	}
	other, err := os.ReadFile(b)
	return err == nil && bytes.Equal(one, other)
}
