package command

import (
	"io"
	"os"

	"golang.org/x/term"
)

// paper is what output is written on.
type paper struct {
	// width is that of a terminal in columns; 0 for what is none, where lines
	// have any length.
	width int
	// colour says that colours are wanted.
	colour bool
}

// paperOf looks what w is. Colour is for terminals that know it, whose owner has
// not said no (https://no-color.org).
func (p *Program) paperOf(w io.Writer) paper {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return paper{}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 1 {
		width = 80
	}
	no, _ := p.Lookup("NO_COLOR")
	kind, _ := p.Lookup("TERM")
	return paper{width: width, colour: no == "" && kind != "dumb" && escapes(f)}
}

// terminal reports whether somebody watches.
func (s paper) terminal() bool { return s.width > 0 }

// The colours (ECMA-48, 8.3.117).
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
	grey   = "90"
)

// in returns text in a colour.
func (s paper) in(colour, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
