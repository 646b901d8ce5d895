package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// say writes to a stream whose failure nobody could be told of.
func say(w io.Writer, format string, a ...any) {
	fmt.Fprintf(w, format, a...) //nolint:errcheck // nowhere to report it
}

// print writes a command's result, all at once.
func (p *Program) print(text string) error {
	if _, err := io.WriteString(p.Stdout, text); err != nil {
		return errors.New(saidNoOutput)
	}
	return nil
}

// printJSON writes a command's result for scripts.
func (p *Program) printJSON(v any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // user names such as <token> stay readable
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	return p.print(b.String())
}

// The forms of output that several commands have.
const (
	asText  = "text"
	asTable = "table"
	asJSON  = "json"
)

// outputFlag adds -o to cmd and returns where its value will be: one of forms, of
// which the first is the default.
func outputFlag(cmd *cobra.Command, forms ...string) *string {
	c := &choice{value: forms[0], of: forms}
	cmd.Flags().VarP(c, "output", "o", flagOutput+": "+strings.Join(forms, ", "))
	complete(cmd, "output", forms)
	return &c.value
}

// complete has the shell complete the values of a flag.
func complete(cmd *cobra.Command, flag string, values []string) {
	// It fails only for a flag that cmd has not got.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// choice is a flag that takes one of a list of values.
type choice struct {
	value string
	of    []string
}

func (c *choice) String() string { return c.value }

func (c *choice) Type() string { return "string" }

func (c *choice) Set(value string) error {
	if !slices.Contains(c.of, value) {
		return errors.New(oneOf(c.of))
	}
	c.value = value
	return nil
}

// moment is t for people, by the clock on their wall.
func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04 MST") }

// stamp is t for scripts: RFC 3339, UTC.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
