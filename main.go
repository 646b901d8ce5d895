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
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/command"
	"docker-credential-acr/internal/protocol"
)

// version is set by the linker in releases.
var version string

func main() {
	// Whoever ends this program wants what it started to end, too: az may hang.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-ctx.Done()
		stop()
		time.Sleep(time.Second) // more than it takes to kill a tool
		os.Exit(1)              // some step, such as reading stdin, does not end
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.LookupEnv, nil))
}

const usage = `Docker credential helper for Azure Container Registry.

Docker and other clients run it when config.json says so:

    { "credHelpers": { "myregistry.azurecr.io": "acr" } }

Usage: docker-credential-acr <get|store|erase|list|version|login|token>

    get      reads a registry from stdin, prints a token for it
    store    reads credentials from stdin, keeps them until erase (a refresh token until it expires)
    erase    reads a registry from stdin, forgets its tokens
    list     prints the registries that would be answered from what is kept
    version  prints the version

For people:

    login [--device-code] REGISTRY   sign in without any other tool
    token REGISTRY                   print the registry's refresh token

Environment:

    DOCKER_CREDENTIAL_ACR_CACHE     directory for tokens, or off
    DOCKER_CREDENTIAL_ACR_CONFIG    configuration file
    DOCKER_CREDENTIAL_ACR_LOG       file for a log of each step, or stderr
    DOCKER_CREDENTIAL_ACR_TIMEOUT   limit of a get, 25s unless set
    DOCKER_CREDENTIAL_ACR_USERNAME  token (default) or guid

Azure's own variables and tools provide the identity; see docs/identities.md.
`

// run is the program. It gives up when ctx ends; a nil transport means the real
// one.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, lookup func(string) (string, bool), transport http.RoundTripper) int {
	credentials.Name = "docker-credential-acr"
	credentials.Package = "docker-credential-acr"
	credentials.Version = buildVersion()

	verb := ""
	if len(args) == 1 || len(args) > 1 && (args[0] == "login" || args[0] == "token") {
		verb = args[0]
	}
	switch verb {
	case "--help", "-h", "help":
		return print(stdout, usage)
	case "--version", "-v":
		verb = credentials.ActionVersion
	case "login", "token", credentials.ActionGet, credentials.ActionStore, credentials.ActionErase, credentials.ActionList, credentials.ActionVersion:
	default:
		return fail(stdout, stderr, "usage: docker-credential-acr <get|store|erase|list|version|login|token>; see docker-credential-acr --help")
	}
	h, err := helper.New(helper.Options{
		Context:   ctx,
		Lookup:    lookup,
		Transport: transport,
		Stderr:    stderr,
		UserAgent: credentials.Name + "/" + credentials.Version,
	})
	if err != nil {
		return fail(stdout, stderr, err.Error())
	}
	switch verb {
	case "login":
		return command.Login(ctx, h, args[1:], stdout, stderr)
	case "token":
		return command.Token(h, args[1:], stdout, stderr)
	}
	return protocol.Run(h, verb, stdin, stdout, stderr, func(err error) bool {
		return errors.As(err, new(*helper.Notice))
	})
}

func print(w io.Writer, text string) int {
	if _, err := fmt.Fprint(w, text); err != nil {
		return 1
	}
	return 0
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
