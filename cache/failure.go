package cache

import "time"

// memory is how long a failure is remembered: long enough for one build, which
// asks up to thirteen times (BuildKit), and short enough for a person who has
// mended the cause and tries again.
const memory = 5 * time.Second

// Failure is why no token was to be had. It stands in a file and is shown again:
// it must not hold a secret.
type Failure struct {
	// Message is for people.
	Message string `json:"message"`
	// NoIdentity reports that the registry was not even asked.
	NoIdentity bool `json:"noIdentity,omitempty"`
}

// failure is what a .failure file holds. The identity stands there as a hash: a
// name that fails may be a secret which somebody has put into the wrong variable.
type failure struct {
	Key
	Failure
	At time.Time `json:"at"`
}

func hidden(k Key) Key { return Key{Registry: k.Registry, Identity: hash(k.Identity)} }

// Fail remembers f for five seconds.
func (c Cache) Fail(k Key, f Failure) error {
	if c.Dir == "" {
		return nil
	}
	now := c.now()
	return c.write(k, failureFile, failure{hidden(k), f, now}, now)
}

// Failed returns a failure that is still remembered.
func (c Cache) Failed(k Key) (Failure, bool) {
	var f failure
	if c.Dir == "" || !readRecord(c.path(k, failureFile), &f) || f.Key != hidden(k) {
		return Failure{}, false
	}
	// A failure from the future is one from before the clock was set back.
	age := c.now().Sub(f.At)
	return f.Failure, age >= 0 && age < memory
}
