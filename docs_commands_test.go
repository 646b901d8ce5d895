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
	inline = regexp.MustCompile("`((?:docker-credential-acr(?:-env|-login)?|make|go|bash|sudo) [^`\n]+)`")
	// other are blocks that are no shell's, but may have commands in them.
	other = regexp.MustCompile("(?ms)^ *```([a-z]*)[^\n]*\n(.*?)^ *```$")
	ours  = regexp.MustCompile(`(-C \.|store )?\bdocker-credential-acr(?:-env|-login|\.exe)?((?: +[^\s"'|&;<>)\]` + "`" + `]+)+)`)
	data  = regexp.MustCompile("(?ms)^( *)```(json|yaml)\\b[^\n]*\n(.*?)^ *```$")
)

// placeholder is a name that readers replace, or VALUE.
var placeholder = regexp.MustCompile(`^[A-Z_]+$`)

// others are programs that the documentation uses beside the project's own and
// what every system has. A name that is not here is probably mistyped.
var others = strings.Fields(`
	az azd buildah buildctl compose crane docker gh git go helm kubectl nerdctl nix nslookup oras podman pwsh regctl skopeo
	apk apt-get brew dnf dpkg rpm scoop winget
	bash cat chmod chown command cp curl cut date df dig dirname echo env export file find getent grep id install jq keyctl ln ls mkdir mktemp mv
	openssl pgrep printf ps rm sed set sh sha256sum sleep source ssh stat sudo systemctl tar tee test timedatectl timeout tmux umask unset
	docker-credential-pass docker-credential-secretservice
`)

// project is what commands for developers are about.
type project struct {
	makefile string
	tests    map[string]string // by path
}

// TestPastedCommands holds that every command in the documentation is one
// that a shell and the program understand, with options that there are.
func TestPastedCommands(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	p := project{string(makefile), sources(t, "_test.go")}
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
		for _, m := range other.FindAllStringSubmatch(page, -1) {
			if m[1] == "sh" || m[1] == "bash" {
				continue
			}
			for _, its := range ours.FindAllStringSubmatch(m[2], -1) {
				args := strings.Fields(its[2])
				if its[1] != "" || strings.HasPrefix(args[0], "/") {
					continue // a directory, docker-py's error, or a file that is copied
				}
				checked++
				// What follows may be prose.
				if why := misunderstood(args, false); why != "" {
					t.Errorf("%s: %s: %s", path, its[0], why)
				}
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
				if why := p.wrong(words, whole); why != "" {
					t.Errorf("%s: %s: %s", path, strings.Join(words, " "), why)
				}
			}
		}
	}
	if checked < 200 {
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
func (p project) wrong(words []string, whole bool) string {
	if len(words) == 0 {
		return ""
	}
	name := words[0][strings.LastIndex(words[0], "/")+1:]
	switch name {
	case "docker-credential-acr", "docker-credential-acr-env", "docker-credential-acr-login", "docker-credential-acr.exe":
		return misunderstood(words[1:], whole)
	case "make":
		for _, word := range words[1:] {
			variable, _, sets := strings.Cut(word, "=")
			if !sets && !strings.Contains(p.makefile, "\n"+word+":") || sets && !strings.Contains(p.makefile, "$("+variable+")") {
				return "the Makefile has no " + variable
			}
		}
		return ""
	case "sudo", "env":
		return p.wrong(run(words[1:]), whole)
	case "bash", "sh":
		if len(words) > 1 && strings.HasPrefix(words[1], ".") {
			if _, err := os.Stat(words[1]); err != nil {
				return "there is no " + words[1]
			}
		}
		return ""
	case "go":
		if len(words) > 3 && words[1] == "test" && words[2] == "-run" && !isTest(p.tests, words[3]) {
			return "there is no " + words[3]
		}
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

// run is the command that sudo or env are to run, if they run one.
func run(words []string) []string {
	for i := 0; i < len(words); i++ {
		switch {
		case words[i] == "-u": // has a value
			i++
		case !strings.HasPrefix(words[i], "-") && !strings.Contains(words[i], "="):
			return words[i:]
		}
	}
	return nil
}

// misunderstood says what the program would not understand of its arguments.
func misunderstood(args []string, whole bool) string {
	root := command.New(&command.Program{Lookup: os.LookupEnv})
	root.InitDefaultHelpCmd()
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err.Error()
	}
	if cmd == root && len(args) > 0 && !strings.HasPrefix(args[0], "-") && !placeholder.MatchString(args[0]) {
		return "there is no command " + args[0]
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
