package cache

import (
	"os"
	"time"
)

// noteLife is how long a note is kept at the most.
const noteLife = 7 * 24 * time.Hour

// note is what a .note file holds.
type note struct {
	About string    `json:"about"`
	Text  string    `json:"text"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
}

func noteKey(about string) Key { return Key{Registry: "note", Identity: about} }

// Note returns what SetNote keeps under about, or "". Notes hold no secret; they
// spare the next process what this one found out.
func (c Cache) Note(about string) string {
	var n note
	if c.Dir == "" || !readRecord(c.path(noteKey(about), noteFile), &n) || n.About != about {
		return ""
	}
	now := c.now()
	if now.Before(n.At.Add(-slack)) || now.After(n.Until) || now.Sub(n.At) > noteLife {
		return ""
	}
	return n.Text
}

// SetNote keeps text under about for life, or a week if that is less; "" forgets
// what is there. A note that cannot be kept is forgotten. One that is there
// already keeps the life it has.
func (c Cache) SetNote(about, text string, life time.Duration) {
	if c.Dir == "" || c.Note(about) == text {
		return
	}
	if text == "" {
		_ = os.Remove(c.path(noteKey(about), noteFile))
		return
	}
	now := c.now()
	_ = c.write(noteKey(about), noteFile, note{about, text, now, now.Add(life)}, now)
}
