package main

import (
	"fmt"
	"os"
	"os/exec"
)

// The programs that are measured.
const (
	ours    = "docker-credential-acr"
	empty   = "empty"
	nethttp = "nethttp"
	linked  = "linked"
)

// build builds them all as releases are built.
func (b *bench) build() error {
	for name, pkg := range map[string]string{
		ours: ".", empty: "./internal/bench/programs/empty", nethttp: "./internal/bench/programs/nethttp", linked: "./internal/bench/programs/linked",
	} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.bin(name), pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", name, err, out)
		}
	}
	return nil
}
