package command

import (
	"path/filepath"
	"strings"
	"testing"

	"docker-credential-acr/internal/dockerconfig"
)

// No command that is to be pasted gives away a directory that others use.
func TestNobodyTakesSharedDirectories(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	etc := filepath.Join(filepath.Dir(home), "etc")
	for path, want := range map[string]string{
		filepath.Join(home, ".docker", "config.json"): `sudo mkdir -p ` + shellWord(filepath.Join(home, ".docker")) + ` && sudo chown "$USER" ` + shellWord(filepath.Join(home, ".docker")),
		filepath.Join(etc, "config.json"):             "",
	} {
		for _, key := range []string{string(filepath.Separator), etc, home} {
			_, advice, command := saidUnusable(path, &dockerconfig.Problem{Code: dockerconfig.DirectoryReadOnly, Key: key})
			if command != want || (command == "") == (advice == "") {
				t.Errorf("%s in %s: command %q, advice %q", path, key, command, advice)
			}
		}
		if _, _, command := saidUnusable(path, &dockerconfig.Problem{Code: dockerconfig.Unreadable}); strings.Contains(command, " -R ") {
			t.Errorf("%s: %s", path, command)
		}
	}
}
