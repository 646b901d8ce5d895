package dockerconfig

import "os"

// Code is a kind of Finding. It is stable: documentation and scripts name it.
type Code string

// What can stand between a client and the helper.
const (
	// FileUnusable: the file at Path cannot be read by the client or by us; Err
	// says why.
	FileUnusable Code = "file-unusable"
	// NotConfigured: the file at Path names no helper for the registry.
	NotConfigured Code = "not-configured"
	// OtherHelper: the file at Path names another helper, Detail, for it.
	OtherHelper Code = "other-helper"
	// Misspelt: a key of credHelpers, Detail, means the registry and is in a form
	// that no client looks up, and there is no other.
	Misspelt Code = "misspelt"
	// CredsStore: the helper is credsStore in the file at Path, and so is asked
	// about every registry, and by some clients only for its list.
	CredsStore Code = "creds-store"
	// EnvironmentLogin: DOCKER_AUTH_CONFIG has credentials for the registry, which
	// docker (from 28.3 on) uses instead.
	EnvironmentLogin Code = "environment-login"
	// LeftoverLogin: the file at Path, which runs the helper, holds a login for
	// the registry, too, under the key Detail. It is used no more.
	LeftoverLogin Code = "leftover-login"
	// PodmanLogin: the file at Path, which podman looks into before the one that
	// runs the helper, holds a login for the registry under the key Detail.
	PodmanLogin Code = "podman-login"
	// PodmanHelper: the file at Path, which podman looks into before the one that
	// runs this helper, names another helper, Detail, for the registry.
	PodmanHelper Code = "podman-helper"
	// HelmLogin: helm registry login left a login for the registry in the file at
	// Path under the key Detail, which helm uses instead.
	HelmLogin Code = "helm-login"
	// RegctlLogin: regctl registry login left a login for the registry in the file
	// at Path under the key Detail, which regctl uses instead.
	RegctlLogin Code = "regctl-login"
	// ProgramMissing: no docker-credential-acr is on PATH. Path is this program's
	// own file, which may have another name or be elsewhere.
	ProgramMissing Code = "program-missing"
	// ProgramOther: the docker-credential-acr on PATH, Path, is not this program;
	// Detail is this one's file.
	ProgramOther Code = "program-other"
	// SnapDocker: docker, at Path, is a snap: it cannot run the helper.
	SnapDocker Code = "snap-docker"
	// SudoHome: the file at Path is in root's home; Detail is the user who called
	// sudo, whose clients read another.
	SudoHome Code = "sudo-home"
	// PlainLogins: because the file at Path names a helper, docker does not choose
	// the store Detail by itself any more, and keeps other registries' logins in
	// the file, unencrypted.
	PlainLogins Code = "plain-logins"
)

// Finding is something that overrides, bypasses or spoils the helper.
type Finding struct {
	Code Code
	// Registry is a login server; empty where it is about all.
	Registry string
	// Path, Detail and Err are what Code says. They hold no secret.
	Path, Detail string
	Err          error
	// Hides reports that some client gets other credentials than the helper's,
	// or none. Otherwise the finding is only worth knowing.
	Hides bool
}

// General are the findings about all registries.
func (s Setup) General() []Finding {
	var found []Finding
	for _, f := range s.files() {
		if f.Err != nil {
			found = append(found, Finding{Code: FileUnusable, Path: f.Path, Err: f.Err, Hides: true})
		}
	}
	if s.Docker.CredsStore == Name {
		found = append(found, Finding{Code: CredsStore, Path: s.Docker.Path})
	}
	switch {
	case s.Program == "":
		found = append(found, Finding{Code: ProgramMissing, Path: s.Self, Hides: true})
	case s.Self != "" && !sameFile(s.Program, s.Self):
		found = append(found, Finding{Code: ProgramOther, Path: s.Program, Detail: s.Self})
	}
	if snap(s.DockerProgram) {
		found = append(found, Finding{Code: SnapDocker, Path: s.DockerProgram, Hides: true})
	}
	if s.SudoUser != "" {
		found = append(found, Finding{Code: SudoHome, Path: s.Docker.Path, Detail: s.SudoUser})
	}
	if d := s.Docker; s.DefaultStore != "" && d.Exists && d.Err == nil && d.CredsStore == "" && len(d.Auths) == 0 && len(d.CredHelpers) > 0 {
		found = append(found, Finding{Code: PlainLogins, Path: d.Path, Detail: s.DefaultStore})
	}
	return found
}

// For are the findings about one login server.
func (s Setup) For(registry string) []Finding {
	found := s.docker(registry)
	found = append(found, s.podman(registry)...)
	if key, login, ok := s.Helm.Login(registry); ok && (login != Elsewhere || s.Helm.CredsStore != "") {
		found = append(found, Finding{Code: HelmLogin, Path: s.Helm.Path, Detail: key, Hides: true})
	}
	if key, login, ok := s.Regctl.Login(registry); ok && login != Elsewhere {
		found = append(found, Finding{Code: RegctlLogin, Path: s.Regctl.Path, Detail: key, Hides: true})
	}
	for i := range found {
		found[i].Registry = registry
	}
	return found
}

// docker is what Docker's own file and variable do.
func (s Setup) docker(registry string) []Finding {
	var found []Finding
	for _, key := range s.environment {
		if key == registry { // exactly, as docker looks it up
			found = append(found, Finding{Code: EnvironmentLogin, Detail: key, Hides: true})
		}
	}
	if s.Docker.Err != nil {
		return found
	}
	_, named := s.Docker.CredHelpers[registry]
	for _, key := range s.Docker.Misspelt(registry) {
		if !named {
			found = append(found, Finding{Code: Misspelt, Path: s.Docker.Path, Detail: key})
		}
	}
	switch helper := s.Docker.Helper(registry); {
	case helper == Name:
		if key, login, ok := s.Docker.Login(registry); ok && login != Elsewhere {
			found = append(found, Finding{Code: LeftoverLogin, Path: s.Docker.Path, Detail: key})
		}
	case named:
		found = append(found, Finding{Code: OtherHelper, Path: s.Docker.Path, Detail: helper, Hides: true})
	default:
		found = append(found, Finding{Code: NotConfigured, Path: s.Docker.Path, Hides: true})
	}
	return found
}

// podman is what stands before the first file that runs the helper. podman takes
// no credsStore.
func (s Setup) podman(registry string) []Finding {
	var found []Finding
	for _, f := range s.Podman {
		helper, named := f.CredHelpers[registry]
		if helper == Name {
			return found
		}
		if f.Path == s.Docker.Path {
			continue // see docker
		}
		if named {
			found = append(found, Finding{Code: PodmanHelper, Path: f.Path, Detail: helper, Hides: true})
		} else if key, login, ok := f.Login(registry); ok && login != Elsewhere {
			found = append(found, Finding{Code: PodmanLogin, Path: f.Path, Detail: key, Hides: true})
		}
	}
	return found
}

// sameFile reports whether two paths lead to one file: a link is as good as the
// program itself.
func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	if err != nil {
		return false
	}
	return os.SameFile(first, second)
}
