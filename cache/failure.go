package cache

import "time"

// memory is how long a failure is remembered: long enough for one build, which
// asks up to thirteen times (BuildKit), and short enough for a person who has
// mended the cause and tries again.
const memory = 5 * time.Second

// failure is what a .failure file holds.
type failure struct {
	Key
	Message string    `json:"message"`
	At      time.Time `json:"at"`
}

// Fail remembers for five seconds that no token was to be had for k, and why.
// The message stands in a file and is shown again: it must not hold a secret.
func (c Cache) Fail(k Key, message string) error {
	if c.Dir == "" {
		return nil
	}
	now := c.now()
	return c.write(k, failureFile, failure{k, message, now}, now)
}

// Failure returns the message of a failure that is still remembered.
func (c Cache) Failure(k Key) (string, bool) {
	var f failure
	if c.Dir == "" || !readRecord(c.path(k, failureFile), &f) || f.Key != k {
		return "", false
	}
	// A failure from the future is one from before the clock was set back.
	age := c.now().Sub(f.At)
	return f.Message, age >= 0 && age < memory
}
