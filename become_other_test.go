//go:build !linux

package main_test

// become has nothing to be: the tests that need other programs run on Linux.
func become() {}
