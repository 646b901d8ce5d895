package cache_test

import (
	"fmt"
	"testing"
	"time"

	"docker-credential-acr/cache"
)

// filled is a cache with n entries.
func filled(b *testing.B, n int) cache.Cache {
	b.Helper()
	c := cache.Cache{Dir: b.TempDir()}
	for i := range n {
		if err := c.Put(cache.Entry{
			Key: cache.Key{Registry: fmt.Sprintf("registry%d.azurecr.io", i), Identity: "somebody"}, Secret: "secret",
			Obtained: time.Now(), Expires: time.Now().Add(3 * time.Hour),
		}); err != nil {
			b.Fatal(err)
		}
	}
	return c
}

func BenchmarkCacheGet(b *testing.B) {
	for _, n := range []int{1, 400} {
		c := filled(b, n)
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, ok := c.Get(cache.Key{Registry: "registry0.azurecr.io", Identity: "somebody"}); !ok {
					b.Fatal("not there")
				}
			}
		})
	}
}

func BenchmarkCachePut(b *testing.B) {
	for _, n := range []int{1, 400} {
		c := filled(b, n)
		e := c.Entries()[0]
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) {
			for b.Loop() {
				if err := c.Put(e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCacheLock(b *testing.B) {
	for _, n := range []int{1, 400} {
		c := filled(b, n)
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) {
			for b.Loop() {
				c.Lock(b.Context(), cache.Key{Registry: "registry0.azurecr.io", Identity: "somebody"})()
			}
		})
	}
}
