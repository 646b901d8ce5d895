package dockerconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"

	"docker-credential-acr/internal/config"
)

// The keys of the files that are of interest here.
const (
	credHelpers = "credHelpers"
	credsStore  = "credsStore"
	auths       = "auths"
)

// Problem is why a file is left alone.
type Problem struct {
	Code ProblemCode
	// Line is where, from 1; 0 where it is about the whole.
	Line int
	// Key is the key that it is about, or empty.
	Key string
}

// ProblemCode is a kind of Problem.
type ProblemCode string

// The problems that a file can have. Docker itself reads neither a byte-order
// mark nor UTF-16 (encoding/json); of two equal keys it silently drops one, and
// likewise what follows the object, as soon as it writes the file again.
const (
	ByteOrderMark ProblemCode = "byte-order-mark"
	UTF16         ProblemCode = "utf-16"
	NotUTF8       ProblemCode = "not-utf-8"
	Comment       ProblemCode = "comment"
	Syntax        ProblemCode = "syntax"
	Trailing      ProblemCode = "trailing"
	NotObject     ProblemCode = "not-object"
	Duplicate     ProblemCode = "duplicate"
	LetterCase    ProblemCode = "letter-case"
	WrongType     ProblemCode = "wrong-type"
	TooLarge      ProblemCode = "too-large"
)

// Error is for logs; package command speaks to people.
func (p *Problem) Error() string {
	text := string(p.Code)
	if p.Line > 0 {
		text += fmt.Sprintf(" in line %d", p.Line)
	}
	if p.Key != "" {
		text += fmt.Sprintf(" at %q", p.Key)
	}
	return text
}

// maxSize bounds a file. 10,000 logins take some five megabytes.
const maxSize = 64 << 20

// document is a file's content with every byte of it.
type document struct {
	root    hujson.Value
	content []byte
}

// parse reads a file that an edit can keep in every byte, and that says the same
// to every client. An empty file is an empty object, as it is for Docker.
func parse(content []byte) (document, error) {
	d := document{content: content}
	if err := check(content); err != nil {
		return d, err
	}
	text := content
	if blank(content) {
		text = []byte("{}")
	}
	var err error
	if d.root, err = hujson.Parse(text); err != nil {
		return d, &Problem{Code: Syntax} // with its own words it would repeat the text
	}
	if d.root.Value.Kind() != '{' {
		return d, &Problem{Code: NotObject}
	}
	for v := range d.root.All() {
		if o, ok := v.Value.(*hujson.Object); ok {
			if key, offset := duplicate(o); key != "" {
				return d, &Problem{Code: Duplicate, Line: line(content, offset), Key: key}
			}
		}
	}
	return d, d.checkTypes()
}

// check reports what is no JSON, in words that help. encoding/json comes first:
// it bounds the depth, and takes neither comments nor commas at the end.
func check(content []byte) error {
	switch {
	case len(content) > maxSize:
		return &Problem{Code: TooLarge}
	case bytes.HasPrefix(content, []byte("\ufeff")):
		return &Problem{Code: ByteOrderMark}
	case bytes.HasPrefix(content, []byte("\xff\xfe")), bytes.HasPrefix(content, []byte("\xfe\xff")):
		return &Problem{Code: UTF16}
	case !utf8.Valid(content):
		return &Problem{Code: NotUTF8}
	case blank(content):
		return nil
	}
	var syntax *json.SyntaxError
	err := json.Unmarshal(content, new(json.RawMessage))
	if !errors.As(err, &syntax) {
		return nil
	}
	at := min(max(int(syntax.Offset)-1, 0), len(content))
	p := &Problem{Code: Syntax, Line: line(content, at)}
	switch {
	case strings.Contains(syntax.Error(), "after top-level value"):
		p.Code = Trailing
	case bytes.HasPrefix(content[at:], []byte("/")):
		p.Code = Comment
	}
	return p
}

// blank reports whether there is nothing but JSON's white space.
func blank(content []byte) bool { return len(bytes.Trim(content, " \t\r\n")) == 0 }

func line(content []byte, offset int) int {
	return 1 + bytes.Count(content[:min(offset, len(content))], []byte("\n"))
}

// duplicate returns a key that stands twice in an object.
func duplicate(o *hujson.Object) (key string, offset int) {
	seen := make(map[string]bool, len(o.Members))
	for _, m := range o.Members {
		if name := nameOf(m); seen[name] {
			return name, m.Name.StartOffset
		}
		seen[nameOf(m)] = true
	}
	return "", 0
}

// checkTypes refuses what clients would not read as it is meant. Docker's own
// reader takes keys in any letters, and others' take them exactly.
func (d document) checkTypes() error {
	for _, m := range d.root.Value.(*hujson.Object).Members {
		name := nameOf(m)
		for _, known := range []string{credHelpers, auths, credsStore} {
			if name != known && strings.EqualFold(name, known) {
				return &Problem{Code: LetterCase, Line: line(d.content, m.Name.StartOffset), Key: name}
			}
		}
		want := hujson.Kind('{')
		switch name {
		case credsStore:
			want = '"'
		case credHelpers, auths:
		default:
			continue
		}
		if kind := m.Value.Value.Kind(); kind != want && kind != 'n' {
			return &Problem{Code: WrongType, Line: line(d.content, m.Value.StartOffset), Key: name}
		}
	}
	for _, at := range []struct {
		key  string
		want hujson.Kind
	}{{credHelpers, '"'}, {auths, '{'}} {
		for _, m := range d.object(at.key).Members {
			if m.Value.Value.Kind() != at.want {
				return &Problem{Code: WrongType, Line: line(d.content, m.Value.StartOffset), Key: nameOf(m)}
			}
		}
	}
	return nil
}

// member returns the value of a key of the whole object, or nil.
func (d document) member(key string) *hujson.Value {
	return memberOf(d.root.Value.(*hujson.Object), key)
}

func memberOf(o *hujson.Object, key string) *hujson.Value {
	if i := indexOf(o, key); i >= 0 {
		return &o.Members[i].Value
	}
	return nil
}

func indexOf(o *hujson.Object, key string) int {
	for i, m := range o.Members {
		if nameOf(m) == key {
			return i
		}
	}
	return -1
}

// object returns the object at a key; an empty one where it is null or not there.
func (d document) object(key string) *hujson.Object {
	if v := d.member(key); v != nil {
		if o, ok := v.Value.(*hujson.Object); ok {
			return o
		}
	}
	return &hujson.Object{}
}

// text returns the text at a key; empty where it is null or not there.
func (d document) text(key string) string {
	if v := d.member(key); v != nil {
		return textOf(*v)
	}
	return ""
}

func nameOf(m hujson.ObjectMember) string { return textOf(m.Name) }

// fieldOf is the text at a key of an object; empty where there is none.
func fieldOf(v hujson.Value, key string) string {
	if o, ok := v.Value.(*hujson.Object); ok {
		if v := memberOf(o, key); v != nil {
			return textOf(*v)
		}
	}
	return ""
}

func textOf(v hujson.Value) string {
	if l, ok := v.Value.(hujson.Literal); ok && l.Kind() == '"' {
		return l.String()
	}
	return ""
}

// loginOf says what an entry of "auths" holds, by its user name.
func loginOf(v hujson.Value) Login {
	field := func(name string) string { return fieldOf(v, name) }
	user := userOf(field("auth"))
	switch {
	case field("identitytoken") != "" || field("registrytoken") != "" || config.IsTokenUsername(user):
		return Token
	case field("auth") != "" || field("password") != "" || field("username") != "":
		return Password
	}
	return Elsewhere
}
