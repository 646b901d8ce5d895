// Linked has docker-credential-acr in it, and only reads a file: the least that
// one program can take which does what that does.
package main

import (
	"os"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/command"
	"docker-credential-acr/internal/protocol"
)

// never keeps the linker from leaving out what is not called.
var never = []any{helper.New, (*helper.Helper).Get, command.Run, protocol.Run}

func main() {
	if len(os.Args) < 2 {
		os.Exit(len(never))
	}
	for _, name := range os.Args[1:] {
		content, err := os.ReadFile(name)
		if err != nil {
			os.Exit(1)
		}
		_, _ = os.Stdout.Write(content)
	}
}
