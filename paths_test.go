package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docker-credential-acr/internal/azuretest"
)

// Directories may be called anything. What names them in an error is one line.
func TestOddPaths(t *testing.T) {
	for _, name := range []string{
		"with spaces ", "new\nline", "tab\tand\rreturn", "Ünïcödé 用户 🐳", "not UTF-8 \xff\xfe", "$(reboot) `reboot` \"'", "-rf", "*?[", `back\slash`, "esc\x1b[2J", strings.Repeat("x", 200),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := emulate(t, azuretest.Config{})
			e.home = filepath.Join(e.home, name)
			if err := os.Mkdir(e.home, 0o700); err != nil {
				t.Fatal(err)
			}
			secret := e.get(t)
			if e.get(t) != secret || e.Count(acrExchange) != 1 {
				t.Error("the token is not kept")
			}
			if r := e.run(t, "list", ""); !strings.Contains(r.stdout, azuretest.MyRegistry) {
				t.Errorf("list: %+v", r)
			}
			if r := e.run(t, "erase", azuretest.MyRegistry); r != (result{}) {
				t.Errorf("erase: %+v", r)
			}
			file := filepath.Join(e.home, "config.json")
			if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
			r := e.run(t, "get", azuretest.MyRegistry, "DOCKER_CREDENTIAL_ACR_CONFIG="+file)
			r.fails(t, `^myregistry\.azurecr\.io: .*config\.json`)
			if strings.ContainsAny(r.stdout, "\x1b\r\t`") {
				t.Errorf("not plain: %q", r.stdout)
			}
		})
	}
}
