package command

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/config"
)

const tokenUsage = `Print a registry's refresh token, as az acr login --expose-token does.

Usage: docker-credential-acr token REGISTRY

It comes from where get has it: what is stored, the cache, or your Azure identity.
Whoever has it can use the registry as you until it expires, some three hours:

    docker-credential-acr token myregistry |
        docker login myregistry.azurecr.io -u 00000000-0000-0000-0000-000000000000 --password-stdin
`

// Token runs "token" and returns the exit code, as Login does.
func Token(h *helper.Helper, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("token", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	registry, code, done := one(flags, args, tokenUsage, stdout, stderr)
	if done {
		return code
	}
	username, secret, err := h.Get(registry)
	switch {
	case err != nil:
		say(stderr, "docker-credential-acr: %v\n", explain(registry, err))
		return 1
	case !config.IsTokenUsername(username):
		say(stderr, "docker-credential-acr: %s: a password is stored for the registry, by docker login; log out to use your Azure identity\n", registry)
		return 1
	}
	if _, err := fmt.Fprintln(stdout, secret); err != nil {
		say(stderr, "docker-credential-acr: cannot write to standard output\n")
		return 1
	}
	return 0
}

// explain puts the protocol's word for "not ACR's" into a sentence.
func explain(registry string, err error) error {
	if credentials.IsErrCredentialsNotFound(err) {
		return errors.New(registry + ": not the login server of an Azure container registry, such as myregistry.azurecr.io")
	}
	return err
}
