// docker-credential-acr is a Docker credential helper for Azure Container
// Registry. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/command"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/first"
	"docker-credential-acr/internal/interrupt"
	"docker-credential-acr/internal/kubelet"
	"docker-credential-acr/internal/process"
	"docker-credential-acr/internal/protocol"
	"docker-credential-acr/internal/web"
)

// version, commit and its date are set by the linker in releases.
var version, commit, date string

func main() {
	args := os.Args[1:]
	ctx := interrupt.Context() // az may hang, and whoever ends this program wants that to end, too
	if command.IsVerb(args) && args[0] == credentials.ActionGet {
		os.Exit(run(ctx, args, first.Stdin(), interrupt.Writer(ctx, os.Stdout), interrupt.Writer(ctx, os.Stderr), os.LookupEnv, nil))
	}
	ctx.Done() // all else has time
	os.Exit(run(ctx, args, os.Stdin, os.Stdout, os.Stderr, os.LookupEnv, nil))
}

// run is the program. It gives up when ctx ends; a nil transport means the real
// one.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, lookup func(string) (string, bool), transport http.RoundTripper) int {
	web.Quiet()
	options := helper.Options{
		Context:   ctx,
		Lookup:    lookup,
		Transport: transport,
		Stderr:    stderr,
		UserAgent: command.Name + "/" + buildVersion(),
	}
	newHelper := func() (*helper.Helper, error) { return helper.New(options) }
	verb := func(verb string) int {
		if verb == kubelet.Verb {
			return kubelet.Run(options, stdin, stdout, stderr)
		}
		if verb == credentials.ActionGet {
			options.Behind = behind
		}
		credentials.Name, credentials.Package = command.Name, command.Name
		if verb == credentials.ActionVersion {
			credentials.Version = command.Build(buildVersion(), commit, date).String()
		}
		h, err := newHelper()
		if err != nil {
			return fail(stdout, stderr, err.Error())
		}
		return protocol.Run(h, verb, stdin, stdout, stderr, func(err error) bool {
			return errors.As(err, new(*helper.Notice))
		})
	}
	if command.IsVerb(args) {
		return verb(args[0])
	}
	return command.Run(&command.Program{
		Context:  ctx,
		Args:     args,
		Stdin:    stdin,
		Stdout:   stdout,
		Stderr:   stderr,
		Lookup:   lookup,
		Now:      time.Now,
		Version:  command.Build(buildVersion(), commit, date),
		Helper:   newHelper,
		Protocol: verb,
	})
}

// behind has another get of this program renew the token of a registry.
func behind(loginServer string) error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	env := append(os.Environ(), config.EnvRenewal+"="+string(config.RenewForeground))
	return process.Detach(path, []string{credentials.ActionGet}, env, loginServer)
}

func fail(stdout, stderr io.Writer, text string) int {
	fmt.Fprintln(stdout, text)                           //nolint:errcheck // nowhere to report it
	fmt.Fprintln(stderr, "docker-credential-acr: "+text) //nolint:errcheck // nowhere to report it
	return 1
}

// buildVersion is the release, or what the module system knows of the build.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
