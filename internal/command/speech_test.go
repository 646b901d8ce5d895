package command

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"docker-credential-acr/internal/dockerconfig"
)

// All that is said stands in speech.go: elsewhere no text has two words.
func TestSpeechIsInOneFile(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	words := regexp.MustCompile(`[A-Za-z']{2,} [a-z]{2,}`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		said := false
		ast.Inspect(parsed, func(n ast.Node) bool {
			text, ok := n.(*ast.BasicLit)
			if ok && text.Kind == token.STRING && words.MatchString(text.Value) {
				said = true
				if file != "speech.go" {
					t.Errorf("%s says %s", file, text.Value)
				}
			}
			return true
		})
		if file == "speech.go" && !said {
			t.Error("speech.go says nothing")
		}
	}
}

// No command that is to be pasted gives away a directory that others use.
func TestNobodyTakesSharedDirectories(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	etc := filepath.Join(filepath.Dir(home), "etc")
	for path, want := range map[string]string{
		filepath.Join(home, ".docker", "config.json"): `sudo mkdir -p ` + shellWord(filepath.Join(home, ".docker")) + ` && sudo chown "$USER" ` + shellWord(filepath.Join(home, ".docker")),
		filepath.Join(etc, "config.json"):             "",
	} {
		for _, key := range []string{string(filepath.Separator), etc, home} {
			_, advice, command := saidUnusable(path, &dockerconfig.Problem{Code: dockerconfig.DirectoryReadOnly, Key: key})
			if command != want || (command == "") == (advice == "") {
				t.Errorf("%s in %s: command %q, advice %q", path, key, command, advice)
			}
		}
		if _, _, command := saidUnusable(path, &dockerconfig.Problem{Code: dockerconfig.Unreadable}); strings.Contains(command, " -R ") {
			t.Errorf("%s: %s", path, command)
		}
	}
}
