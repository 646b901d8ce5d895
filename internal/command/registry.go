package command

import (
	"strings"

	"github.com/spf13/cobra"
)

// loginServer is the registry that a person means: the name alone is that of one
// in the public cloud.
func loginServer(name string) string {
	if name != "" && !strings.ContainsAny(name, ".:/") {
		name += ".azurecr.io"
	}
	return name
}

// oneRegistry has cmd take the name of one registry.
func (p *Program) oneRegistry(cmd *cobra.Command) {
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return &usageError{saidOneRegistry}
		}
		return nil
	}
	cmd.ValidArgsFunction = p.completeRegistries(1)
}

// completeRegistries completes up to most names of registries that are known
// here; 0 means any number.
func (p *Program) completeRegistries(most int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		h, err := p.Helper()
		if err != nil || most > 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return h.Registries(), cobra.ShellCompDirectiveNoFileComp
	}
}
