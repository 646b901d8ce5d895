//go:build unix

package dockerconfig_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"docker-credential-acr/internal/dockerconfig"
)

// leftovers are the files beside path.
func leftovers(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != filepath.Base(path) {
			names = append(names, e.Name())
		}
	}
	return names
}

// Each of TestEdits' writers is a process that runs one of these.
func TestMain(m *testing.M) {
	path := os.Getenv("CONFIG")
	switch os.Getenv("WRITER") {
	case "":
		os.Exit(m.Run())
	case "docker":
		os.Exit(login(path, os.Getenv("REGISTRY")))
	case "configure":
		if _, err := (dockerconfig.Editor{Undo: os.Getenv("UNDO")}).Configure(path, []string{os.Getenv("REGISTRY")}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "unconfigure":
		if _, err := (dockerconfig.Editor{Undo: os.Getenv("UNDO")}).Unconfigure(path, []string{os.Getenv("REGISTRY")}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

// login writes the file as docker login does: it reads, and renames what it has
// written, without a lock
// (https://github.com/docker/cli/blob/v29.9.3/cli/config/configfile/file.go#L207).
// Others of its kind wait for it here, because they do lose each other's writes;
// and it begins anew if the file has changed between its reading and its writing,
// so that all that is lost in the end was lost by configure.
func login(path, registry string) int {
	lock, err := os.OpenFile(path+".docker", os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	for err == nil {
		var before, now []byte
		var config map[string]map[string]any
		if before, err = os.ReadFile(path); err != nil {
			break
		}
		if err = json.Unmarshal(before, &config); err != nil {
			break
		}
		if config["auths"] == nil {
			config["auths"] = map[string]any{}
		}
		config["auths"][registry] = map[string]any{}
		var after []byte
		if after, err = json.MarshalIndent(config, "", "\t"); err != nil {
			break
		}
		temp := fmt.Sprintf("%s%d", path, os.Getpid())
		if err = os.WriteFile(temp, after, 0o600); err != nil {
			break
		}
		if now, err = os.ReadFile(path); err != nil {
			break
		}
		if string(now) != string(before) {
			continue
		}
		if err = os.Rename(temp, path); err == nil {
			return 0
		}
	}
	fmt.Println(err)
	return 1
}

// writer starts a process that writes the file.
func writer(t *testing.T, u *user, kind, path, registry string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "WRITER="+kind, "CONFIG="+path, "REGISTRY="+registry, "UNDO="+filepath.Join(u.home, "undo"))
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// Many configures at once all stand in the file; so does what docker wrote in
// between.
func TestEdits(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	path := u.write(".docker/config.json", "{}")
	var writers []*exec.Cmd
	var registries, logins []string
	for i := range 6 {
		registries = append(registries, fmt.Sprintf("registry%d.azurecr.io", i))
		logins = append(logins, fmt.Sprintf("registry%d.example.com", i))
		writers = append(writers, writer(t, u, "configure", path, registries[i]), writer(t, u, "docker", path, logins[i]))
	}
	for _, w := range writers {
		if err := w.Wait(); err != nil {
			t.Errorf("%s: %v", w.Env[len(w.Env)-2], err)
		}
	}
	f := dockerconfig.Read(path)
	if f.Err != nil {
		t.Fatal(f.Err)
	}
	missing := 0
	for i := range registries {
		if _, _, ok := f.Login(logins[i]); !ok {
			t.Errorf("the login of %s is lost", logins[i])
		}
		if f.Helper(registries[i]) != dockerconfig.Name {
			missing++
		}
	}
	// docker's own moment between its look and its rename is not ours.
	if missing > 2 {
		t.Errorf("%d entries are lost: %v", missing, f.CredHelpers)
	}
}

// A kill leaves the file as it was or as it should be, and the next edit clears
// up.
func TestKilled(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	before := `{"auths": {"ghcr.io": {"auth": "` + basic("user", strings.Repeat("x", 1<<20)) + `"}}}`
	path := u.write(".docker/config.json", before)
	edit := dockerconfig.Editor{}
	done, err := edit.Configure(path, []string{registry})
	if err != nil || len(done.Changes) != 1 {
		t.Fatal(err)
	}
	after := u.read(path)
	killed := 0
	for i := range 60 {
		u.write(".docker/config.json", before)
		w := writer(t, u, "configure", path, registry)
		// Somewhere in its some milliseconds: when it has begun to write, or later.
		for range i * 200 {
			if len(leftovers(t, path)) > 0 {
				break
			}
		}
		_ = w.Process.Kill()
		if w.Wait() != nil {
			killed++
		}
		if got := u.read(path); got != before && got != after {
			t.Fatalf("a kill leaves %d bytes", len(got))
		}
	}
	if killed == 0 {
		t.Error("nothing was killed")
	}
	u.write(".docker/config.json", before)
	if _, err := u.editor().Configure(path, []string{registry}); err != nil || u.read(path) != after {
		t.Errorf("after the kills: %v", err)
	}
	if left := leftovers(t, path); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := u.editor().Unconfigure(path, nil); err != nil || u.read(path) != before {
		t.Errorf("undone after kills: %v", err)
	}
}

// A full disk, and one that is read-only, leave the file as it was.
func TestDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a disk")
	}
	disk := t.TempDir()
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk).Run(); err != nil {
		t.Skip("this system mounts no tmpfs")
	}
	t.Cleanup(func() { _ = exec.Command("umount", disk).Run() })
	u := newUser(t)
	path := filepath.Join(disk, "config.json")
	before := `{"auths": {"ghcr.io": {"auth": "` + strings.Repeat("x", 40<<10) + `"}}}`
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := u.editor().Configure(path, []string{registry}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	if left := leftovers(t, path); u.read(path) != before || len(left) > 0 {
		t.Errorf("a full disk leaves %d bytes, and %v", len(u.read(path)), left)
	}
	if err := exec.Command("mount", "-o", "remount,ro", disk).Run(); err != nil {
		t.Fatal(err)
	}
	var p *dockerconfig.Problem
	if _, err := u.editor().Configure(path, []string{registry}); !errors.As(err, &p) || p.Code != dockerconfig.DiskReadOnly {
		t.Errorf("a read-only disk: %v", err)
	}
	if _, err := u.editor().Configure(filepath.Join(disk, "new", "config.json"), []string{registry}); !errors.As(err, &p) || p.Code != dockerconfig.DirectoryReadOnly || p.Key != disk {
		t.Errorf("a new file on a read-only disk: %v", err)
	}
	if _, err := u.editor().Unconfigure(path, nil); err != nil {
		t.Errorf("nothing to undo on a read-only disk: %v", err)
	}
}

// A file that is mounted by itself, as into a container, cannot be replaced.
func TestMounted(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a file")
	}
	u := newUser(t)
	outside := u.write("outside.json", "{}")
	path := u.write(".docker/config.json", "")
	if err := exec.Command("mount", "--bind", outside, path).Run(); err != nil {
		t.Skip("this system mounts no files")
	}
	t.Cleanup(func() { _ = exec.Command("umount", path).Run() })
	var p *dockerconfig.Problem
	if _, err := u.editor().Configure(path, []string{registry}); !errors.As(err, &p) || p.Code != dockerconfig.Mounted {
		t.Errorf("a mounted file: %v", err)
	}
	if left := leftovers(t, path); u.read(path) != "{}" || len(left) > 0 {
		t.Errorf("it leaves %q, and %v", u.read(path), left)
	}
}

// Who is not root meets what sudo docker left behind.
func TestNotRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make what is another user's")
	}
	u := newUser(t)
	dir := filepath.Join(u.home, "shared")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for at := dir; at != "/" && strings.HasPrefix(at, os.TempDir()+"/"); at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o777); err != nil { //nolint:gosec // others work here
			t.Fatal(err)
		}
	}
	self := filepath.Join(dir, "test")
	content, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = os.WriteFile(self, content, 0o755) //nolint:gosec // a program
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		mode os.FileMode
		dir  os.FileMode
		want dockerconfig.ProblemCode
	}{
		{"root's alone", 0o600, 0o777, dockerconfig.Unreadable},
		{"root's to write", 0o644, 0o777, dockerconfig.OtherOwner},
		{"everybody's to write", 0o666, 0o777, dockerconfig.OtherOwner},
		{"a directory of root's", 0o666, 0o755, dockerconfig.DirectoryReadOnly},
	} {
		path := u.write("shared/"+strings.ReplaceAll(test.name, " ", "-")+"/config.json", "{}")
		if err := errors.Join(os.Chmod(path, test.mode), os.Chmod(filepath.Dir(path), test.dir)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "WRITER=configure", "CONFIG="+path, "REGISTRY="+registry)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1234, Gid: 4321, NoSetGroups: true}}
		out, err := cmd.Output()
		if err == nil || !strings.HasPrefix(string(out), string(test.want)) {
			t.Errorf("%s: %s %v, want %s", test.name, out, err, test.want)
		}
		if left := leftovers(t, path); u.read(path) != "{}" || len(left) > 0 {
			t.Errorf("%s: left %q, and %v", test.name, u.read(path), left)
		}
	}
}
