package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"docker-credential-acr/internal/azuretest"
)

const credHelpers = `"credHelpers": {"` + registry + `": "acr"}`

// configJSON has an entry in auths, too: without one docker looks around for
// pass or secretservice and makes it the credential store.
const configJSON = `{
  "auths": {"registry.example": {"auth": "ZGVtbzpkZW1v"}},
  ` + credHelpers + `
}
`

// sandbox is a home, a PATH and an environment in a temporary directory, in
// which nothing of the user's is seen or changed.
type sandbox struct {
	dir  string // all of it
	bin  string // first on PATH
	work string // where commands run
	log  string // of the helper
	env  []string
}

func newSandbox(azure *azuretest.Azure) (*sandbox, error) {
	dir, err := os.MkdirTemp("", "acr-demo-")
	if err != nil {
		return nil, err
	}
	home := filepath.Join(dir, "home")
	s := &sandbox{
		dir:  dir,
		bin:  filepath.Join(dir, "bin"),
		work: filepath.Join(dir, "work"),
		log:  filepath.Join(dir, "helper.log"),
	}
	tmp, runtimeDir := filepath.Join(dir, "tmp"), filepath.Join(dir, "run")
	docker, config := filepath.Join(home, ".docker"), filepath.Join(home, ".config")
	containers := filepath.Join(config, "containers")
	for _, d := range []string{s.bin, s.work, tmp, runtimeDir, docker, containers} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, errors.Join(err, s.remove())
		}
	}
	for name, text := range map[string]string{
		filepath.Join(docker, "config.json"): configJSON,
		// skopeo has no default for the first, and others' rules in the second.
		filepath.Join(containers, "policy.json"):     `{"default": [{"type": "insecureAcceptAnything"}]}`,
		filepath.Join(containers, "registries.conf"): "",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return nil, errors.Join(err, s.remove())
		}
	}
	path := s.bin + string(os.PathListSeparator) + os.Getenv("PATH")
	// For LookPath, too. The build tools see this much of the sandbox, no more.
	if err := os.Setenv("PATH", path); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	s.env = append([]string{
		"PATH=" + path,
		"HOME=" + home, "USERPROFILE=" + home, "LOCALAPPDATA=" + filepath.Join(home, "local"),
		"TMPDIR=" + tmp, "TMP=" + tmp, "TEMP=" + tmp,
		"XDG_CONFIG_HOME=" + config, "XDG_RUNTIME_DIR=" + runtimeDir,
		"XDG_CACHE_HOME=" + filepath.Join(home, ".cache"), "XDG_DATA_HOME=" + filepath.Join(home, ".local", "share"),
		"DOCKER_CONFIG=" + docker,
		// Not the user's engine: it would ask the real registry of this name.
		"DOCKER_HOST=" + s.dockerHost(), "DOCKER_CLI_HINTS=false",
		"CONTAINERS_REGISTRIES_CONF=" + filepath.Join(containers, "registries.conf"),
		"DOCKER_CREDENTIAL_ACR_CACHE=" + filepath.Join(home, ".cache", "docker-credential-acr"),
		"DOCKER_CREDENTIAL_ACR_LOG=" + s.log,
	}, azure.Env()...)
	s.env = append(s.env, azure.EnvFor("service-principal")...)
	s.env = append(s.env, trustEnv...)
	for _, name := range []string{"SYSTEMROOT", "PATHEXT", "COMSPEC"} {
		if v := os.Getenv(name); v != "" && runtime.GOOS == "windows" {
			s.env = append(s.env, name+"="+v)
		}
	}
	return s, nil
}

// dockerHost is where the demo's own engine listens, if there is one.
func (s *sandbox) dockerHost() string { return "unix://" + filepath.Join(s.dir, "docker.sock") }

// run runs a client or the helper.
func (s *sandbox) run(ctx context.Context, c command) (output string, took time.Duration, err error) {
	return execute(ctx, c, s.work, s.env)
}

// remove leaves nothing behind.
func (s *sandbox) remove() error { return os.RemoveAll(s.dir) }
