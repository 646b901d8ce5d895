package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/internal/atrest"
	"docker-credential-acr/internal/azuretest"
)

// subject is something that is measured.
type subject struct {
	name  string
	args  []string
	stdin string
	env   []string
	// credential says that a credential is expected on standard output.
	credential bool
	// before is called before each run; nil does nothing.
	before func() error
	// crowd are the server URLs of processes that run at once; nil is one process,
	// with stdin.
	crowd []string
	// runs is how often it runs at the most; 0 is as often as the others.
	runs int
}

// A registry whose authority is not one of Microsoft's.
const (
	privateRegistry  = "private.azurecr.io"
	privateAuthority = "login.private.example"
)

// home makes an empty home directory, and the environment of a program there.
func (b *bench) home(name string) (dir string, env []string, err error) {
	dir = filepath.Join(b.dir, "home", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	return dir, append([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}, b.azure.Env()...), nil
}

// get is our own get, with a secret, in a home of its own.
func (b *bench) get(name, registry string) (subject, cache.Cache, error) {
	home, env, err := b.home(name)
	if err != nil {
		return subject{}, cache.Cache{}, err
	}
	s := subject{name: name, args: []string{b.bin(ours), "get"}, stdin: registry, env: append(env, b.azure.EnvFor("service-principal")...), credential: true}
	return s, cache.Cache{Dir: filepath.Join(home, ".cache", ours), Sealer: atrest.Sealer{}}, nil
}

// warm are the programs that ask nobody, an empty one first.
func (b *bench) warm() ([]subject, error) {
	get, kept, err := b.get("docker-credential-acr get", azuretest.MyRegistry)
	if err != nil {
		return nil, err
	}
	if _, err := run(get); err != nil { // fills the cache
		return nil, err
	}
	tokens, err := filepath.Glob(filepath.Join(kept.Dir, "*.token*"))
	if err != nil {
		return nil, err
	}
	all := []subject{
		{name: "empty Go program", args: []string{b.bin(empty)}},
		{name: "Go program with net/http", args: []string{b.bin(nethttp)}},
		{name: "the same packages, reading the file", args: append([]string{b.bin(linked)}, tokens...)},
		get,
	}
	for _, name := range b.peers {
		s, ok, err := b.warmPeer(name)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, s)
		}
	}
	return all, nil
}

// cold are the programs that ask Entra and a registry.
func (b *bench) cold() ([]subject, error) {
	var all []subject
	add := func(name, registry string, env []string, before func(cache.Cache) error) error {
		s, kept, err := b.get(name, registry)
		if err != nil {
			return err
		}
		s.env = append(s.env, env...)
		s.before = func() error { return before(kept) }
		all = append(all, s)
		return nil
	}
	fresh := func(c cache.Cache) error { return os.RemoveAll(c.Dir) }
	known := func(c cache.Cache) error { return c.Drop(privateRegistry) }
	old := func(life time.Duration) func(cache.Cache) error {
		return func(c cache.Cache) error { return age(c, life) }
	}
	config := filepath.Join(b.dir, "config.json")
	if err := os.WriteFile(config, []byte(`{"registries": {"`+privateRegistry+`": {"authorityHost": "https://`+privateAuthority+`/"}}}`), 0o600); err != nil {
		return nil, err
	}
	private := []string{"DOCKER_CREDENTIAL_ACR_CONFIG=" + config}
	for _, err := range []error{
		add("docker-credential-acr get, fresh machine", azuretest.MyRegistry, nil, fresh),
		add("docker-credential-acr get, private authority, fresh machine", privateRegistry, private, fresh),
		add("docker-credential-acr get, private authority, known machine", privateRegistry, private, known),
		add("docker-credential-acr get, token in its last hour, renewed first", azuretest.MyRegistry, []string{"DOCKER_CREDENTIAL_ACR_RENEWAL=foreground"}, old(50*time.Minute)),
		add("docker-credential-acr get, token in its last hour, renewed behind", azuretest.MyRegistry, []string{"DOCKER_CREDENTIAL_ACR_RENEWAL=background"}, old(50*time.Minute)),
	} {
		if err != nil {
			return nil, err
		}
	}
	for _, name := range b.peers {
		s, ok, err := b.coldPeer(name)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, s)
		}
	}
	if _, err := exec.LookPath("az"); err == nil {
		withAz, err := b.withAz()
		if err != nil {
			return nil, err
		}
		all = append(all, withAz...)
	}
	return all, nil
}

// few is how often something runs that takes its time.
const few = 7

// age leaves the entries that life.
func age(c cache.Cache, life time.Duration) error {
	now := time.Now()
	for _, e := range c.Entries() {
		e.Obtained, e.Expires = now.Add(life-195*time.Minute), now.Add(life)
		if err := c.Put(e); err != nil {
			return err
		}
	}
	return nil
}

// withAz are az and what asks it.
func (b *bench) withAz() ([]subject, error) {
	_, env, err := b.home("az")
	if err != nil {
		return nil, err
	}
	env = append(env, "AZURE_CORE_COLLECT_TELEMETRY=no", "AZURE_CONFIG_DIR="+filepath.Join(b.dir, "home", "az", ".azure"), "PYTHONWARNINGS=ignore")
	login := subject{name: "az login", env: env, args: []string{
		"az", "login", "--service-principal", "-u", azuretest.ClientID, "-p", azuretest.ClientSecret, "--tenant", azuretest.Tenant,
	}}
	say("az login")
	if _, err := run(login); err != nil {
		return nil, err
	}
	get, kept, err := b.get("docker-credential-acr get, with az", azuretest.MyRegistry)
	if err != nil {
		return nil, err
	}
	get.env = append(env, "AZURE_TOKEN_CREDENTIALS=dev", "DOCKER_CREDENTIAL_ACR_CACHE="+kept.Dir)
	get.before = func() error { return os.RemoveAll(kept.Dir) }
	get.runs = few
	return []subject{
		get,
		{name: "az account get-access-token", env: env, runs: few, args: []string{"az", "account", "get-access-token", "--output", "json", "--resource", "https://containerregistry.azure.net"}},
		{name: "az acr login --expose-token", env: env, runs: few, args: []string{"az", "acr", "login", "--name", strings.TrimSuffix(azuretest.MyRegistry, ".azurecr.io"), "--expose-token"}},
	}, nil
}
