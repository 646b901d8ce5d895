package dockerconfig_test

import (
	"testing"

	"docker-credential-acr/internal/dockerconfig"
)

// The kinds of logins, as docker, az acr login and podman write them.
func TestLogins(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	path := u.write("config.json", `{"auths": {
		"empty.azurecr.io": {},
		"azacr.azurecr.io": {"auth": "`+basic("00000000-0000-0000-0000-000000000000", "")+`", "identitytoken": "x"},
		"guided.azurecr.io": {"auth": "`+basic("00000000-0000-0000-0000-000000000000", "x")+`"},
		"token.azurecr.io": {"identitytoken": "x"},
		"admin.azurecr.io": {"auth": "`+basic("admin", "password")+`"},
		"split.azurecr.io": {"username": "admin", "password": "password"},
		"broken.azurecr.io": {"auth": "%%%"}
	}}`)
	f := dockerconfig.Read(path)
	if f.Err != nil {
		t.Fatal(f.Err)
	}
	for registry, want := range map[string]dockerconfig.Login{
		"empty.azurecr.io":  dockerconfig.Elsewhere,
		"azacr.azurecr.io":  dockerconfig.Token,
		"guided.azurecr.io": dockerconfig.Token,
		"token.azurecr.io":  dockerconfig.Token,
		"admin.azurecr.io":  dockerconfig.Password,
		"split.azurecr.io":  dockerconfig.Password,
		"broken.azurecr.io": dockerconfig.Password,
	} {
		if _, got, ok := f.Login(registry); !ok || got != want {
			t.Errorf("%s: login %v %v, want %v", registry, got, ok, want)
		}
	}
	if _, _, ok := f.Login("other.azurecr.io"); ok {
		t.Error("a login that is not there")
	}
}
