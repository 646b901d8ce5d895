package command

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/dockerconfig"
)

// configuring is one run of configure or unconfigure.
type configuring struct {
	*Program
	check, dry   bool
	podman, helm bool
	editor       dockerconfig.Editor
	path         string // of the file to edit
}

func newConfigure(p *Program) *cobra.Command {
	c := &configuring{Program: p}
	cmd := configureText.command("configure [OPTIONS] [REGISTRY...]")
	cmd.Flags().BoolVar(&c.check, "check", false, flagCheck)
	cmd.Flags().BoolVar(&c.dry, "dry-run", false, flagDryRun)
	cmd.Flags().BoolVar(&c.podman, "podman", false, flagPodman)
	cmd.Flags().BoolVar(&c.helm, "helm", false, flagHelm)
	cmd.ValidArgsFunction = p.completeRegistries(0)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if c.check && c.dry {
			return &usageError{saidCheckOrDryRun}
		}
		registries, err := c.begin(args)
		if err != nil {
			return err
		}
		if c.check {
			return c.verify(registries)
		}
		return c.configure(registries)
	}
	return cmd
}

func newUnconfigure(p *Program) *cobra.Command {
	c := &configuring{Program: p}
	cmd := unconfigureText.command("unconfigure [OPTIONS] [REGISTRY...]")
	cmd.Flags().BoolVar(&c.dry, "dry-run", false, flagDryRun)
	cmd.Flags().BoolVar(&c.podman, "podman", false, flagPodman)
	cmd.ValidArgsFunction = p.completeRegistries(0)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		registries, err := c.begin(args)
		if err != nil {
			return err
		}
		done, err := c.editor.Unconfigure(c.path, registries)
		if err != nil {
			return unusable(done.Path, err)
		}
		var said []string
		for _, change := range done.Changes {
			said = append(said, saidChange(change, done.Path, c.dry))
		}
		if len(said) == 0 {
			said = []string{saidNothingToUndo(done.Path)}
		}
		return c.report(said, done)
	}
	return cmd
}

// begin reads which file is meant, and the names of registries.
func (c *configuring) begin(args []string) ([]string, error) {
	own, err := config.Load(c.Lookup)
	if err != nil {
		c.note(warning(err.Error())) // it is no business of Docker's file
	}
	c.editor = dockerconfig.Editor{DryRun: c.dry, Undo: own.UndoDir()}
	c.path = dockerconfig.DockerPath(c.Lookup)
	if c.podman {
		c.path = dockerconfig.PodmanPath(c.Lookup)
	}
	var registries []string
	for _, arg := range args {
		r, ok := own.Registry(loginServer(arg))
		if !ok {
			return nil, notACR(loginServer(arg), helper.ErrNotACR)
		}
		if !slices.Contains(registries, r.LoginServer) {
			registries = append(registries, r.LoginServer)
		}
	}
	return registries, nil
}

// configure has the clients run the helper for registries, or for those that are
// known.
func (c *configuring) configure(registries []string) error {
	if len(registries) == 0 {
		var err error
		if registries, err = c.harmless(); err != nil {
			return err
		}
	}
	done, err := c.editor.Configure(c.path, registries)
	if err != nil {
		return unusable(done.Path, err)
	}
	var said []string
	for _, registry := range registries {
		at := slices.IndexFunc(done.Changes, func(change dockerconfig.Change) bool { return change.Registry == registry })
		if at < 0 {
			said = append(said, saidConfiguredAlready(registry, done.Path))
			continue
		}
		said = append(said, saidChange(done.Changes[at], done.Path, c.dry))
	}
	edits := []dockerconfig.Edit{done}
	if c.helm {
		done, err := c.editor.Logout(dockerconfig.HelmPath(c.Lookup), registries)
		if err != nil {
			return errors.Join(c.report(said, edits...), unusable(done.Path, err))
		}
		for _, change := range done.Changes {
			said = append(said, saidLoggedOut(change, done.Path, c.dry))
		}
		edits = append(edits, done)
	}
	if err := c.report(said, edits...); err != nil {
		return err
	}
	c.warn(registries)
	return nil
}

// harmless are the known registries for which the helper changes nothing but how
// the same identity is obtained. It says which others there are.
func (c *configuring) harmless() ([]string, error) {
	s := c.setup()
	files := []dockerconfig.File{s.Docker}
	if c.podman {
		files = s.Podman
	}
	known := c.known(s)
	if len(known) == 0 {
		return nil, errors.New(saidNoneKnown)
	}
	var taken []string
	for _, registry := range known {
		left := ""
		for _, f := range files {
			other, named := f.CredHelpers[registry]
			if other == dockerconfig.Name {
				break
			}
			if _, login, ok := f.Login(registry); named || ok && login != dockerconfig.Token {
				left = saidLeft(registry, f.Path, other)
				break
			}
		}
		if left != "" {
			c.note(left)
			continue
		}
		taken = append(taken, registry)
	}
	if len(taken) == 0 {
		return nil, errors.New(saidNoneTaken)
	}
	return taken, nil
}

// report says what was done and, in a dry run, shows it.
func (c *configuring) report(said []string, edits ...dockerconfig.Edit) error {
	text := strings.Join(said, "\n") + "\n"
	for _, e := range edits {
		if c.dry {
			text += e.Diff()
		}
	}
	return c.print(text)
}

// warn says what overrides or bypasses the helper.
func (c *configuring) warn(registries []string) {
	for _, f := range findings(c.setup(), registries) {
		// A dry run finds what it would have mended.
		if f.Code == dockerconfig.NotConfigured || f.Code == dockerconfig.OtherHelper || c.dry && c.helm && f.Code == dockerconfig.HelmLogin {
			continue
		}
		c.note(remark(f))
	}
}

// remark is a finding that stops nothing. That docker chooses no store any more is
// what configure brings about, and no fault of the set-up.
func remark(f dockerconfig.Finding) string {
	if f.Code == dockerconfig.PlainLogins {
		return note(finding(f))
	}
	return warning(finding(f))
}

// findings are those about all registries, and those about each.
func findings(s dockerconfig.Setup, registries []string) []dockerconfig.Finding {
	found := s.General()
	for _, registry := range registries {
		found = append(found, s.For(registry)...)
	}
	return found
}

// finding is a finding in one line.
func finding(f dockerconfig.Finding) string { return sentence(saidFinding(f)) }

// unusable is the error of a file that is left alone.
func unusable(path string, err error) error {
	what, advice, command := saidUnusable(path, err)
	return errors.New(sentence(sentence(what, advice), command))
}

// verify says what is missing, of registries or of those that are configured.
func (c *configuring) verify(registries []string) error {
	s := c.setup()
	places := map[string]string{}
	for _, registry := range append(s.Registries(), registries...) {
		for _, place := range s.Places(registry) {
			if places[registry] == "" && c.reads(s, place) {
				places[registry] = place.File.Path
			}
		}
	}
	if len(registries) == 0 {
		registries = slices.Sorted(maps.Keys(places))
	}
	if len(registries) == 0 {
		return errors.New(saidNoneConfigured)
	}
	failed := false
	var in []string
	for _, registry := range registries {
		if places[registry] != "" {
			in = append(in, saidConfigured(registry, places[registry]))
			continue
		}
		failed = true
		c.note(finding(dockerconfig.Finding{Code: dockerconfig.NotConfigured, Registry: registry, Path: c.path}))
	}
	for _, f := range findings(s, registries) {
		switch {
		case f.Code == dockerconfig.NotConfigured || f.Code == dockerconfig.OtherHelper: // said above
		case f.Hides && c.concerns(f):
			failed = true
			c.note(finding(f))
		default:
			c.note(remark(f))
		}
	}
	if len(in) > 0 {
		if err := c.print(strings.Join(in, "\n") + "\n"); err != nil {
			return err
		}
	}
	if failed {
		return exitCode(exitFailed)
	}
	return nil
}

// reads reports whether the client that is checked takes the helper from a place.
func (c *configuring) reads(s dockerconfig.Setup, place dockerconfig.Place) bool {
	if !c.podman {
		return place.File.Path == s.Docker.Path
	}
	return place.Key == "credHelpers" && slices.ContainsFunc(s.Podman, func(f dockerconfig.File) bool { return f.Path == place.File.Path })
}

// concerns reports whether a finding is about what is checked: docker alone, or
// podman, or helm, too.
func (c *configuring) concerns(f dockerconfig.Finding) bool {
	switch f.Code {
	case dockerconfig.PodmanLogin, dockerconfig.PodmanHelper:
		return c.podman
	case dockerconfig.HelmLogin:
		return c.helm
	case dockerconfig.RegctlLogin:
		return false
	case dockerconfig.EnvironmentLogin, dockerconfig.SnapDocker:
		return !c.podman
	case dockerconfig.FileUnusable:
		return f.Path == c.path || c.helm && f.Path == dockerconfig.HelmPath(c.Lookup)
	}
	return true
}
