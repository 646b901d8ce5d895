package lazyregexp_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"docker-credential-acr/internal/lazyregexp"
)

func TestLikeRegexp(t *testing.T) {
	const expr, text = `(\w)=(\d)`, "a=1, b=2"
	lazy, want := lazyregexp.New(expr), regexp.MustCompile(expr)
	if lazy.MatchString(text) != want.MatchString(text) || lazy.MatchString("a") {
		t.Error("MatchString")
	}
	if got := lazy.FindString(text); got != want.FindString(text) {
		t.Error("FindString", got)
	}
	if got := lazy.FindAllString(text, -1); strings.Join(got, ";") != "a=1;b=2" {
		t.Error("FindAllString", got)
	}
	if got := lazy.FindStringSubmatch(text); strings.Join(got, ";") != "a=1;a;1" {
		t.Error("FindStringSubmatch", got)
	}
	if got := lazy.FindAllStringSubmatch(text, -1); len(got) != 2 || strings.Join(got[1], ";") != "b=2;b;2" {
		t.Error("FindAllStringSubmatch", got)
	}
	if got := lazy.ReplaceAllString(text, "$2=$1"); got != "1=a, 2=b" {
		t.Error("ReplaceAllString", got)
	}
	if got := lazy.ReplaceAll([]byte(text), []byte("x")); string(got) != "x, x" {
		t.Error("ReplaceAll", string(got))
	}
	if got := lazy.ReplaceAllStringFunc(text, strings.ToUpper); got != "A=1, B=2" {
		t.Error("ReplaceAllStringFunc", got)
	}
}

// A pattern that does not compile would show when it is first used, which may be
// while an error is described.
func TestPatternsCompile(t *testing.T) {
	patterns := 0
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			expr, ok := pattern(n)
			if !ok {
				return true
			}
			patterns++
			if _, err := regexp.Compile(expr); err != nil {
				t.Errorf("%s: %v", files.Position(n.Pos()), err)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if patterns < 15 {
		t.Errorf("found only %d patterns", patterns)
	}
}

// pattern returns the argument of a call of lazyregexp.New.
func pattern(n ast.Node) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return "", false
	}
	name, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || name.Sel.Name != "New" {
		return "", false
	}
	if x, ok := name.X.(*ast.Ident); !ok || x.Name != "lazyregexp" {
		return "", false
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return "", false
	}
	expr, err := strconv.Unquote(literal.Value)
	return expr, err == nil
}
