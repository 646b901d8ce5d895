//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// greeting is what the program in the images prints.
const greeting = "hello from a private image"

// image is one layer with the program /hello, and what describes it.
type image struct {
	layer, config, manifest []byte
}

func digestOf(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }

func (i *image) digest() string { return digestOf(i.manifest) }

// hello is the image that all tests push and pull.
var hello = sync.OnceValues(func() (*image, error) {
	dir, err := os.MkdirTemp("", "docker-credential-acr-e2e")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
	source := fmt.Sprintf("package main\nimport \"os\"\nfunc main() { os.Stdout.WriteString(%q) }\n", greeting+"\n")
	if err := os.WriteFile(filepath.Join(dir, "hello.go"), []byte(source), 0o600); err != nil {
		return nil, err
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", "hello", "hello.go")
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GO111MODULE=off")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the image's program: %w\n%s", err, out)
	}
	program, err := os.ReadFile(filepath.Join(dir, "hello"))
	if err != nil {
		return nil, err
	}
	return newImage(program)
})

func newImage(program []byte) (*image, error) {
	var plain, packed bytes.Buffer
	t := tar.NewWriter(&plain)
	err := t.WriteHeader(&tar.Header{Name: "hello", Mode: 0o755, Size: int64(len(program)), ModTime: time.Unix(0, 0)})
	if err != nil {
		return nil, err
	}
	if _, err := t.Write(program); err != nil {
		return nil, err
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(plain.Bytes()); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	i := &image{layer: packed.Bytes()}
	if i.config, err = json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "created": time.Unix(0, 0).UTC(),
		"config":  map[string]any{"Cmd": []string{"/hello"}},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{digestOf(plain.Bytes())}},
		"history": []any{map[string]any{"created": time.Unix(0, 0).UTC(), "created_by": "e2e"}},
	}); err != nil {
		return nil, err
	}
	descriptor := func(kind string, content []byte) map[string]any {
		return map[string]any{"mediaType": kind, "size": len(content), "digest": digestOf(content)}
	}
	i.manifest, err = json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": descriptor("application/vnd.docker.container.image.v1+json", i.config),
		"layers": []any{descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", i.layer)},
	})
	return i, err
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

// seed puts the image into a registry, without a client, and returns its
// digest. The requests that it takes are forgotten.
func (w *world) seed(host, repository, tag string) string {
	w.t.Helper()
	i, err := hello()
	w.must(err)
	base := "/v2/" + repository
	for _, blob := range [][]byte{i.layer, i.config} {
		started := w.request(http.MethodPost, host, repository, base+"/blobs/uploads/", "", nil)
		at, err := url.Parse(started.Header.Get("Location"))
		w.must(err)
		query := at.Query()
		query.Set("digest", digestOf(blob))
		w.request(http.MethodPut, host, repository, at.Path+"?"+query.Encode(), "application/octet-stream", blob)
	}
	w.request(http.MethodPut, host, repository, base+"/manifests/"+tag, manifestType, i.manifest)
	w.azure.Reset()
	return i.digest()
}

var repositories atomic.Int64

// newRepository is the name of one that nobody has pushed to yet.
func newRepository() string { return fmt.Sprintf("team/new-%d", repositories.Add(1)) }

// digest is that of a tag as the registry has it.
func (w *world) digest(host, repository, tag string) string {
	w.t.Helper()
	r := w.request(http.MethodGet, host, repository, "/v2/"+repository+"/manifests/"+tag, "", nil)
	content, err := io.ReadAll(r.Body)
	w.must(err)
	return digestOf(content)
}

// request asks a registry with a token of its own making.
func (w *world) request(method, host, repository, path, kind string, body []byte) *http.Response {
	w.t.Helper()
	r, err := http.NewRequest(method, "https://"+host+path, bytes.NewReader(body))
	w.must(err)
	r.Header.Set("Authorization", "Bearer "+w.azure.Issue(host, azuretest.TokenOptions{
		Kind:   "access",
		Access: []azuretest.Access{{Type: "repository", Name: repository, Actions: []string{"pull", "push"}}},
	}))
	r.Header.Set("Accept", "*/*")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	transport := w.azure.Transport()
	w.t.Cleanup(transport.CloseIdleConnections)
	answer, err := transport.RoundTrip(r)
	w.must(err)
	w.t.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode >= 300 {
		w.t.Fatalf("%s %s%s: %s", method, host, path, answer.Status)
	}
	return answer
}
