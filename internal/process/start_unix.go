//go:build unix

package process

import (
	"context"
	"os/exec"
	"syscall"
)

// Root is a directory that is always there and that nobody else fills.
func Root() string { return "/" }

// Start starts cmd, without those of this process's variables that are its own
// secrets or that ctx is Without, such that the end of cmd's context kills it with
// everything it has started.
//
// The tool leads a session of its own, and so a process group of its own, which
// the kernel kills as a whole: a process that is just forking takes its child
// along. What moves to yet another session is out of reach. A session rather
// than a mere group, because it has no terminal: what wants to ask for a
// password there fails, where a background group would be stopped and hang.
//
// For the same reason the terminal's Ctrl-C does not reach the tool; whoever
// handles it must end the context. Linux's Pdeathsig is no help: it fires when
// the thread that forked ends, be the process alive or not
// (https://go.dev/issue/27505), and the tool's children don't inherit it.
func Start(ctx context.Context, cmd *exec.Cmd) (release func(), err error) {
	withoutSecrets(ctx, cmd)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error {
		// The number may be stale only if the tool has exited within the last
		// microseconds, and is not given out again while the group has a member.
		if syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) == nil {
			return nil
		}
		return cmd.Process.Kill() // says whether it had exited
	}
	return func() {}, cmd.Start()
}
