// Package dockerconfig reads and edits the files that tell Docker's clients
// which credential helper to run: Docker's config.json, containers' auth.json
// (podman, buildah, skopeo), helm's registry/config.json and regctl's config.json.
//
// Reading answers, for status and doctor, where the helper is configured and
// what overrides or bypasses it: see Look. Editing changes nothing but the
// entries of this helper: see Edit. The package says nothing to people; its
// findings are codes and names, and none of them holds a secret.
package dockerconfig

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
)

// Name is what a configuration calls this helper: the part of its file name
// behind "docker-credential-".
const Name = "acr"

// Program is the file name that clients look for on PATH, without the .exe of
// Windows.
const Program = prefix + Name

const prefix = "docker-credential-"

// Lookup finds an environment variable, like os.LookupEnv. An empty variable
// counts as unset.
type Lookup func(name string) (value string, ok bool)

func (l Lookup) get(name string) string {
	value, _ := l(name)
	return value
}

// home is the home directory as Docker, podman and helm find it: HOME (on
// Windows USERPROFILE), or what the system knows of the user
// (https://github.com/docker/cli/blob/v29.9.3/cli/config/config.go#L60). Empty
// if there is none.
func (l Lookup) home() string {
	if runtime.GOOS == "windows" {
		return l.get("USERPROFILE")
	}
	if home := l.get("HOME"); home != "" {
		return home
	}
	if u, err := user.Current(); err == nil {
		return u.HomeDir
	}
	return ""
}

// DockerPath is the file that docker reads, and most other clients with it:
// config.json in DOCKER_CONFIG or ~/.docker. Empty without a home.
func DockerPath(lookup Lookup) string {
	if dir := lookup.get("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	return below(lookup.home(), ".docker", "config.json")
}

// PodmanPath is the file of podman, buildah and skopeo to edit: the one that a
// variable names, or else the auth.json in the user's configuration, which
// outlives a reboot. The one in XDG_RUNTIME_DIR, where podman login writes, does
// not.
func PodmanPath(lookup Lookup) string {
	if file := podmanNamed(lookup); file != "" {
		return file
	}
	if dir := lookup.get("XDG_CONFIG_HOME"); dir != "" && runtime.GOOS == "linux" {
		return filepath.Join(dir, "containers", "auth.json")
	}
	return below(lookup.home(), ".config", "containers", "auth.json")
}

// podmanNamed is the only file that podman reads if a variable names one:
// REGISTRY_AUTH_FILE, or Docker's if DOCKER_CONFIG is set
// (https://github.com/containers/common/blob/v0.50.1/pkg/auth/auth.go#L25).
// Versions before 5 look into the others after it.
func podmanNamed(lookup Lookup) string {
	if file := lookup.get("REGISTRY_AUTH_FILE"); file != "" {
		return file
	}
	if lookup.get("DOCKER_CONFIG") != "" {
		return DockerPath(lookup)
	}
	return ""
}

// PodmanPaths are the files that podman, buildah and skopeo look into, in their
// order; the first with an entry for a registry decides
// (https://github.com/containers/container-libs/blob/image/v5.42.0/image/pkg/docker/config/config.go#L143).
func PodmanPaths(lookup Lookup) []string {
	edited := PodmanPath(lookup)
	if podmanNamed(lookup) != "" {
		return []string{edited}
	}
	paths := []string{edited, DockerPath(lookup)}
	if runtime.GOOS == "linux" {
		paths = append([]string{runtimePath(lookup)}, paths...)
	}
	return paths
}

// runtimePath is where podman login writes on Linux.
func runtimePath(lookup Lookup) string {
	if dir := lookup.get("XDG_RUNTIME_DIR"); dir != "" {
		return filepath.Join(dir, "containers", "auth.json")
	}
	return filepath.Join("/run/containers", userID(), "auth.json")
}

// HelmPath is where helm registry login writes, and what helm asks before
// Docker's file
// (https://github.com/helm/helm/blob/v4.3.1/pkg/helmpath/lazypath.go#L47).
func HelmPath(lookup Lookup) string {
	if file := lookup.get("HELM_REGISTRY_CONFIG"); file != "" {
		return file
	}
	if dir := lookup.get("HELM_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, "registry", "config.json")
	}
	dir := lookup.get("XDG_CONFIG_HOME")
	if dir == "" {
		switch runtime.GOOS {
		case "windows":
			dir = lookup.get("APPDATA")
		case "darwin":
			dir = below(lookup.home(), "Library", "Preferences")
		default:
			dir = below(lookup.home(), ".config")
		}
	}
	return below(dir, "helm", "registry", "config.json")
}

// regctlPath is where regctl registry login writes, and what regctl prefers to
// Docker's file
// (https://github.com/regclient/regclient/blob/v0.11.7/cmd/regctl/config.go#L232).
func regctlPath(lookup Lookup) string {
	if file := lookup.get("REGCTL_CONFIG"); file != "" {
		return file
	}
	dir := lookup.get("XDG_CONFIG_HOME")
	switch {
	case runtime.GOOS == "windows":
		dir = lookup.get("APPDATA")
	case dir == "":
		dir = below(lookup.home(), ".config")
	}
	if file := below(dir, "regctl", "config.json"); file != "" {
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	return below(lookup.home(), ".regctl", "config.json")
}

// below is a path below dir; empty if dir is.
func below(dir string, elem ...string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(append([]string{dir}, elem...)...)
}

// userID is this user's number as podman writes it.
func userID() string {
	if u, err := user.Current(); err == nil {
		return u.Uid
	}
	return "0"
}

// find is the program that a client would run under a name, by PATH; empty if
// there is none. A program in the working directory does not count: Go's
// clients refuse it (https://pkg.go.dev/os/exec#hdr-Executables_in_the_current_directory).
func (l Lookup) find(program string) string {
	extensions := []string{""}
	if runtime.GOOS == "windows" {
		extensions = []string{".exe", ".cmd", ".bat", ".com"}
		if own := filepath.SplitList(l.get("PATHEXT")); len(own) > 0 {
			extensions = own
		}
	}
	for _, dir := range filepath.SplitList(l.get("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		for _, extension := range extensions {
			path := filepath.Join(dir, program+extension)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0) {
				return path
			}
		}
	}
	return ""
}
