package cache

import "time"

// noteLife is how long a note is believed. What it says of the surroundings is
// found out again at little cost.
const noteLife = 7 * 24 * time.Hour

// note is what a .note file holds.
type note struct {
	About string    `json:"about"`
	Text  string    `json:"text"`
	At    time.Time `json:"at"`
}

func noteKey(about string) Key { return Key{Registry: "note", Identity: about} }

// Note returns what SetNote kept under about within the last week, or "".
// Notes hold no secret; they spare the next process what this one found out.
func (c Cache) Note(about string) string {
	var n note
	if c.Dir == "" || !readRecord(c.path(noteKey(about), noteFile), &n) || n.About != about {
		return ""
	}
	if age := c.now().Sub(n.At); age < -slack || age > noteLife {
		return ""
	}
	return n.Text
}

// SetNote keeps text under about. A note that cannot be kept is forgotten.
func (c Cache) SetNote(about, text string) {
	if c.Dir == "" || c.Note(about) == text {
		return
	}
	now := c.now()
	_ = c.write(noteKey(about), noteFile, note{about, text, now}, now)
}
