// Package interrupt ends the program when it is told to: with exit code 1, and
// with what it has started.
//
// Catching signals takes a thread and several goroutines, which is much beside a
// get that is answered from the cache. So they are caught when something begins
// that can last; until then there is nothing to end, and the system's own way of
// ending a program will do.
package interrupt

import (
	"context"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"docker-credential-acr/internal/later"
)

// Context returns the context that ends when the program is told to end. Signals
// are caught when it is first used. A second after its end the program ends,
// whatever it is doing.
//
// From now on, a reader of the output that is gone is an error like others, with
// exit code 1. Go would die of it instead, and clients take some other codes for a
// crash.
func Context() context.Context { return program() }

// program is the one context of the program.
var program = sync.OnceValue(func() context.Context {
	// This costs less than to catch it. But what is started would ignore it, too.
	signal.Ignore(syscall.SIGPIPE)
	return later.New(func() context.Context {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		go func() {
			<-ctx.Done()
			stop()
			time.Sleep(time.Second) // more than it takes to kill a tool
			os.Exit(1)              // some step, such as reading stdin, does not end
		}()
		return ctx
	})
})

// Reader reads f, and uses ctx before it reads what somebody is still writing.
func Reader(ctx context.Context, f *os.File) io.Reader { return stream{ctx, f} }

// Writer writes to f, and uses ctx before it waits for somebody to read.
func Writer(ctx context.Context, f *os.File) io.Writer { return stream{ctx, f} }

type stream struct {
	ctx context.Context
	f   *os.File
}

func (s stream) Read(p []byte) (int, error) {
	if !whole(s.f) {
		s.ctx.Done()
	}
	return s.f.Read(p)
}

func (s stream) Write(p []byte) (int, error) {
	if !takes(s.f, len(p)) {
		s.ctx.Done()
	}
	return s.f.Write(p)
}
