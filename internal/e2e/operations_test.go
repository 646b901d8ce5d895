//go:build e2e

package e2e

// The images that all clients pull, push and copy.
const (
	app      = registry + "/team/app:1"
	newApp   = registry + "/team/new:1"
	otherApp = other + "/team/app:1"
)

// seeded is an operation's preparation: app is there.
func seeded(w *world) { w.seed(registry, "team/app", "1") }

// uses is an operation's run: one command.
func uses(program string, args ...string) func(*world) result {
	return func(w *world) result { return w.input("", program, args...) }
}

// isApp is an operation's check: the image is in a repository.
func isApp(host, repository string) func(*world, result) {
	return func(w *world, _ result) {
		w.t.Helper()
		i, err := hello()
		w.must(err)
		if got := w.digest(host, repository, "1"); got != i.digest() {
			w.t.Errorf("%s/%s is %s, want %s", host, repository, got, i.digest())
		}
	}
}
