package helper

import (
	"maps"
	"slices"

	"docker-credential-acr/cache"
)

// Registries returns the login servers that are known here without asking
// anybody, sorted: those that the configuration file names, and those of which
// something is kept, for whatever identity.
func (h *Helper) Registries() []string {
	known := map[string]bool{}
	for _, name := range h.config.Named() {
		known[name] = true
	}
	for name := range h.store().List() {
		known[name] = true
	}
	for _, dir := range h.config.CacheDirs() {
		for _, e := range (cache.Cache{Dir: dir, Now: h.now}).Entries() {
			known[e.Registry] = true
		}
	}
	maps.DeleteFunc(known, func(name string, _ bool) bool {
		_, ok := h.config.Registry(name)
		return !ok
	})
	return slices.Sorted(maps.Keys(known))
}
