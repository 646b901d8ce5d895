package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"
)

// width is that of a terminal nobody has made wider.
const width = 80

// page is what the reader sees. Every line passes through it, so that no secret
// gets past.
type page struct {
	w     io.Writer
	color bool
	steps int
}

// newPage writes in colour to terminals, unless NO_COLOR (no-color.org) is set.
func newPage(f *os.File) *page {
	info, err := f.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	color := terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && runtime.GOOS != "windows"
	return &page{w: f, color: color}
}

// Select graphic rendition.
const (
	bold  = "1"
	dim   = "2"
	green = "32"
	cyan  = "36"
)

func (p *page) line(style, indent, text string) {
	text = fit(readable(text), width-len(indent))
	if p.color && style != "" {
		text = "\x1b[" + style + "m" + text + "\x1b[0m"
	}
	fmt.Fprintln(p.w, indent+text) //nolint:errcheck // a closed pipe ends the demo by SIGPIPE
}

func (p *page) title(text string) { p.line(bold, "", text) }

// step is a numbered title.
func (p *page) step(text string) {
	p.steps++
	fmt.Fprintln(p.w) //nolint:errcheck // as above
	p.title(fmt.Sprintf("%d. %s", p.steps, text))
}

// end is the last line.
func (p *page) end(text string) {
	fmt.Fprintln(p.w) //nolint:errcheck // as above
	p.title(text)
}

func (p *page) note(format string, args ...any) {
	p.wrap("", "   ", []string{fmt.Sprintf(format, args...)})
}

func (p *page) command(c command) { p.line(cyan, "   ", "$ "+c.String()) }

func (p *page) output(lines []string) { p.wrap(dim, "     ", lines) }

func (p *page) requests(lines []string) { p.wrap("", "   > ", lines) }

// wrap goes on below where a line is too long, after a space if there is one.
func (p *page) wrap(style, indent string, lines []string) {
	room := width - utf8.RuneCountInString(indent)
	for _, l := range lines {
		text := []rune(readable(l))
		for len(text) > room {
			n := room
			for i := room; i > room/2; i-- {
				if text[i] == ' ' {
					n = i
					break
				}
			}
			p.line(style, indent, string(text[:n]))
			text = text[n:]
			if text[0] == ' ' {
				text = text[1:]
			}
		}
		p.line(style, indent, string(text))
	}
}

func (p *page) result(text string) { p.line(green, "   = ", text) }

var (
	// logTime is what Go's log puts before a line, crane's among others.
	logTime = regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)
	jwt     = regexp.MustCompile(`eyJ[A-Za-z0-9_.-]{20,}`)
	digest  = regexp.MustCompile(`(sha256:[0-9a-f]{12})[0-9a-f]{52}`)
)

// readable hides tokens but for their size, and most of every digest.
func readable(text string) string {
	text = jwt.ReplaceAllStringFunc(text, func(s string) string {
		return fmt.Sprintf("«eyJ… (%s bytes)»", thousands(len(s)))
	})
	text = strings.ReplaceAll(text, `\u003c`, "<")
	text = strings.ReplaceAll(text, `\u003e`, ">")
	return digest.ReplaceAllString(text, "$1…")
}

// fit cuts a line at n characters.
func fit(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// last is the end of an output, without empty lines.
func last(output string, n int) []string {
	var lines []string
	for l := range strings.Lines(output) {
		// Progress bars draw over themselves.
		l = strings.TrimRight(l, "\r\n \t")
		if i := strings.LastIndexByte(l, '\r'); i >= 0 {
			l = l[i+1:]
		}
		l = logTime.ReplaceAllString(l, "")
		if l = strings.ReplaceAll(l, "\t", "  "); strings.TrimSpace(l) != "" {
			lines = append(lines, l)
		}
	}
	return lines[max(0, len(lines)-n):]
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

func millis(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
