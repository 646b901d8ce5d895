package dockerconfig

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/tailscale/hujson"
)

// Diff is a unified diff of what the edit changes, empty if it changes nothing.
// It shows no text of the file but keys and the names of helpers: anything else
// may be a secret. A file in one long line is shown indented.
func (e Edit) Diff() string {
	if len(e.Changes) == 0 {
		return ""
	}
	before, after := masked(e.before), masked(e.after)
	if longest(before) > readable || longest(after) > readable {
		before, after = indented(before), indented(after)
	}
	text := diff.Diff(e.Path, []byte(before), e.Path, []byte(after))
	_, unified, _ := strings.Cut(string(text), "\n") // the first line is the command that would show it
	return unified
}

// readable is the longest line that is shown as it stands.
const readable = 160

func longest(text string) int {
	most := 0
	for line := range strings.Lines(text) {
		most = max(most, len(line))
	}
	return most
}

func indented(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}

// mask stands for a text that is not shown.
var mask = hujson.String("…")

// masked is a document for people to see.
func masked(content []byte) string {
	if blank(content) {
		return string(content)
	}
	root, err := hujson.Parse(content)
	if err != nil {
		return ""
	}
	members := root.Value.(*hujson.Object).Members
	for i := range members {
		m := &members[i]
		if name := nameOf(*m); name == credHelpers || name == credsStore {
			continue
		}
		hide(&m.Value)
	}
	return strings.ReplaceAll(string(root.Pack()), "\r\n", "\n")
}

// hide masks every text and number in a value. Keys stay.
func hide(v *hujson.Value) {
	switch value := v.Value.(type) {
	case *hujson.Object:
		for i := range value.Members {
			hide(&value.Members[i].Value)
		}
	case *hujson.Array:
		for i := range value.Elements {
			hide(&value.Elements[i])
		}
	case hujson.Literal:
		if kind := value.Kind(); kind == '"' || kind == '0' {
			v.Value = mask
		}
	}
}
