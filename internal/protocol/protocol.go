// Package protocol runs the verbs of Docker's credential-helper protocol, as
// real clients speak it: input is cleaned of what some put around it, errors go
// where each looks for them.
//
// Errors go to stdout, the only place that Docker reads, and to stderr, the only
// one that docker pull of version 28 and before shows.
package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/internal/lazyregexp"
)

// Bug is said instead of what Go prints of a panic.
const Bug = "this is a bug in docker-credential-acr; please report it, with what DOCKER_CREDENTIAL_ACR_LOG=stderr prints"

// maxInput bounds what is read: a secret of 64 KiB, each byte escaped in JSON.
const maxInput = 1 << 20

// Run runs one verb of helper and returns the exit code, 0 or 1: JVM clients
// take only 1 for a failure.
//
// A notice is an error that did not keep the verb from its purpose. It goes to
// stderr and the exit code is 0.
func Run(helper credentials.Helper, verb string, stdin io.Reader, stdout, stderr io.Writer, notice func(error) bool) int {
	answer, err := Answer(helper, verb, stdin)
	switch {
	case err == nil:
		return Write(answer, stdout, stderr)
	case verb == credentials.ActionErase && !credentials.IsCredentialsMissingServerURL(err):
		// podman, buildah and skopeo of Debian 12 crash on an erase that fails.
		return 0
	case notice(err):
		fmt.Fprintln(stderr, "docker-credential-acr: "+Line(err)) //nolint:errcheck // nowhere to report it
		return 0
	}
	fmt.Fprintln(stdout, Line(err)) //nolint:errcheck // nowhere to report it
	if !standard(err) {
		fmt.Fprintln(stderr, "docker-credential-acr: "+Line(err)) //nolint:errcheck // nowhere to report it
	}
	return 1
}

// Answer runs one verb of helper and returns what is to be written to stdout.
//
// A panic is an error. Go's own report would be many lines, exit with 2, and show
// what the program was working on.
func Answer(helper credentials.Helper, verb string, stdin io.Reader) (answer []byte, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New(Bug)
		}
	}()
	out := &bytes.Buffer{} // so that a failure leaves no half answer
	err = run(helper, verb, stdin, out)
	return out.Bytes(), err
}

// Write writes an answer and returns the exit code.
func Write(answer []byte, stdout, stderr io.Writer) int {
	if _, err := stdout.Write(answer); err != nil {
		fmt.Fprintln(stderr, "docker-credential-acr: cannot write to standard output") //nolint:errcheck // nowhere to report it
		return 1
	}
	return 0
}

func run(helper credentials.Helper, verb string, stdin io.Reader, out io.Writer) error {
	switch verb {
	case credentials.ActionGet, credentials.ActionErase:
		server, err := serverURL(stdin)
		if err != nil {
			return err
		}
		return credentials.HandleCommand(helper, verb, strings.NewReader(server), out)
	case credentials.ActionStore:
		return store(helper, stdin)
	case credentials.ActionList:
		// Clients write "unused", or nothing, or leave stdin open: it is not read.
		return credentials.List(helper, out)
	}
	return credentials.HandleCommand(helper, verb, stdin, out)
}

const (
	// blanks are the white space that clients put around a server URL. Any
	// other, which docker-credential-helpers would trim as well, is part of it.
	blanks = " \t\r\n"
	// maxServer is far longer than the name of any image.
	maxServer = 32 << 10
)

// bom is the byte-order mark that PowerShell puts before what it pipes.
const bom = "\ufeff"

// serverURL reads what get and erase are asked about. Around it may stand white
// space (dotnet and rules_oci add line ends) and a byte-order mark. Several lines
// name nothing; docker-credential-helpers itself would join them.
func serverURL(stdin io.Reader) (string, error) {
	input, err := read(stdin)
	if err != nil {
		return "", err
	}
	server := strings.Trim(strings.TrimPrefix(strings.Trim(string(input), blanks), bom), blanks)
	switch {
	case server == "":
		return "", credentials.NewErrCredentialsMissingServerURL()
	case strings.ContainsAny(server, "\r\n"), strings.TrimSpace(server) != server, len(server) > maxServer:
		return "", credentials.NewErrCredentialsNotFound()
	}
	return server, nil
}

// store reads credentials. It does so itself because docker-credential-helpers
// reads lines of up to 64 KiB and the secret alone may have that.
func store(helper credentials.Helper, stdin io.Reader) error {
	input, err := read(stdin)
	if err != nil {
		return err
	}
	var c credentials.Credentials
	if err := json.Unmarshal(bytes.TrimPrefix(input, []byte(bom)), &c); err != nil {
		// The parser's own words may quote the secret.
		return errors.New("the credentials to store are not JSON with ServerURL, Username and Secret")
	}
	switch {
	case strings.TrimSpace(c.ServerURL) == "":
		return credentials.NewErrCredentialsMissingServerURL()
	case c.Username == "":
		return credentials.NewErrCredentialsMissingUsername()
	}
	return helper.Add(&c)
}

func read(stdin io.Reader) ([]byte, error) {
	input, err := io.ReadAll(io.LimitReader(stdin, maxInput+1))
	if err != nil {
		return nil, errors.New("cannot read standard input")
	}
	if len(input) > maxInput {
		return nil, errors.New("the input is longer than 1 MiB")
	}
	return input, nil
}

// standard reports whether clients know err by its words. Some merge stderr into
// what they compare, so nothing may stand there.
func standard(err error) bool {
	return credentials.IsErrCredentialsNotFound(err) || credentials.IsCredentialsMissingServerURL(err) || credentials.IsCredentialsMissingUsername(err)
}

var (
	breaks = lazyregexp.New(`[\x00-\x1f\x7f]+`)
	// jwts is the last guard: errors are made without tokens, and if one should
	// slip through all the same, it stops here.
	jwts = lazyregexp.New(`eyJ[\w-]{8,}(\.[\w-]*){0,2}`)
)

// Line makes one plain line of an error. Docker puts it between backticks.
func Line(err error) string {
	return jwts.ReplaceAllString(strings.ReplaceAll(breaks.ReplaceAllString(err.Error(), " "), "`", "'"), "[redacted]")
}
