package main

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// TestImage pushes the image to a registry and takes the program out of it, as a
// Dockerfile does.
func TestImage(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	at := strings.TrimPrefix(server.URL, "http://") + "/" + name + ":" + made.version
	run(t, "skopeo", "copy", "--quiet", "--all", "--dest-tls-verify=false", "oci-archive:"+path(t, name+"_"+made.version+"_image.tar"), "docker://"+at)
	for _, arch := range []string{"amd64", "arm64", "ppc64le", "riscv64", "s390x"} {
		if said := run(t, "skopeo", "--override-arch", arch, "inspect", "--tls-verify=false", "docker://"+at); !strings.Contains(said, fmt.Sprintf("%q: %q", "Architecture", arch)) {
			t.Errorf("%s: %s", arch, said)
		}
	}

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY --from="+at+" /"+name+" /usr/local/bin/\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	storage := []string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs"}
	run(t, "buildah", append(storage, "build", "--quiet", "--isolation", "chroot", "--tls-verify=false", "--tag", "localhost/with-helper", dir)...)
	container := strings.TrimSpace(run(t, "buildah", append(storage, "from", "--pull-never", "localhost/with-helper")...))
	mounted := strings.TrimSpace(run(t, "buildah", append(storage, "mount", container)...))
	defer run(t, "buildah", append(storage, "rm", container)...)
	if said := run(t, filepath.Join(mounted, "usr/local/bin", name), "version"); !strings.Contains(said, " v"+made.version+" ") {
		t.Error(said)
	}
}
