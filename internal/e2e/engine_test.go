//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// engine is a private docker engine, or BuildKit's daemon. Its only network is
// the emulator, which is the same for all who use it: it must trust its CA.
type engine struct {
	azure  *azuretest.Azure
	socket string
}

// keeper runs an engine until its standard input ends: so it ends, too, when
// the tests are killed.
const keeper = `trap '' INT; "$@" & pid=$!; read -r _; kill "$pid"; wait "$pid"`

// startEngine starts Debian's docker engine.
func startEngine(t *testing.T) *engine {
	t.Helper()
	dockerd := debian(t, "dockerd", "docker.io")
	return startDaemon(t, func(dir, socket string) []string {
		config := filepath.Join(dir, "none.json")
		if err := os.WriteFile(config, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{
			dockerd, "--config-file", config,
			"--data-root", filepath.Join(dir, "root"), "--exec-root", filepath.Join(dir, "exec"),
			"--pidfile", filepath.Join(dir, "pid"), "-H", "unix://" + socket,
			"--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
		}
	})
}

// startBuildKit starts BuildKit's daemon.
func startBuildKit(t *testing.T) *engine {
	t.Helper()
	debian(t, "runc", "docker.io")
	buildkitd := buildkitd.client(t)
	return startDaemon(t, func(dir, socket string) []string {
		return []string{
			buildkitd, "--config", filepath.Join(dir, "none.toml"),
			"--root", filepath.Join(dir, "root"), "--addr", "unix://" + socket, "--otel-socket-path", filepath.Join(dir, "otel.sock"),
			"--containerd-worker=false", "--oci-worker-snapshotter=native",
		}
	})
}

// startDaemon starts an emulator and what arguments says, with a directory and
// the socket to listen at, and stops both with the test.
func startDaemon(t *testing.T, arguments func(dir, socket string) []string) *engine {
	t.Helper()
	if !reachable() {
		t.Skip("SSL_CERT_FILE has no effect on this system")
	}
	if os.Geteuid() != 0 {
		t.Fatal("an engine of one's own needs root")
	}
	azure := azuretest.Start(t, azuretest.Config{})
	dir := t.TempDir()
	e := &engine{azure, filepath.Join(dir, "engine.sock")}

	cmd := exec.Command("sh", append([]string{"-c", keeper, "sh"}, arguments(dir, e.socket)...)...)
	cmd.Env = append([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin"}, azure.Env()...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	leash, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = leash.Close()
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			t.Error("the engine does not end")
			_ = cmd.Process.Kill()
			<-ended
		}
		if secret(log.String()) {
			t.Error("a secret stands in the log of the engine")
		}
		if t.Failed() {
			t.Log(log.String())
		}
		for _, m := range mounts(t, dir) {
			t.Errorf("the engine left a mount behind: %s", m)
			_ = exec.Command("umount", "--lazy", m).Run()
		}
	})

	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for {
		conn, err := net.Dial("unix", e.socket)
		if err == nil {
			_ = conn.Close()
			return e
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-deadline.C:
			t.Fatalf("the engine does not start: %v", err)
		}
	}
}

// mounts are the mount points below dir, the innermost first.
func mounts(t *testing.T, dir string) []string {
	t.Helper()
	f, err := os.Open("/proc/self/mountinfo")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	var found []string
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadString('\n')
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			found = append(found, fields[4])
		}
		if errors.Is(err, io.EOF) {
			slices.Reverse(found)
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// dockerCLI is a docker command-line client and its version.
type dockerCLI struct {
	path, version string
	pinned        bool
}

// before says that it is older than a version.
func (c dockerCLI) before(major, minor int) bool {
	var ours [2]int
	_, err := fmt.Sscanf(c.version, "%d.%d", &ours[0], &ours[1])
	return err == nil && slices.Compare(ours[:], []int{major, minor}) < 0
}

// dockerCLIs are Debian's, which comes with the engine, and newer ones.
func dockerCLIs(t *testing.T) []dockerCLI {
	t.Helper()
	const debians = "/usr/bin/docker" // another one may stand before it on PATH
	debian(t, debians, "docker.io")
	out, err := exec.Command(debians, "version", "--format", "{{.Client.Version}}").Output() // fails without an engine
	first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if first == "" {
		t.Fatalf("%s has no version: %v", debians, err)
	}
	all := []dockerCLI{{path: debians, version: first}}
	for _, m := range []module{docker28, docker29} {
		path := m.client(t)
		all = append(all, dockerCLI{path, version(t, path), true})
	}
	return all
}
