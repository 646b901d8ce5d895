package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// member is a key with its value.
type member struct {
	key   string
	value json.RawMessage
}

// object reads a JSON object in order. encoding/json alone would silently take
// the last of two equal keys.
func object(raw []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, broken(raw, err)
	}
	var members []member
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return nil, broken(raw, err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, broken(raw, err)
		}
		if slices.ContainsFunc(members, func(m member) bool { return m.key == key }) {
			return nil, fmt.Errorf("%q stands there twice", key)
		}
		members = append(members, member{key, value})
	}
	if _, err := d.Token(); err != nil {
		return nil, broken(raw, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("must be one JSON object, and something follows it")
	}
	return members, nil
}

// broken says where JSON is broken.
func broken(raw []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := raw[:min(int(syntax.Offset), len(raw))]
		return fmt.Errorf("is not JSON (line %d)", 1+bytes.Count(before, []byte("\n")))
	}
	if before := bytes.TrimSpace(raw); len(before) > 0 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return fmt.Errorf("is not JSON (line %d): its end is missing", 1+bytes.Count(before, []byte("\n")))
	}
	return errors.New("must be a JSON object")
}
