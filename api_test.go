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
// breaks importers; a new one does not. What mentions a type of an internal
// package is for this module only, and is no part of the promise.
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
// each; nothing if it has a field of an internal type.
func declared(o types.Object) []string {
	var lines []string
	add := func(format string, parts ...any) {
		lines = append(lines, o.Pkg().Name()+": "+fmt.Sprintf(format, parts...))
	}
	short := func(p *types.Package) string { return p.Name() }
	switch o := o.(type) {
	case *types.Const:
		add("%s = %s", types.ObjectString(o, short), o.Val())
		return lines
	case *types.TypeName:
		if s, ok := o.Type().Underlying().(*types.Struct); ok {
			if internal(o.Type()) {
				return nil
			}
			add("type %s", o.Name())
			for f := range s.Fields() {
				if f.Exported() {
					add("type %s, field %s %s", o.Name(), f.Name(), types.TypeString(f.Type(), short))
				}
			}
		} else {
			add("type %s %s", o.Name(), types.TypeString(o.Type().Underlying(), short))
		}
		for m := range types.NewMethodSet(types.NewPointer(o.Type())).Methods() {
			if m.Obj().Exported() && !internal(m.Type()) {
				add("%s", types.ObjectString(m.Obj(), short))
			}
		}
		return lines
	}
	if !internal(o.Type()) {
		add("%s", types.ObjectString(o, short))
	}
	return lines
}

// internal reports whether a type cannot be written down by an importer: one of
// an internal package, a function that has such a parameter or result, and a
// struct of this module that has such an exported field.
func internal(t types.Type) bool {
	switch t := t.(type) {
	case *types.Named:
		pkg := t.Obj().Pkg()
		if pkg == nil || !strings.HasPrefix(pkg.Path(), "docker-credential-acr/") {
			return false
		}
		if strings.Contains(pkg.Path(), "/internal/") {
			return true
		}
		if s, ok := t.Underlying().(*types.Struct); ok {
			for f := range s.Fields() {
				if f.Exported() && internal(f.Type()) {
					return true
				}
			}
		}
	case *types.Signature:
		return internal(t.Params()) || internal(t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if internal(v.Type()) {
				return true
			}
		}
	case interface{ Elem() types.Type }: // pointers, slices, maps, channels
		return internal(t.Elem())
	}
	return false
}
