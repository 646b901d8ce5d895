package helper

import "docker-credential-acr/cache"

// leave reports whether the renewal of an entry that is no longer fresh is left to
// somebody nobody waits for: then the entry is the answer. It is renewed at once
// where that cannot be, and in the last part of its life, when clients that keep a
// token for a while could be left with a dead one.
func (q *question) leave(key cache.Key, entry cache.Entry) bool {
	if q.behind == nil || !entry.Ample(q.now()) || !q.settings.InBackground() {
		return false
	}
	if !q.cache.Claim(key) {
		q.log.Info("is being renewed", "registry", key.Registry)
		return true
	}
	if err := q.behind(key.Registry); err != nil {
		q.log.Info("cannot be renewed in the background", "registry", key.Registry, "cause", err.Error())
		return false
	}
	q.log.Info("renewal goes on in the background", "registry", key.Registry)
	return true
}
