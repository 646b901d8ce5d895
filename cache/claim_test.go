package cache

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestClaim(t *testing.T) {
	c, clock := newCache(t)
	// A new file is of the present until Claim has set its time; a clock of
	// another year would have two claims at once in between.
	start := time.Now()
	clock.now = start
	one, another := Key{Registry: "one.azurecr.io", Identity: "anna"}, Key{Registry: "two.azurecr.io", Identity: "anna"}
	put(t, c, entry(one.Registry, one.Identity, time.Hour)) // which makes the directory
	var claims atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if c.Claim(one) {
				claims.Add(1)
			}
		})
	}
	all.Wait()
	if claims.Load() != 1 {
		t.Errorf("%d claims", claims.Load())
	}
	if !c.Claim(another) {
		t.Error("another key cannot be claimed")
	}
	clock.now = start.Add(59 * time.Second)
	if c.Claim(one) {
		t.Error("it is claimed twice within a minute")
	}
	clock.now = start.Add(61 * time.Second)
	if !c.Claim(one) || c.Claim(one) {
		t.Error("it cannot be claimed once after a minute")
	}
	clock.now = start.Add(-time.Hour)
	if !c.Claim(one) {
		t.Error("a claim from before the clock was set back stands")
	}
	if (Cache{}).Claim(one) {
		t.Error("there is no cache to claim in")
	}
}

func TestAmple(t *testing.T) {
	for _, tt := range []struct {
		life, left time.Duration
		want       bool
	}{
		{3 * time.Hour, 31 * time.Minute, true},
		{3 * time.Hour, 29 * time.Minute, false},
		{40 * time.Minute, 11 * time.Minute, true},
		{40 * time.Minute, 9 * time.Minute, false},
		{3 * time.Hour, -time.Minute, false},
	} {
		e := entry("one.azurecr.io", "anna", tt.life)
		if got := e.Ample(e.Expires.Add(-tt.left)); got != tt.want {
			t.Errorf("%v of %v left: %v", tt.left, tt.life, got)
		}
	}
}
