package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/docker/docker-credential-helpers/client"

	"docker-credential-acr/internal/process"
)

const prefix = "docker-credential-"

// helper is a store's program, for docker-credential-helpers' client.
type helper struct {
	ctx    context.Context
	name   string
	path   string
	lock   *lock
	hung   bool // one of its runs was killed
	exited bool // its last run has ended by itself
	opened bool // it is known to be unlocked
	// refused is where it was asked to keep something and said no.
	refused place
}

// find returns a store's program. The lock, if any, is shared with it.
func find(ctx context.Context, store string, l *lock) (*helper, error) {
	path, ok := process.Find(prefix + store)
	if !ok {
		return nil, errors.New("is not on PATH (" + prefix + store + ")")
	}
	if same(path) {
		return nil, errors.New("is this program under another name")
	}
	return &helper{ctx: ctx, name: store, path: path, lock: l}, nil
}

// helpers are the programs that one login or logout uses, so that none is asked
// again that has not answered.
type helpers struct {
	lock  *lock
	found map[string]*helper
}

// find returns a store's program, for use until ctx ends.
func (a *helpers) find(ctx context.Context, store string) (*helper, error) {
	h := a.found[store]
	if h == nil {
		var err error
		if h, err = find(ctx, store, a.lock); err != nil {
			return nil, err
		}
		if a.found == nil {
			a.found = map[string]*helper{}
		}
		a.found[store] = h
	}
	h.ctx = ctx
	return h, nil
}

// same reports whether path is this program, perhaps by a link.
func same(path string) bool {
	self, err := os.Executable()
	if err != nil {
		return false
	}
	a, err := os.Stat(self)
	if err != nil {
		return false
	}
	b, err := os.Stat(path)
	return err == nil && os.SameFile(a, b)
}

// failure is a phrase for an error of the client library, whose own text holds
// what the helper printed.
func (h *helper) failure() error {
	what := "fails"
	if h.hung {
		what = "does not answer (is it locked?)"
	}
	return errors.New(what + "; see what it says: " + prefix + h.name + " list")
}

func (h *helper) program(args ...string) client.Program { return &program{helper: h, args: args} }

// program is one run of a helper. client's own runs without a limit in time.
type program struct {
	*helper
	args  []string
	input io.Reader
}

func (p *program) Input(in io.Reader) { p.input = in }

var errHung = errors.New("it has not answered before")

// straggling is how long a helper's child may hold its output open.
const straggling = 100 * time.Millisecond

func (p *program) Output() ([]byte, error) {
	if p.hung {
		return nil, errHung
	}
	var stdout bounded
	cmd := exec.CommandContext(p.ctx, p.path, p.args...)
	cmd.Stdin, cmd.Stdout = p.input, &stdout // stderr is for people who run the helper themselves
	cmd.Dir = process.Root()
	cmd.WaitDelay = straggling
	p.lock.share(cmd)
	release, err := process.Start(p.ctx, cmd)
	if err != nil {
		return nil, err
	}
	err = cmd.Wait()
	release()
	p.exited = cmd.ProcessState != nil && cmd.ProcessState.Exited() && p.ctx.Err() == nil
	switch {
	case cmd.ProcessState != nil && cmd.ProcessState.Success():
		return stdout.Bytes(), nil // what it left behind is its own business
	case p.ctx.Err() != nil:
		p.hung = true
		return nil, p.ctx.Err()
	}
	return stdout.Bytes(), err
}

// bounded is a buffer with room for any credential.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > 2*maxRecord {
		return 0, errors.New("too much")
	}
	return b.Buffer.Write(p)
}
