package command

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Manual returns the tree of commands for manual pages. The Long of the program is
// all that its help says, with headings in Markdown. It runs nothing.
func Manual() *cobra.Command {
	root := New(&Program{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard})
	var b strings.Builder
	b.WriteString(root.Long + "\n\n" + rootMore + "\n")
	for _, list := range []struct {
		title string
		all   []definition
	}{{titleEnvironment, environment}, {titleExitCodes, exitCodes}} {
		b.WriteString("\n# " + strings.ToUpper(strings.TrimSuffix(list.title, ":")) + "\n\n")
		for _, d := range list.all {
			b.WriteString("    " + d.term + "\n        " + d.meaning + "\n")
		}
	}
	root.Long = b.String()
	return root
}
