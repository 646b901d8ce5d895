package command

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/dockerconfig"
)

// status is what is known without asking anybody.
type status struct {
	Registries []registryStatus `json:"registries"`
	Files      filesStatus      `json:"files"`
	// Problems are all, those of single registries too.
	Problems []problem `json:"problems"`
}

// registryStatus is what is known of a registry.
type registryStatus struct {
	Registry string `json:"registry"`
	// Configured are the files by which clients run the helper for it.
	Configured []place `json:"configured"`
	// Identity is who a pull would be, as far as that is known.
	Identity *identityStatus `json:"identity"`
	// CachedUntil is the end of the token that would be answered; null without
	// one. Login says that a login has left it.
	CachedUntil *string `json:"cachedUntil"`
	Login       bool    `json:"login"`
	// Password is a stored one, which is answered before all else.
	Password *passwordStatus `json:"password"`
	// UsernameForm is token or guid.
	UsernameForm string `json:"usernameForm"`

	until time.Time // CachedUntil
}

type place struct {
	Path string `json:"path"`
	Key  string `json:"key"` // credHelpers or credsStore
}

type identityStatus struct {
	Source string `json:"source"`
	Who    string `json:"who"`
	// Certain is false where a machine's metadata service may answer first.
	Certain bool `json:"certain"`

	title string
}

type passwordStatus struct {
	Username string `json:"username"`
	Store    string `json:"store"`
}

// filesStatus are the files that are used. An empty path is none at all.
type filesStatus struct {
	Docker        fileStatus    `json:"docker"`
	Podman        []fileStatus  `json:"podman"`
	Helm          fileStatus    `json:"helm"`
	Regctl        fileStatus    `json:"regctl"`
	Configuration fileStatus    `json:"configuration"`
	Cache         []cacheStatus `json:"cache"`
	Passwords     fileStatus    `json:"passwords"`
	Log           fileStatus    `json:"log"`
}

type fileStatus struct {
	Path   string `json:"path"`
	Exists bool   `json:"exists"`
}

// cacheStatus is a directory of tokens, and how many are kept there in which way.
type cacheStatus struct {
	fileStatus
	Encrypted int `json:"encrypted"`
	Clear     int `json:"clear"`
	// Elsewhere are those that a key opens which is not here.
	Elsewhere int `json:"elsewhere"`
}

// problem is something that keeps clients from the helper, or the helper from its
// work.
type problem struct {
	// Code is stable. Registry is empty where it is about all.
	Code     string `json:"code"`
	Registry string `json:"registry,omitempty"`
	Message  string `json:"message"`
	// Command mends it.
	Command string `json:"command,omitempty"`
}

func newStatus(p *Program) *cobra.Command {
	cmd := statusText.command("status [OPTIONS] [REGISTRY...]")
	cmd.Args = cobra.ArbitraryArgs
	cmd.ValidArgsFunction = p.completeRegistries(0)
	output := outputFlag(cmd, asTable, asJSON)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		h, err := p.Helper()
		if err != nil {
			return err
		}
		setup := p.setup()
		names := p.known(setup)
		if len(args) > 0 {
			names = nil
		}
		for _, name := range args {
			names = append(names, loginServer(name))
		}
		s, err := p.status(h, setup, names)
		if err != nil {
			return err
		}
		if *output == asJSON {
			return p.printJSON(s)
		}
		return p.printStatus(s)
	}
	return cmd
}

// status finds out what is known of the registries of these names. The error is
// about a name that is none's.
func (p *Program) status(h *helper.Helper, setup dockerconfig.Setup, names []string) (status, error) {
	s := status{Registries: []registryStatus{}, Files: p.files(h, setup), Problems: []problem{}}
	for _, f := range setup.General() {
		s.add(f)
	}
	if err := h.Misconfigured(); err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			s.Problems = append(s.Problems, problem{Code: "configuration", Message: line})
		}
	}
	once := h.Once()
	for _, name := range names {
		parts, err := once.Parts(name)
		if parts.Registry.LoginServer == "" {
			return status{}, notACR(name, err)
		}
		r, unreadable := known(parts, p.Now())
		if unreadable != nil {
			s.Problems = append(s.Problems, problem{Code: "password-index", Registry: name, Message: saidPasswordIndex(name, unreadable), Command: Name + " logout " + name})
		}
		for _, at := range setup.Places(name) {
			r.Configured = append(r.Configured, place{at.File.Path, at.Key})
		}
		for _, f := range setup.For(name) {
			s.add(f)
		}
		s.Registries = append(s.Registries, r)
	}
	return s, nil
}

func (s *status) add(f dockerconfig.Finding) {
	what, command := saidFinding(f)
	s.Problems = append(s.Problems, problem{Code: string(f.Code), Registry: f.Registry, Message: what, Command: command})
}

// known is what a helper knows of a registry. The error says that the index of
// passwords cannot be read.
func known(parts helper.Parts, now time.Time) (registryStatus, error) {
	r := registryStatus{Registry: parts.Registry.LoginServer, Configured: []place{}, UsernameForm: "token"}
	if parts.Settings.Username == config.GUIDUsername {
		r.UsernameForm = "guid"
	}
	if x := parts.Identity.Expect(); x.Title != "" {
		r.Identity = &identityStatus{string(x.Source), x.Who, !x.Unsure, x.Title}
	}
	e, ok := parts.Cache.Get(parts.Stored())
	r.Login = ok && e.Usable(now)
	if !r.Login {
		e, ok = parts.Cache.Get(parts.Ambient())
	}
	if ok && e.Usable(now) {
		until := stamp(e.Expires)
		r.CachedUntil, r.until = &until, e.Expires
	}
	store, username, err := parts.Store.Look(r.Registry)
	if store != "" {
		r.Password = &passwordStatus{username, store}
	}
	return r, err
}

// files are the files that are used.
func (p *Program) files(h *helper.Helper, setup dockerconfig.Setup) filesStatus {
	used := h.Files()
	f := filesStatus{
		Docker:        fileStatus{setup.Docker.Path, setup.Docker.Exists},
		Podman:        []fileStatus{},
		Helm:          fileStatus{setup.Helm.Path, setup.Helm.Exists},
		Regctl:        fileStatus{setup.Regctl.Path, setup.Regctl.Exists},
		Configuration: look(used.Configuration),
		Cache:         []cacheStatus{},
		Passwords:     look(used.Passwords),
		Log:           look(used.Log),
	}
	for _, file := range setup.Podman {
		f.Podman = append(f.Podman, fileStatus{file.Path, file.Exists})
	}
	for _, c := range used.Cache {
		n := c.Count()
		f.Cache = append(f.Cache, cacheStatus{look(c.Dir), n.Sealed, n.Clear, n.Elsewhere})
	}
	return f
}

func look(path string) fileStatus {
	_, err := os.Stat(path)
	return fileStatus{path, path != "" && err == nil}
}

func (p *Program) printStatus(s status) error {
	paper := p.paperOf(p.Stdout)
	var b strings.Builder
	if len(s.Registries) == 0 {
		b.WriteString(wrap(saidNoRegistries, "", paper.column()))
	} else {
		b.WriteString(paper.table(s.table()))
	}
	b.WriteString("\n" + paper.in(bold, titleFiles) + "\n")
	b.WriteString(paper.definitions(s.Files.list()))
	if len(s.Problems) > 0 {
		b.WriteString("\n" + paper.in(yellow, titleProblems) + "\n")
		for _, x := range s.Problems {
			b.WriteString("  - " + strings.TrimPrefix(wrap(x.Message, "    ", paper.column()), "    "))
			if x.Command != "" {
				b.WriteString("        " + x.Command + "\n") // whole, to be pasted
			}
		}
	}
	return p.print(b.String())
}

// table is what people see of the registries.
func (s status) table() table {
	t := table{headings: statusHeadings}
	for _, r := range s.Registries {
		var configured []string
		for _, at := range r.Configured {
			configured = append(configured, saidPlace(at))
		}
		if configured == nil {
			configured = []string{saidNowhere}
		}
		t.add(r.Registry, strings.Join(configured, "\n"), saidIdentity(r), saidCached(r), saidPassword(r), r.UsernameForm)
	}
	return t
}

// list is what people see of the files: those that are there, and the places of
// those that everybody has.
func (f filesStatus) list() []definition {
	var all []definition
	add := func(name string, files ...fileStatus) {
		for _, file := range files {
			all = append(all, definition{name, saidFile(file)})
		}
	}
	there := func(files ...fileStatus) []fileStatus {
		return slices.DeleteFunc(files, func(file fileStatus) bool { return !file.Exists || file.Path == f.Docker.Path })
	}
	add(fileDocker, f.Docker)
	add(filePodman, there(slices.Clone(f.Podman)...)...)
	add(fileHelm, there(f.Helm)...)
	add(fileRegctl, there(f.Regctl)...)
	add(fileConfiguration, f.Configuration)
	if len(f.Cache) == 0 {
		add(fileCache, fileStatus{})
	}
	for _, c := range f.Cache {
		all = append(all, definition{fileCache, saidCache(c)})
	}
	add(filePasswords, f.Passwords)
	if f.Log.Path != "" {
		add(fileLog, f.Log)
	}
	return all
}

// short is path as people write it.
func short(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == "" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, strings.TrimRight(home, string(filepath.Separator))+string(filepath.Separator)); ok {
		return "~" + string(filepath.Separator) + rest
	}
	return path
}
