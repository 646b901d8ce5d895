package config

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// schema is as much of docs/config.schema.json as can disagree with file.go.
type schema struct {
	AdditionalProperties any                 `json:"additionalProperties"`
	Properties           map[string]property `json:"properties"`
	DependentSchemas     map[string]struct {
		Properties map[string]struct {
			Const string `json:"const"`
		} `json:"properties"`
	} `json:"dependentSchemas"`
	Defs map[string]schema `json:"$defs"`
}

type property struct {
	Description          string `json:"description"`
	Ref                  string `json:"$ref"`
	Type                 string `json:"type"`
	Enum                 []string
	AdditionalProperties struct {
		Ref string `json:"$ref"`
	} `json:"additionalProperties"`
}

func TestSchema(t *testing.T) {
	content, err := os.ReadFile("../../docs/config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(content, &s); err != nil {
		t.Fatal(err)
	}
	// The error for an unknown key lists those that there are.
	_, problems := parseFile("config.json", []byte(`{"?": 0}`))
	_, list, _ := strings.Cut(strings.Join(problems, ""), "; use ")
	want := append([]string{"$schema"}, strings.Split(strings.ReplaceAll(list, " and ", ", "), ", ")...)
	if got := sorted(s.Properties); !slices.Equal(got, want) {
		t.Errorf("the file's keys are %q, want %q", got, want)
	}
	const ref = "#/$defs/entry"
	if s.Properties["default"].Ref != ref || s.Properties["registries"].AdditionalProperties.Ref != ref {
		t.Error("default and registries must both hold " + ref)
	}
	entry := s.Defs["entry"]
	if s.AdditionalProperties != false || entry.AdditionalProperties != false {
		t.Error("unknown keys must be refused: additionalProperties false")
	}
	if got, want := sorted(entry.Properties), sortedKeys(); !slices.Equal(got, want) {
		t.Errorf("the keys are\n%q, want\n%q", got, want)
	}
	for key, p := range entry.Properties {
		want := property{Description: p.Description}
		switch keys[key] {
		case choice:
			want.Enum = choices[key]
		case boolean:
			want.Type = "boolean"
		case duration:
			want.Type = "string"
		case path:
			want.Ref = "#/$defs/path"
		case variable:
			want.Ref = "#/$defs/variable"
		case httpsURL:
			want.Ref = "#/$defs/httpsURL"
		default:
			want.Ref = "#/$defs/text"
		}
		if !reflect.DeepEqual(p, want) {
			t.Errorf("%s: %+v, want %+v", key, p, want)
		}
		if p.Description == "" {
			t.Errorf("%s has no description", key)
		}
	}
	dependent := map[string]Source{}
	for key, d := range entry.DependentSchemas {
		dependent[key] = Source(d.Properties["identity"].Const)
	}
	if !maps.Equal(dependent, belongs) {
		t.Errorf("keys of one identity are\n%v, want\n%v", dependent, belongs)
	}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// marker opens a block of Markdown that is a configuration file.
const marker = "```json config\n"

// TestDocumentedConfigurations loads every example of a configuration.
func TestDocumentedConfigurations(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, page := range append(pages, "../../README.md") {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(content), "\r\n", "\n")
		name := filepath.Base(page)
		for i, block := range strings.Split(text, marker)[1:] {
			block, _, closed := strings.Cut(block, "\n```")
			if !closed {
				t.Errorf("%s, configuration %d: not closed", name, i+1)
				continue
			}
			found[name]++
			if _, problems := parseFile(filepath.Join(t.TempDir(), "config.json"), []byte(block)); len(problems) > 0 {
				t.Errorf("%s, configuration %d: %s\n%s", name, i+1, strings.Join(problems, "; "), block)
			}
		}
	}
	for _, name := range []string{"README.md", "configuration.md", "identities.md"} {
		if found[name] == 0 {
			t.Errorf("%s has no block that begins with %q", name, strings.TrimSpace(marker))
		}
	}
}
