//go:build !linux

package main

import (
	"context"
	"errors"
)

func startEngine(context.Context, *sandbox, *cleanup) (version string, err error) {
	return "", errors.New("dockerd runs on Linux")
}
