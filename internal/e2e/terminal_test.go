//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"docker-credential-acr/internal/azuretest"
	"docker-credential-acr/internal/command"
)

// terminal is a terminal of some columns, by tmux.
type terminal struct {
	*world
	columns int
	socket  string
}

// widths are those that people see a terminal in: a window, and half of one.
var widths = []int{80, 40}

// terminal starts a command in a new terminal, which has more lines than any
// command prints.
func (w *world) terminal(columns int, command string) *terminal {
	w.t.Helper()
	tm := &terminal{w, columns, filepath.Join(w.t.TempDir(), "tmux")}
	conf := filepath.Join(w.env["TMPDIR"], "tmux.conf")
	w.must(os.WriteFile(conf, []byte("set -g status off\nset -g default-terminal tmux-256color\nset -g history-limit 0\n"), 0o600))
	tm.tmux("-f", conf, "new-session", "-d", "-x", fmt.Sprint(columns), "-y", "300", "exec /bin/sh -c '"+strings.ReplaceAll(command, "'", `'\''`)+"'")
	return tm
}

// tmux runs one of tmux's commands. What a terminal shows is nothing that a
// client has said: there may be a token.
func (tm *terminal) tmux(args ...string) string {
	tm.t.Helper()
	cmd := tm.command(tm.t.Context(), "tmux", append([]string{"-S", tm.socket}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		tm.t.Fatalf("tmux %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (tm *terminal) close() { tm.tmux("kill-server") }

// await waits until something is so.
func (tm *terminal) await(what string, so func() bool) {
	tm.t.Helper()
	for deadline := time.Now().Add(limit); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			tm.t.Fatalf("never: %s; the terminal shows:\n%s", what, tm.screen())
		}
	}
}

// screen is what the terminal shows. Lines that did not fit, which the terminal
// has broken wherever they ended, are whole.
func (tm *terminal) screen(options ...string) string {
	return strings.TrimRight(tm.tmux(append([]string{"capture-pane", "-p", "-J"}, options...)...), " \n") + "\n"
}

// shown runs a command to its end in a terminal, and returns what that shows.
//
// The end is seen by a title that the terminal is given, which comes after all
// that the command has printed. When the program in it ends, tmux may drop what
// it has not read yet.
func (w *world) shown(columns int, command string, options ...string) string {
	w.t.Helper()
	const ended = "all is said"
	tm := w.terminal(columns, command+`; printf "\033]2;`+ended+`\007"; exec sleep 600`)
	defer tm.close()
	tm.await(command+" ends", func() bool { return strings.TrimSpace(tm.tmux("display-message", "-p", "#{pane_title}")) == ended })
	return tm.screen(options...)
}

// fits fails the test for each line that the terminal had to break, unless it is
// a single word, such as a path, or one of whole, which can be pasted.
func fits(t *testing.T, columns int, screen string, whole ...string) {
	t.Helper()
lines:
	for _, line := range strings.Split(screen, "\n") {
		if len([]rune(strings.TrimRight(line, " "))) <= columns || len(strings.Fields(line)) == 1 {
			continue
		}
		for _, text := range whole {
			if strings.Contains(text, strings.TrimSpace(line)) {
				continue lines
			}
		}
		t.Errorf("a line does not fit into %d columns: %s", columns, line)
	}
}

// TestTerminalHelp sees the help of each command: it fits, but for what is to be
// pasted, and says all there is to say.
func TestTerminalHelp(t *testing.T) {
	w := machine(t, azuretest.Config{})
	var all []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		all = append(all, cmd)
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				walk(c)
			}
		}
	}
	walk(command.Manual())
	for _, columns := range widths {
		for _, cmd := range all {
			screen := w.shown(columns, cmd.CommandPath()+" --help")
			fits(t, columns, screen, cmd.Long, cmd.Example)
			w.shows(screen, "Usage:", "Options:", "Examples:", cmd.Example)
			// What is wrapped holds the same words.
			words := strings.Join(strings.Fields(screen), " ")
			for _, c := range cmd.Commands() {
				if c.IsAvailableCommand() {
					w.shows(words, c.Short)
				}
			}
		}
	}
}

// TestTerminalSession is a session with each command that prints something else.
func TestTerminalSession(t *testing.T) {
	for _, columns := range widths {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			w := machine(t, azuretest.Config{})
			w.env["TZ"] = "UTC"
			w.env["DOCKER_CREDENTIAL_ACR_LOG"] = ""

			w.shows(w.shown(columns, "docker-credential-acr version"), "docker-credential-acr (docker-credential-acr) ", "go1.")

			screen := w.shown(columns, "docker-credential-acr status")
			fits(t, columns, screen, "docker-credential-acr configure")
			for _, text := range []string{"myregistry.azurecr.io", "otherregistry.azurecr.io", "~/.docker/config.json", "environment", "c11e0000-0000-4000-8000-000000000001", "Files:"} {
				w.shows(screen, text)
			}

			screen = w.shown(columns, "docker-credential-acr configure --dry-run thirdregistry; docker-credential-acr configure --check myregistry && echo all is there")
			w.shows(screen, `"thirdregistry.azurecr.io":"acr"`, "all is there")
			screen = w.shown(columns, "docker-credential-acr doctor myregistry && echo a pull works")
			fits(t, columns, screen)
			w.shows(screen, "a pull works")

			// On a terminal a token comes with a warning; into a pipe it comes alone.
			screen = w.shown(columns, "docker-credential-acr token myregistry")
			w.shows(screen, "eyJ", "docker-credential-acr: this is a secret: whoever has it can use myregistry.azurecr.io as you until ")
			screen = w.shown(columns, "docker-credential-acr token myregistry | wc -l")
			if strings.TrimSpace(screen) != "1" {
				t.Errorf("into a pipe: %s", screen)
			}
			w.shows(w.shown(columns, "docker-credential-acr token -o kubernetes-secret myregistry >/dev/null && echo done"), "done")

			screen = w.shown(columns, "docker-credential-acr status")
			fits(t, columns, screen)
			w.shows(screen, " UTC")

			screen = w.shown(columns, "docker-credential-acr login --device-code --tenant-id "+azuretest.Tenant+" myregistry")
			w.shows(screen, "in any browser and enter the code", "signed in to myregistry.azurecr.io as alice@contoso.onmicrosoft.com")
			w.shows(w.shown(columns, "docker-credential-acr logout --all"), "myregistry.azurecr.io: forgot 2 tokens")
			w.shows(w.shown(columns, "docker-credential-acr cache clear"), "forgot 0 tokens in ")
			w.shows(w.shown(columns, "docker-credential-acr tokne"), `there is no command "tokne"; did you mean token?`)
		})
	}
}

// TestTerminalColour sees headings in bold on a terminal that knows it, and no
// escape sequence anywhere else.
func TestTerminalColour(t *testing.T) {
	w := machine(t, azuretest.Config{})
	const bold, escape = "\x1b[1m", "\x1b["
	for _, args := range []string{"--help", "status"} {
		if screen := w.shown(80, "docker-credential-acr "+args, "-e"); !strings.Contains(screen, bold) {
			t.Errorf("%s: no bold:\n%s", args, screen)
		}
		for _, plain := range []string{
			"NO_COLOR=1 docker-credential-acr " + args,
			"TERM=dumb docker-credential-acr " + args,
			"docker-credential-acr " + args + " | cat",
		} {
			if screen := w.shown(80, plain, "-e"); strings.Contains(screen, escape) || !strings.Contains(screen, ":\n") {
				t.Errorf("%s: escape sequences, or nothing:\n%q", plain, screen)
			}
		}
		if screen := w.shown(80, "NO_COLOR= docker-credential-acr "+args, "-e"); !strings.Contains(screen, bold) {
			t.Errorf("%s: an empty NO_COLOR counts", args)
		}
	}
}

// TestCompletionShells has fish and zsh complete as somebody at a keyboard does.
// bash is tried without a terminal: testdata/script/completion.txtar.
func TestCompletionShells(t *testing.T) {
	w := machine(t, azuretest.Config{})
	w.write("acr.fish", w.ok(filepath.Join(bin, "docker-credential-acr"), "completion", "fish").stdout)
	for typed, want := range map[string]string{
		"docker-credential-acr tok":         "token\tprint a registry's refresh token\n",
		"docker-credential-acr token myreg": "myregistry.azurecr.io\n",
		"docker-credential-acr token -o j":  "json\n",
	} {
		if got := w.ok("fish", "--no-config", "-c", "source acr.fish; complete -C '"+typed+"'").stdout; got != want {
			t.Errorf("fish completes %q to %q, want %q", typed, got, want)
		}
	}

	w.write("functions/_docker-credential-acr", w.ok(filepath.Join(bin, "docker-credential-acr"), "completion", "zsh").stdout)
	w.write(".zshrc", "PS1='> '\nfpath=(~/functions $fpath)\nautoload -Uz compinit && compinit -u\n")
	tm := w.terminal(80, "exec zsh -i")
	defer tm.close()
	prompts := func() int { return strings.Count("\n"+tm.screen(), "\n>") }
	tm.await("zsh starts", func() bool { return prompts() == 1 })
	for typed, want := range map[string]string{
		"docker-credential-acr tok":         "docker-credential-acr token",
		"docker-credential-acr token myreg": "docker-credential-acr token myregistry.azurecr.io",
		"docker-credential-acr token -o j":  "docker-credential-acr token -o json",
	} {
		tm.tmux("send-keys", "-l", typed)
		tm.tmux("send-keys", "Tab")
		tm.await("zsh completes "+typed+" to "+want, func() bool { return strings.Contains(tm.screen(), "> "+want) })
		before := prompts()
		// One that comes while zsh is still at the completion ends only that.
		tm.await("a new prompt", func() bool { tm.tmux("send-keys", "C-c"); return prompts() > before })
	}
}
