// Package first answers a get from the cache before the rest of the program
// begins.
//
// Nearly all of the time of such a get used to be the start of packages that it
// has no use for: those that talk to Entra and to registries, and what they stand
// on. Go initializes packages in the order of their import paths, but none before
// those that it imports (https://go.dev/ref/spec#Program_initialization). This one
// imports only what reads files. net/http and Azure's SDK need packages whose paths
// come late in the alphabet, such as unique's and those below the standard
// library's vendor, and so are initialized after it. If it has an answer, the
// program ends here. If not, main goes on as if nothing had happened.
//
// testdata/script/get_first.txtar holds the order, and that both answer the same.
package first

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/interrupt"
	"docker-credential-acr/internal/kept"
	"docker-credential-acr/internal/protocol"
	"docker-credential-acr/internal/who"
)

func init() {
	noCoreDump()
	if len(os.Args) == 2 && os.Args[1] == credentials.ActionGet {
		get()
	}
}

// read is what has been read of standard input.
var read bytes.Buffer

// Stdin is standard input, from its beginning.
func Stdin() io.Reader {
	return io.MultiReader(&read, interrupt.Reader(interrupt.Context(), os.Stdin))
}

// get ends the program, if what is kept has the answer.
func get() {
	ctx := interrupt.Context()
	stdin := io.TeeReader(interrupt.Reader(ctx, os.Stdin), &read)
	answer, err := protocol.Answer(keeper{}, credentials.ActionGet, stdin)
	if err != nil {
		return // main will find out why
	}
	os.Exit(protocol.Write(answer, interrupt.Writer(ctx, os.Stdout), interrupt.Writer(ctx, os.Stderr)))
}

// keeper has only a Get.
type keeper struct{ credentials.Helper }

// errElsewhere says that it takes more than what is kept.
var errElsewhere = errors.New("not answered from what is kept")

// Get is the Get of package helper for what is kept.
func (keeper) Get(serverURL string) (username, secret string, err error) {
	c, err := config.Load(nil)
	if err != nil || c.Log != "" {
		return "", "", errElsewhere
	}
	r, ok := c.Registry(serverURL)
	if !ok {
		return "", "", errElsewhere
	}
	s := c.For(r)
	entry, ok := kept.Find(kept.Store(c), kept.Cache(s.CacheDir, time.Now), r.LoginServer, func() string { return who.Of(s.Azure).ID() })
	if !ok {
		return "", "", errElsewhere
	}
	return s.Username, entry.Secret, nil
}
