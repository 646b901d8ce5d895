package config

import (
	"slices"
	"strings"

	"docker-credential-acr/internal/process"
)

// Renewal says who waits for a token that is renewed while the old one is good.
type Renewal string

const (
	// RenewAuto is background where no CI job and no container has to put up with
	// a process that is left behind, and foreground elsewhere.
	RenewAuto Renewal = "auto"
	// RenewBackground answers with the old token at once, as long as half an hour
	// of its life is left, and renews it in a process that is left behind.
	RenewBackground Renewal = "background"
	// RenewForeground renews it first.
	RenewForeground Renewal = "foreground"
)

func (e *environment) renewal() Renewal {
	value := strings.ToLower(e.get(EnvRenewal))
	if value != "" && !slices.Contains(choices["renewal"], value) {
		e.fail(EnvRenewal, "is %q; set it to %s", e.get(EnvRenewal), strings.Join(choices["renewal"], ", "))
		return ""
	}
	return Renewal(value)
}

// InBackground reports whether a renewal is to be left to another process.
func (s Settings) InBackground() bool {
	switch s.Renewal {
	case RenewBackground:
		return true
	case RenewForeground:
		return false
	}
	return !s.ci && process.CanDetach()
}
