package helper_test

import (
	"fmt"
	"log"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

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
