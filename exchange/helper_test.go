package exchange

import (
	"testing"

	"docker-credential-acr/internal/host"
)

func mustParse(t *testing.T) host.Registry {
	t.Helper()
	r, ok := host.Parse("myregistry.azurecr.io")
	if !ok {
		t.Fatal("not a registry")
	}
	return r
}
