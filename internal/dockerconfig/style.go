package dockerconfig

import (
	"bytes"
	"strings"

	"github.com/tailscale/hujson"
)

// style is how the members of an object are laid out, so that a new one looks
// like its neighbours.
type style struct {
	before string // white space before a name
	colon  string // before a colon
	value  string // behind it
	comma  string // before a comma
	last   string // before the closing brace
}

// styleOf reads the style of an object. One without members is laid out below
// its parent; nil stands for the parent of the whole.
func (d document) styleOf(o, parent *hujson.Object) style {
	if n := len(o.Members); n > 0 {
		m := o.Members[n-1]
		s := style{before: onNewLine(m.Name.BeforeExtra), colon: inLine(m.Name.AfterExtra), value: inLine(m.Value.BeforeExtra), last: string(o.AfterExtra)}
		if n > 1 {
			s.comma = string(o.Members[n-2].Value.AfterExtra)
		} else if s.before == "" {
			s.before = s.value // {"a": 1} goes on with a space, {"a":1} without
		}
		return s
	}
	if parent == nil {
		end := d.lineEnd()
		return style{before: end + "\t", value: " ", last: end} // Docker's own
	}
	s := d.styleOf(parent, nil)
	s.comma = ""
	indent, multiline := lastLine(s.before)
	if !multiline {
		s.before, s.last = "", ""
		return s
	}
	end := strings.TrimSuffix(s.before, indent)
	unit := indent
	if outer, ok := lastLine(s.last); ok {
		unit = strings.TrimPrefix(indent, outer)
	}
	s.last = end + indent
	s.before = s.last + unit
	return s
}

// onNewLine drops the blank lines before a member that was set apart.
func onNewLine(extra hujson.Extra) string {
	text := string(extra)
	line, ok := lastLine(text)
	if !ok {
		return text
	}
	if strings.HasSuffix(strings.TrimSuffix(text, line), "\r\n") {
		return "\r\n" + line
	}
	return "\n" + line
}

// inLine is white space without line ends, which somebody may have put around a
// long value.
func inLine(extra hujson.Extra) string {
	if bytes.ContainsAny(extra, "\r\n") {
		return " "
	}
	return string(extra)
}

// lastLine is what stands behind the last line end.
func lastLine(text string) (line string, ok bool) {
	i := strings.LastIndexByte(text, '\n')
	return text[i+1:], i >= 0
}

// lineEnd is the file's.
func (d document) lineEnd() string {
	if bytes.Contains(d.content, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// extra is text as hujson wants it: nil for nothing, because it takes an empty
// one behind the last value for a comma.
func extra(text string) hujson.Extra {
	if text == "" {
		return nil
	}
	return hujson.Extra(text)
}

// add appends a member.
func add(o *hujson.Object, s style, name string, value hujson.ValueTrimmed) {
	if n := len(o.Members); n > 0 {
		o.Members[n-1].Value.AfterExtra = extra(s.comma)
	}
	o.Members = append(o.Members, hujson.ObjectMember{
		Name:  hujson.Value{BeforeExtra: extra(s.before), Value: hujson.String(name), AfterExtra: extra(s.colon)},
		Value: hujson.Value{BeforeExtra: extra(s.value), Value: value},
	})
	o.AfterExtra = extra(s.last)
}

// drop removes a member, so that dropping what add has appended leaves what was
// before.
func drop(o *hujson.Object, i int) {
	last := len(o.Members) - 1
	switch {
	case last == 0:
		o.AfterExtra = nil
	case i == last:
		o.Members[i-1].Value.AfterExtra = nil
	case i == 0:
		o.Members[1].Name.BeforeExtra = o.Members[0].Name.BeforeExtra
	}
	o.Members = append(o.Members[:i], o.Members[i+1:]...)
}
