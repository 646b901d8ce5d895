package command

import (
	"github.com/spf13/cobra"
)

func newCache(p *Program) *cobra.Command {
	cmd := cacheText.command("cache COMMAND")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return &usageError{unknownCommand(args[0], cmd.SuggestionsFor(args[0]))}
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.SuggestionsMinimumDistance = closeEnough
	clear := cacheClearText.command("clear")
	clear.Args = none(saidNoArguments)
	clear.RunE = func(*cobra.Command, []string) error {
		h, err := p.Helper()
		if err != nil {
			return err
		}
		tokens, dirs, err := h.ClearCache()
		if err != nil {
			return err
		}
		return p.print(saidCleared(tokens, dirs) + "\n")
	}
	cmd.AddCommand(clear)
	return cmd
}
