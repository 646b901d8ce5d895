// Manpages writes the manual pages of the program, from the same tree of commands
// as its help:
//
//	go run ./internal/manpages DIRECTORY
//
// It is run when packages are built; the program itself does not link it. The
// pages bear the date in SOURCE_DATE_EPOCH, or today's.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"docker-credential-acr/internal/command"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: manpages DIRECTORY")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "manpages: "+err.Error())
		os.Exit(1)
	}
}

// write makes the pages in dir, in place of those of an earlier run.
func write(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, command.Name+"*.1"))
	if err != nil {
		return err
	}
	for _, page := range old {
		if err := os.Remove(page); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root := command.Manual()
	plain(root)
	// Between two names in capitals a line has no room for more.
	return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: command.Name, Manual: "ACR"}, dir)
}

// plain keeps what cmd and its commands say from being read as Markdown, but for
// headings and what is indented as literal text.
func plain(cmd *cobra.Command) {
	cmd.DisableAutoGenTag = true
	cmd.Short = escape(cmd.Short)
	lines := strings.Split(cmd.Long, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "# ") {
			lines[i] = escape(line)
		}
	}
	cmd.Long = strings.Join(lines, "\n")
	for _, c := range cmd.Commands() {
		plain(c)
	}
}

var escape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `_`, `\_`, `<`, `\<`, "`", "\\`", `[`, `\[`).Replace
