package doctor

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/dockerconfig"
	"docker-credential-acr/internal/process"
)

// program looks whether clients find the program, and whether somebody else
// could put another in the place of what is run.
func (w *walk) program(ctx context.Context) []Finding {
	var found []Finding
	if w.setup.Program != "" {
		found = append(found, info(OnPath, "path", w.setup.Program))
	}
	for _, f := range w.setup.General() {
		switch f.Code {
		case dockerconfig.ProgramMissing:
			found = append(found, failure(Code(f.Code), "path", f.Path))
		case dockerconfig.ProgramOther:
			if !ours(ctx, f.Path) {
				found = append(found, failure(Foreign, "path", f.Path))
				continue
			}
			found = append(found, warning(Code(f.Code), "path", f.Path, "detail", f.Detail))
		case dockerconfig.SnapDocker:
			found = append(found, failure(Code(f.Code), "path", f.Path))
		}
	}
	return append(found, w.exposed()...)
}

// ours reports whether a program, which clients run as the helper, is a version of
// this one. Others are known by the same name, and answer in ways of their own.
func ours(ctx context.Context, path string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, credentials.ActionVersion)
	cmd.Dir = process.Root()
	cmd.WaitDelay = grace
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return false
	}
	release, err := process.Start(ctx, cmd)
	if err != nil {
		return false
	}
	defer release()
	const us = dockerconfig.Program + " (" + dockerconfig.Program + ") "
	said := make([]byte, len(us))
	_, err = io.ReadFull(stdout, said)
	cancel() // enough is known
	_ = cmd.Wait()
	return err == nil && string(said) == us
}

// tool is the program that a source of identity runs; empty for none.
func tool(s config.Source) string {
	switch s {
	case config.AzureCLI:
		return "az"
	case config.AzureDeveloperCLI:
		return "azd"
	case config.AzurePowerShell:
		return "pwsh"
	}
	return ""
}

// exposed lists where others can change what is run, each place once.
func (w *walk) exposed() []Finding {
	programs := []string{dockerconfig.Program}
	if store, _, _ := w.parts.Store.Look(w.parts.Registry.LoginServer); store != "" {
		programs = append(programs, "docker-credential-"+store)
	}
	for _, s := range w.parts.Identity.Sources {
		if name := tool(s.Kind); name != "" {
			programs = append(programs, name)
		}
	}
	var places []string
	run := map[string][]string{}
	for _, name := range programs {
		for _, place := range process.Exposed(name) {
			if !slices.Contains(places, place) {
				places = append(places, place)
			}
			run[place] = append(run[place], name)
		}
	}
	var found []Finding
	for _, place := range places {
		code := Exposed
		if process.OtherOwner(place) {
			code = Others
		}
		found = append(found, warning(code, "path", place, "programs", strings.Join(run[place], ", ")))
	}
	return found
}

// docker looks at the configuration of Docker and of the other clients.
func (w *walk) docker(context.Context) []Finding {
	registry := w.parts.Registry.LoginServer
	var found []Finding
	places := w.setup.Places(registry)
	for _, p := range places {
		found = append(found, info(Configured, "path", p.File.Path, "detail", p.Key))
	}
	for _, f := range append(w.setup.General(), w.setup.For(registry)...) {
		if state, ok := w.severity(f, len(places) > 0); ok {
			values := []string{"path", f.Path, "detail", f.Detail}
			if f.Err != nil {
				values = append(values, "error", f.Err.Error())
			}
			said := finding(state, Code(f.Code), values)
			said.Err = f.Err
			found = append(found, said)
		}
	}
	return found
}

// severity is what a finding about the configuration means for a pull.
func (w *walk) severity(f dockerconfig.Finding, configured bool) (State, bool) {
	switch f.Code {
	case dockerconfig.ProgramMissing, dockerconfig.ProgramOther, dockerconfig.SnapDocker:
		return "", false // see program
	case dockerconfig.FileUnusable:
		if f.Path == w.setup.Docker.Path {
			return Failed, true
		}
		return Warning, true
	case dockerconfig.NotConfigured:
		if configured && w.setup.DockerProgram == "" {
			return "", false // podman alone
		}
		if configured {
			return Warning, true
		}
		return Failed, true
	case dockerconfig.OtherHelper, dockerconfig.EnvironmentLogin:
		return Failed, true
	case dockerconfig.PlainLogins:
		return OK, true
	}
	return Warning, true
}

// settings looks at the environment and the configuration file of this program.
func (w *walk) settings(context.Context) []Finding {
	var found []Finding
	if w.wrong != nil {
		for _, line := range strings.Split(w.wrong.Error(), "\n") {
			found = append(found, w.misconfigured(line))
		}
	}
	if _, err := os.Stat(w.parts.File); w.parts.File == "" || errors.Is(err, fs.ErrNotExist) {
		found = append(found, info(NoConfigFile))
	} else {
		found = append(found, info(ConfigFile, "path", w.parts.File))
		for _, path := range []string{w.parts.File, filepath.Dir(w.parts.File)} {
			if process.Foreign(path) {
				found = append(found, warning(OpenConfig, "path", path))
			}
		}
	}
	var set []string
	for _, name := range variables {
		if value, ok := w.Lookup(name); ok && value != "" && !slices.ContainsFunc(set, func(s string) bool { return strings.EqualFold(s, name) }) {
			set = append(set, name)
		}
	}
	if set != nil {
		found = append(found, info(Variables, "names", strings.Join(set, ", ")))
	}
	return found
}

// misconfigured is one mistake: it begins with the name of a variable, or with
// the path of the configuration file.
func (w *walk) misconfigured(line string) Finding {
	if name, _, _ := strings.Cut(line, " "); slices.Contains(variables, name) {
		return failure(BadVariable, "error", line, "variable", name)
	}
	return failure(BadFile, "error", line, "path", w.parts.File)
}

// variables are those that decide about a get; only their names are shown.
var variables = []string{
	config.EnvCache, config.EnvFile, config.EnvLog, config.EnvTimeout, config.EnvUsername,
	"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE",
	"AZURE_AUTHORITY_HOST", "AZURE_TOKEN_CREDENTIALS", "AZURE_CONFIG_DIR", "AZURE_POD_IDENTITY_AUTHORITY_HOST",
	"ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI", "IDENTITY_ENDPOINT", "MSI_ENDPOINT",
	"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "DOCKER_CONFIG", "DOCKER_AUTH_CONFIG",
}

// client says in which form the user name is handed out, since that is all a
// helper can know of a client's wants.
func (w *walk) client(context.Context) []Finding {
	if w.parts.Settings.Username == config.GUIDUsername {
		return []Finding{info(FormGUID)}
	}
	return []Finding{info(FormToken)}
}

// unwritable says why nothing can be kept in dir.
func unwritable(dir string, err error) Finding {
	place := dir // what there is of it
	info, missing := os.Stat(place)
	for missing != nil && place != filepath.Dir(place) {
		place = filepath.Dir(place)
		info, missing = os.Stat(place)
	}
	values := []string{"path", dir, "place", place, "error", reason(err)}
	switch {
	case missing == nil && !info.IsDir():
		return warning(CacheBlocked, values...)
	case errors.Is(err, fs.ErrPermission):
		return warning(CacheUnwritable, values...)
	}
	return warning(CacheDisk, values...)
}

// reason is what is wrong with a file, without its name.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err.Error()
	}
	return err.Error()
}
