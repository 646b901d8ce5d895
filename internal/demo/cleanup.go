package main

import "errors"

// cleanup undoes, last first, what was done. It runs in every case, and what it
// could not undo is told apart from what went wrong before.
type cleanup struct{ undo []func() error }

func (c *cleanup) add(undo func() error) { c.undo = append(c.undo, undo) }

func (c *cleanup) run() error {
	var err error
	for i := len(c.undo) - 1; i >= 0; i-- {
		err = errors.Join(err, c.undo[i]())
	}
	c.undo = nil
	return err
}
