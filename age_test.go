package main_test

import (
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"docker-credential-acr/cache"
	"docker-credential-acr/internal/atrest"
)

func cacheOf(ts *testscript.TestScript) cache.Cache {
	return cache.Cache{Dir: filepath.Clean(ts.Getenv("CACHE")), Sealer: atrest.Sealer{}}
}

// age leaves the cached tokens that life: age 50m
func age(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: age LIFE")
	}
	life, err := time.ParseDuration(args[0])
	ts.Check(err)
	now := time.Now()
	entries := cacheOf(ts).Entries()
	if len(entries) == 0 {
		ts.Fatalf("nothing is cached")
	}
	for _, e := range entries {
		e.Obtained, e.Expires = now.Add(life-195*time.Minute), now.Add(life)
		ts.Check(cacheOf(ts).Put(e))
	}
}

// renewed waits until all cached tokens are fresh.
func renewed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: renewed")
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		fresh := 0
		entries := cacheOf(ts).Entries()
		for _, e := range entries {
			if e.Fresh(time.Now()) {
				fresh++
			}
		}
		if fresh > 0 && fresh == len(entries) {
			return
		}
	}
	ts.Fatalf("it was not renewed")
}
