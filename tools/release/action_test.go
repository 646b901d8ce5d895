package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// setup is the script of the GitHub Action, out of its archive.
func setup(t *testing.T) string {
	t.Helper()
	return filepath.Join(unpacked(t, action), "install.sh")
}

// runner is a runner of GitHub's, with its files in home.
type runner struct {
	home string
	env  []string
}

func newRunner(t *testing.T, env ...string) runner {
	t.Helper()
	home := t.TempDir()
	return runner{home, append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "RUNNER_OS=Linux", "RUNNER_ARCH=X64", "RUNNER_TEMP=" + home,
		"GITHUB_PATH=" + home + "/path", "GITHUB_OUTPUT=" + home + "/output", "REGISTRIES=",
	}, env...)}
}

func (r runner) install(script string) (said string, err error) {
	cmd := exec.Command("bash", script)
	cmd.Env = r.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r runner) file(t *testing.T, base string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(r.home, base))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(content), "\n")
}

// TestAction runs what the GitHub Action does, with the release on a server.
func TestAction(t *testing.T) {
	script := setup(t)
	run(t, "shellcheck", script)
	r := newRunner(t, "REGISTRIES=myregistry.azurecr.io\nother.azurecr.io")
	if said, err := r.install(script); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	isHere(t, r.file(t, "path"))
	if output := r.file(t, "output"); output != "version="+made.version {
		t.Error(output)
	}
	var docker struct{ CredHelpers map[string]string }
	config := r.file(t, ".docker/config.json")
	if json.Unmarshal([]byte(config), &docker) != nil || docker.CredHelpers["myregistry.azurecr.io"] != "acr" || docker.CredHelpers["other.azurecr.io"] != "acr" {
		t.Error(config)
	}
}

// TestActionWithoutRegistries holds that Docker's configuration is left alone
// then, of however much white space the input is.
func TestActionWithoutRegistries(t *testing.T) {
	r := newRunner(t, "REGISTRIES= \n\t")
	if said, err := r.install(setup(t)); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if _, err := os.Stat(filepath.Join(r.home, ".docker")); err == nil {
		t.Error("there is a .docker")
	}
}

// TestActionRefuses holds that what is not the release's file is not run.
func TestActionRefuses(t *testing.T) {
	base := archiveOf("linux_amd64") + ".tar.gz"
	script := setup(t)
	content, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := (&release{dist: made.dist}).sum(base)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, []byte(strings.Replace(string(content), sum, strings.Repeat("0", 64), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ arch, says string }{
		{"X64", "::error::" + base + " is not the file of the release"},
		{"X86", "::error::" + name + " is not built for Linux on X86"},
	} {
		r := newRunner(t, "RUNNER_ARCH="+test.arch)
		said, err := r.install(script)
		if err == nil || !strings.Contains(said, test.says) {
			t.Errorf("%v: %s", err, said)
		}
		if _, err := os.Stat(filepath.Join(r.home, "path")); err == nil {
			t.Error("it is on PATH all the same")
		}
	}
}

// TestActionOnWindows has the script run as Git's bash does there: paths have two
// forms, and Windows' tar opens the archive. A script stands in for the program,
// which does not run here.
func TestActionOnWindows(t *testing.T) {
	r := newRunner(t, "RUNNER_OS=Windows", `RUNNER_TEMP=D:\a\_temp`, "REGISTRIES=myregistry.azurecr.io")
	tools := filepath.Join(r.home, "tools")
	r.env = append(r.env, "PATH="+tools+":"+os.Getenv("PATH"), "SYSTEMROOT="+filepath.Join(r.home, "windows"))
	temporary := filepath.Join(r.home, "temp")
	there := filepath.Join(temporary, name+"-"+made.version, archiveOf("windows_amd64"))
	for path, script := range map[string]string{
		filepath.Join(tools, "cygpath"):                      `[ "$1" = -w ] && echo "W:$2" || { [ "$2" = 'D:\a\_temp' ] && echo '` + temporary + `'; }`,
		filepath.Join(r.home, "windows/System32", "tar.exe"): `python3 -m zipfile -e "$2" .`,
		filepath.Join(there, name):                           `echo "$@" >"$HOME/ran"`,
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil { //nolint:gosec // to be run
			t.Fatal(err)
		}
	}
	if said, err := r.install(setup(t)); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if _, err := os.Stat(filepath.Join(there, name+".exe")); err != nil {
		t.Error(err)
	}
	if on := r.file(t, "path"); on != "W:"+there {
		t.Error(on)
	}
	if ran := r.file(t, "ran"); ran != "configure myregistry.azurecr.io" {
		t.Error(ran)
	}
}
