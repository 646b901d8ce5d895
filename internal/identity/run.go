package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"time"

	"docker-credential-acr/internal/lazyregexp"
	"docker-credential-acr/internal/process"
)

// azidentity runs az, azd and pwsh through a shell and at a deadline kills the
// shell alone; the tool that hangs lives on. What is here starts a tool itself,
// by its absolute path, and ends it together with everything it has started.

const (
	// straggling is how long to wait for output after a tool has exited or was
	// killed. A child that it left behind may hold its standard output open for
	// ever. azidentity waits as long.
	straggling = 100 * time.Millisecond

	maxStdout = 1 << 20
	maxStderr = 64 << 10
)

// cmdlet is one call of a command-line tool that prints a token.
type cmdlet struct {
	name string   // as people know it
	path string   // absolute
	args []string // must be safe on every platform's command line: see plainArgument
}

// find returns the absolute path of the first of names that is on PATH.
func find(names ...string) (string, error) {
	for _, name := range names {
		if path, ok := process.Find(name); ok {
			return path, nil
		}
	}
	if len(names) > 1 {
		return "", absent("neither " + strings.Join(names, " nor ") + " is on PATH")
	}
	return "", absent(names[0] + " is not on PATH")
}

// plainArgument is what scopes and tenants must look like before they come near
// a command line. On Windows az is a batch file, so that cmd.exe reads its
// arguments, by rules of its own; nothing here means anything to it, to
// PowerShell between single quotes or, without a leading dash, to an option
// parser. azidentity allows the same characters.
var plainArgument = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._/:-]*$`)

const longestArgument = 512

// plainArguments refuses a scope or a tenant that is not safe to pass on. The
// value is not repeated: it may be anything, pasted into the wrong field.
func plainArguments(scope, tenantID string) error {
	if !plainArgument.MatchString(scope) || len(scope) > longestArgument {
		return errors.New("the audience is not one that can be passed to a command-line tool: only letters, digits and . - _ / : can")
	}
	if tenantID != "" && (!plainArgument.MatchString(tenantID) || len(tenantID) > longestArgument) {
		return errors.New("the tenant is not one that can be passed to a command-line tool: only letters, digits and . - _ / : can")
	}
	return nil
}

// resource is the audience of a scope, which is all that tools of the v1
// endpoint's days understand.
func resource(scope string) string { return strings.TrimSuffix(scope, "/.default") }

// printed is what a tool wrote, without colours.
type printed struct{ stdout, stderr string }

// errNoAnswer is why a tool was killed.
var errNoAnswer = errors.New("did not answer in time")

// run starts the tool and waits until it exits or ctx ends. Then the tool is
// killed at once with all that it has started. It is not when it exits by
// itself: a child that az leaves behind to upload telemetry is left alone.
//
// An error is a phrase that continues the tool's name, without anything the
// tool wrote. Output is returned even with an error.
func (c cmdlet) run(ctx context.Context) (printed, error) {
	stdout, stderr := head{limit: maxStdout}, tail{limit: maxStderr}
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = straggling
	// Standard input stays nil, the null device: nobody is there to answer. The
	// working directory is one that only administrators write to.
	cmd.Dir = process.Root()
	cmd.Env = append(
		cmd.Environ(),
		"NO_COLOR=1",            // PowerShell 7.2, azd
		"AZURE_CORE_NO_COLOR=1", // az, which knows only this
	)
	release, err := process.Start(ctx, cmd)
	if err == nil {
		err = cmd.Wait()
		release()
	}
	out := printed{uncoloured(stdout.kept), uncoloured(stderr.bytes())}
	var exit *exec.ExitError
	switch {
	case cmd.ProcessState != nil && cmd.ProcessState.Success():
		// Whatever else went wrong, such as exec.ErrWaitDelay for a standard
		// output that is still open, concerns what it left behind.
		return out, nil
	case ctx.Err() != nil:
		return out, errNoAnswer
	case errors.As(err, &exit):
		return out, errors.New("failed with " + exit.String())
	}
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return out, errors.New("cannot be run from " + c.path + ": " + err.Error())
}

// token runs the tool and returns the token under key of the JSON that it
// prints. say picks what matters out of a failed tool's output.
func (c cmdlet) token(ctx context.Context, key string, say func(printed) string) (string, error) {
	out, err := c.run(ctx)
	if err == nil {
		if token := tokenIn(out.stdout, key); token != "" {
			return token, nil
		}
		err = errors.New("printed no token")
	}
	said := say(out)
	text := quote(said)
	if errors.Is(err, errNoAnswer) {
		if text != "" {
			text = ": " + text
		}
		return "", fmt.Errorf("%s %w%s", c.name, err, text)
	}
	if number := entraNumber.FindString(said); number != "" {
		if !strings.Contains(text, number) { // too far behind
			text += " (" + number + ")"
		}
		if number == "AADSTS50076" || number == "AADSTS50079" {
			text = advices[number] + " (" + number + ")" // az's own advice is of another audience
		}
		return "", &entraError{number: number, text: text}
	}
	if text == "" {
		text = c.name + " " + err.Error()
	}
	return "", errors.New(text)
}

// entraNumber finds Entra's error code in what a tool wrote.
var entraNumber = lazyregexp.New(`\bAADSTS[0-9]+\b`)

// onePiece is what a token is made of.
var onePiece = lazyregexp.New(`^[!-~]+$`)

// tokenIn returns the token under key of the first object in stdout that has
// one. Before the objects there may be a byte-order mark or a line of something
// else, behind them anything.
func tokenIn(stdout, key string) string {
	start := strings.IndexByte(stdout, '{')
	if start < 0 {
		return ""
	}
	for d := json.NewDecoder(strings.NewReader(stdout[start:])); ; {
		var object map[string]any
		if d.Decode(&object) != nil {
			return ""
		}
		if token, _ := object[key].(string); onePiece.MatchString(token) {
			return token
		}
	}
}

// colour is an ECMA-48 control sequence. A raw escape is not legal in JSON.
var colour = lazyregexp.New(`\x1b\[[0-?]*[ -/]*[@-~]`)

func uncoloured(text []byte) string {
	return string(colour.ReplaceAll(text, nil))
}

// head keeps the first bytes written to it, and discards the rest: a writer that
// would block or fail instead would make the tool hang or fail.
type head struct {
	limit int
	kept  []byte
}

func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), h.limit-len(h.kept))]...)
	return len(p), nil
}

// tail keeps the last bytes written to it, since tools end with the cause.
type tail struct {
	limit int
	kept  []byte
	cut   bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*t.limit { // not with every write
		t.trim()
	}
	return len(p), nil
}

func (t *tail) trim() {
	if over := len(t.kept) - t.limit; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
		t.cut = true
	}
}

// bytes returns at most limit bytes, which begin with a whole word: the rest of
// a token that was cut through could not be told from a word.
func (t *tail) bytes() []byte {
	t.trim()
	if !t.cut {
		return t.kept
	}
	blank := bytes.IndexAny(t.kept, " \t\r\n")
	if blank < 0 {
		return nil
	}
	return t.kept[blank:]
}
