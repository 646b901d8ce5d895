//go:build unix

package interrupt

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"docker-credential-acr/internal/later"
)

// caught is a context, and whether it has been used.
func caught(t *testing.T) (context.Context, *bool) {
	used := new(bool)
	return later.New(func() context.Context { *used = true; return t.Context() }), used
}

func TestReaderWaitsCaught(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("myregistry.azurecr.io"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read
	closed, w := pipe(t)
	write(t, w, 21)
	_ = w.Close()
	for name, f := range map[string]*os.File{"a file": file, "a pipe that is closed": closed} {
		ctx, used := caught(t)
		if got, err := io.ReadAll(Reader(ctx, f)); err != nil || len(got) != 21 || *used {
			t.Errorf("%s: %q, %v, caught %v", name, got, err, *used)
		}
	}
	open, w := pipe(t)
	write(t, w, 21)
	ctx, used := caught(t)
	if n, err := Reader(ctx, open).Read(make([]byte, 100)); err != nil || n != 21 || !*used {
		t.Errorf("a pipe that is open: %d, %v, caught %v", n, err, *used)
	}
}

func TestWriterWaitsCaught(t *testing.T) {
	r, w := pipe(t)
	ctx, used := caught(t)
	if _, err := Writer(ctx, w).Write(make([]byte, atOnce)); err != nil || *used {
		t.Errorf("a pipe with room: %v, caught %v", err, *used)
	}
	if _, err := Writer(ctx, w).Write(make([]byte, atOnce+1)); err != nil || !*used {
		t.Errorf("more than is taken at once: %v, caught %v", err, *used)
	}
	ctx, used = caught(t)
	_ = r.Close()
	if _, err := Writer(ctx, w).Write([]byte("x")); err == nil || *used {
		t.Errorf("nobody reads: %v, caught %v", err, *used)
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}

func write(t *testing.T, f *os.File, n int) {
	t.Helper()
	if _, err := f.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
}
