// Picture draws a run of `make demo` as it looks in a terminal, for the README:
// an SVG whose lines appear one after the other (make picture). With -check it
// compares the picture that is there with a new run, but for durations and
// digests.
package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

func main() {
	path := flag.String("o", "docs/demo.svg", "the picture")
	check := flag.Bool("check", false, "compare the picture with a new run instead of drawing it")
	flag.Parse()
	if err := run(*path, *check); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(path string, check bool) error {
	// crane is there on every machine: it is built where it is not installed.
	cmd := exec.Command("go", "run", "./internal/demo", "-client", "crane")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("the demo: %w", err)
	}
	lines := shown(string(out))
	if !check {
		return os.WriteFile(path, draw(lines), 0o644) //nolint:gosec // a page of the documentation
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	old, err := drawn(content)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for i := range max(len(old), len(lines)) {
		var before, now string
		if i < len(old) {
			before = masked(old[i])
		}
		if i < len(lines) {
			now = masked(lines[i])
		}
		if before != now {
			return fmt.Errorf("%s is not what the demo shows; draw it again with make picture\nthere: %s\nnow:   %s", path, before, now)
		}
	}
	return nil
}

// steps are those of the demo's that are shown: a push, a pull, and what the
// helper costs.
var steps = []string{"1.", "2.", "6.", "7."}

// shown is what the picture has of the demo's output.
func shown(out string) []string {
	lines := []string{"$ make demo", ""}
	for _, part := range strings.Split(strings.TrimSpace(out), "\n\n") {
		number, _, _ := strings.Cut(part, " ")
		if slices.Contains(steps, number) || number == "Done." {
			lines = append(lines, strings.Split(part, "\n")...)
			lines = append(lines, "")
		}
	}
	return lines[:len(lines)-1]
}

// What differs from one run to the next.
var (
	duration = regexp.MustCompile(`\d+(\.\d+)? (µs|ms|s)\b`)
	digest   = regexp.MustCompile(`sha256:[0-9a-f]+`)
	length   = regexp.MustCompile(`[\d,]+ bytes`)
)

func masked(line string) string {
	line = duration.ReplaceAllString(line, "TIME")
	line = digest.ReplaceAllString(line, "DIGEST")
	return strings.TrimSpace(length.ReplaceAllString(line, "BYTES"))
}

// The terminal, in pixels.
const (
	wide    = 820
	high    = 18 // a line
	margin  = 16
	seconds = 0.12 // between two lines
)

// draw makes the picture. Where animations are off, or unknown, all lines are
// there at once.
func draw(lines []string) []byte {
	var b bytes.Buffer
	height := 2*margin + high*len(lines)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="make demo: a push and a pull through docker-credential-acr">
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #d0d7de; white-space: pre }
.title { fill: #ffffff; font-weight: bold } .command { fill: #79c0ff } .request { fill: #8b949e } .result { fill: #7ee787 }
@media (prefers-reduced-motion: no-preference) { text { animation: appear 0.01s both } @keyframes appear { from { opacity: 0 } to { opacity: 1 } } }
</style>
<rect width="100%%" height="100%%" rx="8" fill="#0d1117"/>
`, wide, height)
	for i, line := range lines {
		var escaped bytes.Buffer
		_ = xml.EscapeText(&escaped, []byte(line)) // a buffer takes everything
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" class=%q style=\"animation-delay:%.2fs\" xml:space=\"preserve\">%s</text>\n",
			margin, margin+high*i+13, class(line), seconds*float64(i), escaped.String())
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func class(line string) string {
	switch trimmed := strings.TrimSpace(line); {
	case strings.HasPrefix(trimmed, "$"):
		return "command"
	case strings.HasPrefix(trimmed, ">"):
		return "request"
	case strings.HasPrefix(trimmed, "="), strings.HasPrefix(trimmed, "Done."):
		return "result"
	case line != "" && line == trimmed:
		return "title"
	}
	return "output"
}

// drawn are the lines of a picture.
func drawn(svg []byte) ([]string, error) {
	var lines []string
	var line *strings.Builder
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "text" {
				line = &strings.Builder{}
			}
		case xml.CharData:
			if line != nil {
				line.Write(token)
			}
		case xml.EndElement:
			if token.Name.Local == "text" {
				lines = append(lines, line.String())
				line = nil
			}
		}
	}
}
