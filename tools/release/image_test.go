package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
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
	if said := run(t, "skopeo", "inspect", "--tls-verify=false", "docker://"+at); !strings.Contains(said, `"org.opencontainers.image.revision": "`+made.commit+`"`) {
		t.Errorf("not of commit %s: %s", made.commit, said)
	}

	// In the place of other people's images there is an empty one.
	files := recipes(t, "dockerfile")
	if len(files) < 3 {
		t.Errorf("only %d recipes have a Dockerfile", len(files))
	}
	for _, file := range files {
		file = base.ReplaceAllString(file, "")
		file = command.ReplaceAllStringFunc(file, func(line string) string {
			words, _ := json.Marshal(strings.Fields(line)[1:])
			return "ENV PATH=/usr/local/bin HOME=/root\nRUN " + string(words)
		})
		file = "FROM scratch\n" + strings.ReplaceAll(file, "RELEASES/"+name+":"+made.version, at)
		built(t, file, func(root string) {
			to := strings.TrimSuffix(regexp.MustCompile(`COPY --from=\S+ /` + name + ` (\S+)`).FindStringSubmatch(file)[1], name)
			isHere(t, filepath.Join(root, to))
			config, err := os.ReadFile(filepath.Join(root, "root/.docker/config.json"))
			if strings.Contains(file, "configure") && (err != nil || !strings.Contains(string(config), `"myregistry.azurecr.io": "acr"`)) {
				t.Errorf("%s %v", config, err)
			}
		})
	}
}

var (
	base    = regexp.MustCompile(`(?m)^FROM .*$`)
	command = regexp.MustCompile(`(?m)^RUN .*$`)
)

// built builds an image, and has its files looked at.
func built(t *testing.T, dockerfile string, look func(root string)) {
	t.Helper()
	dir := t.TempDir()
	for base, content := range map[string]string{"Dockerfile": dockerfile, "config.json": "{}"} {
		if err := os.WriteFile(filepath.Join(dir, base), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	storage := []string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs"}
	run(t, "buildah", append(storage, "build", "--quiet", "--isolation", "chroot", "--tls-verify=false", "--tag", "localhost/with-helper", dir)...)
	container := strings.TrimSpace(run(t, "buildah", append(storage, "from", "--pull-never", "localhost/with-helper")...))
	defer run(t, "buildah", append(storage, "rm", container)...)
	look(strings.TrimSpace(run(t, "buildah", append(storage, "mount", container)...)))
}
