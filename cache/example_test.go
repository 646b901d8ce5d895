package cache_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"docker-credential-acr/cache"
)

// One process of many asks for a token; the others find it.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // an example
	c := cache.Cache{Dir: dir}
	key := cache.Key{Registry: "myregistry.azurecr.io", Identity: "application 11111111-2222-4333-8444-555555555555"}

	for range 2 {
		unlock := c.Lock(context.Background(), key)
		entry, found := c.Get(key)
		if !found || !entry.Fresh(time.Now()) {
			fmt.Println("asking for a token")
			now := time.Now()
			entry = cache.Entry{Key: key, Secret: "a refresh token", Obtained: now, Expires: now.Add(3 * time.Hour)}
			if err := c.Put(entry); err != nil {
				log.Print(err) // costs time, not the pull
			}
		}
		unlock()
		fmt.Println("answered with", entry.Secret)
	}
	// Output:
	// asking for a token
	// answered with a refresh token
	// answered with a refresh token
}
