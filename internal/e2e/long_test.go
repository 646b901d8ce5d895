//go:build e2e

package e2e

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// A registry does not say how long its access tokens live, so clients believe
// in a minute (https://distribution.github.io/distribution/spec/auth/token/).
const (
	shortLife  = 61 * time.Second
	longUpload = 65 * time.Second
	bigLayer   = 200 << 20
)

// TestLongPush pushes an image of 200 MB for longer than an access token lives:
// the client gets another with what the helper told it at the start. All wait
// most of the time, so all of them run at once, however few tests may.
func TestLongPush(t *testing.T) {
	t.Parallel()
	var pushes sync.WaitGroup
	defer pushes.Wait()
	const image = registry + "/team/big:1"
	for _, c := range []struct {
		name, form string
		push       func(t *testing.T, form string) *world
	}{
		{"docker", "token", dockerLongPush},
		{"docker", "guid", dockerLongPush},
		{"buildctl", "token", func(t *testing.T, form string) *world {
			w := slow(startBuildKit(t).builder(t), http.MethodPut)
			w.username(form)
			dir := bigContext(t)
			w.ok(buildctl.client(t), "build", "--frontend=dockerfile.v0", "--local=context="+dir, "--local=dockerfile="+dir,
				"--output=type=image,name="+image+",push=true")
			return w
		}},
		{"crane", "guid", func(t *testing.T, form string) *world {
			w := slow(machine(t, azuretest.Config{}), http.MethodPatch)
			w.username(form)
			w.ok(crane.client(t), "append", "--new_layer", bigArchive(t), "--new_tag", image)
			return w
		}},
	} {
		push := func(t *testing.T) {
			w := c.push(t, c.form)
			var upload, last time.Time
			for _, r := range w.azure.Requests() {
				switch {
				case r.Duration > longUpload:
					upload = r.Time
				case r.Path == "/oauth2/token" && r.Status == http.StatusOK:
					last = r.Time
				}
			}
			if upload.IsZero() || last.Sub(upload) < shortLife {
				t.Errorf("the upload began at %v, the last token is of %v", upload, last)
			}
			if got, asked := w.spent(); got.entra != 1 || got.exchange != 1 {
				t.Errorf("cost %+v, of\n%s", got, asked)
			}
			w.runs(1)
			w.digest(registry, "team/big", "1")
		}
		pushes.Go(func() { t.Run(c.name+" "+c.form, push) })
	}
}

// slow makes access tokens live a minute, and the first upload by a method take
// longer.
func slow(w *world, method string) *world {
	w.azure.Update(func(c *azuretest.Config) {
		c.Registry(registry).AccessTokenLife = azuretest.Duration(shortLife)
		c.Faults = []azuretest.Fault{{
			Match: method + " " + registry + "/v2/*/blobs/uploads/*", Mode: "late", Times: 1, Delay: azuretest.Duration(longUpload),
		}}
	})
	return w
}

func dockerLongPush(t *testing.T, form string) *world {
	docker := docker29.client(t)
	w := slow(startEngine(t).user(t), http.MethodPatch)
	w.username(form)
	const image = registry + "/team/big:1"
	w.configure(credHelpers(public)) // nothing to ask for the build
	w.ok(docker, "build", "-t", image, bigContext(t))
	w.configure(credHelpers(registry))
	w.azure.Reset()
	w.helperRuns()
	w.ok(docker, "push", image)
	return w
}

// The layer is of bytes that cannot be compressed.
func bigLayerTo(t *testing.T, to io.Writer) {
	t.Helper()
	if _, err := io.CopyN(to, rand.NewChaCha8([32]byte{}), bigLayer); err != nil {
		t.Fatal(err)
	}
}

// bigContext is a directory to build an image of a big layer from.
func bigContext(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY layer /\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "layer"))
	if err != nil {
		t.Fatal(err)
	}
	bigLayerTo(t, f)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// bigArchive is the layer itself.
func bigArchive(t *testing.T) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "layer.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewWriterLevel(f, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	a := tar.NewWriter(z)
	if err := a.WriteHeader(&tar.Header{Name: "layer", Mode: 0o600, Size: bigLayer}); err != nil {
		t.Fatal(err)
	}
	bigLayerTo(t, a)
	if err := errors.Join(a.Close(), z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}
