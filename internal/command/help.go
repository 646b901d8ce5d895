package command

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// help writes the help of a command. cobra's own templates know no width and no
// colour, and would link text/template, with which the linker can drop no method
// (https://github.com/spf13/cobra/pull/1956).
func (p *Program) help(cmd *cobra.Command, _ []string) {
	s := p.paperOf(p.Stdout)
	var b strings.Builder
	section := func(title, body string) {
		if body != "" {
			b.WriteString("\n" + s.in(bold, title) + "\n" + body)
		}
	}
	b.WriteString(wrap(cmd.Long, "", s.column()))
	section(titleUsage, wrap(cmd.UseLine(), "  ", s.column()))
	for _, group := range groups(cmd) {
		var all []definition
		for _, c := range cmd.Commands() {
			if c.GroupID == group.ID && c.IsAvailableCommand() {
				all = append(all, definition{c.Name(), c.Short})
			}
		}
		section(group.Title, s.definitions(all))
	}
	section(titleOptions, s.definitions(options(cmd)))
	section(titleExamples, cmd.Example+"\n")
	if !cmd.HasParent() {
		section(titleEnvironment, s.definitions(environment))
		section(titleExitCodes, s.definitions(exitCodes))
		b.WriteString("\n" + wrap(rootMore, "", s.column()))
	}
	say(p.Stdout, "%s", b.String())
}

// groups are the groups of cmd's commands: without any, one of all.
func groups(cmd *cobra.Command) []*cobra.Group {
	if all := cmd.Groups(); len(all) > 0 {
		return all
	}
	return []*cobra.Group{{Title: titlePeople}}
}

// options lists the flags of a command.
func options(cmd *cobra.Command) []definition {
	var all []definition
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		term := "--" + f.Name
		if f.Shorthand != "" {
			term = "-" + f.Shorthand + ", " + term
		}
		if value != "" {
			term += " " + value
		}
		all = append(all, definition{term, usage})
	})
	return all
}

// newHelp is "help COMMAND", the same as "COMMAND --help".
func newHelp() *cobra.Command {
	cmd := helpText.command("help [COMMAND]")
	cmd.Args = cobra.ArbitraryArgs
	cmd.Hidden = true
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var all []string
		for _, c := range cmd.Root().Commands() {
			if len(args) == 0 && c.IsAvailableCommand() {
				all = append(all, cobra.CompletionWithDesc(c.Name(), c.Short))
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		about, rest, err := cmd.Root().Find(args)
		if err != nil || len(rest) > 0 {
			return &usageError{unknownCommand(args[0], cmd.Root().SuggestionsFor(args[0]))}
		}
		return about.Help()
	}
	return cmd
}
