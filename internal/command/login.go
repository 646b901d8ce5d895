package command

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/config"
)

func newLogin(p *Program) *cobra.Command {
	var l helper.Login
	var deviceCode bool
	cmd := loginText.command("login [OPTIONS] [REGISTRY]")
	cmd.Args = atMostOneRegistry
	cmd.ValidArgsFunction = p.completeRegistries(1)
	source := &choice{}
	for _, s := range config.AllSources {
		source.of = append(source.of, string(s))
	}
	cmd.Flags().BoolVar(&deviceCode, "device-code", false, flagDeviceCode)
	cmd.Flags().Var(source, "identity", flagIdentity)
	complete(cmd, "identity", source.of)
	cmd.Flags().StringVar(&l.TenantID, "tenant-id", "", flagTenantID)
	cmd.Flags().StringVar(&l.ClientID, "client-id", "", flagClientID)
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "tenant" { // as az has it
			name = "tenant-id"
		}
		return pflag.NormalizedName(name)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		identity := config.Source(source.value)
		if deviceCode && identity != "" && identity != config.DeviceCode {
			return &usageError{saidTwoIdentities}
		}
		l.DeviceCode = deviceCode || identity == config.DeviceCode
		l.Prompt = func(line string) { say(p.Stderr, "%s\n", line) }
		h, err := p.Helper()
		if err != nil {
			return err
		}
		registries := []string{}
		for _, name := range args {
			registries = append(registries, loginServer(name))
		}
		if len(args) == 0 {
			registries = p.setup().Configured()
		}
		if len(registries) == 0 {
			return &usageError{saidNoneConfigured}
		}
		one := func(registry string) error { return p.signIn(cmd.Context(), h, &l, registry) }
		if identity != "" && identity != config.DeviceCode && identity != config.Browser {
			one = func(registry string) error { return p.try(cmd.Context(), h, identity, &l, registry) }
		}
		return p.each(registries, one)
	}
	return cmd
}

func atMostOneRegistry(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return &usageError{saidAtMostOneRegistry}
	}
	return nil
}

// each does the same for several registries. A failure with one does not keep it
// from the others.
func (p *Program) each(registries []string, do func(registry string) error) error {
	failed := false
	for _, registry := range registries {
		if err := do(registry); err != nil {
			if len(registries) == 1 {
				return err
			}
			p.complain(err)
			failed = true
		}
	}
	if failed {
		return exitCode(exitFailed)
	}
	return nil
}

// signIn has a person sign in.
func (p *Program) signIn(ctx context.Context, h *helper.Helper, l *helper.Login, registry string) error {
	who, until, err := h.Login(ctx, l, registry)
	if err != nil {
		return err
	}
	return p.print(saidSignedIn(registry, who, until) + "\n")
}

// try asks a source that needs no person.
func (p *Program) try(ctx context.Context, h *helper.Helper, source config.Source, l *helper.Login, registry string) error {
	who, until, err := h.Try(ctx, registry, source, l.TenantID, l.ClientID)
	if err != nil {
		return err
	}
	return p.print(saidTried(registry, source, who, until) + "\n")
}

func newLogout(p *Program) *cobra.Command {
	cmd := logoutText.command("logout [OPTIONS] [REGISTRY...]")
	cmd.ValidArgsFunction = p.completeRegistries(0)
	var all bool
	cmd.Flags().BoolVar(&all, "all", false, flagAll)
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if all == (len(args) > 0) {
			return &usageError{saidRegistriesOrAll}
		}
		return nil
	}
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		h, err := p.Helper()
		if err != nil {
			return err
		}
		var registries []string
		for _, name := range args {
			registries = append(registries, loginServer(name))
		}
		if all {
			registries = slices.DeleteFunc(h.Registries(), func(registry string) bool {
				kept, err := h.Kept(registry)
				return err == nil && kept == (helper.Kept{})
			})
			if len(registries) == 0 {
				return p.print(saidNothingKept + "\n")
			}
		}
		return p.each(registries, func(registry string) error {
			kept, err := h.Kept(registry)
			if errors.Is(err, helper.ErrNotACR) {
				return err
			}
			// Whatever Kept could not read is to be forgotten all the same.
			if err := h.Delete(registry); err != nil {
				return err
			}
			return p.print(saidSignedOut(registry, kept, err == nil) + "\n")
		})
	}
	return cmd
}
