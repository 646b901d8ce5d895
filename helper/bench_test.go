package helper_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/helper"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/identity"
)

// manyRegistries is a helper with n tokens in its cache.
func manyRegistries(b *testing.B, n int) *helper.Helper {
	b.Helper()
	env := map[string]string{
		"DOCKER_CREDENTIAL_ACR_CACHE": filepath.Join(b.TempDir(), "cache"),
		"AZURE_TENANT_ID":             "tenant", "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": "secret",
	}
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData", "LocalAppData", "USERPROFILE"} {
		b.Setenv(name, b.TempDir())
	}
	lookup := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	c, err := config.Load(lookup)
	if err != nil {
		b.Fatal(err)
	}
	kept := cache.Cache{Dir: env["DOCKER_CREDENTIAL_ACR_CACHE"]}
	for i := range n {
		r, ok := host.Parse(fmt.Sprintf("registry%d.azurecr.io", i))
		if !ok {
			b.Fatal("no registry")
		}
		if err := kept.Put(cache.Entry{
			Key:    cache.Key{Registry: r.LoginServer, Identity: identity.New(c.For(r).Azure, nil, kept, nil).ID()},
			Secret: "secret", Obtained: time.Now(), Expires: time.Now().Add(3 * time.Hour),
		}); err != nil {
			b.Fatal(err)
		}
	}
	h, err := helper.New(helper.Options{Lookup: lookup})
	if err != nil {
		b.Fatal(err)
	}
	return h
}

func BenchmarkGet(b *testing.B) {
	h := manyRegistries(b, 1)
	for b.Loop() {
		if _, _, err := h.Get("registry0.azurecr.io"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkList(b *testing.B) {
	for _, n := range []int{1, 400} {
		h := manyRegistries(b, n)
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) {
			for b.Loop() {
				if all, err := h.List(); err != nil || len(all) != n {
					b.Fatal(len(all), err)
				}
			}
		})
	}
}
