package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// engine is a dockerd of the demo's own, with the emulator as its proxy.
type engine struct {
	cmd    *exec.Cmd
	log    string
	exited chan struct{}
}

// hidden are directories of the system that dockerd and containerd use whatever
// their options say. The engine has empty ones: it must neither see the
// configuration, certificates and containerd of another engine, nor leave a key.
var hidden = []string{"/etc/docker", "/run/docker", "/run/containerd", "/opt/containerd"}

// private is how the engine is started, in namespaces of its own: nothing that
// it mounts is seen outside or outlives it, and nor does any process.
const private = `mount -t proc proc /proc && for d do shift; [ "$d" = -- ] && break; mount -t tmpfs tmpfs "$d" || exit; done; exec "$@"`

// startEngine waits until the engine answers, 15 seconds at most.
func startEngine(ctx context.Context, s *sandbox, done *cleanup) (version string, err error) {
	dockerd, err := exec.LookPath("dockerd")
	if err != nil {
		return "", errors.New("dockerd is not on PATH")
	}
	if os.Geteuid() != 0 {
		return "", errors.New("dockerd needs root")
	}
	root := filepath.Join(s.dir, "engine")
	if err := os.Mkdir(root, 0o700); err != nil {
		return "", err
	}
	config := filepath.Join(root, "daemon.json")
	if err := os.WriteFile(config, []byte("{}"), 0o600); err != nil {
		return "", err
	}
	log, err := os.Create(filepath.Join(root, "log"))
	if err != nil {
		return "", err
	}
	defer log.Close() //nolint:errcheck // others write to it
	for _, d := range hidden {
		if err := os.Mkdir(d, 0o755); err == nil {
			done.add(func() error {
				_ = os.Remove(d) // which fails if another engine has come to use it
				return nil
			})
		} else if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	args := append([]string{"-c", private, "sh"}, hidden...)
	args = append(args, "--", dockerd,
		"--config-file", config, "--data-root", filepath.Join(root, "root"), "--exec-root", filepath.Join(root, "exec"),
		"--pidfile", filepath.Join(root, "pid"), "-H", s.dockerHost(), "--storage-driver=vfs",
		"--iptables=false", "--ip6tables=false", "--ip-forward=false", "--bridge=none")
	e := &engine{cmd: exec.Command("sh", args...), log: log.Name(), exited: make(chan struct{})}
	e.cmd.Dir, e.cmd.Env, e.cmd.Stdout, e.cmd.Stderr = root, s.env, log, log
	e.cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:      true,
		Pdeathsig:    syscall.SIGKILL, // should the demo be killed
		Cloneflags:   syscall.CLONE_NEWPID,
		Unshareflags: syscall.CLONE_NEWNS,
	}
	if err := e.cmd.Start(); err != nil {
		return "", err
	}
	go func() {
		_ = e.cmd.Wait()
		close(e.exited)
	}()
	done.add(e.stop)
	if version, err = e.ready(ctx, s); err != nil {
		_ = e.stop()
	}
	return version, err
}

// ready waits for the first answer, which is the version.
func (e *engine) ready(ctx context.Context, s *sandbox) (string, error) {
	const limit = 15 * time.Second
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(s.dir, "docker.sock"))
	}}
	defer transport.CloseIdleConnections()
	for {
		if version, err := askVersion(ctx, transport); err == nil {
			return version, nil
		}
		select {
		case <-e.exited:
			return "", fmt.Errorf("dockerd ended: %s", e.lastWords())
		case <-ctx.Done():
			return "", fmt.Errorf("dockerd did not answer within %v: %s", limit, e.lastWords())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func askVersion(ctx context.Context, transport http.RoundTripper) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/version", nil)
	if err != nil {
		return "", err
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	var v struct{ Version string }
	return v.Version, json.NewDecoder(answer.Body).Decode(&v)
}

// lastWords is the end of the engine's log.
func (e *engine) lastWords() string {
	data, _ := os.ReadFile(e.log)
	for _, line := range last(string(data), 1) {
		return line
	}
	return "no word about it"
}

// stop ends the engine, and all that lived in its namespaces, before it returns.
// It may be called again.
func (e *engine) stop() error {
	_ = e.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-e.exited:
	case <-time.After(5 * time.Second):
		// It is the first process of its namespace: the others die with it.
		_ = e.cmd.Process.Kill()
		<-e.exited
	}
	return nil
}
