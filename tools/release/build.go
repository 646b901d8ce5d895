package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// binary is the program for one platform.
type binary struct {
	platform
	path string
}

// build makes the program as `make build` does. Go would note by itself where the
// sources are from, and whether something has changed in their directory, but not
// in an archive of them.
func (r *release) build(p platform, work string) (binary, error) {
	b := binary{p, filepath.Join(work, p.String(), p.exe())}
	fmt.Println("build:", p)
	flags := fmt.Sprintf("-s -w -X main.version=v%s -X main.commit=%s -X main.date=%s", r.version, r.commit, r.time.Format(time.RFC3339))
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", b.path, ".")
	cmd.Dir = r.root
	// Whatever has a say in the code, but the version of Go.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off", "GOOS="+p.os, "GOARCH="+p.arch,
		"GOARM="+arm, "GOAMD64=v1", "GOARM64=v8.0", "GOPPC64=power8", "GORISCV64=rva20u64")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return b, fmt.Errorf("%s: go build: %w", p, err)
	}
	return b, nil
}
