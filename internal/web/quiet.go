package web

import (
	"io"
	"log"
)

// Quiet discards what goes to the standard logger of package log, for the rest of
// the process. It is for programs, whose standard error that is: when a connection
// is out of step, net/http logs what the server sent, and that may be a token
// (https://github.com/cloudflare/cloudflared/issues/1039).
func Quiet() { log.SetOutput(io.Discard) }
