//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// exchanges counts them.
func (w *world) exchanges() int { return w.azure.Count("POST " + registry + "/oauth2/exchange") }

// answers runs a get that must have an answer and say nothing else, and returns
// the answer.
func (w *world) answers() string {
	w.t.Helper()
	r := w.helper(registry, "get")
	if r.code != 0 || r.stderr != "" {
		w.t.Fatalf("no answer: %s", r)
	}
	return r.stdout
}

// cacheDir is where the cache is, made if need be.
func (w *world) cacheDir() string {
	w.t.Helper()
	dir := filepath.Join(w.env["XDG_CACHE_HOME"], "docker-credential-acr")
	w.must(os.MkdirAll(dir, 0o700))
	return dir
}

// Real file systems that are full, have no inodes left, or cannot be written.
func TestDisks(t *testing.T) {
	if !inside(t) {
		return
	}
	system(t, "ip", "link", "set", "lo", "up")
	ownMounts(t)
	// mounted is a world whose cache is a small disk of its own.
	mounted := func(t *testing.T, options string) (w *world, dir string) {
		w = newWorld(t, azuretest.Config{})
		dir = w.cacheDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,"+options); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
		return w, dir
	}
	// fill leaves pages free of a disk.
	fill := func(t *testing.T, dir string, pages int) string {
		t.Helper()
		path := filepath.Join(dir, "full")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if n, err := io.Copy(f, zeros{}); err == nil || n == 0 {
			t.Fatalf("the disk takes %d bytes", n)
		}
		info, err := f.Stat()
		if err == nil {
			err = f.Truncate((info.Size()/4096 - int64(pages)) * 4096)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	nothing := func(t *testing.T, dir string) {
		t.Helper()
		for _, pattern := range []string{"*.tmp-*", "*.token"} {
			if left, _ := filepath.Glob(filepath.Join(dir, pattern)); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		}
	}
	for _, pages := range []int{0, 1} {
		t.Run(fmt.Sprintf("full but for %d pages", pages), func(t *testing.T) {
			w, dir := mounted(t, "size=64k")
			full := fill(t, dir, pages)
			first := w.answers()
			if pages == 0 {
				nothing(t, dir)
			}
			if err := os.Remove(full); err != nil {
				t.Fatal(err)
			}
			second := w.answers()
			if pages == 0 && second == first {
				t.Error("a token that could not be kept was kept")
			}
			if w.answers() != second {
				t.Error("with room again it is not kept")
			}
		})
	}
	t.Run("full, with a token", func(t *testing.T) {
		w, dir := mounted(t, "size=64k")
		first := w.answers()
		fill(t, dir, 0)
		if w.answers() != first || w.exchanges() != 1 {
			t.Error("the token is lost")
		}
	})
	t.Run("no inodes", func(t *testing.T) {
		w, dir := mounted(t, "nr_inodes=1")
		w.answers()
		w.answers()
		nothing(t, dir)
		if w.exchanges() != 2 {
			t.Errorf("%d exchanges", w.exchanges())
		}
	})
	t.Run("no inode for more than the lock", func(t *testing.T) {
		w, dir := mounted(t, "nr_inodes=2")
		w.answers()
		w.answers()
		nothing(t, dir)
	})
	t.Run("read-only", func(t *testing.T) {
		w, dir := mounted(t, "size=64k")
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		w.answers()
		w.answers()
		nothing(t, dir)
		if r := w.helper(registry, "erase"); r.code != 0 || r.stdout+r.stderr != "" {
			t.Errorf("%s", r)
		}
	})
	t.Run("read-only, with a token", func(t *testing.T) {
		w, dir := mounted(t, "size=64k")
		first := w.answers()
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		if w.answers() != first || w.exchanges() != 1 {
			t.Error("the token is lost")
		}
	})
	t.Run("full and read-only, with a password", func(t *testing.T) {
		w := newWorld(t, azuretest.Config{})
		w.env["DOCKER_CREDENTIAL_ACR_LOG"] = "" // which the disk is to have no room for
		dir := w.env["XDG_CONFIG_HOME"]
		w.must(os.MkdirAll(dir, 0o700))
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size=64k"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
		if r := w.store("anna", "first-password"); r.code != 0 {
			t.Fatal(r)
		}
		first := w.answers()
		refused := func() {
			t.Helper()
			r := w.store("anna", "second-password")
			if r.code != 1 || !strings.HasPrefix(r.stdout, registry+": the password is not kept: cannot write to ") || r.stderr != "docker-credential-acr: "+r.stdout {
				t.Errorf("%s", r)
			}
			if w.answers() != first || !strings.Contains(first, `"first-password"`) {
				t.Error("the password of before is lost")
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*", "*", "*.tmp*")); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		}
		full := fill(t, dir, 0)
		refused()
		w.must(os.Remove(full))
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		refused()
	})
	t.Run("gone meanwhile", func(t *testing.T) {
		w, dir := mounted(t, "size=64k")
		first := w.answers()
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Fatal(err)
		}
		if w.answers() == first {
			t.Error("it is still there")
		}
	})
}

// zeros is a file without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

const (
	anna = 54321 // whose helper it is
	eve  = 12345
)

// annas is a world that another user than root lives in, who can read what she
// needs.
func annas(t *testing.T) *world {
	t.Helper()
	home, err := os.MkdirTemp("", "docker-credential-acr-anna") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	w := newWorld(t, azuretest.Config{})
	w.home = home
	for _, name := range []string{".cache", "bin"} {
		w.must(os.Mkdir(filepath.Join(home, name), 0o755))
	}
	system(t, "cp", filepath.Join(bin, "docker-credential-acr"), filepath.Join(home, "bin"))
	system(t, "cp", w.azure.CAFile(), filepath.Join(home, "ca.pem"))
	system(t, "chmod", "-R", "a+rX", home)
	w.must(os.Chmod(home, 0o755))
	w.must(os.Chown(filepath.Join(home, ".cache"), anna, anna))
	w.env["HOME"], w.env["XDG_CACHE_HOME"], w.env["SSL_CERT_FILE"] = home, filepath.Join(home, ".cache"), filepath.Join(home, "ca.pem")
	w.env["XDG_CONFIG_HOME"], w.env["XDG_DATA_HOME"], w.env["DOCKER_CONFIG"], w.env["TMPDIR"] = "", "", "", ""
	w.env["DOCKER_CREDENTIAL_ACR_LOG"] = ""
	return w
}

// asAnna runs a get as another user than root; it must have an answer.
func (w *world) asAnna() string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), limit)
	defer cancel()
	cmd := w.command(ctx, filepath.Join(w.home, "bin", "docker-credential-acr"), "get")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: anna, Gid: anna}}
	cmd.Stdin = strings.NewReader(registry)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() != 0 {
		w.t.Fatalf("%v: %s%s", err, out, stderr.String())
	}
	return string(out)
}

// What another user has to do with the directory of the cache.
func TestForeignDirectories(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("only root can be two users")
	}
	for _, tt := range []struct {
		name  string
		owner int
		mode  os.FileMode
		kept  bool
	}{
		{"hers", anna, 0o700, true},
		{"hers, writable by all", anna, 0o777, true},
		{"somebody else's, closed", eve, 0o700, false},
		{"somebody else's, readable", eve, 0o755, false},
		{"somebody else's, writable by all", eve, 0o777, true},
		{"hers, and unreadable", anna, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := annas(t)
			dir := w.cacheDir()
			w.must(os.Chown(dir, tt.owner, tt.owner))
			w.must(os.Chmod(dir, tt.mode))
			first, second := w.asAnna(), w.asAnna()
			if (first == second) != tt.kept || (w.exchanges() == 1) != tt.kept {
				t.Errorf("kept: %v, %d exchanges", first == second, w.exchanges())
			}
		})
	}
	t.Run("a link", func(t *testing.T) {
		w := annas(t)
		real := filepath.Join(w.home, "elsewhere")
		w.must(os.Mkdir(real, 0o700))
		w.must(os.Chown(real, anna, anna))
		w.must(os.Symlink(real, filepath.Join(w.home, ".cache", "docker-credential-acr")))
		if first, second := w.asAnna(), w.asAnna(); first != second || w.exchanges() != 1 {
			t.Errorf("%d exchanges", w.exchanges())
		}
	})
	t.Run("somebody else's files in it", func(t *testing.T) {
		w := annas(t)
		dir := w.cacheDir()
		w.must(os.Chown(dir, anna, anna))
		w.must(os.Chmod(dir, 0o777))
		w.asAnna()
		only := func(pattern string) string {
			found, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil || len(found) != 1 {
				t.Fatalf("%v, %v", found, err)
			}
			return found[0]
		}
		// Eve puts her own copies in their places, and holds the lock.
		lock := only("*.lock")
		for _, path := range []string{only("*.token"), lock} {
			content, err := os.ReadFile(path)
			w.must(err)
			w.must(os.Remove(path))
			w.must(os.WriteFile(path, content, 0o666))
			w.must(os.Chown(path, eve, eve))
			w.must(os.Chmod(path, 0o666))
		}
		held, err := os.Open(lock)
		w.must(err)
		defer held.Close()
		w.must(syscall.Flock(int(held.Fd()), syscall.LOCK_EX))
		w.env["DOCKER_CREDENTIAL_ACR_TIMEOUT"] = "100s" // half of which would be waited
		start := time.Now()
		w.asAnna()
		if took := time.Since(start); took > 40*time.Second {
			t.Errorf("it waited %v for another user's lock", took)
		}
		if w.exchanges() != 2 {
			t.Errorf("%d exchanges: another user's file was believed", w.exchanges())
		}
	})
}

// A container of 64 MiB: an answer, and where the other side sends gigabytes, a
// reason; never an end by the kernel.
func TestLittleMemory(t *testing.T) {
	join := memoryGroup(t, 64<<20)
	for name, fault := range map[string]azuretest.Fault{
		"nothing wrong":             {},
		"endless answer of Entra":   {Match: "POST " + entraHost + "/*", Mode: "endless"},
		"gzip bomb of Entra":        {Match: "POST " + entraHost + "/*", Mode: "gzipbomb"},
		"nested refusal of Entra":   {Match: "POST " + entraHost + "/*", Status: 400, Body: azuretest.Text(strings.Repeat("[", 1<<20))},
		"many members of Entra":     {Match: "POST " + entraHost + "/*", Status: 200, Body: azuretest.Text(members(1 << 20))},
		"many members of ACR":       {Match: "POST " + registry + "/*", Status: 200, Body: azuretest.Text(members(1 << 20))},
		"endless answer of ACR":     {Match: "POST " + registry + "/*", Mode: "endless"},
		"gzip bomb of the registry": {Match: "POST " + registry + "/*", Mode: "gzipbomb"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, azuretest.Config{})
			want := 0
			if fault.Match != "" {
				want = 1
				w.azure.Update(func(c *azuretest.Config) { c.Faults = []azuretest.Fault{fault} })
			}
			program := filepath.Join(t.TempDir(), "docker-credential-acr")
			w.must(os.WriteFile(program, []byte("#!/bin/sh\n"+join+" && exec "+filepath.Join(bin, "docker-credential-acr")+" \"$@\"\n"), 0o700))
			r := w.input(registry, program, "get")
			if r.code != want || want == 0 && r.stderr != "" {
				t.Errorf("%s", r)
			}
		})
	}
}

// members is an object of about so many bytes, each member with another name.
func members(bytes int) string {
	var b strings.Builder
	for i := 0; b.Len() < bytes; i++ {
		fmt.Fprintf(&b, `,"%d":[]`, i)
	}
	return "{" + b.String()[1:] + "}"
}

// memoryGroup makes a control group of some bytes, and returns the shell command
// by which a process joins it. Both versions are met: cgroups(7).
func memoryGroup(t *testing.T, bytes int) (join string) {
	t.Helper()
	root, limitFile := "/sys/fs/cgroup", "memory.max"
	if _, err := os.Stat(root + "/memory/memory.limit_in_bytes"); err == nil {
		root, limitFile = root+"/memory", "memory.limit_in_bytes"
	} else if err := os.WriteFile(root+"/cgroup.subtree_control", []byte("+memory"), 0o644); err != nil {
		t.Fatalf("no control groups of memory: %v", err)
	}
	dir, err := os.MkdirTemp(root, "docker-credential-acr-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.WriteFile(filepath.Join(dir, limitFile), fmt.Appendf(nil, "%d", bytes), 0o644); err != nil {
		t.Fatal(err)
	}
	return "echo $$ >" + filepath.Join(dir, "cgroup.procs")
}
