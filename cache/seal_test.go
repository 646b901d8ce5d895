package cache

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// sealer is a Sealer with a key of one byte, repeated; 0 is no key.
type sealer byte

func (s *sealer) ID() string {
	if *s == 0 {
		return ""
	}
	return hex.EncodeToString([]byte{byte(*s)})
}

func (s *sealer) aead() (cipher.AEAD, error) {
	if *s == 0 {
		return nil, errors.New("no key")
	}
	block, err := aes.NewCipher(bytes.Repeat([]byte{byte(*s)}, 32))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (s *sealer) Seal(plain, about []byte) ([]byte, string, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, "", err
	}
	return aead.Seal(nil, nil, plain, about), s.ID(), nil
}

func (s *sealer) Open(sealed, about []byte) ([]byte, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, nil, sealed, about)
}

// sharing returns caches of one directory, each with a key.
func sharing(t *testing.T, keys ...sealer) []Cache {
	t.Helper()
	c, _ := newCache(t)
	var all []Cache
	for _, key := range keys {
		with := c
		with.Sealer = &key
		all = append(all, with)
	}
	return all
}

func TestSealedEntryShowsNothing(t *testing.T) {
	c := sharing(t, 1)[0]
	e := entry("myregistry.azurecr.io", "anna", time.Hour)
	put(t, c, e)
	if got, ok := c.Get(e.Key); !ok || !same(got, e) {
		t.Fatalf("%+v, %v", got, ok)
	}
	for _, path := range list(t, c.Dir) {
		for _, word := range []string{e.Secret, e.Registry, e.Identity, "expires"} {
			if bytes.Contains(read(t, path), []byte(word)) || bytes.Contains([]byte(path), []byte(word)) {
				t.Errorf("%s shows %q", path, word)
			}
		}
	}
}

// Machines that share a home, and containers that have no keyring, each have
// entries of their own, and none takes another's.
func TestSharersKeepTheirOwnEntries(t *testing.T) {
	all := sharing(t, 1, 2, 0)
	for i, c := range all[:2] {
		e := entry("myregistry.azurecr.io", "anna", time.Hour)
		e.Secret = "sealed by " + string(rune('1'+i))
		if _, ok := c.Get(e.Key); ok {
			t.Errorf("%d finds an entry that it cannot open", i)
		}
		put(t, c, e)
	}
	for i, c := range all[:2] {
		want := "sealed by " + string(rune('1'+i))
		if got, ok := c.Get(Key{"myregistry.azurecr.io", "anna"}); !ok || got.Secret != want {
			t.Errorf("%d got %+v", i, got)
		}
		if found := c.Entries(); len(found) != 1 || found[0].Secret != want {
			t.Errorf("%d lists %+v", i, found)
		}
	}
	if _, ok := all[2].Get(Key{"myregistry.azurecr.io", "anna"}); ok || len(all[2].Entries()) != 0 {
		t.Error("opened without a key")
	}
}

// An entry in clear is everybody's, and of two entries the newer one counts.
func TestNewerOfSealedAndClear(t *testing.T) {
	all := sharing(t, 1, 0)
	sealed, blocked := all[0], all[1]
	old, young := entry("myregistry.azurecr.io", "anna", time.Hour), entry("myregistry.azurecr.io", "anna", 2*time.Hour)
	old.Secret, old.Obtained = "old", start.Add(-time.Minute)
	young.Secret = "young"
	for name, by := range map[string][2]Cache{"the sealed one is newer": {blocked, sealed}, "the clear one is newer": {sealed, blocked}} {
		if err := sealed.Drop(old.Registry); err != nil {
			t.Fatal(err)
		}
		put(t, by[0], old)
		put(t, by[1], young)
		if got, ok := sealed.Get(old.Key); !ok || got.Secret != "young" {
			t.Errorf("%s: got %+v", name, got)
		}
		if found := sealed.Entries(); len(found) != 1 || found[0].Secret != "young" {
			t.Errorf("%s: listed %+v", name, found)
		}
	}
}

func TestLostKeyIsAMiss(t *testing.T) {
	c := sharing(t, 1)[0]
	e := entry("myregistry.azurecr.io", "anna", time.Hour)
	put(t, c, e)
	for _, now := range []sealer{2, 0} {
		*c.Sealer.(*sealer) = now
		if got, ok := c.Get(e.Key); ok || len(c.Entries()) != 0 {
			t.Errorf("with key %d: %+v", now, got)
		}
	}
	put(t, c, e) // in clear, now
	if got, ok := c.Get(e.Key); !ok || !same(got, e) {
		t.Errorf("after the renewal %+v, %v", got, ok)
	}
}

// What a person has chosen or forgotten holds for all who share the directory.
func TestForgottenForAll(t *testing.T) {
	key := Key{"myregistry.azurecr.io", "anna"}
	for name, forget := range map[string]func(Cache) error{
		"Remove":  func(c Cache) error { return c.Remove(key) },
		"Drop":    func(c Cache) error { return c.Drop(key.Registry) },
		"Replace": func(c Cache) error { return c.Replace(entry(key.Registry, key.Identity, 2*time.Hour)) },
	} {
		t.Run(name, func(t *testing.T) {
			all := sharing(t, 1, 2, 0)
			other := entry("myregistry.azurecr.io", "bert", time.Hour)
			for _, c := range all {
				put(t, c, entry(key.Registry, key.Identity, time.Hour))
			}
			put(t, all[1], other)
			if err := forget(all[0]); err != nil {
				t.Fatal(err)
			}
			for i, c := range all {
				got, ok := c.Get(key)
				if chosen := name == "Replace" && i == 0; ok != chosen || chosen && !got.Expires.Equal(start.Add(2*time.Hour)) {
					t.Errorf("%d: %+v, %v", i, got, ok)
				}
			}
			if _, ok := all[1].Get(other.Key); ok != (name != "Drop") {
				t.Errorf("the entry of somebody else: %v", ok)
			}
		})
	}
}

// A sealed entry is good in its own place only.
func TestMovedSealedEntryIsForeign(t *testing.T) {
	all := sharing(t, 1, 2)
	c := all[0]
	e := entry("myregistry.azurecr.io", "anna", time.Hour)
	put(t, c, e)
	content := read(t, c.tokenPath(e.Key, "01"))
	bert := Key{"myregistry.azurecr.io", "bert"}
	for _, path := range []string{c.tokenPath(bert, "01"), c.tokenPath(bert, ""), c.tokenPath(bert, "02")} {
		write(t, path, content)
	}
	for _, c := range all {
		if got, ok := c.Get(bert); ok {
			t.Errorf("got %+v", got)
		}
	}
	if found := c.Entries(); len(found) != 1 {
		t.Errorf("listed %+v", found)
	}
}

func TestSweepTakesSealedEntries(t *testing.T) {
	all := sharing(t, 1, 2)
	c := all[0]
	put(t, all[1], entry("one.azurecr.io", "anna", time.Hour))
	now := start.Add(2 * time.Hour)
	c.Now = func() time.Time { return now }
	late := entry("two.azurecr.io", "anna", 3*time.Hour)
	put(t, c, late)
	if left := list(t, c.Dir); len(left) != 1 || left[0] != c.tokenPath(late.Key, "01") {
		t.Errorf("left: %v", left)
	}
}

func TestNamesOfFiles(t *testing.T) {
	c := Cache{Dir: "d"}
	two := filepath.Base(c.path(Key{"a", "b"}, ""))
	for name, want := range map[string]bool{
		two + ".token": true, two + "-01ab.token": true, two + ".lock": true, two + ".note": true, two + ".failure": true, two + ".tmp-12": true, two + ".tmp-": true,
		two: false, two + "-.token": false, two + "01.token": false, two + "-0g.token": false, two + "-01.lock": false, two + "-01.tmp-1": false,
		two + ".token-1": false, two + ".tmp": false, two + ".tmp-x": false, two + ".txt": false, "x" + two + ".token": false, "": false, "-": false,
	} {
		if _, ok := ours(name); ok != want {
			t.Errorf("%s: %v", name, ok)
		}
	}
}

// What another has sealed is not damaged.
func TestHealthOfSharers(t *testing.T) {
	all := sharing(t, 1, 2, 0)
	for _, c := range all {
		put(t, c, entry("myregistry.azurecr.io", "anna", time.Hour))
	}
	for i, c := range all {
		// The third has no key, and so reads what is in clear alone.
		h, want := c.Health(), Count{Sealed: 1, Clear: 1, Elsewhere: 1}
		if i == 2 {
			want = Count{Clear: 1, Elsewhere: 2}
		}
		if h.Err != nil || h.Foreign || (h.Unsealed != nil) != (i == 2) || h.Files != want {
			t.Errorf("%d: %+v", i, h)
		}
		if c.Count() != want {
			t.Errorf("%d: %+v", i, c.Count())
		}
	}
	write(t, all[0].tokenPath(Key{"myregistry.azurecr.io", "anna"}, "01"), []byte("damaged"))
	for i, want := range []int{1, 0, 0} {
		if h := all[i].Health(); h.Files.Damaged != want {
			t.Errorf("%d: %+v", i, h)
		}
	}
}

// What another key opens is elsewhere, until it has expired.
func TestElsewhere(t *testing.T) {
	all := sharing(t, 1, 2)
	k := Key{"myregistry.azurecr.io", "anna"}
	put(t, all[0], entry(k.Registry, k.Identity, time.Hour))
	if all[0].Elsewhere(k) || !all[1].Elsewhere(k) || all[1].Elsewhere(Key{k.Registry, "bert"}) || (Cache{}).Elsewhere(k) {
		t.Error("not where the key is not, or elsewhere, too")
	}
	all[1].Now = func() time.Time { return start.Add(time.Hour) }
	if n := all[1].Count(); all[1].Elsewhere(k) || n != (Count{}) {
		t.Errorf("it has expired: %+v", n)
	}
	if n := (Cache{}).Count(); n != (Count{}) {
		t.Errorf("no cache: %+v", n)
	}
}

// BenchmarkGet compares an entry in clear with a sealed one, the system's part
// excepted, for which see package atrest.
func BenchmarkGet(b *testing.B) {
	for name, key := range map[string]sealer{"clear": 0, "sealed": 1} {
		b.Run(name, func(b *testing.B) {
			c := Cache{Dir: b.TempDir(), Sealer: &key}
			e := entry("myregistry.azurecr.io", "anna", time.Hour)
			e.Expires = time.Now().Add(time.Hour)
			e.Secret = string(bytes.Repeat([]byte("x"), 1500))
			if err := c.Put(e); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, ok := c.Get(e.Key); !ok {
					b.Fatal("not there")
				}
			}
		})
	}
}
