// Package later has contexts that are made when somebody first waits for them. A
// get that is answered from the cache waits for nobody, and a timer, a goroutine
// and the handling of signals would be a tenth of its time.
package later

import (
	"context"
	"sync"
	"time"
)

// Context is a context.Context that is made when it is first used.
type Context struct{ made func() context.Context }

var _ context.Context = (*Context)(nil)

// New returns the context that make will return. It is called once.
func New(make func() context.Context) *Context { return &Context{sync.OnceValue(make)} }

// WithTimeout is context.WithTimeout. The time counts from now on.
func WithTimeout(parent context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	end := time.Now().Add(timeout)
	var mu sync.Mutex
	cancel := func() {}
	ctx := New(func() context.Context {
		ctx, end := context.WithDeadline(parent, end)
		mu.Lock()
		defer mu.Unlock()
		cancel = end
		return ctx
	})
	return ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		cancel()
	}
}

// Deadline is that of the context.
func (c *Context) Deadline() (time.Time, bool) { return c.made().Deadline() }

// Done is that of the context.
func (c *Context) Done() <-chan struct{} { return c.made().Done() }

// Err is that of the context.
func (c *Context) Err() error { return c.made().Err() }

// Value is that of the context.
func (c *Context) Value(key any) any { return c.made().Value(key) }
