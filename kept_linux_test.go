package main_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"docker-credential-acr/internal/atrest"
	"docker-credential-acr/internal/azuretest"
)

// Doctor and status say whether tokens are encrypted, in clear, or sealed with a key
// that is not here.
func TestHowTokensAreKept(t *testing.T) {
	// Keys are forbidden as in most containers.
	forbidden := []denial{
		{call: unix.SYS_KEYCTL, errno: unix.EPERM},
		{call: unix.SYS_ADD_KEY, errno: unix.EPERM},
		{call: unix.SYS_REQUEST_KEY, errno: unix.EPERM},
	}
	for name, tt := range map[string]struct {
		denials        []denial
		status, doctor string
	}{
		"encrypted": {nil, "1 token encrypted", "tokens are encrypted, with a key that the system keeps for this user"},
		"in clear": {
			forbidden, "1 token in clear",
			"tokens are in clear, in files that are this user's alone; for encryption the system gives no key: operation not permitted",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := (atrest.Sealer{}).Seal(nil, nil); err != nil && tt.denials == nil {
				t.Skipf("the system keeps no keys here: %v", err)
			}
			e := emulate(t, azuretest.Config{})
			config := filepath.Join(e.home, ".docker")
			err := errors.Join(os.Mkdir(config, 0o700), os.WriteFile(filepath.Join(config, "config.json"), []byte(`{"credHelpers": {"myregistry.azurecr.io": "acr"}}`), 0o600))
			if err != nil {
				t.Fatal(err)
			}
			ask := func(denials []denial, args ...string) string {
				t.Helper()
				cmd := e.denied(t, denials, args[0], "", "PATH="+bin)
				if denials == nil {
					cmd = e.command(t.Context(), args[0], "", "PATH="+bin)
				}
				cmd.Args = append(cmd.Args, args[1:]...)
				r := outcome(t, cmd)
				if r.code != 0 || r.stderr != "" {
					t.Fatalf("%q: %+v", args, r)
				}
				return strings.Join(strings.Fields(r.stdout), " ")
			}
			if said := ask(tt.denials, "doctor", "myregistry"); !strings.Contains(said, tt.doctor+" ") {
				t.Errorf("doctor: %s", said)
			}
			if said := ask(tt.denials, "status"); !strings.Contains(said, "tokens ~/.cache/docker-credential-acr ("+tt.status+")") {
				t.Errorf("status: %s", said)
			}
			if tt.denials != nil {
				return
			}
			// Where there is no key, what was encrypted cannot be read; that is said,
			// and a pull works.
			if said := ask(forbidden, "status"); !strings.Contains(said, "(1 token that another key opens, which is not here)") {
				t.Errorf("status without the key: %s", said)
			}
			if said := ask(forbidden, "doctor", "myregistry"); !strings.Contains(said, "tokens that another key opens, which is not here: 1;") || !strings.Contains(said, "a pull from myregistry.azurecr.io works") {
				t.Errorf("doctor without the key: %s", said)
			}
			if said := ask(forbidden, "status", "-o", "json"); !strings.Contains(said, `"encrypted": 0, "clear": 1, "elsewhere": 1`) {
				t.Errorf("status in JSON without the key: %s", said)
			}
			// Of a login's token it is the first thing that is said.
			e.run(t, "store", `{"ServerURL":"myregistry.azurecr.io","Username":"<token>","Secret":"`+e.Issue(azuretest.MyRegistry, azuretest.TokenOptions{})+`"}`)
			said := ask(forbidden, "doctor", "-o", "json", "myregistry")
			if !strings.Contains(said, `"stored-token-sealed"`) || strings.Count(said, `"state": "warning"`) != 2 {
				t.Errorf("doctor without the key to a login's token: %s", said)
			}
		})
	}
}
