package main

import (
	"context"
	"os"

	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/pkg/docker/config"
	"go.podman.io/image/v5/types"
)

// system is what skopeo, podman and buildah set: the file that REGISTRY_AUTH_FILE
// names.
func system() *types.SystemContext {
	return &types.SystemContext{AuthFilePath: os.Getenv("REGISTRY_AUTH_FILE")}
}

// containersDigest is "skopeo inspect".
func containersDigest(ctx context.Context, ref string) (string, error) {
	parsed, err := docker.ParseReference("//" + ref)
	if err != nil {
		return "", err
	}
	found, err := docker.GetDigest(ctx, system(), parsed)
	return found.String(), err
}

// containersLogin is the second half of "podman login": it keeps what the
// registry took.
func containersLogin(host, user, password string) error {
	_, err := config.SetCredentials(system(), host, user, password)
	return err
}

// containersLogout is "podman logout HOST", or with no host --all.
func containersLogout(host string) error {
	if host == "" {
		return config.RemoveAllAuthentication(system())
	}
	return config.RemoveAuthentication(system(), host)
}
