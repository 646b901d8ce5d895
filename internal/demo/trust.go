package main

import (
	_ "embed"
	"runtime"
)

// trustsFile says whether programs in Go trust the authority in SSL_CERT_FILE.
// On macOS and Windows they ask the system, which nobody should teach to trust a
// demo. There the demo builds the helper and crane with one more file in
// crypto/x509, and other clients cannot be used.
const trustsFile = runtime.GOOS != "darwin" && runtime.GOOS != "windows"

//go:embed trust.go.txt
var trustSource []byte

// trustEnv makes Go heed the roots that trust.go.txt sets.
var trustEnv = func() []string {
	if trustsFile {
		return nil
	}
	return []string{"GODEBUG=x509usefallbackroots=1"}
}()
