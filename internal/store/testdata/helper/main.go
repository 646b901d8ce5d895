// A credential helper that behaves as the tests say. It is built once and linked
// under the name of each helper that a test has.
//
// FAKE_HELPERS is a directory. NAME.mode there holds words that say how
// docker-credential-NAME behaves, see modes below; NAME/ holds its entries, one
// file each; runs has a line "NAME VERB" for each run.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

type entry struct{ ServerURL, Username, Secret string }

const notFound = "credentials not found in native keychain"

var (
	dir   = os.Getenv("FAKE_HELPERS")
	name  = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(os.Args[0]), "docker-credential-"), ".exe")
	modes = map[string]string{}
)

func main() {
	verb := os.Args[1]
	if verb == "sleep" {
		time.Sleep(time.Hour)
	}
	content, _ := os.ReadFile(filepath.Join(dir, name+".mode"))
	for _, word := range strings.Fields(string(content)) {
		key, value, _ := strings.Cut(word, "=")
		modes[key] = value
	}
	run := count(verb)
	input, _ := io.ReadAll(os.Stdin)
	key := strings.TrimSpace(string(input))
	var e entry
	if verb == "store" {
		_ = json.Unmarshal(input, &e)
		key = e.ServerURL
	}
	path := filepath.Join(dir, name, hex.EncodeToString([]byte(key[max(0, len(key)-100):])))

	kill(run, "killbefore") // KILL-9 of who runs this, before run N has an effect
	if is("uninitialized", verb) {
		fail("pass not initialized: exit status 1: Error: You must run: pass init your-gpg-id")
	}
	if is("hang", verb) {
		hang()
	}
	if is("crash", verb) {
		crash()
	}
	if d, err := time.ParseDuration(modes["slow"]); err == nil {
		time.Sleep(d)
	}
	switch verb {
	case "store":
		if limit, err := strconv.Atoi(modes["limit"]); err == nil && len(e.Secret) > limit {
			fail("The stub received bad data.") // Windows' RPC_X_BAD_STUB_DATA
		}
		if is("locked", verb) {
			fail("Cannot create an item in a locked collection")
		}
		if is("wrong", verb) {
			e.Secret = e.Secret[:len(e.Secret)/2]
		}
		_ = os.MkdirAll(filepath.Dir(path), 0o700)
		_ = os.Remove(path) // as real ones replace
		if is("crashbetween", verb) {
			crash()
		}
		text, _ := json.Marshal(e)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			fail(err.Error())
		}
	case "get":
		text, err := os.ReadFile(path)
		if is("garbage", verb) {
			fmt.Println("hunter2-garbage")
			os.Exit(0)
		}
		if is("blink", verb) { // the first time it is not to be found
			if f, err := os.OpenFile(filepath.Join(dir, "blinked"), os.O_CREATE|os.O_EXCL, 0o600); err == nil {
				f.Close()
				fail(notFound)
			}
		}
		if is("flood", verb) {
			for {
				if _, err := os.Stdout.Write(make([]byte, 1<<16)); err != nil {
					os.Exit(1)
				}
			}
		}
		if is("denied", verb) {
			fail("gpg: decryption failed: No secret key")
		}
		if err != nil || is("locked", verb) {
			switch modes["notfound"] {
			case "empty": // pass 0.6.4
				fmt.Println(`{"ServerURL":"","Username":"","Secret":""}`)
				os.Exit(0)
			case "text":
				fail("The specified item could not be found in the keychain.")
			}
			fail(notFound)
		}
		os.Stdout.Write(text)
	case "erase":
		if is("locked", verb) {
			break // says so, and has not
		}
		if err := os.Remove(path); err != nil && modes["erasemissing"] == "error" {
			fail(notFound)
		}
	case "list":
		if is("locked", verb) {
			fmt.Println(`{"":"account not defined"}`)
			break
		}
		all := map[string]string{}
		files, _ := os.ReadDir(filepath.Join(dir, name))
		for _, f := range files {
			text, _ := os.ReadFile(filepath.Join(dir, name, f.Name()))
			if json.Unmarshal(text, &e) == nil {
				all[e.ServerURL] = e.Username
			}
		}
		_ = json.NewEncoder(os.Stdout).Encode(all)
	}
	if is("hangafter", verb) {
		hang()
	}
	if is("crashafter", verb) {
		crash()
	}
	kill(run, "killafter")
}

// is reports whether a mode holds for a verb: "hang=get,store", or "hang" for all.
func is(mode, verb string) bool {
	verbs, ok := modes[mode]
	return ok && (verbs == "" || strings.Contains(verbs, verb))
}

func count(verb string) int {
	f, err := os.OpenFile(filepath.Join(dir, "runs"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Fprintln(f, name, verb)
	content, _ := os.ReadFile(filepath.Join(dir, "runs"))
	return strings.Count(string(content), "\n")
}

// kill ends the process that runs this one, as kill -9 does, if it is a task of the tests and this is the run
// that the mode names, and goes on as an orphan a little later.
func kill(run int, mode string) {
	if modes[mode] != strconv.Itoa(run) || os.Getenv("STORE_TASK") == "" {
		return
	}
	if p, err := os.FindProcess(os.Getppid()); err == nil {
		_ = p.Kill()
	}
	time.Sleep(15 * time.Millisecond)
}

// hang waits for a person, with a child that holds what this process holds.
func hang() {
	child := exec.Command(os.Args[0], "sleep")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	_ = child.Start()
	_ = os.WriteFile(filepath.Join(dir, "hanging"), []byte(fmt.Sprintln(os.Getpid(), child.Process.Pid)), 0o600)
	time.Sleep(time.Hour)
}

func crash() {
	p, _ := os.FindProcess(os.Getpid())
	_ = p.Kill()
	time.Sleep(time.Hour)
}

func fail(text string) {
	fmt.Println(text)
	os.Exit(1)
}
