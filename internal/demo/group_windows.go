package main

import (
	"os/exec"
	"time"
)

// ownGroup bounds the wait for a command that was told to end.
func ownGroup(cmd *exec.Cmd) { cmd.WaitDelay = 2 * time.Second }

// killGroup has nothing to do: a console's Ctrl-C reaches every process in it.
func killGroup(*exec.Cmd) {}
