package store

import "errors"

// Look tells in which store a registry's credential is, and its user name, from
// the index alone: no helper is asked. Both are empty where none is stored. The
// error says that the index cannot be read.
func (s Store) Look(registry string) (store, username string, err error) {
	r, err := s.read(registry)
	if errors.Is(err, errNone) {
		return "", "", nil
	}
	return r.Store, r.Username, err
}
