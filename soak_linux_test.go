package main_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// soak is how many gets TestSoak makes; make soak makes 100,000.
var soak = flag.Int("soak", 1000, "gets of TestSoak")

// Many gets, while tokens expire every few seconds, entries are erased and others
// are killed: each answer is a token that the registry takes, there are no more
// exchanges than tokens that ended, and nothing piles up.
func TestSoak(t *testing.T) {
	const (
		life       = 12 * time.Second
		registries = 4
		workers    = 8
	)
	var c azuretest.Config
	for i := range registries {
		c.Registries = append(c.Registries, azuretest.Registry{Host: fmt.Sprintf("soaked%d.azurecr.io", i), RefreshTokenLife: azuretest.Duration(life)})
	}
	e := emulate(t, c)
	begun := time.Now()
	var next, erased, killed atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for n := next.Add(1); n <= int64(*soak) && !t.Failed(); n = next.Add(1) {
				registry := c.Registries[n%registries].Host
				switch rand.IntN(1000) {
				case 0:
					erased.Add(1)
					if r := e.run(t, "erase", registry); r != (result{}) {
						t.Errorf("erase: %+v", r)
					}
				case 1:
					killed.Add(1)
					cmd := e.command(t.Context(), "get", registry)
					if err := cmd.Start(); err != nil {
						t.Error(err)
						return
					}
					_ = cmd.Process.Kill()
					_ = cmd.Wait()
				}
				r := e.run(t, "get", registry)
				if r.code != 0 || r.stderr != "" {
					t.Errorf("get %d: %+v", n, r)
					return
				}
				if n%100 == 0 {
					e.accepted(t, registry, secretOf(t, []byte(r.stdout)))
				}
			}
		})
	}
	all.Wait()
	// A token is renewed after a quarter of its life at the earliest.
	most := registries * (1 + int64(time.Since(begun)/(life/4)) + erased.Load() + killed.Load())
	exchanges := int64(e.Count("POST *.azurecr.io/oauth2/exchange"))
	t.Logf("%d gets in %v: %d exchanges, %d erased, %d killed", *soak, time.Since(begun).Round(time.Second), exchanges, erased.Load(), killed.Load())
	if exchanges > most || exchanges < registries {
		t.Errorf("%d exchanges, want at most %d", exchanges, most)
	}
	if n := len(e.cache().Entries()); n > registries {
		t.Errorf("%d entries", n)
	}
	// An entry, a lock, and what a kill may leave until the next writer comes.
	if files := e.kept(t, ""); len(files) > 4*registries {
		t.Errorf("%d files: %v", len(files), files)
	}
}

// accepted asks the registry for an access token with a refresh token.
func (e emulated) accepted(t *testing.T, registry, secret string) {
	t.Helper()
	client := http.Client{Transport: e.Transport()}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+registry+"/oauth2/token?service="+registry+"&scope=repository:a:pull", nil)
	if err != nil {
		t.Error(err)
		return
	}
	request.SetBasicAuth("00000000-0000-0000-0000-000000000000", secret)
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("%s answers %s to the token that it gave", registry, response.Status)
	}
}
