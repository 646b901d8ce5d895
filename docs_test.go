package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"docker-credential-acr/internal/command"
)

// pages are the Markdown files of the project, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			found[filepath.ToSlash(path)] = strings.ReplaceAll(string(content), "\r\n", "\n")
		}
	}
	return found
}

var (
	fenced  = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	quoted  = regexp.MustCompile("`[^`\n]*`")
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are what GitHub makes of the headings of a page.
func anchors(page string) []string {
	var all []string
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
		text := link.ReplaceAllString(m[1], "")
		text = dropped.ReplaceAllString(strings.ToLower(text), "")
		all = append(all, strings.ReplaceAll(text, " ", "-"))
	}
	return all
}

var (
	// unseen are links that link does not find, and blocks that fenced does not.
	unseen = regexp.MustCompile(`\]\([^)]*\s[^)]*\)|\]\[[^\]]*\]|(?m:^ *\[[^\]]+\]:)|<(?:a|img)\s|(?m:^ *~~~)`)
	// mentioned is a file or directory of the project's in a text. Others have an
	// internal, too.
	mentioned = regexp.MustCompile("(?m)(?:^|[\\s(`])(?:\\./)?((?:docs|packaging|testdata|tools)/[\\w./-]*\\w)|(?:^|[(`]|\\./)(internal/[\\w./-]*\\w)")
	// printed is a page that the program tells people to read.
	printed = regexp.MustCompile(`(?:^|[^/\w])(docs/[\w-]+\.md)(?:#([\w-]+))?`)
)

// TestLinks follows every relative link in the documentation, to its heading, and
// finds every file of the project's that is mentioned.
func TestLinks(t *testing.T) {
	all := pages(t)
	follow := func(path, to, anchor string) {
		if _, err := os.Stat(filepath.FromSlash(to)); err != nil {
			t.Errorf("%s: there is no %s", path, to)
		} else if anchor != "" && !slices.Contains(anchors(all[to]), anchor) {
			t.Errorf("%s: %s has no heading %s", path, to, anchor)
		}
	}
	for path, page := range all {
		text := quoted.ReplaceAllString(fenced.ReplaceAllString(page, ""), "")
		if other := unseen.FindString(text); other != "" {
			t.Errorf("%s: %q: write links as [text](target) and blocks with ```, so that they are checked", path, other)
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") {
				continue // somewhere else
			}
			to := path
			if target != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(path), filepath.FromSlash(target)))
			}
			follow(path, to, anchor)
		}
		for _, m := range mentioned.FindAllStringSubmatch(page, -1) {
			follow(path, m[1]+m[2], "")
		}
	}
	for path, code := range sources(t, ".go") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, m := range printed.FindAllStringSubmatch(code, -1) {
			follow(path, m[1], m[2])
		}
	}
}

// TestBadges holds that what the README's badges say is so.
func TestBadges(t *testing.T) {
	for badge, source := range map[string]struct{ file, pattern, says string }{
		"go":      {"go.mod", `(?m)^go (\d+\.\d+)`, "Go: %s"},
		"licence": {"LICENSE", `^(MIT) License`, "licence: %s"},
		"systems": {"Makefile", `(?m)^PLATFORMS \?= (linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64)$`, "systems: Linux, macOS, Windows"},
	} {
		content, err := os.ReadFile(source.file)
		if err != nil {
			t.Fatal(err)
		}
		svg, err := os.ReadFile("docs/badges/" + badge + ".svg")
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(source.pattern).FindStringSubmatch(strings.ReplaceAll(string(content), "\r\n", "\n"))
		if m == nil || !strings.Contains(string(svg), `aria-label="`+strings.ReplaceAll(source.says, "%s", m[1])+`"`) {
			t.Errorf("docs/badges/%s.svg does not say what %s does", badge, source.file)
		}
	}
}

// TestDocumentedVariables compares the variables that the program reads with
// those that docs/configuration.md describes.
func TestDocumentedVariables(t *testing.T) {
	sources, err := filepath.Glob("internal/config/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(content)
	}
	all := pages(t)
	variables := func(pattern, text string) map[string]bool {
		found := map[string]bool{}
		for _, name := range regexp.MustCompile(pattern).FindAllString(text, -1) {
			found[strings.Trim(name, `"`)] = true
		}
		return found
	}
	described := all["docs/configuration.md"]
	const own = `DOCKER_CREDENTIAL_ACR_[A-Z_]*[A-Z]`
	read := variables(`"`+own+`"`, code.String())
	if len(read) == 0 {
		t.Error("no variable found in internal/config")
	}
	documented := variables(own, described)
	for name := range read {
		if !documented[name] {
			t.Errorf("docs/configuration.md does not describe %s", name)
		}
	}
	for path, page := range all {
		for name := range variables(own, page) {
			if !read[name] {
				t.Errorf("%s describes %s, which nothing reads", path, name)
			}
		}
	}
	for name := range variables(`"[A-Z]{3,}_[A-Z_]+"`, code.String()) {
		if !strings.Contains(described, name) {
			t.Errorf("docs/configuration.md does not describe %s", name)
		}
	}
}

// named is a test, a fuzz target or a script that a page names as a proof.
var named = regexp.MustCompile("`(?:((?:Test|Fuzz)[A-Z]\\w*)|(\\w+\\.txtar))`")

// TestNamedTests finds every test that the documentation names.
func TestNamedTests(t *testing.T) {
	tests := sources(t, "_test.go")
	for path, page := range pages(t) {
		found := named.FindAllStringSubmatch(page, -1)
		for _, m := range found {
			if test := m[1]; test != "" && !isTest(tests, test) {
				t.Errorf("%s names %s, which is not there", path, test)
			}
			if script := m[2]; script != "" {
				if _, err := os.Stat(filepath.Join("testdata", "script", script)); err != nil {
					t.Errorf("%s names %s: %v", path, script, err)
				}
			}
		}
		if path == "docs/security.md" && len(found) < 20 || path == "docs/faults.md" && len(found) < 10 {
			t.Errorf("%s names only %d tests", path, len(found))
		}
	}
}

// sources are the files of the project whose names end in suffix, by path.
func sources(t *testing.T, suffix string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{"bin", "dist", ".git"}, path) {
			return filepath.SkipDir // not the project's
		}
		if d.IsDir() || !strings.HasSuffix(path, suffix) {
			return nil
		}
		content, err := os.ReadFile(path)
		found[filepath.ToSlash(path)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// isTest reports whether one of the files has a test or a fuzz target of this
// name.
func isTest(files map[string]string, name string) bool {
	for _, code := range files {
		if strings.Contains(code, "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

// TestDocumentedCommands finds every command and every option in
// docs/commands.md, or in the page of a command that has one of its own.
func TestDocumentedCommands(t *testing.T) {
	all := pages(t)
	own := map[string]string{"configure": "docs/configure.md", "unconfigure": "docs/configure.md", "doctor": "docs/troubleshooting.md", "kubelet": "docs/kubernetes.md"}
	for _, cmd := range command.Manual().Commands() {
		page := "docs/commands.md"
		if !strings.Contains(all[page], cmd.Name()) {
			t.Errorf("%s does not name %s", page, cmd.Name())
		}
		if its, ok := own[cmd.Name()]; ok {
			page = its
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !strings.Contains(all[page], "--"+f.Name) {
				t.Errorf("%s does not describe --%s of %s", page, f.Name, cmd.Name())
			}
		})
	}
}
