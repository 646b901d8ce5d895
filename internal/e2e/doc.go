// Package e2e holds tests alone: real clients, as Debian and their authors ship
// them, run docker-credential-acr and use the registry that it answers for,
// against the emulator of internal/azuretest.
//
//	make e2e
//	go test -tags e2e -count=1 ./internal/e2e
//
// Most clients stand in a matrix of operations, forms of the user name, states
// of the cache and identities; see client and operation in matrix_test.go. What
// each costs and says is recorded below testdata/clients, and compared; to
// record it anew:
//
//	make e2e E2EFLAGS='-run TestCrane -update'
//	go test -run TestC.*Table . -update
//
// The second writes the table of docs/clients.md.
//
// They need Linux, root (for an engine of their own) and the Debian packages
// docker.io, podman, buildah, skopeo and python3-docker; a missing one is a
// failure that names it. Clients written in Go that Debian has not are taken from
// PATH, or built from the modules that pin them; the one that is written for
// Node.js is put there by make clients. A client of a version that is not
// recorded is tested by what holds for all; what it takes and says is logged.
//
// Without the tag only the callers are tested: clients that cannot be run here,
// each reduced to what it writes to a helper and how it reads the answer.
package e2e
