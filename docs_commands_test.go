package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"mvdan.cc/sh/v3/syntax"

	"docker-credential-acr/internal/command"
)

var (
	shell  = regexp.MustCompile("(?ms)^ *```(?:sh|bash)\n(.*?)^ *```$")
	inline = regexp.MustCompile("`(docker-credential-acr(?:-env|-login)? [^`\n]+|make [^`\n]+)`")
	data   = regexp.MustCompile("(?ms)^( *)```(json|yaml)\\b[^\n]*\n(.*?)^ *```$")
	target = regexp.MustCompile(`(?m)^([a-z0-9-]+):`)
)

// placeholder is a name that readers replace, or VALUE.
var placeholder = regexp.MustCompile(`^[A-Z_]+$`)

// others are programs that the documentation uses beside the project's own and
// what every system has. A name that is not here is probably mistyped.
var others = strings.Fields(`
	az azd buildah buildctl compose crane docker gh git go helm kubectl nerdctl nix nslookup oras podman pwsh regctl skopeo
	apk apt-get brew dnf dpkg rpm scoop winget
	bash cat chmod command cp curl cut date df dig dirname echo env export file find getent grep id install jq keyctl ln ls mkdir mktemp mv
	openssl pgrep printf ps rm sed set sh sha256sum sleep source ssh stat sudo systemctl tar tee test timedatectl timeout tmux umask unset
	docker-credential-pass docker-credential-secretservice
`)

// TestPastedCommands holds that every command in the documentation is one
// that a shell and the program understand, with options that there are.
func TestPastedCommands(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, m := range target.FindAllSubmatch(makefile, -1) {
		targets = append(targets, string(m[1]))
	}
	checked := 0
	for path, page := range pages(t) {
		texts := map[string]bool{} // to be pasted, or only mentioned
		for _, m := range shell.FindAllStringSubmatch(page, -1) {
			texts[m[1]] = true
		}
		for _, m := range inline.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
			if !strings.ContainsAny(m[1], "…<") && !texts[m[1]] {
				texts[m[1]] = false
			}
		}
		for text, whole := range texts {
			parsed, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), path)
			if err != nil {
				t.Errorf("%v in\n%s", err, text)
				continue
			}
			for _, words := range calls(parsed) {
				checked++
				if why := wrong(words, targets, whole); why != "" {
					t.Errorf("%s: %s: %s", path, strings.Join(words, " "), why)
				}
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d commands were found", checked)
	}
}

// calls are the simple commands of a script, each as its words. What a shell
// would have to work out is the word VALUE.
func calls(file *syntax.File) (all [][]string) {
	functions := map[string]bool{}
	syntax.Walk(file, func(n syntax.Node) bool {
		if f, ok := n.(*syntax.FuncDecl); ok {
			functions[f.Name.Value] = true
		}
		c, ok := n.(*syntax.CallExpr)
		if !ok || len(c.Args) == 0 {
			return true
		}
		var words []string
		for _, a := range c.Args {
			words = append(words, text(a.Parts))
		}
		if !functions[words[0]] {
			all = append(all, words)
		}
		return true
	})
	return all
}

func text(parts []syntax.WordPart) string {
	var b strings.Builder
	for _, part := range parts {
		switch p := part.(type) {
		case *syntax.Lit:
			b.WriteString(p.Value)
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			b.WriteString(text(p.Parts))
		default:
			b.WriteString("VALUE")
		}
	}
	return b.String()
}

// wrong says what is wrong with a command, or nothing. One that is not whole may
// lack arguments.
func wrong(words, targets []string, whole bool) string {
	name := words[0][strings.LastIndex(words[0], "/")+1:]
	switch name {
	case "docker-credential-acr", "docker-credential-acr-env", "docker-credential-acr-login", "docker-credential-acr.exe":
		return misunderstood(words[1:], whole)
	case "make":
		for _, word := range words[1:] {
			if !strings.Contains(word, "=") && !slices.Contains(targets, word) {
				return "the Makefile has no " + word
			}
		}
		return ""
	case "sudo", "env":
		return "" // what they run is checked where it stands alone
	case "bash", "sh":
		if len(words) > 1 && strings.HasPrefix(words[1], ".") {
			if _, err := os.Stat(words[1]); err != nil {
				return "there is no " + words[1]
			}
		}
		return ""
	case "go":
		if len(words) == 3 && words[1] == "doc" && strings.HasPrefix(words[2], "./") {
			if out, err := exec.Command("go", words[1:]...).CombinedOutput(); err != nil {
				return string(out)
			}
		}
		return ""
	}
	if placeholder.MatchString(name) {
		return ""
	}
	if !slices.Contains(others, name) {
		return "is this the name of a program?"
	}
	return ""
}

// misunderstood says what the program would not understand of its arguments.
func misunderstood(args []string, whole bool) string {
	root := command.New(&command.Program{Lookup: os.LookupEnv})
	root.InitDefaultHelpCmd()
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err.Error()
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err.Error()
	}
	if help, err := cmd.Flags().GetBool("help"); err == nil && help || !whole {
		return ""
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err.Error()
	}
	return ""
}

// TestPastedData holds that what is to be pasted into files can be parsed.
func TestPastedData(t *testing.T) {
	for path, page := range pages(t) {
		for _, m := range data.FindAllStringSubmatch(page, -1) {
			indent, kind, text := m[1], m[2], m[3]
			text = strings.ReplaceAll("\n"+text, "\n"+indent, "\n")
			d := yaml.NewDecoder(strings.NewReader(text)) // JSON is YAML
			for {
				var value any
				err := d.Decode(&value)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Errorf("%s: %s: %v in\n%s", path, kind, err, text)
					break
				}
			}
			if kind == "json" && !json.Valid([]byte(text)) {
				t.Errorf("%s: this is no JSON:\n%s", path, text)
			}
		}
	}
}
