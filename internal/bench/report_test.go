package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var measured = report{
	Date: "2026-01-02", Version: "v1", Machine: "a machine", Latency: 40 * time.Millisecond,
	Warm: []result{
		{Name: "empty Go program", Median: time.Millisecond, Upper: 2 * time.Millisecond},
		{Name: "net/http", Median: 2 * time.Millisecond},
		{Name: "linked", Median: 2 * time.Millisecond, Instructions: 2_000_000},
		{Name: "docker-credential-acr get", Median: 2500 * time.Microsecond, Instructions: 2_300_000},
	},
	Cold: []result{{Name: "docker-credential-<x>", Runs: 3, Median: 176 * time.Millisecond, Requests: 2, Connections: 2}},
	Go:   []goBenchmark{{Name: "Get", PerOp: 1234, Allocs: 5}},
}

func TestReport(t *testing.T) {
	docs := t.TempDir()
	page := filepath.Join(docs, "benchmarks.md")
	if err := measured.write(docs); err == nil {
		t.Error("there is no page to write to")
	}
	if err := os.WriteFile(page, []byte("# Benchmarks\n\nwords\n"+begin+"stale tables\n"+end+"more words\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := measured.write(docs); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# Benchmarks\n\nwords\n", "more words\n", "on 2026-01-02 with docker-credential-acr v1, on a machine.",
		"| docker-credential-acr get | 2.50 ms | 0.00 ms–0.00 ms | 0.00 ms | 2.50 | 2.30 million | 1.15 |",
		"| docker-credential-<x> | 3 | 176.00 ms | 0.00 ms–0.00 ms | 0.00 ms | 1.10 | 2 | 2 |",
		"| Get | 1.234µs | 5 |",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "stale") {
		t.Error("the old tables are still there")
	}
	history, err := os.ReadFile(filepath.Join(docs, "benchmarks", "history.jsonl"))
	if err != nil || strings.Count(string(history), "\n") != 2 {
		t.Errorf("%v, history: %s", err, history)
	}
}

func TestPlotIsXML(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(plot("<title> & more", measured.Cold, measured.floor(), "floor")))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestParseBenchmarks(t *testing.T) {
	got := parseBenchmarks(`goos: linux
BenchmarkGet/entries=1-2   	  100	 300 ns/op	 10 B/op	 7 allocs/op
BenchmarkGet/entries=1-2   	  100	 100 ns/op	 10 B/op	 7 allocs/op
BenchmarkGet/entries=1-2   	  100	 200.4 ns/op	 10 B/op	 7 allocs/op
PASS
`)
	if len(got) != 1 || got[0] != (goBenchmark{"Get/entries=1", 200, 7}) {
		t.Errorf("%+v", got)
	}
}
