//go:build e2e

package e2e

import (
	"debug/buildinfo"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
	"docker-credential-acr/internal/e2e/results"
)

// recorded is where the results of the matrix and the golden texts are.
const recorded = "testdata/clients"

// client is one version of one client in the matrix
//
//	client × operation × form of the user name × cache × identity
//
// of which results.csv in its directory below [recorded] holds what each run
// takes, and the other files what the user sees when it fails.
type client struct {
	name    string // as docs/clients.md calls it
	version string // of which major and minor count
	// pinned says that the version is this repository's choice and not the
	// machine's: what is not recorded is a failure. Of other versions, only what
	// holds for every client is tested.
	pinned bool
	// mute says that the client shows nobody why the helper fails.
	mute bool
	// note is for the client's line in docs/clients.md.
	note string
	// account makes a new account, with an empty cache; nil: a machine with an
	// emulator of its own.
	account func(*testing.T) *world
}

// operation is one thing that people do with a client.
type operation struct {
	name string
	// prepare makes what the operation needs. It is run once for each account,
	// with a good identity, and costs nothing.
	prepare func(*world)
	run     func(*world) result
	// check looks for what a run that worked must have done.
	check func(*world, result)
	// settle takes away what a run left, so that the next has as much to do.
	settle func(*world)

	// registries that the operation needs tokens of; none: the first.
	registries []string
	// offline operations need no token at all.
	offline bool
	// reads says that everybody can do it where the registry lets everybody pull.
	reads bool
	// retries says that the client runs a helper that fails an unsteady number
	// of times.
	retries bool
	// varies says that the number of access tokens is unsteady, erratic that the
	// number of runs of the helper is.
	varies, erratic bool
	// parallel says that the client does several things at once, each of which
	// may run the helper, and says something about each.
	parallel bool
}

// matrix runs the operations, and compares what they take with what is
// recorded. All accounts of one client share what they share: so nothing here
// is parallel.
func (c client) matrix(t *testing.T, operations ...operation) {
	t.Helper()
	parts := strings.SplitN(strings.TrimPrefix(c.version, "v"), ".", 3)
	if len(parts) < 2 {
		t.Fatalf("%s has no version: %q", c.name, c.version)
	}
	m := &measured{client: c, known: results.Client{Name: c.name, Version: parts[0] + "." + parts[1]}}
	switch known, err := results.Load(recorded, m.known.Name, m.known.Version); {
	case err == nil:
		m.known = known
	case !errors.Is(err, fs.ErrNotExist):
		t.Fatal(err)
	case !*update && !c.pinned:
		t.Logf("nothing is recorded for %s %s", m.known.Name, m.known.Version)
		m.unknown = true
	}
	m.outdated(t, operations)
	for _, o := range operations {
		t.Run(strings.ReplaceAll(o.name, " ", "-"), func(t *testing.T) { m.operation(t, o) })
	}
	if *update {
		m.known.Note = c.note
		if err := m.known.Save(recorded); err != nil {
			t.Fatal(err)
		}
	}
}

// measured is a client with what is known of it.
type measured struct {
	client
	known   results.Client
	unknown bool // nothing is: a version that the machine brought along
}

// outdated finds what is recorded of operations and cells that there are no more.
func (m *measured) outdated(t *testing.T, operations []operation) {
	t.Helper()
	gone := func(r results.Row) bool {
		return !slices.ContainsFunc(operations, func(o operation) bool { return o.name == r.Operation }) ||
			!slices.ContainsFunc(cells, func(c cell) bool { return c.of(r.Operation) == r.Case })
	}
	if *update {
		m.known.Rows = slices.DeleteFunc(m.known.Rows, gone)
		return
	}
	for _, r := range m.known.Rows {
		if gone(r) {
			t.Errorf("%+v is recorded of %s and not run any more; -update removes it", r.Case, m.name)
		}
	}
	if !m.unknown && m.known.Note != m.note {
		t.Errorf("the note recorded of %s is another one; -update records it", m.name)
	}
}

// state of an account's cache when the client starts.
type state string

const (
	cold    state = "cold"    // nothing
	warm    state = "warm"    // a token that has just been obtained
	expired state = "expired" // one that lives no more
)

func (m *measured) operation(t *testing.T, o operation) {
	if len(o.registries) == 0 {
		o.registries = []string{registry}
	}
	for _, c := range cells {
		if o.offline && (c.identity.name != good.name || c.state == expired || c.strict) || c.identity.name == anonymous.name && !o.reads {
			continue
		}
		t.Run(c.String(), func(t *testing.T) { m.cell(t, o, c) })
	}
}

// cell is a place in the matrix of one operation.
type cell struct {
	form     string
	identity situation
	state    state
	strict   bool
}

func (c cell) String() string {
	name := c.form + ", " + c.identity.name + ", " + string(c.state)
	if c.strict {
		name += ", strict"
	}
	return name
}

// of is the cell as it is recorded.
func (c cell) of(operation string) results.Case {
	registry := "usual"
	if c.strict {
		registry = "strict"
	}
	return results.Case{Operation: operation, Form: c.form, Registry: registry, Identity: c.identity.name, Cache: string(c.state)}
}

// cells are those that differ: what has expired is the helper's business alone,
// whatever the form, and who has no identity has no tokens in the cache.
var cells = []cell{
	{"token", good, cold, false},
	{"token", good, warm, false},
	{"token", good, expired, false},
	{"token", good, cold, true},
	{"guid", good, cold, false},
	{"guid", good, warm, false},
	{"guid", good, cold, true},
	{"token", anonymous, cold, true},
	{"token", noIdentity, cold, false},
	{"token", noRole, cold, false},
	{"token", noRole, warm, false},
	{"token", noRole, cold, true},
}

// cell is one run, with an account of its own.
func (m *measured) cell(t *testing.T, o operation, c cell) {
	form, is, s, strict := c.form, c.identity, c.state, c.strict
	account := m.account
	if account == nil {
		account = func(t *testing.T) *world { return machine(t, azuretest.Config{}) }
	}
	w := account(t)
	w.username(form)
	if o.prepare != nil {
		o.prepare(w)
	}
	for _, host := range o.registries {
		w.silent(w.helper(host, "erase"))
		if s != cold {
			if r := w.helper(host, "get"); r.code != 0 {
				t.Fatal(r)
			}
		}
	}
	if s == expired {
		w.expire()
	}
	if strict {
		w.azure.Update(func(c *azuretest.Config) { c.Strict = true })
		defer w.azure.Update(func(c *azuretest.Config) { c.Strict = false })
	}
	is.make(w)
	defer is.mend(w)
	w.azure.Reset()
	w.helperRuns()

	r := o.run(w)
	spent, asked := w.spent()
	runs := w.helperRuns()
	works := r.code == 0
	if works && o.check != nil {
		o.check(w, r)
	}
	if o.settle != nil {
		o.settle(w)
	}

	// What holds for every client.
	switch want := len(o.registries); {
	case o.offline || s == warm:
		if spent.entra+spent.exchange != 0 {
			t.Errorf("%+v although nothing is needed, by\n%s", spent, asked)
		}
	case is.name == anonymous.name && (!works || spent != cost{anon: spent.anon}):
		t.Errorf("%+v, want anonymous pulls alone, by\n%s\n%s", spent, asked, r)
	case is.name == good.name && (spent.entra != want || spent.exchange != want):
		t.Errorf("%+v, want %d of Entra's tokens and as many exchanges, by\n%s", spent, want, asked)
	}
	// A warm cache still answers an identity that has lost its role: what fails
	// then is the client's own affair.
	if is.says != "" && !works && !m.mute && !(s == warm && is.name == noRole.name) {
		says := is.says
		if strict {
			says = is.saysStrictly
		}
		if !slices.ContainsFunc(o.registries, func(host string) bool {
			return strings.Contains(r.all(), strings.Replace(says, registry, host, 1))
		}) {
			t.Errorf("%q is not said in:\n%s", says, r.all())
		}
	}
	if says := is.name; s == cold && !strict && (!works || is.says != "") {
		if is.says == "" {
			says = form // why this form is no use
		}
		file := strings.ReplaceAll(o.name+"."+says, " ", "-") + ".txt"
		said := r
		if o.parallel {
			said = r.ordered()
		}
		w.golden(filepath.Join(m.known.Dir(recorded), file), !m.unknown, said)
	}
	row := results.Row{
		Case:  c.of(o.name),
		Works: "no",
		Found: results.Found{
			// A failure is remembered for seconds, which a busy machine may need
			// for two runs of the helper.
			Runs: count(runs, o.erratic || o.parallel || o.retries && !works), Entra: count(spent.entra, !works), Exchange: count(spent.exchange, !works),
			Refresh: count(spent.refresh, o.varies), Password: count(spent.password, o.varies), Basic: count(spent.basic, o.varies),
			Anon: count(spent.anon, o.varies || o.parallel || o.retries && !works),
		},
	}
	if works {
		row.Works = "yes"
	}
	if is.name == anonymous.name && o.varies {
		row.Anon = "0+" // BuildKit's daemon remembers tokens that are everybody's
	}
	if *update {
		m.known.Set(row)
		return
	}
	if want, ok := m.known.Find(row.Case); ok && want != row {
		t.Errorf("%+v, want %+v, by\n%s\n%s", row, want, asked, r)
	} else if m.unknown {
		t.Logf("%+v", row)
	} else if !ok {
		t.Errorf("%+v is not recorded; -update records it", row)
	}
}

func count(n int, unsteady bool) string {
	if n > 0 && unsteady {
		return "1+"
	}
	return strconv.Itoa(n)
}

// origin is the module which a program was built from.
func origin(t *testing.T, program string) *debug.Module {
	t.Helper()
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range append(info.Deps, &info.Main) {
		if strings.HasPrefix(info.Path+"/", m.Path+"/") {
			return m
		}
	}
	t.Fatalf("%s does not tell its version", program)
	return nil
}

// version is that of the module which a program was built from.
func version(t *testing.T, program string) string {
	t.Helper()
	return strings.TrimSuffix(strings.TrimPrefix(origin(t, program).Version, "v"), "+incompatible")
}

// as is the module's program as a client of the matrix. It may be of another
// version than the one pinned, where another stands on PATH.
func (m module) as(t *testing.T, name, note string) client {
	t.Helper()
	program := m.client(t)
	pins, err := os.ReadFile(filepath.Join(m.dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	words, from := strings.Fields(string(pins)), origin(t, program)
	at := slices.Index(words, from.Path) + 1
	return client{name: name, version: version(t, program), pinned: words[at] == from.Version, note: note}
}
