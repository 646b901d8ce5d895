package dockerconfig

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
)

// FuzzEdit edits whatever is in a file. What cannot be used is refused; else
// nothing but this helper's entries differs, a second run changes nothing, and
// unconfigure gives back every byte.
func FuzzEdit(f *testing.F) {
	for _, content := range []string{
		"", "\n", "{}", "{ }\n", "{\n}\n", `{"auths":{}}`, `{"auths": {}}`, `{ "auths": {} }`,
		"{\n\t\"auths\": {\n\t\t\"ghcr.io\": {\n\t\t\t\"auth\": \"eDp5\"\n\t\t}\n\t},\n\t\"credsStore\": \"desktop\"\n}",
		"{\r\n  \"credHelpers\": {\r\n    \"gcr.io\": \"gcloud\"\r\n  },\r\n\r\n  \"psFormat\": \"x\"\r\n}\r\n",
		"{\n    \"credHelpers\": {},\n    \"currentContext\": \"desktop-linux\"\n}\n",
		`{"credHelpers": null, "plugins": {"a": {"b": "c"}}}`, `{"credHelpers":{"myregistry.azurecr.io":"acr-env","gcr.io":"gcloud"}}`,
		"{\n  \"a\": 1\n  , \"credHelpers\": {\n    \"x\": \"y\"\n    , \"z\": \"y\"\n  }\n}",
		`{"credHelpers":{"myregistry.azurecr.io":"acr"}}`, "{\n\"a\": [1,\n2]\n}", `{"a" : 1 , "b" : {} }`,
		"// no\n{}", `{"a":1,"a":2}`, "{} x", "\ufeff{}", `{"credHelpers":[]}`, `{"credHelpers":{"a":1}}`, `[`, "{\"\\u0063redHelpers\": {\"\u00e9\": \"\\u0061cr\"}}",
	} {
		f.Add([]byte(content), true)
	}
	f.Add([]byte(nil), false)
	registries := []string{"myregistry.azurecr.io", "otherregistry.azurecr.io"}
	f.Fuzz(func(t *testing.T, content []byte, exists bool) {
		if !exists {
			content = nil
		}
		given := bytes.Clone(content)
		done, err := configure(content, exists, registries, undo{})
		if !bytes.Equal(content, given) {
			t.Fatal("the content was changed in place")
		}
		if err != nil {
			if _, refused := err.(*Problem); !refused { //nolint:errorlint // it is never wrapped here
				t.Fatalf("%v", err)
			}
			return
		}
		before, after := decode(t, content), decode(t, done.content)
		helpers := map[string]any{}
		if had, ok := before[credHelpers].(map[string]any); ok {
			maps.Copy(helpers, had)
		}
		handmade := slices.Contains(slices.Collect(maps.Values(helpers)), any(Name))
		for _, registry := range registries {
			helpers[registry] = Name
		}
		before[credHelpers] = helpers
		if !reflect.DeepEqual(before, after) {
			t.Fatalf("%q became %q", content, done.content)
		}
		again, err := configure(done.content, true, registries, done.undo)
		if err != nil || len(again.changes) > 0 || !bytes.Equal(again.content, done.content) {
			t.Fatalf("a second run changes %v: %q %v", again.changes, again.content, err)
		}
		for _, e := range []Edit{{before: content, after: done.content, Changes: done.changes}, {Changes: again.changes}} {
			if e.Diff() == "" && len(e.Changes) > 0 {
				t.Fatal("no diff")
			}
		}
		if handmade {
			return
		}
		// In one step, and registry by registry.
		back, err := unconfigure(done.content, nil, done.undo)
		if err != nil || back.deleted == exists || exists && !bytes.Equal(back.content, content) || !back.undo.empty() {
			t.Fatalf("undone: %q, want %q; %v", back.content, content, err)
		}
		first, err := unconfigure(done.content, registries[:1], done.undo)
		if err != nil {
			t.Fatal(err)
		}
		back, err = unconfigure(first.content, registries[1:], first.undo)
		if err != nil || back.deleted == exists || exists && !bytes.Equal(back.content, content) {
			t.Fatalf("undone in steps: %q, want %q; %v", back.content, content, err)
		}
	})
}

func decode(t *testing.T, content []byte) map[string]any {
	t.Helper()
	value := map[string]any{}
	if blank(content) {
		return value
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		t.Fatalf("%q: %v", content, err)
	}
	return value
}
