// Package results is what the end-to-end tests found about the clients: the
// table that they record and compare, and that docs/clients.md is made from.
// It is for tests and never linked into the program.
package results

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Client is what was found about one version of one client.
type Client struct {
	Name    string // as docs/clients.md calls it
	Version string // major and minor, such as 20.10
	Note    string // for its line in docs/clients.md; may be empty
	Rows    []Row
}

// Row is one run of a client.
type Row struct {
	Case
	Works string // yes or no
	Found
}

// Case is what was run. Each is one row of a client.
type Case struct {
	Operation string // such as pull
	Form      string // of the user name: token or guid
	Registry  string // usual, or strict as ACR is at its strictest
	Identity  string // good, or the reason for which it gets no token
	Cache     string // cold, warm or expired
}

// Found are numbers, "1+" where a number above zero is not always the same, "0+"
// where it may be zero.
type Found struct {
	Runs     string // of the helper, the get of a login and the store after it both
	Entra    string // access tokens of Entra
	Exchange string // refresh tokens of the registry
	Refresh  string // access tokens of the registry, by POST with <token>
	Password string // by POST with user and password
	Basic    string // by GET with user and password
	Anon     string // by POST or GET without either
}

var header = []string{
	"operation", "form", "registry", "identity", "cache", "works",
	"runs", "entra", "exchange", "refresh", "password", "basic", "anonymous",
}

func (r Row) fields() []string {
	return []string{
		r.Operation, r.Form, r.Registry, r.Identity, r.Cache, r.Works,
		r.Runs, r.Entra, r.Exchange, r.Refresh, r.Password, r.Basic, r.Anon,
	}
}

func row(f []string) Row {
	return Row{Case{f[0], f[1], f[2], f[3], f[4]}, f[5], Found{f[6], f[7], f[8], f[9], f[10], f[11], f[12]}}
}

// file of a client below a directory of clients.
func (c Client) file(dir string) string { return filepath.Join(c.Dir(dir), "results.csv") }

// Dir is the client's own directory below a directory of clients.
func (c Client) Dir(dir string) string {
	return filepath.Join(dir, strings.ReplaceAll(c.Name, " ", "-")+"-"+c.Version)
}

// Find is the row of a case.
func (c Client) Find(is Case) (Row, bool) {
	i := slices.IndexFunc(c.Rows, func(r Row) bool { return r.Case == is })
	if i < 0 {
		return Row{}, false
	}
	return c.Rows[i], true
}

// Set replaces the row of the same case, or adds one.
func (c *Client) Set(r Row) {
	if i := slices.IndexFunc(c.Rows, func(old Row) bool { return old.Case == r.Case }); i >= 0 {
		c.Rows[i] = r
		return
	}
	c.Rows = append(c.Rows, r)
}

// Load reads a client's table below dir. A client that has none is the error
// [fs.ErrNotExist].
func Load(dir, name, version string) (Client, error) {
	c := Client{Name: name, Version: version}
	return read(c.file(dir))
}

// LoadAll reads the tables of all clients below dir, in order of their names.
func LoadAll(dir string) ([]Client, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "results.csv"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: %w", dir, fs.ErrNotExist)
	}
	var all []Client
	for _, file := range files {
		c, err := read(file)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// read takes the first two records for the client itself.
func read(file string) (Client, error) {
	f, err := os.Open(file)
	if err != nil {
		return Client{}, err
	}
	defer f.Close() //nolint:errcheck // read only
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	if err != nil {
		return Client{}, fmt.Errorf("%s: %w", file, err)
	}
	if len(records) < 2 || len(records[0]) != 3 || !slices.Equal(records[1], header) {
		return Client{}, fmt.Errorf("%s: not a table of results", file)
	}
	c := Client{Name: records[0][0], Version: records[0][1], Note: records[0][2]}
	for i, record := range records[2:] {
		if len(record) != len(header) {
			return Client{}, fmt.Errorf("%s: record %d has %d fields", file, i+3, len(record))
		}
		c.Rows = append(c.Rows, row(record))
	}
	return c, nil
}

// Save writes the client's table below dir.
func (c Client) Save(dir string) error {
	if err := os.MkdirAll(c.Dir(dir), 0o755); err != nil { //nolint:gosec // test data
		return err
	}
	f, err := os.Create(c.file(dir))
	if err != nil {
		return err
	}
	return errors.Join(c.write(f), f.Close())
}

func (c Client) write(to io.Writer) error {
	w := csv.NewWriter(to)
	records := [][]string{{c.Name, c.Version, c.Note}, header}
	for _, r := range c.Rows {
		records = append(records, r.fields())
	}
	return w.WriteAll(records)
}
