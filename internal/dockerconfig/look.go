package dockerconfig

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"docker-credential-acr/internal/host"
)

// Setup is how this user's clients find the helper. It is what Look saw; nothing
// is read later.
type Setup struct {
	// Docker is the file of docker and most other clients.
	Docker File
	// Podman are the files of podman, buildah and skopeo, in their order. The
	// one that Docker is, too, is among them.
	Podman []File
	// Helm is the file of helm registry login.
	Helm File
	// Regctl is regctl's own file. Its CredHelpers and CredsStore are empty.
	Regctl File
	// Program is what a client runs as docker-credential-acr; empty if there is
	// none on PATH.
	Program string
	// Self is the program that runs now; empty if the system does not say.
	Self string
	// DockerProgram is the docker command; empty if there is none on PATH.
	DockerProgram string
	// SudoUser is who became root by sudo, while Docker is in root's home;
	// empty otherwise.
	SudoUser string
	// DefaultStore is the credential store that docker would choose by itself if
	// its file named no login and no helper; empty for none.
	DefaultStore string

	// environment are the hosts in DOCKER_AUTH_CONFIG.
	environment []string
}

// Look reads everything that steers the clients: variables, files, PATH.
// self is the program that runs now, such as os.Executable tells.
func Look(lookup Lookup, self string) Setup {
	s := Setup{
		Docker:        Read(DockerPath(lookup)),
		Helm:          Read(HelmPath(lookup)),
		Regctl:        readRegctl(regctlPath(lookup)),
		Program:       lookup.find(Program),
		Self:          self,
		DockerProgram: lookup.find("docker"),
		SudoUser:      sudoUser(lookup),
		DefaultStore:  defaultStore(lookup),
		environment:   environmentLogins(lookup.get("DOCKER_AUTH_CONFIG")),
	}
	for _, path := range PodmanPaths(lookup) {
		s.Podman = append(s.Podman, Read(path))
	}
	s.readAliases(lookup)
	return s
}

// environmentLogins are the hosts for which docker takes the credentials in
// DOCKER_AUTH_CONFIG. What docker cannot read it passes over with a warning
// (https://github.com/docker/cli/blob/v29.9.3/cli/config/configfile/file.go#L313).
func environmentLogins(value string) []string {
	var content struct {
		Auths map[string]struct{} `json:"auths"`
	}
	if json.Unmarshal([]byte(value), &content) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(content.Auths))
}

// sudoUser is who called sudo, which gave them root's home (or, on some systems,
// left theirs).
func sudoUser(lookup Lookup) string {
	name := lookup.get("SUDO_USER")
	if name == "" || name == "root" || os.Geteuid() != 0 || lookup.get("DOCKER_CONFIG") != "" {
		return ""
	}
	if filepath.Base(lookup.home()) == name { // HOME was kept
		return ""
	}
	return name
}

// defaultStore is docker's choice of a credential store for a file without any
// login or helper
// (https://github.com/docker/cli/blob/v29.9.3/cli/config/credentials/default_store.go).
func defaultStore(lookup Lookup) string {
	name := map[string]string{"darwin": "osxkeychain", "windows": "wincred", "linux": "secretservice"}[runtime.GOOS]
	if runtime.GOOS == "linux" && lookup.find("pass") != "" {
		name = "pass"
	}
	if name == "" || lookup.find(prefix+name) == "" {
		return ""
	}
	return name
}

// Place is a file in which the helper is configured for a registry.
type Place struct {
	File File
	// Key is "credHelpers", or "credsStore".
	Key string
}

// Places are the files by which clients run this helper for a login server,
// Docker's first. None means that it is not configured.
func (s Setup) Places(registry string) []Place {
	var places []Place
	if _, exact := s.Docker.CredHelpers[registry]; !exact && s.Docker.CredsStore == Name {
		places = append(places, Place{s.Docker, credsStore})
	}
	for _, f := range append([]File{s.Docker}, s.Podman...) {
		listed := slices.ContainsFunc(places, func(p Place) bool { return p.File.Path == f.Path })
		if f.CredHelpers[registry] == Name && !listed {
			places = append(places, Place{f, credHelpers})
		}
	}
	return places
}

// files are all files, each once, Docker's first.
func (s Setup) files() []File {
	files := []File{s.Docker}
	for _, f := range append(slices.Clone(s.Podman), s.Helm, s.Regctl) {
		if !slices.ContainsFunc(files, func(g File) bool { return g.Path == f.Path }) {
			files = append(files, f)
		}
	}
	return files
}

// Registries are the login servers of ACR that any file names, in alphabetical
// order, and those outside ACR's suffixes for which this helper is configured.
func (s Setup) Registries() []string {
	found := map[string]bool{}
	for _, f := range s.files() {
		for key, helper := range f.CredHelpers {
			if r, ok := host.Parse(key); ok {
				found[r.LoginServer] = true
			} else if helper == Name {
				found[key] = true
			}
		}
		for key := range f.Auths {
			if r, ok := host.Parse(key); ok {
				found[r.LoginServer] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// snap reports whether a program is one of a snap: it runs nothing of the host
// and has a home of its own (https://github.com/canonical/docker-snap/issues/18,
// https://github.com/canonical/docker-snap/issues/10).
func snap(program string) bool {
	if program == "" {
		return false
	}
	if target, err := filepath.EvalSymlinks(program); err == nil && filepath.Base(target) == "snap" {
		return true
	}
	return strings.HasPrefix(program, "/snap/")
}

// Configured are the login servers for which a file names this helper, in
// alphabetical order.
func (s Setup) Configured() []string {
	return slices.DeleteFunc(s.Registries(), func(registry string) bool { return len(s.Places(registry)) == 0 })
}
