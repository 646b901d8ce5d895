package identity

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func programFile(name string) string { return name + ".cmd" }

// install makes a batch file in dir.
func install(t *testing.T, dir, name string, lines ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	script := "@echo off\r\n" + strings.Join(lines, "\r\n") + "\r\n"
	if err := os.WriteFile(filepath.Join(dir, programFile(name)), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
}

// az is a batch file in a directory with a space, and on a 32-bit installation
// with parentheses.
func TestBatchFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "Program Files (x86) & more")
	install(t, dir, "az", `echo {"accessToken":"%1,%2,%3,%4,%5,%6,%7,%8"}`)
	t.Setenv("PATH", dir)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	want := strings.Join([]string{"account", "get-access-token", "--output", "json", "--resource", resource(testScope), "--tenant", testTenant}, ",")
	if got, err := azToken(ctx, testScope, testTenant); got != want || err != nil {
		t.Errorf("token %q, error %v; want %q", got, err, want)
	}
}

// Nobody else can delete a file that a process holds open, so that a file that
// can be deleted proves that the process is gone.
func TestHangingBatchFileIsKilledWithItsChild(t *testing.T) {
	dir := t.TempDir()
	held := filepath.Join(dir, "held")
	install(t, dir, "az", `"%SystemRoot%\System32\ping.exe" -n 1000 127.0.0.1 >"%~dp0held"`)
	t.Setenv("PATH", dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := azToken(ctx, testScope, "")
		failed <- err
	}()
	until := func(what string, done func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("not within 30 s: %s", what)
			}
		}
	}
	until("the child writes", func() bool { info, err := os.Stat(held); return err == nil && info.Size() > 0 })
	if os.Remove(held) == nil {
		t.Fatal("the file is not held")
	}
	cancel()
	if err := <-failed; err == nil || err.Error() != "az did not answer in time" {
		t.Errorf("error %v", err)
	}
	until("the end of the child", func() bool { return os.Remove(held) == nil })
}
