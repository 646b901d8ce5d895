package dockerconfig

import (
	"slices"

	"github.com/tailscale/hujson"

	"docker-credential-acr/internal/host"
)

// Change is one thing that an edit did, or would do.
type Change struct {
	Kind ChangeKind
	// Registry is the key in the file; empty for a Deleted file.
	Registry string
	// Helper is the helper that stood there before a Replaced entry, or that
	// stands there again after a Restored one.
	Helper string
}

// ChangeKind is a kind of Change.
type ChangeKind string

// The changes. What is not changed is none.
const (
	// Added: the registry has an entry in credHelpers that it had not.
	Added ChangeKind = "added"
	// Replaced: its entry named another helper.
	Replaced ChangeKind = "replaced"
	// Removed: its entry, or its login, is gone.
	Removed ChangeKind = "removed"
	// Restored: its entry names the helper again that configure had replaced.
	Restored ChangeKind = "restored"
	// Deleted: the file is gone. configure had made it, and nothing else was in it.
	Deleted ChangeKind = "deleted"
)

// edited is what became of a document.
type edited struct {
	content []byte
	deleted bool
	changes []Change
	// undo is what there is to undo from now on; undone says that this is less
	// than before.
	undo   undo
	undone bool
}

// configure names the helper for registries. The rest of the document stays as
// it is, byte for byte. u says how to undo what was configured before.
func configure(content []byte, exists bool, registries []string, u undo) (edited, error) {
	d, err := parse(content)
	if err != nil {
		return edited{}, err
	}
	root := d.root.Value.(*hujson.Object)
	if len(d.ours()) == 0 {
		u = undo{} // of a time before somebody removed the entries by hand
	}
	e := edited{undo: u.clone()}
	for _, registry := range registries {
		helpers := d.object(credHelpers)
		if v := memberOf(helpers, registry); v != nil {
			if textOf(*v) == Name {
				continue
			}
			e.changes = append(e.changes, Change{Replaced, registry, textOf(*v)})
			e.undo.Replaced[registry] = string(v.Value.(hujson.Literal))
			v.Value = hujson.String(Name)
			continue
		}
		if len(root.Members) == 0 {
			e.undo.File = &original{Absent: !exists, Text: string(content)}
		}
		if len(helpers.Members) == 0 {
			helpers = d.makeHelpers(&e.undo)
		}
		add(helpers, d.styleOf(helpers, root), registry, hujson.String(Name))
		e.changes = append(e.changes, Change{Kind: Added, Registry: registry})
	}
	if e, err = d.finish(e); err == nil && !exists && len(e.content) > 0 {
		e.content = append(e.content, '\n')
	}
	return e, err
}

// makeHelpers makes credHelpers an object to which something can be added.
func (d document) makeHelpers(u *undo) *hujson.Object {
	root := d.root.Value.(*hujson.Object)
	v := d.member(credHelpers)
	if v == nil {
		u.Helpers = &original{Absent: true}
		add(root, d.styleOf(root, nil), credHelpers, &hujson.Object{})
	} else {
		u.Helpers = &original{Text: v.String()[len(v.BeforeExtra):]}
		u.Helpers.Text = u.Helpers.Text[:len(u.Helpers.Text)-len(v.AfterExtra)]
		v.Value = &hujson.Object{}
	}
	return d.object(credHelpers)
}

// unconfigure undoes configure for registries; nil means all. Entries that
// somebody wrote by hand are removed like others, in whatever form they name the
// registry.
func unconfigure(content []byte, registries []string, u undo) (edited, error) {
	d, err := parse(content)
	if err != nil {
		return edited{}, err
	}
	e := edited{undo: u.clone(), undone: true}
	helpers := d.object(credHelpers)
	for _, key := range d.ours() {
		if registries != nil && !slices.Contains(registries, meaning(key)) {
			continue
		}
		if literal, ok := u.Replaced[key]; ok {
			v := memberOf(helpers, key)
			v.Value = hujson.Literal(literal)
			e.changes = append(e.changes, Change{Restored, key, textOf(*v)})
			delete(e.undo.Replaced, key)
			continue
		}
		drop(helpers, indexOf(helpers, key))
		e.changes = append(e.changes, Change{Kind: Removed, Registry: key})
	}
	if len(d.ours()) == 0 {
		e.undo = undo{}
	}
	if len(e.changes) == 0 || len(helpers.Members) > 0 {
		return d.finish(e)
	}
	root := d.root.Value.(*hujson.Object)
	if h := u.Helpers; h != nil && !h.Absent {
		v, err := hujson.Parse([]byte(h.Text))
		if err != nil {
			return edited{}, err
		}
		d.member(credHelpers).Value = v.Value
	} else {
		drop(root, indexOf(root, credHelpers))
	}
	if f := u.File; f != nil && len(root.Members) == 0 {
		if f.Absent {
			e.deleted = true
			e.changes = append(e.changes, Change{Kind: Deleted})
			return e, nil
		}
		e.content = []byte(f.Text)
		return e, nil
	}
	return d.finish(e)
}

// logout removes the logins of registries from "auths".
func logout(content []byte, registries []string) (edited, error) {
	d, err := parse(content)
	if err != nil {
		return edited{}, err
	}
	var e edited
	logins := d.object(auths)
	for i := len(logins.Members) - 1; i >= 0; i-- {
		if key := nameOf(logins.Members[i]); slices.Contains(registries, hostOf(key)) {
			drop(logins, i)
			e.changes = append(e.changes, Change{Kind: Removed, Registry: key})
		}
	}
	slices.Reverse(e.changes)
	return d.finish(e)
}

// ours are the keys of credHelpers that name this helper, in their order.
func (d document) ours() []string {
	var keys []string
	for _, m := range d.object(credHelpers).Members {
		if textOf(m.Value) == Name {
			keys = append(keys, nameOf(m))
		}
	}
	return keys
}

// meaning is the login server that a key of credHelpers means.
func meaning(key string) string {
	if r, ok := host.Parse(key); ok {
		return r.LoginServer
	}
	return key
}

// finish writes the document; one without changes is what it was.
func (d document) finish(e edited) (edited, error) {
	e.content = d.content
	if len(e.changes) == 0 {
		return e, nil
	}
	e.content = d.root.Pack()
	if blank(d.content) { // an empty file may end its only line
		e.content = append(e.content, d.content...)
	}
	return e, nil
}
