package command

import (
	"cmp"
	"context"
	"flag"
	"io"

	"docker-credential-acr/helper"
)

const loginUsage = `Sign in to a registry as a person, without any other tool.

Usage: docker-credential-acr login [--device-code] [--tenant-id ID] [--client-id ID] REGISTRY

    --device-code  show a code to enter in a browser on any machine
    --tenant-id    the registry's tenant, if it is not your own
    --client-id    the application to sign in with, if it is not Azure's own

The registry's token is kept until it expires, some three hours, and answered
before any other identity; docker logout REGISTRY forgets it.
`

// Login runs "login" and returns the exit code: 0, 1 for a failure, 2 for a
// command line that cannot be understood.
func Login(ctx context.Context, h *helper.Helper, args []string, stdout, stderr io.Writer) int {
	var l helper.Login
	flags := flag.NewFlagSet("login", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&l.DeviceCode, "device-code", false, "")
	flags.StringVar(&l.TenantID, "tenant-id", "", "")
	flags.StringVar(&l.ClientID, "client-id", "", "")
	registry, code, done := one(flags, args, loginUsage, stdout, stderr)
	if done {
		return code
	}
	l.Registry = registry
	l.Prompt = func(text string) { say(stderr, "%s\n", text) }
	who, until, err := h.Login(ctx, l)
	if err != nil {
		say(stderr, "docker-credential-acr: %v\n", err)
		return 1
	}
	say(stdout, "signed in to %s as %s until %s\n", l.Registry, cmp.Or(who, "somebody whose token cannot be read"), until.Local().Format("15:04 on 2 January"))
	return 0
}
