package main_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// thirdParty is the file with the licences of everything that is linked into the
// program on any system. It is shipped with every package.
const thirdParty = "THIRD_PARTY_LICENSES"

// kinds are the licences that may be linked, by words that only they have. All
// ask for no more than that their text is passed on.
var kinds = map[string]string{
	"Apache-2.0":   "Apache License",
	"BSD-2-Clause": "Redistributions in binary form must reproduce the above copyright",
	"BSD-3-Clause": "may be used to endorse or promote products derived from",
	"MIT":          "to permit persons to whom the Software is furnished",
}

// TestThirdPartyLicenses compares THIRD_PARTY_LICENSES with the modules. With
// -update it is written.
func TestThirdPartyLicenses(t *testing.T) {
	want := licenses(t, linked(t))
	if *update {
		if err := os.WriteFile(thirdParty, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(thirdParty)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want) {
		t.Errorf("%s is not that of the modules that are linked; mend with: go test -run TestThirdPartyLicenses . -update", thirdParty)
	}
}

// linked are the directories of the modules that are linked on any system, by
// path and version.
func linked(t *testing.T) map[string]string {
	t.Helper()
	modules := map[string]string{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", ".")
		cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", system, err)
		}
		for line := range strings.Lines(string(out)) {
			if name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
				modules[name] = dir
			}
		}
	}
	if len(modules) < 10 {
		t.Fatalf("only %d modules", len(modules))
	}
	return modules
}

// licenses is the file: a list, and each text once.
func licenses(t *testing.T, modules map[string]string) []byte {
	t.Helper()
	users := map[string][]string{} // of each text
	var list strings.Builder
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		text := license(t, name, modules[name])
		fmt.Fprintf(&list, "  %-12s  %s\n", kind(t, name, text), name)
		if strings.HasPrefix(name, "golang.org/x/sys ") {
			// Go's own is the same; distributions leave it out of GOROOT.
			users[text] = append(users[text], "the Go standard library and runtime")
		}
		users[text] = append(users[text], name)
	}
	var all bytes.Buffer
	fmt.Fprintf(&all, "docker-credential-acr contains code of these modules, in one build or another,\nand of the Go standard library and runtime (BSD-3-Clause):\n\n%s", list.String())
	texts := slices.SortedFunc(maps.Keys(users), func(a, b string) int {
		return cmp.Compare(users[a][0], users[b][0])
	})
	rule := strings.Repeat("-", 79)
	for _, text := range texts {
		fmt.Fprintf(&all, "\n%s\n%s\n%s\n\n%s\n", rule, strings.Join(users[text], "\n"), rule, text)
	}
	return all.Bytes()
}

// license is what a module says of its licence, with its notices.
func license(t *testing.T, name, dir string) string {
	t.Helper()
	var text []string
	for _, pattern := range []string{"LICENSE*", "COPYING*", "NOTICE*"} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, strings.Trim(strings.ReplaceAll(string(content), "\r\n", "\n"), "\n"))
		}
	}
	if len(text) == 0 {
		t.Fatalf("%s has no licence in %s", name, dir)
	}
	return strings.Join(text, "\n\n")
}

// kind names a licence. One that is not known must be read by a person first.
func kind(t *testing.T, name, text string) string {
	t.Helper()
	words := strings.Join(strings.Fields(text), " ")
	found := ""
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		if strings.Contains(words, kinds[k]) {
			found = k // BSD-3-Clause has the words of BSD-2-Clause, too
		}
	}
	if found == "" {
		t.Fatalf("the licence of %s is not one of those that may be linked; see kinds", name)
	}
	return found
}
