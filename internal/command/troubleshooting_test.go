package command

import (
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"docker-credential-acr/internal/dockerconfig"
	"docker-credential-acr/internal/doctor"
)

var update = flag.Bool("update", false, "write docs/troubleshooting.md anew")

// TestTroubleshooting compares docs/troubleshooting.md with doctor's findings:
// between its two marks stands what is made of them. With -update it is written.
func TestTroubleshooting(t *testing.T) {
	const (
		path  = "../../docs/troubleshooting.md"
		begin = "<!-- from here on made by: go test ./internal/command -run TestTroubleshooting -update -->\n"
	)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(content), "\r\n", "\n")
	before, _, ok := strings.Cut(page, begin)
	if !ok {
		t.Fatalf("%s has no line %s", path, begin)
	}
	want := before + begin + troubleshooting()
	if page == want {
		return
	}
	if !*update {
		t.Fatalf("%s is not what doctor says; go test ./internal/command -run TestTroubleshooting -update", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// troubleshooting is the reference of all findings that are not in order.
func troubleshooting() string {
	var b strings.Builder
	for _, s := range sayings() {
		title := string(s.step)
		if title == "" {
			title = "any step"
		}
		var problems strings.Builder
		for _, one := range s.sayings {
			if one.cause == "" {
				continue
			}
			text := sample(one)
			problems.WriteString("\n### " + string(one.code) + "\n\n```text\n" + text.message + "\n```\n\nLikely cause: " + text.cause + ".\n\n```sh\n" + text.command + "\n```\n")
			if windows := capitals(one.windows); windows != "" {
				problems.WriteString("\nOn Windows:\n\n```bat\n" + windows + "\n```\n")
			}
		}
		if problems.Len() > 0 {
			b.WriteString("\n## " + title + "\n\nChecks that " + s.about + ".\n" + problems.String())
		}
	}
	return b.String()
}

// sample is a saying with the names of its values in capitals.
func sample(s saying) said {
	text := said{capitals(s.message), capitals(s.cause), capitals(s.command)}
	if s.message != "" {
		return text
	}
	f := dockerconfig.Finding{Code: dockerconfig.Code(s.code), Registry: "REGISTRY", Path: "FILE", Detail: "DETAIL", Err: errors.New("ERROR")}
	if f.Code == dockerconfig.ProgramMissing {
		f.Path = filepath.Join("DIRECTORY", dockerconfig.Program)
	}
	what, command := saidFinding(f)
	text.message = filepath.ToSlash(what)
	if command != "" {
		text.command = command
	}
	return text
}

var braces = regexp.MustCompile(`\{[a-z]+\}`)

func capitals(text string) string {
	return braces.ReplaceAllStringFunc(text, func(name string) string {
		if name == "{path}" {
			return "FILE" // PATH is something else
		}
		return strings.ToUpper(strings.Trim(name, "{}"))
	})
}

// TestSayings looks whether there are words for every finding, once, and in the
// form of the house.
func TestSayings(t *testing.T) {
	words := map[doctor.Code]bool{}
	for _, section := range sayings() {
		for _, s := range section.sayings {
			if words[s.code] {
				t.Errorf("%s stands there twice", s.code)
			}
			words[s.code] = true
			text := sample(s)
			if text.message == "" || strings.HasSuffix(text.message, ".") || strings.HasSuffix(s.cause, ".") || strings.ContainsAny(text.message+text.cause, "\n`") {
				t.Errorf("%s: %+v", s.code, text)
			}
			if (s.cause == "") != (text.command == "") {
				t.Errorf("%s: a cause or a command alone", s.code)
			}
		}
	}
	for _, code := range slices.Concat(codes(t, "../doctor/code.go"), codes(t, "../dockerconfig/finding.go")) {
		if !words[code] {
			t.Errorf("there are no words for %s", code)
		}
		delete(words, code)
	}
	for code := range words {
		t.Errorf("there is no code %s", code)
	}
}

// codes are the constants of type Code in a file.
func codes(t *testing.T, path string) []doctor.Code {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []doctor.Code
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			for _, v := range spec.Values {
				text, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, doctor.Code(text))
			}
		}
		return true
	})
	if len(all) == 0 {
		t.Fatalf("no codes in %s", path)
	}
	return all
}

func TestFill(t *testing.T) {
	values := map[string]string{"path": "/a b/it's", "name": "r", "nothing": ""}
	for text, want := range map[string]string{
		"chmod go-w {path}; {name}": `chmod go-w '/a b/it'\''s'; r`,
		"{unknown} {nothing}":       "? ?",
		"%{http_code} {":            "%{http_code} {",
	} {
		if got := fill(text, values, shellWord); got != want && shellWord("it's")[0] == '\'' {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for name, want := range map[string][2]string{
		"myregistry":                     {"myregistry", ""},
		"r.azurecr.io/team/app:1@sha:ab": {"r.azurecr.io", "team/app"},
		"https://r.azurecr.io/":          {"https://r.azurecr.io", ""},
		"https://r.azurecr.io/v2/":       {"https://r.azurecr.io", ""},
		"https://r.azurecr.io/v2x":       {"https://r.azurecr.io", "v2x"},
		"r.azurecr.io/v2":                {"r.azurecr.io", "v2"},
		"oci://r.azurecr.io/charts/a:1":  {"r.azurecr.io", "charts/a"},
		"r.azurecr.io:443/app":           {"r.azurecr.io:443", "app"},
	} {
		if registry, repository := image(name); registry != want[0] || repository != want[1] {
			t.Errorf("%s: %q, %q", name, registry, repository)
		}
	}
}
