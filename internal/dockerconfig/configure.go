package dockerconfig

import (
	"context"
	"errors"
	"path/filepath"
	"time"
)

// Editor edits files for this user. The zero value changes files, and forgets how
// to undo that exactly.
type Editor struct {
	// DryRun leaves everything as it is.
	DryRun bool
	// Undo is a directory of the user's own, made if need be, in which stands how
	// to undo each edit. Empty means none.
	Undo string
}

// Edit is what became of a file. It never holds a secret that can be seen from
// outside.
type Edit struct {
	// Path is the file that was changed: the one that links lead to.
	Path string
	// Changes are what was done, or would be with DryRun; none if all is there.
	Changes []Change

	before, after []byte
}

// Configure names this helper for registries, in credHelpers of the file at path,
// which is made if need be. Whatever else is in the file stays, byte for byte;
// what the file cannot be used for is a *Problem, and the file is left alone.
//
// The file is replaced in one step. What other programs write at the same moment
// is not lost where the system can exchange files in one step (Linux, macOS);
// elsewhere there is a window of microseconds. A docker login that read the file
// before and writes it afterwards overwrites the edit.
func (e Editor) Configure(path string, registries []string) (Edit, error) {
	return e.edit(path, func(s state, u undo) (edited, error) {
		return configure(s.content, s.exists, registries, u)
	})
}

// Unconfigure undoes Configure for registries; nil means all for which this helper
// is named. An object and a file that Configure made go, too, if nothing else is
// in them.
func (e Editor) Unconfigure(path string, registries []string) (Edit, error) {
	return e.edit(path, func(s state, u undo) (edited, error) {
		if !s.exists {
			return edited{}, nil
		}
		return unconfigure(s.content, registries, u)
	})
}

// Logout removes the logins of registries from "auths", as helm registry logout
// does. It cannot be undone.
func (e Editor) Logout(path string, registries []string) (Edit, error) {
	return e.edit(path, func(s state, u undo) (edited, error) {
		if !s.exists {
			return edited{}, nil
		}
		out, err := logout(s.content, registries)
		out.undo = u
		return out, err
	})
}

// attempts is how often an edit begins anew when others change the file.
const attempts = 100

func (e Editor) edit(path string, change func(state, undo) (edited, error)) (Edit, error) {
	if path == "" {
		return Edit{}, &Problem{Code: NoHome}
	}
	at, err := target(path)
	if err != nil {
		return Edit{Path: path}, err
	}
	result := Edit{Path: at}
	r := recordOf(e.Undo, at)
	if !e.DryRun {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		defer r.lock(ctx)()
	}
	for range attempts {
		result, err = e.try(at, at != path, r, change)
		if !errors.Is(err, errChanged) {
			return result, err
		}
	}
	return result, &Problem{Code: Contended}
}

// patience is how long an edit waits for another one of the same file.
const patience = 10 * time.Second

// try edits the file once.
func (e Editor) try(path string, linked bool, r *record, change func(state, undo) (edited, error)) (Edit, error) {
	result := Edit{Path: path}
	s, err := readState(path)
	if err != nil {
		return result, err
	}
	out, err := change(s, r.read())
	if err != nil {
		return result, err
	}
	result.before, result.after, result.Changes = s.content, out.content, out.changes
	if len(out.changes) == 0 {
		return result, nil
	}
	if err := writable(path, s, linked); err != nil || e.DryRun {
		return result, err
	}
	if err := makeDirectory(filepath.Dir(path)); err != nil {
		return result, err
	}
	if r.locked {
		sweep(path)
	}
	// What there is to undo is noted before it is done, and forgotten after it is
	// undone: a kill in between leaves a note about entries that are not there,
	// which counts for nothing.
	if !out.undone {
		r.write(out.undo)
	}
	if out.deleted {
		err = take(path, s)
	} else {
		var prepared string
		if prepared, err = prepare(path, s, out.content); err == nil {
			err = put(prepared, path, s, out.content)
		}
	}
	if err == nil && out.undone {
		r.write(out.undo)
	}
	return result, err
}
