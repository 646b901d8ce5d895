package main

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

var simulated = sync.OnceValue(simulateAll)

// What the documentation says of a fleet is what the cache does today.
func TestDocumentationIsUpToDate(t *testing.T) {
	docs := filepath.Join("..", "..", "docs")
	picture, text, err := render(docs, simulated())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{plotFile: picture, textFile: text} {
		if got, err := os.ReadFile(filepath.Join(docs, name)); err != nil || string(got) != want {
			t.Errorf("docs/%s is not what the simulation gives; run: make fleet (%v)", name, err)
		}
	}
}

// The claims that docs/limits.md makes of the table.
func TestCacheKeepsAFleetWithinTheLimit(t *testing.T) {
	all := simulated()
	without, alike, with := all[0], all[1], all[2]
	if over := slices.Max(without); over <= limit {
		t.Errorf("without a cache at most %d a minute: the simulation shows nothing", over)
	}
	if n := slices.Max(with); n > limit {
		t.Errorf("with this cache %d in one minute", n)
	}
	if together, spread := slices.Max(alike[10:]), slices.Max(with[10:]); spread*2 > together {
		t.Errorf("the spread does too little: %d instead of %d", spread, together)
	}
}
