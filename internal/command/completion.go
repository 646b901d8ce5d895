package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// shells are those that completions are made for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(p *Program) *cobra.Command {
	cmd := completionText.command("completion " + strings.Join(shells, "|"))
	cmd.ValidArgs = shells
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 || !slices.Contains(shells, args[0]) {
			return &usageError{saidOneShell}
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var script strings.Builder
		var err error
		switch root := cmd.Root(); args[0] {
		case "bash":
			err = root.GenBashCompletionV2(&script, true)
		case "zsh":
			err = root.GenZshCompletion(&script)
		case "fish":
			err = root.GenFishCompletion(&script, true)
		case "powershell":
			err = root.GenPowerShellCompletionWithDesc(&script)
		}
		if err != nil {
			return err
		}
		return p.print(script.String())
	}
	return cmd
}
