// Package command holds the commands for people, on cobra. The verbs of Docker's
// protocol are in package protocol; here they have their help only.
package command

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/spf13/cobra"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/kubelet"
	"docker-credential-acr/internal/protocol"
)

// Name is the program's.
const Name = "docker-credential-acr"

// Program is one run: the command line and what surrounds it.
type Program struct {
	// Context ends what runs.
	Context context.Context
	// Args is the command line without the program's name.
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Lookup finds environment variables.
	Lookup func(name string) (value string, ok bool)
	// Now is the clock.
	Now func() time.Time
	// Version is this build's.
	Version Version
	// Helper makes the helper that the commands are about.
	Helper func() (*helper.Helper, error)
	// Protocol runs a verb of Docker's protocol and returns its exit code.
	Protocol func(verb string) int
}

// IsVerb reports whether a command line is of Docker's protocol, which needs
// nothing of this package.
func IsVerb(args []string) bool { return len(args) == 1 && slices.Contains(verbs, args[0]) }

// verbs are those of Docker's protocol, and the kubelet's.
var verbs = []string{credentials.ActionGet, credentials.ActionStore, credentials.ActionErase, credentials.ActionList, credentials.ActionVersion, kubelet.Verb}

// The exit codes, which the help of the program describes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Run runs the command line and returns the exit code: 0, 1 for a failure, or for
// an answer that is "no", 2 for a command line that is not understood.
func Run(p *Program) (code int) {
	defer func() {
		if recover() != nil { // Go would print every goroutine, and exit with 2
			p.complain(errors.New(saidBug))
			code = exitFailed
		}
	}()
	root := New(p)
	root.SetArgs(slices.Clone(p.Args))
	cmd, err := root.ExecuteContextC(p.Context)
	var usage *usageError
	var exit exitCode
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &usage):
		p.complain(errors.New(saidUsage(cmd, usage.text)))
		return exitUsage
	}
	p.complain(err)
	return exitFailed
}

// usageError says why a command line is not understood.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// exitCode is the error of a command that has said all there is to say.
type exitCode int

func (exitCode) Error() string { return "" }

// New returns the tree of commands. It is there for what documents it; Run runs
// it.
func New(p *Program) *cobra.Command {
	root := rootText.command(Name + " COMMAND [OPTIONS]")
	root.SuggestionsMinimumDistance = closeEnough
	root.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return &usageError{unknownCommand(args[0], cmd.SuggestionsFor(args[0]))}
	}
	var version bool
	root.Flags().BoolVarP(&version, "version", "v", false, flagVersion)
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		if version {
			return p.verb(credentials.ActionVersion)
		}
		return cmd.Help()
	}
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err.Error()} })
	root.SetHelpFunc(p.help)
	root.SetHelpCommand(newHelp())
	root.AddGroup(&cobra.Group{ID: groupPeople, Title: titlePeople}, &cobra.Group{ID: groupProtocol, Title: titleProtocol}, &cobra.Group{ID: groupKubelet, Title: titleKubelet})
	add := func(group string, commands ...*cobra.Command) {
		for _, cmd := range commands {
			cmd.GroupID = group
			root.AddCommand(cmd)
		}
	}
	add(groupPeople,
		newConfigure(p),
		newUnconfigure(p),
		newStatus(p),
		newLogin(p),
		newLogout(p),
		newToken(p),
		newDoctor(p),
		newCache(p),
		newCompletion(p),
	)
	add(groupProtocol,
		newVerb(p, credentials.ActionGet, getText),
		newVerb(p, credentials.ActionStore, storeText),
		newVerb(p, credentials.ActionErase, eraseText),
		newVerb(p, credentials.ActionList, listText),
		newVersion(p),
	)
	add(groupKubelet, newVerb(p, kubelet.Verb, kubeletText))
	return root
}

// closeEnough is how many letters a mistyped command may be away from one that is
// suggested: cobra's own default.
const closeEnough = 2

// The groups of commands.
const (
	groupPeople   = "people"
	groupProtocol = "protocol"
	groupKubelet  = "kubelet"
)

// newVerb documents a verb of Docker's protocol.
func newVerb(p *Program, verb string, t text) *cobra.Command {
	cmd := t.command(verb)
	cmd.Args = none(saidVerbArguments(verb))
	cmd.RunE = func(*cobra.Command, []string) error { return p.verb(verb) }
	return cmd
}

// verb runs a verb of Docker's protocol.
func (p *Program) verb(verb string) error {
	if code := p.Protocol(verb); code != exitDone {
		return exitCode(code)
	}
	return nil
}

// none accepts no arguments, and has advice for whoever gives some.
func none(advice string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return &usageError{advice}
		}
		return nil
	}
}

// complain writes an error where people look for it.
func (p *Program) complain(err error) { p.note(protocol.Line(err)) }

// note writes a line for people beside a command's output.
func (p *Program) note(line string) { say(p.Stderr, "%s: %s\n", Name, line) }
