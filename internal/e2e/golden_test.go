package e2e

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// update records what clients say and cost, instead of comparing it:
//
//	make e2e E2EFLAGS='-run TestCrane -update'
var update = flag.Bool("update", false, "record what clients say and cost")

// session is a command and its outcome as a user sees it, but for what is
// different each time, and each line once.
func (w *world) session(r result) string {
	text := steady(strings.ReplaceAll(fmt.Sprintf("$ %s\n%s", r.command, r.all()), w.home, "$HOME"))
	var lines []string
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		// What a progress bar draws over itself.
		if i := strings.LastIndexAny(line, "\r\x1b"); i >= 0 {
			line = line[i+1:]
		}
		if line != "" && !seen[line] && !progress.MatchString(line) {
			lines = append(lines, line)
		}
		seen[line] = true
	}
	return strings.Join(append(lines, fmt.Sprintf("[exit code %d]", r.code)), "\n") + "\n"
}

// ordered is r with what a client says in the same order each time, although it
// does several things at once: what the helper says, and the client's last line.
func (r result) ordered() result {
	var helpers []string
	last := ""
	for line := range strings.Lines(r.stderr) {
		if strings.HasPrefix(line, "docker-credential-acr: ") {
			helpers = append(helpers, line)
		} else if strings.TrimSpace(line) != "" {
			last = line
		}
	}
	r.stderr = strings.Join(append(helpers, last), "")
	return r
}

// progress is a line of BuildKit or compose that tells of no failure. There are
// more or fewer of them, and in another order.
var progress = regexp.MustCompile(`^#\d+ (\.\.\.|DONE|CACHED|CANCELED|reading |\[|transferring|resolve|sha256:|extracting|exporting|pushing|writing|naming|preparing|building|loading|\d)|^ (Image|Container|Network) `)

// fickle is what is different each time, and how it is written instead. Ids of
// the emulated world stay.
var fickle = []struct {
	found   *regexp.Regexp
	written string
}{
	{regexp.MustCompile(regexp.QuoteMeta(strings.TrimSuffix(os.TempDir(), "/")) + `/[\w./-]+`), "$$TMPDIR"},
	{regexp.MustCompile(`^\$ docker(28|29) `), "$$ docker "},
	{regexp.MustCompile(`^\$ docker-buildx `), "$$ docker buildx "},
	// Two goroutines of BuildKit's client hear of a failure; the first to say so
	// is heard (its client/build.go and client/solve.go).
	{regexp.MustCompile(`\bfailed to run Build function: `), "failed to solve: "},
	{regexp.MustCompile(`\btarget [a-e]:`), "target SERVICE:"},
	{regexp.MustCompile(`\bteam/new-\d+`), "team/new"},
	{regexp.MustCompile(`(?i)(correlation ?id:? )[0-9a-f-]{36}`), "${1}ID"},
	{regexp.MustCompile(`\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| ?[+-]\d\d:?\d\d)?`), "TIME"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ms|µs|s)\b`), "SECONDS"},
	{regexp.MustCompile(`\b127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`Node\.js v\S+ \w+ \S+ \w+\.`), "Node.js VERSION"},
	{regexp.MustCompile(`(?m)^[0-9a-f]{12}: `), "LAYER: "},
	{regexp.MustCompile(`sha256:[0-9a-f]{64}`), "sha256:DIGEST"},
}

// steady is a text without what is different each time.
func steady(text string) string {
	for _, v := range fickle {
		text = v.found.ReplaceAllString(text, v.written)
	}
	return text
}

// golden compares what a user sees with what is recorded in file. A program
// that the machine brought along may be of a version that nobody recorded; then
// the text is logged.
func (w *world) golden(file string, pinned bool, r result) {
	w.t.Helper()
	got := w.session(r)
	if secret(got) {
		w.t.Fatalf("a secret stands in the output of %s", r.command)
	}
	if *update {
		w.must(os.MkdirAll(filepath.Dir(file), 0o755))
		w.must(os.WriteFile(file, []byte(got), 0o644))
		return
	}
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && !pinned {
		w.t.Logf("nothing is recorded in %s; now:\n%s", file, got)
		return
	}
	w.must(err)
	if want := strings.ReplaceAll(string(content), "\r\n", "\n"); got != want {
		w.t.Errorf("the user sees\n%s\nwant, as in %s,\n%s", got, file, want)
	}
}

// TestSession keeps what is different each time out of golden texts.
func TestSession(t *testing.T) {
	w := &world{t: t, home: "/tmp/home/1"}
	got := w.session(result{
		command: "x /tmp/home/1/f", code: 3,
		stdout: "same  \nsame\n\n#4 DONE 0.1s\n#5 ERROR: took 1.5s\nold\rnew\n",
		stderr: "2026-01-02T03:04:05Z at 127.0.0.1:4711, CorrelationId: 6f0c0000-0000-4000-8000-000000000001\n",
	})
	want := "$ x $HOME/f\nsame\n#5 ERROR: took SECONDS\nnew\nTIME at 127.0.0.1:PORT, CorrelationId: ID\n[exit code 3]\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
