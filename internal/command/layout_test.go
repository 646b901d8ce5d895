package command

import "testing"

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text, indent string
		width        int
		want         string
	}{
		{"one two three", "", 7, "one two\nthree\n"},
		{"one two three", "  ", 9, "  one two\n  three\n"},
		{"a-word-that-is-longer than all", "", 10, "a-word-that-is-longer\nthan all\n"},
		{"text\n\n    an example that stays as it is\n", "", 10, "text\n\n    an example that stays as it is\n"},
		{"größer größer", "", 13, "größer größer\n"},
	} {
		if got := wrap(tt.text, tt.indent, tt.width); got != tt.want {
			t.Errorf("wrap(%q, %q, %d) = %q, want %q", tt.text, tt.indent, tt.width, got, tt.want)
		}
	}
}

// A table that does not fit becomes a block for each row, with nothing cut.
func TestTable(t *testing.T) {
	x := table{headings: []string{"NAME", "WHERE"}}
	x.add("one", "here\nand there")
	x.add("two", "")
	if got, want := (paper{}).table(x), "NAME  WHERE\none   here\n      and there\ntwo\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := (paper{width: 15}).table(x), "NAME  WHERE\none   here\n      and there\ntwo\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := (paper{width: 14}).table(x), "one\n  where:\n    here, and\n    there\n\ntwo\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := (paper{width: 14, colour: true}).table(table{headings: []string{"NAME"}, rows: [][]string{{"one"}}}), "\x1b[1mNAME\x1b[0m\none\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
