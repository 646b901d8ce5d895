// Package command holds the commands for people. The verbs of Docker's protocol
// are in package protocol.
package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

func say(w io.Writer, format string, a ...any) {
	fmt.Fprintf(w, format, a...) //nolint:errcheck // nowhere to report it
}

// one reads a command line that names one registry behind the options. The name
// of a registry alone is that of one in the public cloud. done says that there
// is nothing left to do but to return code: 0 after --help, 2 for a command line
// that cannot be understood.
func one(flags *flag.FlagSet, args []string, usage string, stdout, stderr io.Writer) (registry string, code int, done bool) {
	name := flags.Name()
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		say(stdout, "%s", usage)
		return "", 0, true
	case err != nil:
		say(stderr, "docker-credential-acr: %s: %v; see docker-credential-acr %s --help\n", name, err, name)
		return "", 2, true
	case flags.NArg() != 1:
		say(stderr, "docker-credential-acr: %s: name one registry, behind the options; see docker-credential-acr %s --help\n", name, name)
		return "", 2, true
	}
	registry = flags.Arg(0)
	if !strings.Contains(registry, ".") {
		registry += ".azurecr.io"
	}
	return registry, 0, false
}
