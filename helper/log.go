package helper

import (
	"io"
	"log/slog"
	"os"
)

// openLog returns the log that DOCKER_CREDENTIAL_ACR_LOG names: none, stderr, or
// a file that only its owner can read. A log that cannot be written is no reason
// to fail a pull.
func openLog(name string, stderr io.Writer) *slog.Logger {
	switch name {
	case "":
		return slog.New(slog.DiscardHandler)
	case "stderr":
		if stderr == nil {
			return slog.New(slog.DiscardHandler)
		}
		return slog.New(slog.NewTextHandler(stderr, nil))
	}
	// A pipe would wait for its reader.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && info.Mode()&os.ModeCharDevice == 0 {
		return slog.New(slog.DiscardHandler)
	}
	// Each line is one write in append mode, so that lines of parallel processes
	// don't mix.
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(f, nil)).With("pid", os.Getpid())
}
