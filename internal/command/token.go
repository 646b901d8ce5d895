package command

import (
	"errors"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/spf13/cobra"

	"docker-credential-acr/internal/config"
)

func newToken(p *Program) *cobra.Command {
	cmd := tokenText.command("token REGISTRY")
	p.oneRegistry(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		h, err := p.Helper()
		if err != nil {
			return err
		}
		registry := loginServer(args[0])
		username, secret, err := h.Get(registry)
		switch {
		case err != nil:
			return notFound(registry, err)
		case !config.IsTokenUsername(username):
			return errors.New(saidPasswordStored(registry))
		}
		return p.print(secret + "\n")
	}
	return cmd
}

// notFound puts the protocol's word for "not ACR's" into a sentence.
func notFound(registry string, err error) error {
	if credentials.IsErrCredentialsNotFound(err) {
		return errors.New(saidNotACR(registry))
	}
	return err
}
