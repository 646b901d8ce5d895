package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// build puts a program of the module in dir, named from the root of the
// repository, into the sandbox's bin. The Go command gets the user's own
// environment, so that it finds its caches and the user's module proxy.
func (s *sandbox) build(ctx context.Context, p *page, name, dir, pkg string) error {
	out, _, err := execute(ctx, command{name: "go", args: []string{"env", "GOMOD", "GOROOT"}}, "", os.Environ())
	mod, goroot, ok := strings.Cut(strings.TrimSpace(out), "\n")
	if err != nil || !ok || filepath.Base(mod) != "go.mod" {
		return errors.New("run it in the repository, with Go on PATH: make demo")
	}
	args := []string{"build", "-C", dir, "-buildvcs=false", "-o", filepath.Join(s.bin, name) + exe}
	if !trustsFile {
		overlay, err := s.overlay(strings.TrimSpace(goroot))
		if err != nil {
			return err
		}
		args = append(args, "-overlay", overlay)
	}
	env := append(os.Environ(), "CGO_ENABLED=0", "GOOS=", "GOARCH=", "GOWORK=off", "GOTMPDIR="+s.dir)
	p.note("building %s (the first time takes a while)", name)
	out, _, err = execute(ctx, command{name: "go", args: append(args, pkg)}, filepath.Dir(mod), env)
	if err != nil {
		p.output(last(out, 20))
		return fmt.Errorf("go build %s: %w", name, err)
	}
	return nil
}

var exe = map[string]string{"windows": ".exe"}[runtime.GOOS]

// overlay adds trust.go.txt to package crypto/x509 of what is built.
func (s *sandbox) overlay(goroot string) (string, error) {
	added, list := filepath.Join(s.dir, "trust.go"), filepath.Join(s.dir, "overlay.json")
	data, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(goroot, "src", "crypto", "x509", "demo_trust.go"): added,
	}})
	return list, errors.Join(err, os.WriteFile(added, trustSource, 0o600), os.WriteFile(list, data, 0o600))
}
