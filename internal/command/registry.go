package command

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"docker-credential-acr/internal/dockerconfig"
	"docker-credential-acr/internal/host"
)

// loginServer is the registry that a person means: the name alone is that of one
// in the public cloud. What cannot be a registry stays as it is.
func loginServer(name string) string {
	if name != "" && !strings.ContainsAny(name, ".:/") {
		name += ".azurecr.io"
	}
	if r, ok := host.Parse(name); ok {
		return r.LoginServer
	}
	return name
}

// setup is how this user's clients find the helper.
func (p *Program) setup() dockerconfig.Setup {
	self, _ := os.Executable()
	return dockerconfig.Look(p.Lookup, self)
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
		if most > 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		known := slices.DeleteFunc(p.known(p.setup()), func(name string) bool {
			return slices.ContainsFunc(args, func(arg string) bool { return loginServer(arg) == name })
		})
		return known, cobra.ShellCompDirectiveNoFileComp
	}
}

// known are the login servers that are known here: those in the clients'
// configuration, and those of this program's configuration, cache and store.
func (p *Program) known(s dockerconfig.Setup) []string {
	all := s.Registries()
	if h, err := p.Helper(); err == nil {
		all = append(all, h.Registries()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
