package kubelet

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/golang-jwt/jwt/v5"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/protocol"
)

// Verb is the program's argument in a CredentialProviderConfig.
const Verb = "kubelet"

// Run answers one request with a helper made with o, and returns the exit code, 0
// or 1. The kubelet logs what stands on stderr.
func Run(o helper.Options, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	err := errors.New(protocol.Bug)
	defer func() {
		if recover() != nil { // Go would print every goroutine
			err = errors.New(protocol.Bug)
		}
		if err != nil {
			fmt.Fprintln(stderr, "docker-credential-acr: "+protocol.Line(err)) //nolint:errcheck // nowhere to report it
			code = 1
		}
	}()
	err = Serve(stdin, stdout, time.Now, func(q Question) (Answer, error) { return ask(o, q) })
	return code
}

// ask finds the credential for a question.
func ask(o helper.Options, q Question) (Answer, error) {
	// The container runtime sends what it gets as user name and password:
	// https://github.com/containerd/containerd/blob/v2.1.0/internal/cri/server/images/image_pull.go
	o.Username = "guid"
	if q.Pod != nil {
		if q.Pod.ClientID == "" {
			// Without it the node's identity would be used for a pod that asks for
			// its own.
			return Answer{}, errors.New(q.Registry + ": the pod's service account names no identity; annotate it with " + clientIDs[0] + "=CLIENT_ID, or leave tokenAttributes out of the CredentialProviderConfig to use the node's identity")
		}
		o.Assertion = &helper.Assertion{TenantID: q.Pod.TenantID, ClientID: q.Pod.ClientID, Token: q.Pod.Token}
	}
	h, err := helper.New(o)
	if err != nil {
		return Answer{}, err
	}
	username, secret, err := h.Get(q.Registry)
	switch {
	case credentials.IsErrCredentialsNotFound(err):
		return Answer{}, ErrNone
	case err != nil:
		return Answer{}, err
	}
	a := Answer{Username: username, Password: secret}
	if config.IsTokenUsername(username) {
		var claims jwt.RegisteredClaims
		_, _, _ = jwt.NewParser().ParseUnverified(secret, &claims) // Get has verified it
		if claims.ExpiresAt != nil {
			a.Expires = claims.ExpiresAt.Time
		}
	}
	return a, nil
}
