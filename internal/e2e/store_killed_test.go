//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The whole program, with pass and with the file: killed at any moment it leaves
// the old login or the new one, and twenty at once leave one of them.
func TestStoreKilled(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"pass", "file"} {
		t.Run(where, func(t *testing.T) {
			w := machine(t, withLogins())
			w.write(".config/docker-credential-acr/config.json", `{"store":"`+where+`"}`)
			if where == "pass" {
				w.setUpPass()
			}
			var secrets []string
			start := func(name string) *exec.Cmd {
				secrets = append(secrets, "hunter2+secret/"+name+":of-"+name)
				text, err := json.Marshal(map[string]string{"ServerURL": registry, "Username": name, "Secret": secrets[len(secrets)-1]})
				w.must(err)
				cmd := w.command(t.Context(), filepath.Join(bin, "docker-credential-acr"), "store")
				cmd.Stdin = bytes.NewReader(text)
				var said bytes.Buffer
				cmd.Stdout, cmd.Stderr = &said, &said
				w.must(cmd.Start())
				return cmd
			}
			get := func() (user string) {
				t.Helper()
				got := oneValue(w.helper(registry, "get").stdout)
				if got.kind != "found" || got.pass != "hunter2+secret/"+got.user+":of-"+got.user {
					t.Fatalf("not a whole login: %q %s", got.user, got.message)
				}
				return got.user
			}
			began := time.Now()
			w.must(start("first").Wait())
			takes := time.Since(began) * 5 / 4
			current := get()
			for i := range 40 {
				next := fmt.Sprint("user", i)
				cmd := start(next)
				timer := time.AfterFunc(rand.N(takes), func() { _ = cmd.Process.Kill() })
				done := cmd.Wait() == nil
				timer.Stop()
				user := get()
				if user != next && (done || user != current) {
					t.Fatalf("after %s, which was done: %v, there is %s instead of %s", next, done, user, current)
				}
				current = user
			}
			var all sync.WaitGroup
			for i := range 20 {
				name := fmt.Sprint("parallel", i)
				cmd := start(name)
				all.Go(func() {
					if err := cmd.Wait(); err != nil {
						t.Errorf("%s: %v: %s", name, err, cmd.Stdout)
					}
				})
			}
			all.Wait()
			if user := get(); !strings.HasPrefix(user, "parallel") {
				t.Errorf("there is %s", user)
			}
			w.silent(w.helper(registry, "erase"))
			w.traceless(secrets...)
			if where == "pass" {
				w.shows(w.ok("docker-credential-pass", "list").stdout, "{}")
			}
		})
	}
}
