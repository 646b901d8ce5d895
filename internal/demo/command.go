package main

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"time"
)

// command is something that a user could type.
type command struct {
	name  string
	args  []string
	stdin string // one line
}

// String is the command for a shell.
func (c command) String() string {
	line := strings.Join(append([]string{c.name}, c.args...), " ")
	if c.stdin != "" {
		line = "echo " + c.stdin + " | " + line
	}
	return line
}

// execute runs a command in dir with all of env, and ends it and its children
// with ctx. The output is that of both streams.
func execute(ctx context.Context, c command, dir string, env []string) (output string, took time.Duration, err error) {
	cmd := exec.CommandContext(ctx, c.name, c.args...)
	cmd.Dir, cmd.Env = dir, env
	if c.stdin != "" {
		cmd.Stdin = strings.NewReader(c.stdin + "\n")
	}
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	ownGroup(cmd)
	start := time.Now()
	err = cmd.Run()
	took = time.Since(start)
	killGroup(cmd)
	return both.String(), took, err
}
