package helper

import (
	"reflect"
	"sync"

	"docker-credential-acr/cache"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/identity"
)

// once remembers identities by what they were made of.
type once struct {
	mu   sync.Mutex
	seen []remembered
}

type remembered struct {
	azure config.Azure
	dir   string
	who   *identity.Identity
}

// Once returns a Helper that looks only once who is signed in, for commands that
// look at hundreds of registries: most have the same settings, and the files of a
// person with many subscriptions are large. It is not for Get.
func (h *Helper) Once() *Helper {
	same := *h
	same.once = new(once)
	return &same
}

// identity is the ambient identity that a selects.
func (h *Helper) identity(a config.Azure, c cache.Cache) *identity.Identity {
	if h.once == nil {
		return identity.New(a, h.transport, c, h.log)
	}
	h.once.mu.Lock()
	defer h.once.mu.Unlock()
	for _, r := range h.once.seen {
		if r.dir == c.Dir && reflect.DeepEqual(r.azure, a) {
			return r.who
		}
	}
	who := identity.New(a, h.transport, c, h.log)
	h.once.seen = append(h.once.seen, remembered{a, c.Dir, who})
	return who
}
