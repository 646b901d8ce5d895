package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"time"

	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/internal/process"
)

const (
	prefix = "docker-credential-"
	// user is the user name of every entry in a helper. The real one is inside
	// the secret: pass makes a file name of it.
	user = "docker-credential-acr"
)

// get asks a helper. The error is a phrase that continues the store's name, or
// the not-found error.
func get(ctx context.Context, store, key string) (Credential, error) {
	h, err := find(ctx, store)
	if err != nil {
		return Credential{}, err
	}
	found, err := client.Get(h.program, key)
	switch {
	case credentials.IsErrCredentialsNotFound(err):
		return Credential{}, err
	case err != nil:
		return Credential{}, h.failure()
	case found.Secret == "":
		// docker-credential-pass of Debian 12 (0.6.4) answers so where nothing is.
		return Credential{}, credentials.NewErrCredentialsNotFound()
	}
	c, err := unpack(found.Secret)
	if err != nil {
		return Credential{}, errors.New("has something else in its place")
	}
	return c, nil
}

// put has a helper keep c, and looks whether it really does: wincred has no room
// for more than 2,560 bytes, and pass without a key keeps nothing.
func put(ctx context.Context, store, key string, c Credential) error {
	h, err := find(ctx, store)
	if err != nil {
		return err
	}
	packed, err := pack(c)
	if err != nil {
		return err
	}
	if client.Store(h.program, &credentials.Credentials{ServerURL: key, Username: user, Secret: packed}) != nil {
		return h.failure()
	}
	kept, err := get(ctx, store, key)
	if err != nil {
		return err
	}
	if kept != c {
		_ = erase(ctx, store, key)
		return errors.New("does not give back what it was given")
	}
	return nil
}

// erase has a helper forget a key. None is no error.
func erase(ctx context.Context, store, key string) error {
	h, err := find(ctx, store)
	if err != nil {
		return err
	}
	if client.Erase(h.program, key) == nil {
		return nil
	}
	// Helpers disagree whether erasing nothing is an error.
	if _, missing := get(ctx, store, key); credentials.IsErrCredentialsNotFound(missing) {
		return nil
	}
	return h.failure()
}

// pack makes one line of a credential, of letters that every helper keeps as
// they are: passwords have quotes, colons, newlines and any script.
func pack(c Credential) (string, error) {
	content, err := json.Marshal(c)
	return base64.StdEncoding.EncodeToString(content), err
}

func unpack(packed string) (c Credential, err error) {
	content, err := base64.StdEncoding.DecodeString(packed)
	if err == nil {
		err = json.Unmarshal(content, &c)
	}
	if err == nil && c.Username == "" {
		err = errors.New("no user name")
	}
	return c, err
}

// helper is a store's program.
type helper struct {
	ctx  context.Context
	path string
	hung bool // one of its runs was killed
}

// find returns a store's program, for docker-credential-helpers' client.
func find(ctx context.Context, store string) (*helper, error) {
	path, ok := process.Find(prefix + store)
	if !ok {
		return nil, errors.New("is not on PATH any more (" + prefix + store + ")")
	}
	return &helper{ctx: ctx, path: path}, nil
}

// failure is a phrase for an error of the client library, whose own text holds
// what the helper printed.
func (h *helper) failure() error {
	if h.hung {
		return errors.New("does not answer (is it locked?)")
	}
	return errors.New("fails")
}

func (h *helper) program(args ...string) client.Program { return &program{helper: h, args: args} }

// program is one run of a helper. client's own runs without a limit in time.
type program struct {
	*helper
	args  []string
	input io.Reader
}

func (p *program) Input(in io.Reader) { p.input = in }

// straggling is how long a helper's child may hold its output open.
const straggling = 100 * time.Millisecond

func (p *program) Output() ([]byte, error) {
	ctx, cancel := context.WithTimeout(p.ctx, one)
	defer cancel()
	var stdout bytes.Buffer
	cmd := exec.CommandContext(ctx, p.path, p.args...)
	cmd.Stdin, cmd.Stdout = p.input, &stdout // stderr is for people who run the helper themselves
	cmd.Dir = process.Root()
	cmd.WaitDelay = straggling
	release, err := process.Start(cmd)
	if err != nil {
		return nil, err
	}
	err = cmd.Wait()
	release()
	switch {
	case cmd.ProcessState != nil && cmd.ProcessState.Success():
		return stdout.Bytes(), nil // what it left behind is its own business
	case ctx.Err() != nil:
		p.hung = true
		return nil, ctx.Err()
	}
	return stdout.Bytes(), err
}
