package command

import (
	"github.com/spf13/cobra"

	"docker-credential-acr/helper"
)

func newLogin(p *Program) *cobra.Command {
	var l helper.Login
	cmd := loginText.command("login [OPTIONS] REGISTRY")
	p.oneRegistry(cmd)
	cmd.Flags().BoolVar(&l.DeviceCode, "device-code", false, flagDeviceCode)
	cmd.Flags().StringVar(&l.TenantID, "tenant-id", "", flagTenantID)
	cmd.Flags().StringVar(&l.ClientID, "client-id", "", flagClientID)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		h, err := p.Helper()
		if err != nil {
			return err
		}
		l.Registry = loginServer(args[0])
		l.Prompt = func(text string) { say(p.Stderr, "%s\n", text) }
		who, until, err := h.Login(cmd.Context(), l)
		if err != nil {
			return err
		}
		return p.print(signedIn(l.Registry, who, until) + "\n")
	}
	return cmd
}
