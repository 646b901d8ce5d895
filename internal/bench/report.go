package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// report is what one run has measured, and a line of the history.
type report struct {
	Date    string        `json:"date"`
	Version string        `json:"version"`
	Machine string        `json:"machine"`
	Latency time.Duration `json:"latency"` // nanoseconds
	Warm    []result      `json:"warm"`
	Cold    []result      `json:"cold"`
	Many    []result      `json:"many"`
	Go      []goBenchmark `json:"go"`
}

// roundTrips is the least that a get takes which asks Entra's public authority
// and a registry: TCP and TLS to Entra, the token, the exchange. The connection to
// the registry is opened meanwhile.
const roundTrips = 4

func (r report) floor() time.Duration { return roundTrips * r.Latency }

// write writes the page between its marks, the plots, and a line of history.
func (r report) write(docs string) error {
	dir := filepath.Join(docs, "benchmarks")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	page := filepath.Join(docs, "benchmarks.md")
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	updated, err := between(string(text), r.tables())
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	history, err := os.OpenFile(filepath.Join(dir, "history.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := history.Write(append(line, '\n')); err != nil {
		return err
	}
	if err := history.Close(); err != nil {
		return err
	}
	for name, content := range map[string]string{
		page:                           updated,
		filepath.Join(dir, "warm.svg"): plot("Warm: wall time of a whole process", r.Warm, r.Warm[0].Median, "an empty Go program"),
		filepath.Join(dir, "cold.svg"): plot(fmt.Sprintf("Cold: wall time at %v a round trip", r.Latency), r.Cold, r.floor(), "the floor of four round trips"),
	} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// The marks in the page between which the tables stand.
const (
	begin = "<!-- make bench writes what follows -->\n"
	end   = "<!-- make bench wrote what precedes -->\n"
)

func between(page, tables string) (string, error) {
	head, rest, ok := strings.Cut(page, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("the marks %q and %q are missing", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return head + begin + tables + end + tail, nil
}

// tables are the results in Markdown.
func (r report) tables() string {
	var t strings.Builder
	p := func(format string, a ...any) { fmt.Fprintf(&t, format, a...) }
	p("\nMeasured on %s with docker-credential-acr %s, on %s. A round trip takes %v.\n", r.Date, r.Version, r.Machine, r.Latency)
	p("\n### Warm\n\n![](benchmarks/warm.svg)\n\n")
	p("| program | median | middle half | least | × empty | instructions | × linked |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, x := range r.Warm {
		p("| %s | %s | %s–%s | %s | %.2f | %s | %s |\n", x.Name, ms(x.Median), ms(x.Lower), ms(x.Upper), ms(x.Least),
			ratio(x.Median, r.Warm[0].Median), millions(x.Instructions), over(x.Instructions, r.Warm[2].Instructions))
	}
	p("\n### Cold\n\n![](benchmarks/cold.svg)\n\n")
	p("| program | runs | median | middle half | least | × floor | requests | connections |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	p("| the floor: %d round trips | | %s | | | 1.00 | 2 | 2 |\n", roundTrips, ms(r.floor()))
	for _, x := range r.Cold {
		p("| %s | %d | %s | %s–%s | %s | %.2f | %d | %d |\n", x.Name, x.Runs, ms(x.Median), ms(x.Lower), ms(x.Upper), ms(x.Least),
			ratio(x.Median, r.floor()), x.Requests, x.Connections)
	}
	p("\n### Many\n\nOn all processors, until the last of those that run at once has answered.\n\n")
	p("| program | runs | median | middle half | least | requests | connections |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, x := range r.Many {
		p("| %s | %d | %s | %s–%s | %s | %d | %d |\n", x.Name, x.Runs, ms(x.Median), ms(x.Lower), ms(x.Upper), ms(x.Least), x.Requests, x.Connections)
	}
	p("\n### Parts\n\n| benchmark | time | allocations |\n|---|--:|--:|\n")
	for _, x := range r.Go {
		p("| %s | %v | %d |\n", x.Name, x.PerOp.Round(max(1, x.PerOp/1000)), x.Allocs)
	}
	p("\n")
	return t.String()
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }

func ratio(a, b time.Duration) float64 { return a.Seconds() / b.Seconds() }

func millions(n int64) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f million", float64(n)/1e6)
}

func over(a, b int64) string {
	if a == 0 || b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}
