package helper

import (
	"errors"
	"fmt"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/internal/config"
)

// Token is a registry's refresh token.
type Token struct {
	// Registry is the login server.
	Registry string
	Secret   string
	// Expires is by the clock of this machine.
	Expires time.Time
}

// Token returns the refresh token that Get would answer with. With renew it
// obtains a new one of the ambient identity, which Get answers with from then on;
// a token that a login has left stays, and Get goes on answering with that. A
// stored password is an error, as is a host that is not ACR's.
func (h *Helper) Token(serverURL string, renew bool) (Token, error) {
	r, username, entry, err := h.ask(serverURL, renew)
	switch {
	case credentials.IsErrCredentialsNotFound(err) && r.LoginServer == "":
		return Token{}, notACR(serverURL)
	case credentials.IsErrCredentialsNotFound(err):
		return Token{}, errors.New(r.LoginServer + ": anonymous is set for it, and there is no Azure identity; sign in with 'az login' or docker-credential-acr login " + r.LoginServer)
	case err != nil:
		return Token{}, err
	case !config.IsTokenUsername(username):
		return Token{}, errors.New(r.LoginServer + ": a password is stored for the registry, by docker login; log out to use your Azure identity")
	}
	return Token{Registry: r.LoginServer, Secret: entry.Secret, Expires: entry.Expires}, nil
}

// notACR is ErrNotACR with the name that somebody gave.
func notACR(serverURL string) error { return fmt.Errorf("%s: %w", serverURL, ErrNotACR) }
