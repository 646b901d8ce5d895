package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// buffer may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestRun(t *testing.T) {
	config := filepath.Join(t.TempDir(), "world.json")
	if err := os.WriteFile(config, []byte(`{"imds": "on"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	var stdout, stderr buffer
	code := make(chan int)
	go func() { code <- run([]string{"-config", config}, &stdout, &stderr) }()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(stdout.String(), "\n# "); {
		if time.Now().After(deadline) {
			t.Fatalf("%s%s", &stdout, &stderr)
		}
		time.Sleep(time.Millisecond)
	}
	if !strings.HasPrefix(stdout.String(), "export HTTPS_PROXY='http://127.0.0.1:") {
		t.Errorf("%s", &stdout)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGTERM); err != nil {
		t.Skip("no such signal here: ", err)
	}
	if got := <-code; got != 0 {
		t.Errorf("exit %d: %s", got, &stderr)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBadConfig(t *testing.T) {
	config := filepath.Join(t.TempDir(), "world.json")
	if err := os.WriteFile(config, []byte(`{"idms": "on"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr buffer
	if code := run([]string{"-config", config}, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), `unknown field "idms"`) {
		t.Errorf("exit %d: %s", code, &stderr)
	}
	if code := run([]string{"-config", config + ".missing"}, &stdout, &stderr); code != 1 {
		t.Errorf("exit %d", code)
	}
	if code := run([]string{"-nonsense"}, &stdout, &stderr); code != 2 {
		t.Errorf("exit %d", code)
	}
}
