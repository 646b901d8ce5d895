//go:build unix

package store

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Whoever is killed while a helper runs, at any of its runs, before or after it
// had its effect, leaves the old credential or the new one. The helper goes on
// as an orphan; what it does is over before the next one begins.
func TestKilledAtEachRunOfAHelper(t *testing.T) {
	for _, test := range []struct {
		name     string
		from, to string // the stores of the old and the new one
	}{
		{"replaced", "pass", "pass"},
		{"moved", "secretservice", "pass"},
		{"from a file", File, "pass"},
		{"first", "", "pass"},
	} {
		for _, when := range []string{"killbefore", "killafter"} {
			for run := 1; ; run++ {
				w := newWorld(t)
				old := Credential{"anna", "hunter2-the-old-one"}
				for _, name := range []string{"pass", "secretservice"} {
					w.install(name)
				}
				if test.from != "" {
					w.Name = test.from
					w.put(old.Username, old.Secret, test.from)
				}
				w.Name = test.to
				w.runs()
				w.install(fmt.Sprintf("pass %s=%d slow=10ms", when, run))
				w.install(fmt.Sprintf("secretservice %s=%d slow=10ms", when, run))
				next := Credential{"berta", "hunter2-the-next-one"}
				done := w.process(&next).Run() == nil
				at := fmt.Sprintf("%s, %s run %d", test.name, when, run)
				c, found, err := w.Get(w.ctx(), registry)
				switch {
				case err != nil:
					t.Fatalf("%s: %v", at, err)
				case done && c != next, found && c != old && c != next, !found && test.from != "":
					t.Fatalf("%s: %v", at, c)
				}
				w.install("pass")
				w.install("secretservice")
				w.settled(at, old.Secret, next.Secret, run%2 == 0)
				if done {
					if run < 3 {
						t.Errorf("%s: there are only %d runs", test.name, run-1)
					}
					break
				}
			}
		}
	}
}

// settled fails the test unless nothing is left after a last login and logout,
// or the logout alone.
func (w *world) settled(at, old, next string, login bool) {
	w.t.Helper()
	if login {
		last := w.put("carla", "hunter2-the-last-one", w.Name)
		w.has(last)
		w.clean(old, next)
	}
	w.must(w.Delete(w.ctx(), registry))
	w.hasNone()
	w.clean(old, next, "hunter2-the-last-one")
	if left := w.files(); len(left) != 0 || w.entries("pass")+w.entries("secretservice") != 0 {
		w.t.Fatalf("%s: left: %q, %d and %d entries", at, left, w.entries("pass"), w.entries("secretservice"))
	}
}

// The same for logging out.
func TestKilledWhileLoggingOut(t *testing.T) {
	for run := 1; run < 10; run++ {
		w := newWorld(t, "pass")
		old := w.put("anna", "hunter2-the-old-one", "pass")
		w.runs()
		w.install(fmt.Sprintf("pass killbefore=%d", run))
		done := w.process(nil).Run() == nil
		w.install("pass")
		w.hasNone()
		w.settled("logout", old.Secret, old.Secret, false)
		if done {
			return
		}
	}
	t.Error("it does not end")
}

// Killed at any moment, whatever it is doing then, again and again.
func TestKillStorm(t *testing.T) {
	for _, store := range []string{"pass", File} {
		w := newWorld(t, "pass slow=2ms")
		w.Name = store
		current := w.put("anna", "hunter2-number-start", store)
		secrets := []string{current.Secret}
		start := time.Now()
		w.must(w.process(&current).Run())
		takes := time.Since(start) * 6 / 5
		for i := range 40 {
			next := Credential{"anna", fmt.Sprintf("hunter2-number-%d-%s", i, strings.Repeat("x", rand.IntN(3000)))}
			secrets = append(secrets, next.Secret)
			cmd := w.process(&next)
			w.must(cmd.Start())
			timer := time.AfterFunc(rand.N(takes), func() { _ = cmd.Process.Kill() })
			done := cmd.Wait() == nil
			timer.Stop()
			c, found, err := w.Get(w.ctx(), registry)
			if err != nil || !found || c != next && (done || c != current) {
				t.Fatalf("%s %d: %.40q %v %v", store, i, c, found, err)
			}
			current = c
		}
		w.must(w.Delete(w.ctx(), registry))
		w.clean(secrets...)
		if left := w.files(); len(left) != 0 || w.entries("pass") != 0 {
			t.Errorf("left: %q", left)
		}
	}
}

// Twenty at once leave what one of them has stored, and others see one of them
// or the old one all the time.
func TestParallel(t *testing.T) {
	for _, store := range []string{"pass", File} {
		w := newWorld(t, "pass slow=1ms")
		w.Name = store
		w.put("anna", "hunter2-number-start", store)
		secrets := []string{"hunter2-number-start"}
		var running []*exec.Cmd
		for i := range 20 {
			secrets = append(secrets, fmt.Sprintf("hunter2-number-%d!", i))
			cmd := w.process(&Credential{fmt.Sprint("anna", i), secrets[i+1]})
			w.must(cmd.Start())
			running = append(running, cmd)
		}
		stop := make(chan struct{})
		looked := make(chan error)
		go func() {
			for {
				c, found, err := w.Get(t.Context(), registry)
				if err != nil || !found || !strings.HasPrefix(c.Secret, "hunter2-number-") {
					looked <- fmt.Errorf("%s: %v %v %v", store, c, found, err)
					return
				}
				select {
				case <-stop:
					looked <- nil
					return
				case <-time.After(time.Millisecond):
				}
			}
		}()
		for _, cmd := range running {
			if err := cmd.Wait(); err != nil {
				t.Errorf("%s: %v", store, err)
			}
		}
		close(stop)
		w.must(<-looked)
		c, _, err := w.Get(w.ctx(), registry)
		var n int
		if _, scanned := fmt.Sscanf(c.Secret, "hunter2-number-%d!", &n); err != nil || scanned != nil || c.Username != fmt.Sprint("anna", n) {
			t.Errorf("%s: %v %v", store, c, err)
		}
		if store == "pass" && w.entries("pass") != 1 {
			t.Errorf("%d entries", w.entries("pass"))
		}
		w.must(w.Delete(w.ctx(), registry))
		w.clean(secrets...)
		if left := w.files(); len(left) != 0 || w.entries("pass") != 0 {
			t.Errorf("left: %q", left)
		}
	}
}

// A login that is stuck lets nobody in for a while, and nobody wait for ever.
func TestStuckHolder(t *testing.T) {
	w := newWorld(t, "pass")
	c := w.put("anna", "hunter2", "pass")
	l, err := w.lock(w.ctx(), registry)
	w.must(err)
	w.has(c)
	short := *w
	short.Store.turn = 2 * time.Second // pass has as long to erase, on a busy machine, too
	ctx, cancel := short.limit(t.Context())
	defer cancel()
	if _, err := short.Put(ctx, registry, Credential{"anna", "hunter2-new"}); err == nil || !strings.Contains(err.Error(), "still going on") {
		t.Errorf("put: %v", err)
	}
	w.has(c)
	if err := short.Delete(w.ctx(), registry); err == nil {
		t.Error("it says that all is done")
	}
	w.hasNone()
	if w.entries("pass") != 0 {
		t.Error("not erased")
	}
	l.release()
	w.must(w.Delete(w.ctx(), registry))
	if left := w.files(); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}
