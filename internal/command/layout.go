package command

import (
	"strings"
	"unicode/utf8"
)

const (
	// readable is the longest line of running text.
	readable = 80
	// narrow is the room that a column of running text needs.
	narrow = 28
)

// column is the width of running text.
func (s paper) column() int {
	if s.width == 0 || s.width > readable {
		return readable
	}
	return s.width
}

// wrap breaks running text into lines of at most width columns behind an indent.
// A word that is longer has a line of its own: it can still be pasted. Lines that
// begin with white space are examples and stay as they are.
func wrap(text, indent string, width int) string {
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if strings.TrimSpace(line) == "" {
			b.WriteString("\n")
			continue
		}
		if line[0] == ' ' {
			b.WriteString(indent + line + "\n")
			continue
		}
		at := 0
		for _, word := range strings.Fields(line) {
			n := utf8.RuneCountInString(word)
			switch {
			case at == 0:
				b.WriteString(indent)
				at = len(indent)
			case at+1+n > width:
				b.WriteString("\n" + indent)
				at = len(indent)
			default:
				b.WriteString(" ")
				at++
			}
			b.WriteString(word)
			at += n
		}
		b.WriteString("\n")
	}
	return b.String()
}

// definition is a term and what it means.
type definition struct{ term, meaning string }

// definitions lays out a list in two columns, or, where there is no room for that,
// each meaning below its term.
func (s paper) definitions(all []definition) string {
	longest := 0
	for _, d := range all {
		longest = max(longest, utf8.RuneCountInString(d.term))
	}
	width := s.column()
	if s.width == 0 || width < s.width {
		width = max(width, min(longest+4+2*narrow, 100))
	}
	var b strings.Builder
	for _, d := range all {
		if width-longest-4 < narrow {
			b.WriteString("  " + s.in(bold, d.term) + "\n" + wrap(d.meaning, "      ", width))
			continue
		}
		indent := strings.Repeat(" ", longest+4)
		pad := strings.Repeat(" ", longest-utf8.RuneCountInString(d.term)+2)
		b.WriteString("  " + s.in(bold, d.term) + pad + strings.TrimPrefix(wrap(d.meaning, indent, width), indent))
	}
	return b.String()
}
