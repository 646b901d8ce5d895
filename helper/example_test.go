package helper_test

import (
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"docker-credential-acr/exchange"
	"docker-credential-acr/helper"
)

// A Helper is a keychain for go-containerregistry, and so for crane, ko, kaniko
// and cosign. The keychain makes every error an anonymous request.
func Example() {
	h, err := helper.New(helper.Options{})
	if err != nil {
		log.Fatal(err)
	}
	keychain := authn.NewMultiKeychain(authn.NewKeychainFromHelper(h), authn.DefaultKeychain)

	// A registry that is not ACR's is nothing that h would answer for.
	repository, err := name.NewRepository("registry.example.test/app")
	if err != nil {
		log.Fatal(err)
	}
	authenticator, err := keychain.Resolve(repository.Registry)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(authenticator == authn.Anonymous)
	// Output: true
}

// Get answers for one registry. Its error says why there is no token.
func ExampleHelper_Get() {
	h, err := helper.New(helper.Options{Timeout: 10 * time.Second, UserAgent: "my-program/1.0"})
	if err != nil {
		log.Fatal(err)
	}
	username, secret, err := h.Get("myregistry.azurecr.io")
	var refused *exchange.Error
	switch {
	case credentials.IsErrCredentialsNotFound(err):
		fmt.Println("not one of Azure's registries: try others, or go on without credentials")
	case errors.As(err, &refused) && refused.Reason == "no-role":
		log.Fatal("ask for the role AcrPull: ", err)
	case err != nil:
		log.Fatal(err) // one line, for people
	default:
		_, _ = username, secret // for the registry; never for a log
	}
}
