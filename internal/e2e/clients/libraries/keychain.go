package main

import (
	"context"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"docker-credential-acr/helper"
)

// keychain is that of kaniko and cosign: Docker's configuration first, then a
// helper that is linked into the program and asked about every registry.
func keychain() (remote.Option, error) {
	acr, err := helper.New(helper.Options{})
	if err != nil {
		return nil, err
	}
	return remote.WithAuthFromKeychain(authn.NewMultiKeychain(authn.DefaultKeychain, authn.NewKeychainFromHelper(acr))), nil
}

func keychainDigest(ctx context.Context, ref string) (string, error) {
	auth, err := keychain()
	if err != nil {
		return "", err
	}
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return "", err
	}
	found, err := remote.Get(parsed, auth, remote.WithContext(ctx))
	if err != nil {
		return "", err
	}
	return found.Digest.String(), nil
}

func keychainCopy(ctx context.Context, from, to string) error {
	auth, err := keychain()
	if err != nil {
		return err
	}
	source, err := name.ParseReference(from)
	if err != nil {
		return err
	}
	target, err := name.ParseReference(to)
	if err != nil {
		return err
	}
	image, err := remote.Image(source, auth, remote.WithContext(ctx))
	if err != nil {
		return err
	}
	return remote.Write(target, image, auth, remote.WithContext(ctx))
}
