//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"errors"
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

// engine is a private docker engine. Its only network is the emulator.
type engine struct {
	azure  *azuretest.Azure
	socket string
}

// keeper runs an engine until its standard input ends: so it ends, too, when
// the tests are killed.
const keeper = `trap '' INT; "$@" & pid=$!; read -r _; kill "$pid"; wait "$pid"`

// startEngine starts an engine and an emulator, and stops them with the test.
// The emulator is the same for all who use the engine: it must trust its CA.
func startEngine(t *testing.T) *engine {
	t.Helper()
	if !reachable() {
		t.Skip("SSL_CERT_FILE has no effect on this system")
	}
	dockerd := debian(t, "dockerd", "docker.io")
	if os.Geteuid() != 0 {
		t.Fatal("a docker engine needs root")
	}
	azure := azuretest.Start(t, azuretest.Config{})
	dir := t.TempDir()
	e := &engine{azure, filepath.Join(dir, "docker.sock")}

	cmd := exec.Command("sh", "-c", keeper, "sh", dockerd,
		"--config-file", filepath.Join(dir, "none.json"),
		"--data-root", filepath.Join(dir, "root"), "--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid"), "-H", "unix://"+e.socket,
		"--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs")
	if err := os.WriteFile(filepath.Join(dir, "none.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
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
			t.Error("the docker engine does not end")
			_ = cmd.Process.Kill()
			<-ended
		}
		if secret(log.String()) {
			t.Error("a secret stands in the log of the docker engine")
		}
		if t.Failed() {
			t.Log(log.String())
		}
		for _, m := range mounts(t, dir) {
			t.Errorf("the docker engine left a mount behind: %s", m)
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
			t.Fatalf("the docker engine does not start: %v", err)
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
type dockerCLI struct{ path, version string }

// dockerCLIs are all that are on PATH: a machine may have one of Debian's and
// one of Docker's own.
func dockerCLIs(t *testing.T) []dockerCLI {
	t.Helper()
	debian(t, "docker", "docker.io")
	var found []dockerCLI
	var seen []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path, err := exec.LookPath(filepath.Join(dir, "docker"))
		if err != nil {
			continue
		}
		real, err := filepath.EvalSymlinks(path)
		if err != nil || slices.Contains(seen, real) {
			continue
		}
		seen = append(seen, real)
		out, err := exec.Command(path, "version", "--format", "{{.Client.Version}}").Output() // fails without an engine
		version, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		if version == "" {
			t.Fatalf("%s has no version: %v", path, err)
		}
		found = append(found, dockerCLI{path, version})
	}
	return found
}
