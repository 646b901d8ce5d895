//go:build linux || windows

package atrest

import (
	"bytes"
	"testing"
)

func TestWhatIsSealedIsOpenedByItsOwnNameOnly(t *testing.T) {
	s := newSealer(t)
	plain, about := []byte("a token"), []byte("its name")
	sealed, id, err := s.Seal(plain, about)
	if err != nil {
		t.Fatal(err)
	}
	if id == "" || s.ID() != id {
		t.Errorf("sealed with %q, now it is %q", id, s.ID())
	}
	if bytes.Contains(sealed, plain) {
		t.Error("it is readable")
	}
	if got, err := s.Open(sealed, about); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := s.Open(sealed, []byte("another name")); err == nil {
		t.Errorf("opened under another name: %q", got)
	}
	for i := range sealed {
		flipped := bytes.Clone(sealed)
		flipped[i] ^= 1
		// Windows does not look at every bit of what surrounds the secret.
		if got, err := s.Open(flipped, about); err == nil && !bytes.Equal(got, plain) {
			t.Errorf("opened with byte %d changed: %q", i, got)
		}
	}
	for _, damaged := range [][]byte{nil, {}, sealed[:1], sealed[:len(sealed)/2], sealed[:len(sealed)-1]} {
		if got, err := s.Open(damaged, about); err == nil {
			t.Errorf("opened %d bytes of %d: %q", len(damaged), len(sealed), got)
		}
	}
	if again, _, err := s.Seal(plain, about); err != nil || bytes.Equal(again, sealed) {
		t.Errorf("sealed twice alike, or not at all: %v", err)
	}
}
