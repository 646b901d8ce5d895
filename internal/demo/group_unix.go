//go:build unix

package main

import (
	"os/exec"
	"syscall"
	"time"
)

// ownGroup puts a command and what it starts into a process group, so that they
// can be ended together. Interrupted first, "go build" and the clients remove
// what they were writing.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 2 * time.Second
}

// killGroup ends whatever a command, itself over, has left running.
func killGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
