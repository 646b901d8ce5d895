package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// TestImportDirections holds who may know whom: see the layout in
// CONTRIBUTING.md.
func TestImportDirections(t *testing.T) {
	const module = "docker-credential-acr"
	packages := map[string]pkg{}
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
	never := func(importer, imported string, why string) {
		t.Helper()
		p, ok := packages[importer]
		if !ok {
			t.Errorf("there is no package %s", importer)
		}
		if slices.ContainsFunc(p.Deps, func(d string) bool { return d == imported || strings.HasPrefix(d, imported+"/") }) {
			t.Errorf("%s depends on %s: %s", importer, imported, why)
		}
	}
	never(module+"/exchange", module+"/cache", "tokens come from the network or from disk, and each half works alone")
	never(module+"/cache", module+"/exchange", "tokens come from the network or from disk, and each half works alone")
	never(module+"/cache", "net/http", "the cache asks nobody")
	never(module+"/internal/host", "net", "the wall does no I/O")
	never(module+"/internal/host", "os", "the wall does no I/O")
	never(module+"/internal/dockerconfig", "net/http", "files are edited without asking anybody")
	for _, late := range []string{"net", "unique", "vendor"} {
		never(module+"/internal/first", late, "it would begin only after net/http, see its doc comment")
	}
	never(module, module+"/internal/azuretest", "the emulator is never shipped")
	never(module, module+"/internal/demo", "the demo is never shipped")
	never(module, "testing", "tests are never shipped")
	never(module, module+"/internal/manpages", "man pages are made when a package is built")
	never(module, "github.com/spf13/cobra/doc", "man pages are made when a package is built")
	never(module, "github.com/google/go-containerregistry", "only tests, the emulator and the demo need a registry")

	for path, p := range packages {
		if path != module+"/internal/lazyregexp" && slices.Contains(packages[module].Deps, path) && slices.Contains(p.Imports, "regexp") {
			t.Errorf("%s imports regexp; what is compiled at start delays each get, so use lazyregexp", path)
		}
		if path != module+"/internal/command" && path != module+"/internal/manpages" && slices.ContainsFunc(p.Imports, func(i string) bool { return strings.HasPrefix(i, "github.com/spf13/") }) {
			t.Errorf("%s imports cobra; commands are package command's business", path)
		}
		if path != module+"/internal/identity" && !strings.HasPrefix(path, module+"/internal/azuretest") && slices.ContainsFunc(p.Imports, func(i string) bool { return strings.HasPrefix(i, "github.com/Azure") }) {
			t.Errorf("%s imports azidentity or its like; that is package identity's business", path)
		}
	}
}
