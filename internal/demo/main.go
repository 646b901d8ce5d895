// Demo shows the main job of docker-credential-acr (make demo): a client that
// you know pushes to and pulls from myregistry.azurecr.io, and runs the helper
// by itself to get there. Azure is the emulator of internal/azuretest, in this
// process; nothing is sent to the real one, and nothing is left behind.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

func main() {
	// The engine is told to die with the thread that started it.
	runtime.LockOSThread()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout *os.File, stderr io.Writer) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	choice := flags.String("client", "", "push and pull with `docker`, skopeo or crane; empty for the first that works")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil || flags.NArg() > 0 || !known(*choice) {
		fmt.Fprintln(stderr, "usage: demo [-client docker|skopeo|crane]")
		return 2
	}

	// From here on no signal ends the program before the deferred calls have run.
	// SIGPIPE is what "make demo | head" sends.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go endWithParent(ctx, cancel)

	var done cleanup
	err, left := func() (err, left error) {
		defer func() { left = done.run() }()
		return show(ctx, newPage(stdout), *choice, &done), nil
	}()
	switch {
	case left != nil:
		fmt.Fprintf(stderr, "\ndemo: something is left behind: %v\n", errors.Join(left, err))
		return 1
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "\ndemo: interrupted; nothing of it is left behind")
		return 130
	case err != nil:
		fmt.Fprintf(stderr, "\ndemo: %v\n", err)
		return 1
	}
	return 0
}

// endWithParent cancels when the parent is gone: a SIGTERM to make or "go run"
// ends these two, and is not passed on to the program that they run.
func endWithParent(ctx context.Context, cancel context.CancelFunc) {
	parent := os.Getppid()
	for ctx.Err() == nil && os.Getppid() == parent {
		time.Sleep(200 * time.Millisecond)
	}
	cancel()
}
