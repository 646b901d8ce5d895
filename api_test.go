package main_test

import (
	"flag"
	"fmt"
	"go/types"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

var updateAPI = flag.Bool("update-api", false, "write docs/api.txt")

// TestAPI compares what the public packages export with docs/api.txt, so that
// nothing is taken away or changed by accident. A line that is gone or different
// breaks importers; a new one does not.
func TestAPI(t *testing.T) {
	found, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes}, "./cache", "./exchange", "./helper")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range found {
		for _, e := range p.Errors {
			t.Error(e)
		}
		for _, name := range p.Types.Scope().Names() {
			if o := p.Types.Scope().Lookup(name); o.Exported() {
				lines = append(lines, declared(o)...)
			}
		}
	}
	slices.Sort(lines)
	now := strings.Join(lines, "\n") + "\n"
	const path = "docs/api.txt"
	if *updateAPI {
		if err := os.WriteFile(path, []byte(now), 0o644); err != nil { //nolint:gosec // a page of the documentation
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(content), "\r\n", "\n")), "\n")
	for _, line := range before {
		if !slices.Contains(lines, line) {
			t.Errorf("gone or changed, which breaks importers: %s", line)
		}
	}
	for _, line := range lines {
		if !slices.Contains(before, line) {
			t.Errorf("new: %s", line)
		}
	}
	if t.Failed() {
		t.Log("if this is meant: go test -run TestAPI . -update-api, and a line in CHANGELOG.md")
	}
}

// declared is an exported object with its exported fields and methods, a line
// each.
func declared(o types.Object) []string {
	short := func(p *types.Package) string { return p.Name() }
	prefix := o.Pkg().Name() + ": "
	name, ok := o.(*types.TypeName)
	if !ok {
		line := types.ObjectString(o, short)
		if c, ok := o.(*types.Const); ok {
			line += " = " + c.Val().String()
		}
		return []string{prefix + line}
	}
	lines := []string{prefix + "type " + name.Name()}
	if s, ok := name.Type().Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			if f.Exported() {
				lines = append(lines, fmt.Sprintf("%stype %s, field %s %s", prefix, name.Name(), f.Name(), types.TypeString(f.Type(), short)))
			}
		}
	} else {
		lines[0] += " " + types.TypeString(name.Type().Underlying(), short)
	}
	for m := range types.NewMethodSet(types.NewPointer(name.Type())).Methods() {
		if m.Obj().Exported() {
			lines = append(lines, prefix+types.ObjectString(m.Obj(), short))
		}
	}
	return lines
}
