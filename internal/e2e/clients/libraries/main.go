// Libraries uses registries through the libraries that clients are made of, put
// together as those clients do it. It stands for clients that cannot be had as
// programs where the end-to-end tests run:
//
//	libraries oras digest|copy|login|logout        the oras CLI: oras-go
//	libraries keychain digest|copy                 kaniko, cosign: go-containerregistry with an embedded helper
//	libraries containers digest|login|logout       newer podman, buildah and skopeo: containers/image
//	libraries dockercfg HOST                       testcontainers-go: dockercfg
//
// digest takes a reference and prints its digest, copy takes two. login takes a
// host and a user, and reads the password from standard input. logout takes a
// host; that of containers takes --all, too.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	args = append(args, "", "", "", "") // absent arguments are empty
	library, verb, first, second := args[0], args[1], args[2], args[3]
	switch library + " " + verb {
	case "oras digest":
		return show(orasDigest(ctx, first))
	case "oras copy":
		return orasCopy(ctx, first, second)
	case "oras login":
		return orasLogin(ctx, first, second, password())
	case "oras logout":
		return orasLogout(ctx, first)
	case "keychain digest":
		return show(keychainDigest(ctx, first))
	case "keychain copy":
		return keychainCopy(ctx, first, second)
	case "containers digest":
		return show(containersDigest(ctx, first))
	case "containers login":
		return containersLogin(first, second, password())
	case "containers logout":
		return containersLogout(strings.TrimPrefix(first, "--all"))
	}
	if library == "dockercfg" {
		return show(dockercfgForm(verb))
	}
	return errors.New("usage: libraries LIBRARY VERB ARGUMENT...")
}

func show(text string, err error) error {
	if err == nil {
		fmt.Println(text)
	}
	return err
}

// password is what stands on standard input; when it cannot be read, what could
// be read is no password, and the registry says so.
func password() string {
	content, _ := io.ReadAll(os.Stdin)
	return strings.TrimSpace(string(content))
}
