//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docker-credential-acr/internal/atrest"
)

// container is an account whose helper runs in a container, with a home that is
// mounted into it.
type container struct {
	*world
	docker string
	home   string // outside of the world's, where no token may stand in clear
}

// containerImage is the image with the program and nothing else.
const containerImage = "docker-credential-acr-container"

// container makes the image and a home.
func (e *engine) container(t *testing.T) *container {
	t.Helper()
	c := &container{world: e.user(t), docker: dockerCLIs(t)[0].path, home: t.TempDir()}
	var rootfs bytes.Buffer
	w := tar.NewWriter(&rootfs)
	for name, path := range map[string]string{"docker-credential-acr": filepath.Join(bin, "docker-credential-acr"), "ca.pem": e.azure.CAFile()} {
		content, err := os.ReadFile(path)
		c.must(err)
		c.must(w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
		_, err = w.Write(content)
		c.must(err)
	}
	c.must(w.Close())
	if r := c.input(rootfs.String(), c.docker, "import", "-", containerImage); r.code != 0 {
		t.Fatal(r)
	}
	return c
}

// answers runs a get in a new container, and returns the secret of its answer.
func (c *container) answers(options ...string) string {
	c.t.Helper()
	args := append([]string{"run", "--rm", "--interactive", "--network", "host", "--volume", c.home + ":/home", "--env", "HOME=/home", "--env", "SSL_CERT_FILE=/ca.pem"}, options...)
	for _, e := range append(c.azure.Env(), c.azure.EnvFor("service-principal")...) {
		if name, _, _ := strings.Cut(e, "="); name != "SSL_CERT_FILE" {
			args = append(args, "--env", name) // whose value docker takes from its own
		}
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), limit)
	defer cancel()
	cmd := c.command(ctx, c.docker, append(args, containerImage, "/docker-credential-acr", "get")...)
	cmd.Stdin = strings.NewReader(registry)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() != 0 {
		c.t.Fatalf("%v: %s%s", err, out, stderr.String())
	}
	return secretOf(c.t, string(out))
}

func secretOf(t *testing.T, answer string) string {
	t.Helper()
	var keys map[string]string
	if err := json.Unmarshal([]byte(answer), &keys); err != nil || keys["Secret"] == "" {
		t.Fatalf("no credential: %q", answer)
	}
	return keys["Secret"]
}

// tokens are the files of tokens in the home, sealed ones and others.
func (c *container) tokens() (sealed, clear []string) {
	c.t.Helper()
	found, err := filepath.Glob(filepath.Join(c.home, ".cache", "docker-credential-acr", "*.token"))
	c.must(err)
	for _, path := range found {
		if strings.Count(filepath.Base(path), "-") > 1 {
			sealed = append(sealed, path)
		} else {
			clear = append(clear, path)
		}
	}
	return sealed, clear
}

// The whole program in a container of Docker's, whose own profile forbids keyctl: it
// works, and what it keeps is a private file. The user of the machine has the same
// home with a key, and neither destroys what the other keeps.
func TestContainerWithoutKeyring(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	t.Cleanup(func() { // dockerd forgets to unmount the host's network, which each container had
		system(t, "umount", filepath.Join(filepath.Dir(e.socket), "exec", "netns", "default"))
	})
	t.Run("alone", func(t *testing.T) {
		c := e.container(t)
		secret := c.answers()
		if c.answers() != secret || c.exchanges() != 1 {
			t.Errorf("the token is not kept: %d exchanges", c.exchanges())
		}
		sealed, clear := c.tokens()
		if len(sealed) != 0 || len(clear) != 1 {
			t.Fatalf("sealed %v, clear %v", sealed, clear)
		}
		content, err := os.ReadFile(clear[0])
		c.must(err)
		if !strings.Contains(string(content), secret) {
			t.Error("the token is not in clear, so this proves nothing")
		}
		for path, want := range map[string]os.FileMode{clear[0]: 0o600, filepath.Dir(clear[0]): 0o700} {
			info, err := os.Stat(path)
			c.must(err)
			if got := info.Mode().Perm(); got != want {
				t.Errorf("%s has mode %o", path, got)
			}
		}
	})
	t.Run("beside a user with a key", func(t *testing.T) {
		if _, _, err := (atrest.Sealer{}).Seal(nil, nil); err != nil {
			t.Fatalf("the machine gives no key: %v", err)
		}
		c := e.container(t)
		c.env["XDG_CACHE_HOME"] = filepath.Join(c.home, ".cache")
		mine := secretOf(t, c.world.answers())
		if sealed, clear := c.tokens(); len(sealed) != 1 || len(clear) != 0 {
			t.Fatalf("sealed %v, clear %v", sealed, clear)
		}
		theirs := c.answers()
		if theirs == mine || c.exchanges() != 2 {
			t.Error("the container can open what is sealed")
		}
		if sealed, clear := c.tokens(); len(sealed) != 1 || len(clear) != 1 {
			t.Errorf("one has destroyed what the other kept: sealed %v, clear %v", sealed, clear)
		}
		if c.answers() != theirs || secretOf(t, c.world.answers()) != theirs || c.exchanges() != 2 { // the newer one
			t.Errorf("they ask again: %d exchanges", c.exchanges())
		}
		// With keyctl it is the same user as outside, as the documentation warns.
		c.silent(c.helper(registry, "erase"))
		mine = secretOf(t, c.world.answers())
		if c.answers("--security-opt", "seccomp=unconfined") != mine {
			t.Error("with keyctl allowed, the container has another key")
		}
	})
}
