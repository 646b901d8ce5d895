package main_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"docker-credential-acr/internal/e2e/results"
)

var update = flag.Bool("update", false, "write anew what tests compare: the tables of docs/clients.md, THIRD_PARTY_LICENSES")

const clientsPage = "docs/clients.md"

// TestClientsTable compares the table of docs/clients.md with what the
// end-to-end tests recorded of the clients.
func TestClientsTable(t *testing.T) {
	all, err := results.LoadAll("internal/e2e/testdata/clients")
	if err != nil {
		t.Fatal(err)
	}
	table := strings.Builder{}
	table.WriteString("| client | version | proved | `<token>` | null GUID | anonymous | runs of `get` | notes |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range all {
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | %s | %s | %s |\n",
			c.Name, c.Version, strings.Join(operations(c), ", "), works(c, "token"), works(c, "guid"), anonymous(c), runs(c), c.Note)
	}
	compareTable(t, "clients", table.String())
}

// TestCallersTable compares the other table of docs/clients.md with what the
// imitated clients made of the program.
func TestCallersTable(t *testing.T) {
	files, err := filepath.Glob("internal/e2e/testdata/callers/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no callers: %v", err)
	}
	table := strings.Builder{}
	table.WriteString("| client | read in | `<token>` | null GUID | where there are no credentials | where the helper fails |\n|---|---|---|---|---|---|\n")
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(content), "\r\n", "\n")
		first, _, _ := strings.Cut(text, "\n")
		name, source, ok := strings.Cut(strings.TrimPrefix(first, "$ "), ", ")
		met := map[string]string{"<token>": "yes"}
		for _, m := range metLine.FindAllStringSubmatch(text, -1) {
			met[m[1]] = m[2]
		}
		if !ok || len(met) != 4 || met["no role"] != met["no identity"] {
			t.Fatalf("%s: not what a caller met: %v", file, met)
		}
		fmt.Fprintf(&table, "| %s | %s | %s | yes | %s | %s |\n", name, source, met["<token>"], met["a registry of others"], met["no identity"])
	}
	compareTable(t, "callers", table.String())
}

// metLine is one line of what a caller met.
var metLine = regexp.MustCompile(`(?m)^(a registry of others|<token>|no role|no identity): (.*); runs: \d+$`)

// compareTable compares one of the tables of docs/clients.md, between comments
// that name it, with what it must be.
func compareTable(t *testing.T, name, table string) {
	t.Helper()
	begin, end := "<!-- "+name+": made by go test -run "+t.Name()+" . -update -->\n", "<!-- end of "+name+" -->\n"
	before, rest, begun := strings.Cut(pages(t)[clientsPage], begin)
	old, after, ended := strings.Cut(rest, end)
	if !begun || !ended {
		t.Fatalf("%s has no place for the table", clientsPage)
	}
	switch {
	case old == table:
	case *update:
		if err := os.WriteFile(clientsPage, []byte(before+begin+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table of %s is not that of the recorded results:\n%s\nmend with: go test -run %s . -update", clientsPage, table, t.Name())
	}
}

// operations are those of a client, in the order in which they are run.
func operations(c results.Client) []string {
	var all []string
	for _, r := range c.Rows {
		if !slices.Contains(all, r.Operation) {
			all = append(all, r.Operation)
		}
	}
	return all
}

// works says which operations do not, of those that had all they need.
func works(c results.Client, form string) string {
	var not []string
	n := 0
	for _, r := range c.Rows {
		if r.Form != form || r.Identity != "good" {
			continue
		}
		n++
		if r.Works != "yes" && !slices.Contains(not, r.Operation) {
			not = append(not, r.Operation)
		}
	}
	switch {
	case n == 0:
		return ""
	case len(not) == 0:
		return "yes"
	case len(not) == len(operations(c)):
		return "no"
	}
	return "not for " + strings.Join(not, ", ")
}

// anonymous are the operations that everybody can do where the registry lets
// everybody pull.
func anonymous(c results.Client) string {
	var can []string
	for _, r := range c.Rows {
		if r.Identity == "anonymous" && r.Works == "yes" {
			can = append(can, r.Operation)
		}
	}
	return strings.Join(can, ", ")
}

// runs are the numbers of runs of the helper with a warm cache: that of most
// operations, and the others.
func runs(c results.Client) string {
	by := map[string][]string{}
	var numbers []string
	for _, o := range operations(c) {
		row, ok := c.Find(results.Case{Operation: o, Form: "token", Registry: "usual", Identity: "good", Cache: "warm"})
		if !ok {
			continue
		}
		if by[row.Runs] == nil {
			numbers = append(numbers, row.Runs)
		}
		by[row.Runs] = append(by[row.Runs], o)
	}
	slices.SortStableFunc(numbers, func(a, b string) int { return cmp.Compare(len(by[b]), len(by[a])) })
	for i, n := range numbers {
		if i > 0 {
			numbers[i] = n + " (" + strings.Join(by[n], ", ") + ")"
		}
	}
	return strings.Join(numbers, "; ")
}
