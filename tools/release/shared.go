package main

import "path/filepath"

// shared collects what goes beside the program, the same for every platform.
func (r *release) shared(work string) ([]file, error) {
	var files []file
	for _, base := range []string{"CHANGELOG.md", "LICENSE", "README.md"} {
		files = append(files, file{base, filepath.Join(r.root, base), 0o644})
	}
	return files, nil
}
