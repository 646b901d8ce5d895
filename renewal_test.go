package main_test

import (
	"io"
	"os"
	"testing"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/internal/atrest"
	"docker-credential-acr/internal/azuretest"
)

// Whoever waits for the helper, for its output, or for a file that the helper was
// started with by mistake, does not wait for the renewal that it leaves behind.
func TestRenewalHoldsNothing(t *testing.T) {
	t.Parallel()
	e := emulate(t, azuretest.Config{})
	first := e.get(t)
	kept := cache.Cache{Dir: e.cacheDir(), Sealer: atrest.Sealer{}}
	entry := kept.Entries()[0]
	now := time.Now()
	entry.Obtained, entry.Expires = now.Add(-145*time.Minute), now.Add(50*time.Minute)
	if err := kept.Put(entry); err != nil {
		t.Fatal(err)
	}
	e.Update(func(c *azuretest.Config) {
		c.Faults = []azuretest.Fault{{Match: "POST *.azurecr.io/oauth2/exchange", Delay: azuretest.Duration(8 * time.Second)}}
	})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // only read
	cmd := e.command(t.Context(), "get", azuretest.MyRegistry, "DOCKER_CREDENTIAL_ACR_RENEWAL=background", "DOCKER_CREDENTIAL_ACR_TIMEOUT=2m")
	cmd.ExtraFiles = []*os.File{w}
	out, err := cmd.Output() // waits for all that have its standard output
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	if secretOf(t, out) != first {
		t.Error("it was renewed first")
	}
	if _, err := io.ReadAll(r); err != nil { // waits for all that have the other end
		t.Fatal(err)
	}
	fresh := func() bool {
		e, ok := kept.Get(entry.Key)
		return ok && e.Fresh(time.Now())
	}
	if fresh() {
		t.Error("something of the caller's was held until the renewal was done")
	}
	for end := time.Now().Add(time.Minute); !fresh(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it was not renewed")
		}
	}
}
