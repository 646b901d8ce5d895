//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// machine is a new world with the system's programs on PATH, behind the helper,
// and Docker configured as the README recommends.
func machine(t *testing.T, c azuretest.Config) *world {
	t.Helper()
	if !reachable() {
		t.Skip("SSL_CERT_FILE has no effect on this system")
	}
	return newWorld(t, c).furnish()
}

func (w *world) furnish() *world {
	w.t.Helper()
	w.env["PATH"] += ":" + os.Getenv("PATH") + ":/usr/sbin:/sbin"
	w.configure(credHelpers(registry, other))
	return w
}

// write makes a file below the home.
func (w *world) write(path, content string) {
	w.t.Helper()
	path = filepath.Join(w.home, path)
	w.must(os.MkdirAll(filepath.Dir(path), 0o700))
	w.must(os.WriteFile(path, []byte(content), 0o600))
}

// helperConfig writes the helper's own configuration.
func (w *world) helperConfig(content string) {
	w.t.Helper()
	w.write(".config/docker-credential-acr/config.json", content)
}

// configure writes Docker's config.json.
func (w *world) configure(config map[string]any) {
	w.t.Helper()
	content, err := json.Marshal(config)
	w.must(err)
	w.write(".docker/config.json", string(content))
}

// credHelpers is the configuration that the README recommends.
func credHelpers(hosts ...string) map[string]any {
	helpers := map[string]string{}
	for _, host := range hosts {
		helpers[host] = "acr"
	}
	return map[string]any{"credHelpers": helpers}
}

// ok runs a command that must succeed.
func (w *world) ok(name string, args ...string) result {
	w.t.Helper()
	r := w.input("", name, args...)
	if r.code != 0 {
		w.t.Fatal(r)
	}
	return r
}

// fails runs a command that must fail.
func (w *world) fails(name string, args ...string) result {
	w.t.Helper()
	r := w.input("", name, args...)
	if r.code == 0 {
		w.t.Fatal(r)
	}
	return r
}

// shows fails the test unless each text stands in what was said.
func (w *world) shows(said string, texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		if !strings.Contains(said, text) {
			w.t.Errorf("%q is not said in:\n%s", text, said)
		}
	}
}

// cost is what something asked of the cloud.
type cost struct {
	entra    int // tokens of Entra
	exchange int
	refresh  int // registry access tokens by POST with the refresh token
	password int // by POST with user and password
	basic    int // by GET with user and password
	anon     int // by GET without
}

// cold adds what an empty cache costs.
func (c cost) cold() cost {
	c.entra++
	c.exchange++
	return c
}

// costs fails the test unless exactly this was asked since the last call.
func (w *world) costs(want cost) {
	w.t.Helper()
	if got, asked := w.spent(); got != want {
		w.t.Errorf("cost %+v, want %+v, of\n%s", got, want, asked)
	}
}

// costsOrMore takes more access tokens of the same kind for good.
func (w *world) costsOrMore(want cost) {
	w.t.Helper()
	got, asked := w.spent()
	least := got
	if want.refresh > 0 {
		least.refresh = min(got.refresh, want.refresh)
	}
	if want.basic > 0 {
		least.basic = min(got.basic, want.basic)
	}
	if least != want {
		w.t.Errorf("cost %+v, want %+v or more, of\n%s", got, want, asked)
	}
}

// spent is what was asked since the last call, and the requests as text.
func (w *world) spent() (cost, string) {
	var got cost
	var asked []string
	for _, r := range w.azure.Requests() {
		asked = append(asked, r.String())
		switch {
		case strings.HasPrefix(r.Host, "login.") && r.Method == http.MethodPost:
			got.entra++
		case r.Path == "/oauth2/exchange":
			got.exchange++
		case r.Path != "/oauth2/token":
		case r.Method == http.MethodPost && r.Form.Get("grant_type") == "refresh_token":
			got.refresh++
		case r.Method == http.MethodPost:
			got.password++
		case r.Header.Get("Authorization") != "":
			got.basic++
		default:
			got.anon++
		}
	}
	w.azure.Reset()
	return got, strings.Join(asked, "\n")
}

var pids = regexp.MustCompile(`\bpid=(\d+)`)

// helperRuns is how many processes of the helper wrote to its log since the
// last call.
func (w *world) helperRuns() int {
	w.t.Helper()
	path := w.env["DOCKER_CREDENTIAL_ACR_LOG"]
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return 0
	}
	w.must(err)
	w.must(os.Rename(path, fmt.Sprintf("%s.%d", path, time.Now().UnixNano()))) // to be searched for secrets
	found := map[string]bool{}
	for _, m := range pids.FindAllSubmatch(content, -1) {
		found[string(m[1])] = true
	}
	return len(found)
}

// runs fails the test unless the helper ran so often since the last call.
func (w *world) runs(want int) {
	w.t.Helper()
	if got := w.helperRuns(); got != want {
		w.t.Errorf("the helper ran %d times, want %d", got, want)
	}
}

// recorded puts a script before the helper that notes what clients write to it,
// one line a run, and returns a function that reads it.
func (w *world) recorded() func() []string {
	w.t.Helper()
	notes := filepath.Join(w.home, "stdin.log")
	w.write("record/docker-credential-acr", fmt.Sprintf("#!/bin/sh\ninput=$(cat)\nprintf '%%s %%s\\n' \"$1\" \"$input\" >>'%s'\nprintf %%s \"$input\" | '%s' \"$@\"\n", notes, filepath.Join(bin, "docker-credential-acr")))
	w.must(os.Chmod(filepath.Join(w.home, "record", "docker-credential-acr"), 0o700)) //nolint:gosec // a program
	w.env["PATH"] = filepath.Join(w.home, "record") + ":" + w.env["PATH"]
	return func() []string {
		content, err := os.ReadFile(notes)
		w.must(err)
		return strings.Split(strings.TrimSpace(string(content)), "\n")
	}
}

// plugin makes a program known to docker as one of its commands.
func (w *world) plugin(m module) {
	w.t.Helper()
	dir := filepath.Join(w.env["DOCKER_CONFIG"], "cli-plugins")
	w.must(os.MkdirAll(dir, 0o700))
	w.must(os.Symlink(m.client(w.t), filepath.Join(dir, m.name)))
}

// debian returns a program of a Debian package, which must be installed.
func debian(t *testing.T, program, pack string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + program); err != nil {
			t.Fatalf("%s is not installed: apt-get install --no-install-recommends %s", program, pack)
		}
	}
	return path
}

// module is a client written in Go that Debian has not, as a module of this
// repository pins it.
type module struct {
	name, dir, path string
	// stamp is the variable that holds its version, where others look for it.
	stamp string
}

var (
	crane  = module{"crane", "../../tools", "github.com/google/go-containerregistry/cmd/crane", ""}
	regctl = module{"regctl", "../../tools/clients", "github.com/regclient/regclient/cmd/regctl", ""}
	helm   = module{"helm", "../../tools/clients", "helm.sh/helm/v4/cmd/helm", ""}
	helm3  = module{"helm3", "clients", "helm.sh/helm/v3/cmd/helm", ""}

	kubeletLookup = module{"kubelet-lookup", "../../tools/kubelet", "docker-credential-acr/tools/kubelet", ""}

	docker28  = module{"docker28", "clients/docker28", "github.com/docker/cli/cmd/docker", ""}
	docker29  = module{"docker29", "clients/docker", "github.com/docker/cli/cmd/docker", ""}
	buildx    = module{"docker-buildx", "clients/docker", "github.com/docker/buildx/cmd/buildx", "github.com/docker/buildx/version.Version"}
	compose   = module{"docker-compose", "clients/docker", "github.com/docker/compose/v5/cmd", ""}
	buildctl  = module{"buildctl", "clients/docker", "github.com/moby/buildkit/cmd/buildctl", ""}
	buildkitd = module{"buildkitd", "clients/docker", "github.com/moby/buildkit/cmd/buildkitd", ""}
)

// builds holds one build of each module, however many tests need it.
var builds sync.Map

// client returns the program: from PATH, where make e2e puts it, or built and
// kept in the user's cache for the next time.
func (m module) client(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath(m.name); err == nil {
		return path
	}
	once, _ := builds.LoadOrStore(m.name, sync.OnceValues(m.build))
	path, err := once.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (m module) build() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	version := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(m.dir, name))
		if err != nil {
			return "", err
		}
		version.Write(content)
	}
	dir := filepath.Join(cache, "docker-credential-acr-e2e")
	path := filepath.Join(dir, fmt.Sprintf("%s-%s-%.8x", m.name, runtime.Version(), version.Sum(nil)))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// Renamed into place, so that a build that was interrupted is no program.
	part := fmt.Sprintf("%s.%d", path, os.Getpid())
	defer os.Remove(part) //nolint:errcheck // it has another name by then
	build := exec.Command("go", "build", "-C", m.dir, "-mod=readonly", "-buildvcs=false", "-o", part)
	if m.stamp != "" {
		out, err := exec.Command("go", "list", "-C", m.dir, "-f", "{{.Module.Version}}", m.path).Output()
		if err != nil {
			return "", fmt.Errorf("version of %s: %w", m.name, err)
		}
		build.Args = append(build.Args, "-ldflags=-X="+m.stamp+"="+strings.TrimSpace(string(out)))
	}
	build.Args = append(build.Args, m.path)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", m.name, err, out)
	}
	return path, os.Rename(part, path)
}
