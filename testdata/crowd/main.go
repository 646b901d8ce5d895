// Command crowd starts a program many times at once: as often as it is given names
// on standard input, one a line. When all have been started each is given its name
// on its own standard input. It prints what became of each, as JSON.
//
// It is a program of its own, and a small one, because Linux counts to a program
// what its parent had in memory when it started it (getrusage(2), of ru_maxrss).
//
//	crowd PROGRAM [ARGUMENT...] <NAMES
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
)

// member is one of the crowd.
type member struct {
	Name, Stdout, Stderr string
	Code                 int
	Memory               int64 // most of it that was resident, in KiB
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "crowd:", err)
		os.Exit(1)
	}
}

func run() error {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	names := strings.Fields(string(input))
	members := make([]member, len(names))
	var all sync.WaitGroup
	var inputs []io.WriteCloser
	for i, name := range names {
		cmd := exec.Command(os.Args[1], os.Args[2:]...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		input, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			return err
		}
		inputs = append(inputs, input)
		all.Go(func() {
			_ = cmd.Wait()
			members[i] = member{name, stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss}
		})
	}
	for i, input := range inputs {
		_, _ = fmt.Fprintln(input, names[i])
		_ = input.Close()
	}
	all.Wait()
	return json.NewEncoder(os.Stdout).Encode(members)
}
