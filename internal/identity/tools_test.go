package identity

import (
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"ERROR: Please run 'az login' to setup account.\r\n":                                   "ERROR: Please run 'az login' to setup account",
		"one\r\n\ttwo `three` \x1b[31m":                                                        "one two 'three' [31m",
		"token eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln, secret " + strings.Repeat("a~b", 30): "token [redacted], secret [redacted]",
		strings.Repeat("word ", 100):                                                           strings.Repeat("word ", 60) + "…",
		"":                                                                                     "",
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %q, want %q", in, got, want)
		}
	}
}
