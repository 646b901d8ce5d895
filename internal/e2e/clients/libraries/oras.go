package main

import (
	"context"

	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"
)

func orasStore() (*credentials.DynamicStore, error) {
	return credentials.NewStoreFromDocker(credentials.StoreOptions{})
}

// orasClient is what the oras CLI and helm have: the credential store of
// Docker's configuration, and one cache of access tokens.
func orasClient() (*auth.Client, error) {
	store, err := orasStore()
	if err != nil {
		return nil, err
	}
	return &auth.Client{Client: retry.DefaultClient, Cache: auth.NewCache(), Credential: credentials.Credential(store)}, nil
}

func orasRepository(client *auth.Client, ref string) (*remote.Repository, error) {
	repository, err := remote.NewRepository(ref)
	if err != nil {
		return nil, err
	}
	repository.Client = client
	return repository, nil
}

func orasDigest(ctx context.Context, ref string) (string, error) {
	client, err := orasClient()
	if err != nil {
		return "", err
	}
	repository, err := orasRepository(client, ref)
	if err != nil {
		return "", err
	}
	found, err := repository.Resolve(ctx, repository.Reference.Reference)
	return found.Digest.String(), err
}

func orasCopy(ctx context.Context, from, to string) error {
	client, err := orasClient()
	if err != nil {
		return err
	}
	source, err := orasRepository(client, from)
	if err != nil {
		return err
	}
	target, err := orasRepository(client, to)
	if err != nil {
		return err
	}
	_, err = oras.Copy(ctx, source, source.Reference.Reference, target, target.Reference.Reference, oras.DefaultCopyOptions)
	return err
}

// orasLogin asks the registry first, and stores what it took.
func orasLogin(ctx context.Context, host, user, password string) error {
	store, err := orasStore()
	if err != nil {
		return err
	}
	registry, err := remote.NewRegistry(host)
	if err != nil {
		return err
	}
	return credentials.Login(ctx, store, registry, auth.Credential{Username: user, Password: password})
}

func orasLogout(ctx context.Context, host string) error {
	store, err := orasStore()
	if err != nil {
		return err
	}
	return credentials.Logout(ctx, store, host)
}
