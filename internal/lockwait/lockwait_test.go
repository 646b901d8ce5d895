package lockwait_test

import (
	"testing"
	"testing/synctest"
	"time"

	"docker-credential-acr/internal/lockwait"
)

func TestNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for waited, want := range map[time.Duration]time.Duration{
			-time.Second:           5 * time.Millisecond, // a start that is still to come
			0:                      5 * time.Millisecond,
			40 * time.Millisecond:  5 * time.Millisecond,
			400 * time.Millisecond: 50 * time.Millisecond,
			800 * time.Millisecond: 100 * time.Millisecond,
			24 * time.Hour:         100 * time.Millisecond,
		} {
			if got := lockwait.Next(time.Now().Add(-waited)); got != want {
				t.Errorf("after %v: %v, want %v", waited, got, want)
			}
		}
	})
}
