package store

import (
	"errors"
	"strings"

	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"
)

// user is the user name of every entry in a helper.
const user = "docker-credential-acr"

// errMissing is what a helper says that has nothing under a key.
var errMissing = errors.New("has it no longer")

// get asks a helper. The error is a phrase that continues the store's name.
func (h *helper) get(p place) (Credential, error) {
	found, err := client.Get(h.program, p.key())
	switch {
	case credentials.IsErrCredentialsNotFound(err):
		return Credential{}, errMissing
	case err != nil:
		return Credential{}, h.failure()
	case found.Secret == "":
		// docker-credential-pass of Debian 12 (0.6.4) answers so where nothing is.
		return Credential{}, errMissing
	}
	return unpack(p.Registry, found.Secret)
}

// put has a helper keep c, and looks whether it really does: wincred has no room
// for more than 2,560 bytes, and pass without a key keeps nothing.
func (h *helper) put(p place, c Credential) error {
	packed, err := pack(p.Registry, c)
	if err != nil {
		return err
	}
	if client.Store(h.program, &credentials.Credentials{ServerURL: p.key(), Username: user, Secret: packed}) != nil {
		if h.exited {
			h.refused = p
		}
		return h.failure()
	}
	kept, err := h.get(p)
	if err == nil && kept != c {
		err = errors.New("does not give back what it was given")
	}
	h.opened = h.opened || err == nil
	return err
}

// erase has a helper forget a place. That there is nothing is no error, nor that
// a helper does not work which has refused to keep anything there.
func (h *helper) erase(p place) error {
	err := h.forget(p)
	if h.refused == p && !h.hung {
		return nil
	}
	return err
}

func (h *helper) forget(p place) error {
	if client.Erase(h.program, p.key()) == nil {
		// A locked keyring says so, too, and has erased nothing.
		if h.open(p) {
			return nil
		}
		return h.failure()
	}
	// Helpers disagree whether erasing nothing is an error.
	if _, err := h.get(p); err != nil && h.missing(p, err) {
		return nil
	}
	return h.failure()
}

// missing reports whether a place is empty, after err was the answer to get.
//
// That is less clear than it seems. A locked keyring of secretservice answers
// like an empty one, so whoever says that something is missing must be able to
// keep something; and there are helpers with words of their own for what is
// missing, so that their list must tell.
func (h *helper) missing(p place, err error) bool {
	if !errors.Is(err, errMissing) && !h.unlisted(p) {
		return false
	}
	return h.open(p)
}

// unlisted reports whether a helper lists its entries, and p is none of them.
func (h *helper) unlisted(p place) bool {
	all, err := client.List(h.program)
	for name := range all {
		if strings.Contains(name, p.host()) {
			return false
		}
	}
	return err == nil
}

// open reports whether a helper can keep something now. What it keeps for that
// is no secret, and is erased again.
func (h *helper) open(p place) bool {
	if h.opened {
		return true
	}
	p.Slot = "probe"
	if client.Store(h.program, &credentials.Credentials{ServerURL: p.key(), Username: user, Secret: "no secret"}) != nil {
		return false
	}
	_ = client.Erase(h.program, p.key())
	h.opened = true
	return true
}
