package azuretest

import (
	"context"
	"crypto/rsa"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Azure is a running emulator. Its methods may be called at any time, from any
// goroutine.
type Azure struct {
	ca        *authority
	untrusted *authority // for tls-untrusted
	key       *rsa.PrivateKey
	dir       string // of the CA file
	removeDir bool

	config   atomic.Pointer[Config]
	updating sync.Mutex

	faults   faultCounts
	log      requestLog
	stores   stores
	sessions sessions
	arcKeys  arcKeys

	listener net.Listener
	outer    *http.Server // proxy and loopback endpoints
	inner    *http.Server // the virtual hosts behind TLS
	queue    *connQueue   // from outer to inner

	done  chan struct{} // closed by Close
	close sync.Once
	conns conns // taken out of outer's hands
}

// TB is the part of testing.TB that [Start] needs, so that this package does
// not import testing.
type TB interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
	Logf(string, ...any)
	Cleanup(func())
	TempDir() string
}

// Start runs an emulator for one test. It is closed at the end of the test,
// and each unexpected request fails the test. When the test failed, the
// requests are in its log.
func Start(t TB, c Config) *Azure {
	t.Helper()
	a, err := start(c, t.TempDir())
	if err != nil {
		t.Fatalf("azuretest: %v", err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Errorf("azuretest: %v", err)
		}
		for _, u := range a.Unexpected() {
			t.Errorf("azuretest: unexpected request: %s", u)
		}
		if f, ok := t.(interface{ Failed() bool }); ok && f.Failed() {
			var lines strings.Builder
			for _, r := range a.Requests() {
				lines.WriteString("\n" + r.String())
			}
			t.Logf("azuretest: requests:%s", &lines)
		}
	})
	return a
}

// New runs an emulator outside tests, until [Azure.Close].
func New(c Config) (*Azure, error) {
	dir, err := os.MkdirTemp("", "azuretest-")
	if err != nil {
		return nil, err
	}
	a, err := start(c, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	a.removeDir = true
	return a, nil
}

func start(c Config, dir string) (*Azure, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	ca, err := newAuthority("azuretest authority (not to be trusted)")
	if err != nil {
		return nil, err
	}
	untrusted, err := newAuthority("an authority that nobody trusts")
	if err != nil {
		return nil, err
	}
	a := &Azure{
		ca: ca, untrusted: untrusted, key: parseKey(signingKeyPEM), dir: dir,
		done: make(chan struct{}), queue: newConnQueue(),
	}
	a.config.Store(c.withDefaults())
	if err := os.WriteFile(a.CAFile(), ca.pem(), 0o644); err != nil {
		return nil, err
	}
	a.listener, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	quiet := log.New(io.Discard, "", 0) // faults make net/http complain
	a.outer = &http.Server{Handler: http.HandlerFunc(a.serveProxy), ErrorLog: quiet}
	a.inner = &http.Server{
		Handler:  http.HandlerFunc(a.serveTLS),
		ErrorLog: quiet,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, hostKey{}, conn.(interface{ virtualHost() string }).virtualHost())
		},
	}
	go func() { _ = a.outer.Serve(a.listener) }()
	go func() { _ = a.inner.Serve(a.queue) }()
	return a, nil
}

// Close ends the emulator and every connection to it, and removes the files that
// it made, the CA file of [New] included. It may be called more than once.
func (a *Azure) Close() error {
	var err error
	a.close.Do(func() {
		close(a.done)
		err = errors.Join(a.outer.Close(), a.inner.Close())
		a.conns.closeAll()
		a.arcKeys.remove()
		if a.removeDir {
			err = errors.Join(err, os.RemoveAll(a.dir))
		}
	})
	return err
}

// Update changes the world. What runs meanwhile sees the old world or the new
// one, never a mixture. Defaults are not added again: what change takes away
// is gone.
func (a *Azure) Update(change func(*Config)) {
	a.updating.Lock()
	defer a.updating.Unlock()
	c := a.config.Load().clone()
	change(c)
	if err := c.check(); err != nil {
		panic("azuretest: " + err.Error())
	}
	a.faults.keep(c.Faults)
	a.config.Store(c)
}

// CAFile is a PEM file with the authority that every certificate comes from.
func (a *Azure) CAFile() string { return filepath.Join(a.dir, "azuretest-ca.pem") }

// now is the server's clock.
func (a *Azure) now() time.Time { return time.Now().Add(a.config.Load().Clock.D()) }
