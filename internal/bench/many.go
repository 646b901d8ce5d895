package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"docker-credential-acr/cache"
	"docker-credential-acr/internal/azuretest"
)

const (
	// manyRegistries are asked about at once.
	manyRegistries = 100
	// services is how many of a project compose asks about at once.
	services = 20
	// entries is what status and list look at.
	entries = 500
)

func manyRegistry(n int) string { return fmt.Sprintf("many%03d.azurecr.io", n) }

// many are the programs that have much to do, or many others beside them.
func (b *bench) many() ([]subject, error) {
	var registries, project []string
	for n := range manyRegistries {
		registries = append(registries, manyRegistry(n))
	}
	for range services {
		project = append(project, azuretest.MyRegistry)
	}
	var all []subject
	for _, x := range []struct {
		name       string
		registries []string
		warm       bool
	}{
		{fmt.Sprintf("get, %d registries at once, cold", manyRegistries), registries, false},
		{fmt.Sprintf("get, %d registries at once, warm", manyRegistries), registries, true},
		{fmt.Sprintf("get, %d services of one registry at once, cold", services), project, false},
		{fmt.Sprintf("get, %d services of one registry at once, warm", services), project, true},
	} {
		s, kept, err := b.get(x.name, "")
		if err != nil {
			return nil, err
		}
		s.crowd = x.registries
		s.env = append(s.env, "DOCKER_CREDENTIAL_ACR_CACHE="+kept.Dir+".many")
		if !x.warm {
			s.before = func() error { return os.RemoveAll(kept.Dir + ".many") }
		}
		all = append(all, s)
	}
	for _, verb := range []string{"list", "status"} {
		s, kept, err := b.get(fmt.Sprintf("%s, %d entries", verb, entries), azuretest.MyRegistry)
		if err != nil {
			return nil, err
		}
		if _, err := run(s); err != nil {
			return nil, err
		}
		if err := fill(kept); err != nil {
			return nil, err
		}
		s.args, s.stdin, s.credential = []string{b.bin(ours), verb}, "", false
		all = append(all, s)
	}
	return all, nil
}

// fill adds entries to a cache that has one, of the same identity.
func fill(c cache.Cache) error {
	kept := c.Entries()
	if len(kept) != 1 {
		return errors.New("the cache has no entry to copy")
	}
	e := kept[0]
	e.Obtained, e.Expires = time.Now(), time.Now().Add(3*time.Hour)
	for n := range entries - 1 {
		e.Registry = fmt.Sprintf("entry%03d.azurecr.io", n)
		if err := c.Put(e); err != nil {
			return err
		}
	}
	return nil
}

// crowd runs a subject once for each of its registries, all at once, until the
// last has answered.
func crowd(s subject) (time.Duration, error) {
	var all []*exec.Cmd
	for _, registry := range s.crowd {
		s.stdin = registry
		cmd, end, err := command(s, s.args)
		if err != nil {
			return 0, err
		}
		defer end()
		all = append(all, cmd)
	}
	start := time.Now()
	started := 0
	var failed error
	for _, cmd := range all {
		if failed = cmd.Start(); failed != nil {
			break
		}
		started++
	}
	for _, cmd := range all[:started] {
		failed = errors.Join(failed, cmd.Wait())
	}
	if failed != nil {
		return 0, fmt.Errorf("%s: %w", s.name, failed)
	}
	return time.Since(start), nil
}
