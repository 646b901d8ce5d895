package store

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

const registry = "myregistry.azurecr.io"

// odd are user names and passwords that something on the way might spoil.
var odd = []Credential{
	{"myregistry", "hunter2-hunter2"},
	{"name with spaces ", " leading and trailing "},
	{`"quoted"\`, `"'` + "`" + `$(x)\n\"`},
	{"a:b:c", "::p:w::"},
	{"lines\r\nand\nmore", "one\ntwo\r\n\n"},
	{"nul\x00inside", "\x00\x00p\x00"},
	{"Žluťoučký 用户 🐳", "пароль 密码 \u202e\u2028\u0301\U0010ffff"},
	{"<token>x", "<&>"},
	{"<TOKEN>", "eyJhbGciOi.not.a-token"},
	{"00000000-0000-0000-0000-000000000001", "-rf /"},
	{"../../etc/passwd", "../x"},
	{"u", ""},
	{"u", strings.Repeat("x", 64<<10)},
	{strings.Repeat("ü", 32<<10), strings.Repeat("\x01", 64<<10)},
}

// What is packed comes back; what is not, does not, and nothing breaks.
func FuzzPack(f *testing.F) {
	for _, c := range odd {
		f.Add(c.Username, c.Secret)
	}
	f.Add("", "")
	f.Add("u", "\xff")
	f.Fuzz(func(t *testing.T, username, secret string) {
		c := Credential{username, secret}
		packed, err := pack(registry, c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := unpack(registry, packed)
		switch {
		case username == "":
			if err == nil {
				t.Error("without a user name")
			}
		case utf8.ValidString(username) && utf8.ValidString(secret) && (err != nil || got != c):
			t.Errorf("%q %v", got, err)
		}
		if _, err := unpack("other.azurecr.io", packed); err == nil {
			t.Error("it is another registry's")
		}
		_, _ = unpack(registry, username)
		_, _ = unpack(registry, secret)
	})
}

// Whatever stands in the files of the index, there is a whole record or an error,
// a helper is never a path, and logging out cleans up.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"registry":"myregistry.azurecr.io","username":"anna","store":"file","secret":"x"}`), []byte(`{"registry":"myregistry.azurecr.io","places":[{"store":"pass","slot":"b"}]}`))
	f.Add([]byte(`{"registry":"myregistry.azurecr.io","username":"anna","store":"../pass","slot":"c"}`), []byte(`{"registry":"myregistry.azurecr.io","places":[{"store":"/x","slot":"../../x"}, {}]}`))
	f.Add([]byte(`null`), []byte(`{"registry":"other","places":null}`))
	f.Add([]byte{}, []byte(`[]`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, index, noted []byte) {
		t.Setenv("PATH", "")
		s := Store{Dir: dir}
		for kind, content := range map[string][]byte{indexed: index, pending: noted} {
			if err := os.WriteFile(s.path(registry, kind), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r, n := s.known(registry)
		if r.Store != "" && (r.Registry != registry || r.Username == "" || !usable(r.Store)) {
			t.Errorf("%+v", r)
		}
		for _, p := range n.Places {
			if p.Registry != registry || !usable(p.Store) || p.Store == File || p.Slot != "a" && p.Slot != "b" {
				t.Errorf("%+v", p)
			}
		}
		c, found, err := s.Get(t.Context(), registry)
		if err == nil && (!found || c.Username == "") || !found {
			t.Errorf("%q %v %v", c, found, err)
		}
		_ = s.Delete(t.Context(), registry)
		if _, found, err := s.Get(t.Context(), registry); found || err != nil {
			t.Errorf("after the logout: %v %v", found, err)
		}
	})
}
