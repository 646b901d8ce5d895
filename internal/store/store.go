// Package store keeps the credentials that docker login and its relatives hand
// over: the admin user, repository-scoped tokens, service principals.
//
// The secret is kept by the platform's own Docker credential helper, under keys
// of this program, so that what Docker itself stored for a registry is neither
// read nor touched; or, where no such helper works, in a private file. Beside it
// stands a small index, one file a registry, so that a registry without a stored
// credential costs no helper, and so that a new credential replaces the old one
// in one step.
package store

import (
	"context"
	"errors"
	"os"
	"time"
	"unicode/utf8"
)

// Store is where credentials are kept. The zero value keeps nothing.
type Store struct {
	// Dir is the directory of the index, and of the file store; empty for none.
	Dir string
	// Name is the credential helper to use, such as "pass", or File; empty means
	// the first of the platform's that works.
	Name string

	turn time.Duration // instead of the constant, for tests
}

// File is the name of the store that needs no helper.
const File = "file"

// Credential is a user name and a password or the like.
type Credential struct {
	Username string `json:"username"`
	Secret   string `json:"secret"`
}

// turn is how long a helper has, so that a keyring that waits for a person
// leaves time for the next.
const turn = 8 * time.Second

// limit is a helper's turn, or half of what is left of ctx if that is less.
func (s Store) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	d := s.turn
	if d == 0 {
		d = turn
	}
	if end, ok := ctx.Deadline(); ok {
		d = min(d, time.Until(end)/2)
	}
	return context.WithTimeout(ctx, d)
}

// Get returns the credential of a registry. found is false where none is stored,
// which takes no more than a look at the index. An error means that there is one
// and that it cannot be had now.
//
// A person may have to unlock the store, so it has all the time until ctx ends.
func (s Store) Get(ctx context.Context, registry string) (c Credential, found bool, err error) {
	r, err := s.read(registry)
	for err == nil && r.Store != File {
		var gone bool
		c, gone, err = s.ask(ctx, r)
		if err == nil {
			return c, true, nil
		}
		now, changed := s.read(registry)
		switch {
		case changed != nil || now != r:
			// Somebody has logged in or out while the helper was asked.
			r, err = now, changed
			continue
		case gone:
			err = s.heal(ctx, r)
			switch {
			case err == nil:
				return Credential{}, false, nil
			case errors.Is(err, errAgain):
				r, err = s.read(registry)
				continue
			}
			return Credential{}, true, err
		}
		return Credential{}, true, errors.New("the credential is in the store " + r.Store + ", which " + err.Error())
	}
	switch {
	case errors.Is(err, errNone):
		return Credential{}, false, nil
	case err != nil:
		return Credential{}, true, errors.New("what is known of the stored credential, " + s.path(registry, indexed) + ", " + err.Error() + "; log in again, or log out")
	}
	return Credential{r.Username, r.Secret}, true, nil
}

// ask asks the helper of a record. gone says that it has nothing there.
func (s Store) ask(ctx context.Context, r record) (c Credential, gone bool, err error) {
	h, err := find(ctx, r.Store, nil)
	if err != nil {
		return Credential{}, false, err
	}
	c, err = h.get(r.place())
	switch {
	case err == nil:
		return c, false, nil
	case h.missing(r.place(), err):
		return Credential{}, true, err
	case errors.Is(err, errMissing):
		return Credential{}, false, errors.New("does not show it (is it locked?); see what it says: " + prefix + r.Store + " list")
	}
	return Credential{}, false, err
}

// errAgain says that a record is worth another question.
var errAgain = errors.New("it has changed")

// heal removes a record whose store was emptied behind its back. It asks once
// more while nobody can log in: two logins in a row may lead back to the same
// record, and erase what it pointed to in between.
func (s Store) heal(ctx context.Context, r record) error {
	l, err := s.lock(ctx, r.Registry)
	if err != nil && !errors.Is(err, errBusy) {
		return nil // a directory that cannot be written to has seen no login
	}
	if err != nil {
		return err
	}
	defer l.release()
	if now, err := s.read(r.Registry); err != nil || now != r {
		return errAgain
	}
	if _, gone, _ := s.ask(ctx, r); !gone {
		return errAgain
	}
	_ = os.Remove(s.path(r.Registry, indexed))
	return nil
}

// Put keeps a credential in place of the one before. It returns the store that
// it is in. If Put fails or is killed, the old credential is what Get returns.
func (s Store) Put(ctx context.Context, registry string, c Credential) (store string, err error) {
	switch {
	case s.Dir == "":
		return "", errors.New("there is no home directory to keep it in")
	case s.Name != "" && !usable(s.Name):
		return "", errors.New("the configured store is this program itself")
	case !utf8.ValidString(c.Username) || !utf8.ValidString(c.Secret):
		return "", errors.New("the user name or password is not text in UTF-8")
	}
	l, err := s.lock(ctx, registry)
	if err != nil {
		return "", err
	}
	defer l.release()
	s.sweep(registry)
	old, n := s.known(registry)
	next := record{Registry: registry, Username: c.Username, Slot: slots[0]}
	if old.Slot == next.Slot {
		next.Slot = slots[1]
	}
	all := helpers{lock: l}
	for _, name := range s.candidates(old.Store) {
		next.Store = name
		if name == File {
			next.Slot, next.Secret = "", c.Secret
			break
		}
		err := s.try(ctx, &all, next, c, &n)
		if err == nil {
			break
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return "", errors.New("it was interrupted")
		}
		if s.Name != "" {
			_ = s.settle(ctx, &all, n, old)
			return "", errors.New("the store " + name + " " + err.Error())
		}
	}
	if err := s.write(registry, indexed, next); err != nil {
		_ = s.settle(ctx, &all, n, old)
		return "", err
	}
	s.remember(next.Store)
	_ = s.settle(ctx, &all, n, next) // what is not erased is noted
	return next.Store, nil
}

// try has a helper keep c.
func (s Store) try(ctx context.Context, all *helpers, r record, c Credential, n *note) error {
	if s.Name == "" { // there are others
		var cancel context.CancelFunc
		ctx, cancel = s.limit(ctx)
		defer cancel()
	}
	h, err := all.find(ctx, r.Store)
	if err != nil {
		return err
	}
	// Should this process be killed, the next one knows where to look.
	n.add(r.place())
	if err := s.note(*n); err != nil {
		return err
	}
	return h.put(r.place(), c)
}

// Delete forgets the credential of a registry, wherever it is. None is no error.
// Where a helper cannot be asked to forget, Get forgets all the same, the error
// says so, and the next Put or Delete asks the helper again.
func (s Store) Delete(ctx context.Context, registry string) error {
	if !s.any(registry) {
		return nil
	}
	half, cancel := s.limit(ctx)
	l, busy := s.lock(half, registry) // a login that is stuck must not keep anybody from logging out
	cancel()
	defer l.release()
	s.sweep(registry)
	_, n := s.known(registry)
	failed := s.note(n)
	if err := os.Remove(s.path(registry, indexed)); err != nil && !errors.Is(err, os.ErrNotExist) {
		failed = errors.Join(failed, s.unwritable())
	}
	failed = errors.Join(failed, busy, s.settle(ctx, &helpers{lock: l}, n, record{}))
	if busy != nil {
		// What the other one is doing may have to be erased once more.
		failed = errors.Join(failed, s.note(n))
	}
	return failed
}

// settle erases what is noted, the current record's own excepted, and notes what
// could not be erased.
func (s Store) settle(ctx context.Context, all *helpers, n note, current record) error {
	left := note{Registry: n.Registry}
	var failed error
	for _, p := range n.Places {
		if p == current.place() {
			continue
		}
		if err := s.erase(ctx, all, p); err != nil {
			left.add(p)
			failed = errors.Join(failed, errors.New("the store "+p.Store+" "+err.Error()))
		}
	}
	return errors.Join(failed, s.note(left))
}

func (s Store) erase(ctx context.Context, all *helpers, p place) error {
	ctx, cancel := s.limit(ctx)
	defer cancel()
	h, err := all.find(ctx, p.Store)
	if err != nil {
		return err
	}
	return h.erase(p)
}
