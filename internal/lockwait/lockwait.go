// Package lockwait says how often a process that waits for a file lock looks
// whether it is free. Locks that block cannot be given up when a context ends.
package lockwait

import "time"

const (
	least = 5 * time.Millisecond
	most  = 100 * time.Millisecond
)

// Next is the time until the next look, for who waits since start: an eighth of
// the time so far, 5 to 100 ms. So it is soon where the wait is short, and seldom
// where many wait, who would otherwise keep a busy machine from running what they
// wait for: twenty that look a hundred times a second make seconds of a tenth of
// one.
func Next(start time.Time) time.Duration {
	return min(max(least, time.Since(start)/8), most)
}
