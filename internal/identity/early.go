package identity

import (
	"context"
	"slices"
	"time"
)

// headStart is how long a metadata service has to answer before a developer's
// tool is started beside it: a hundred times what it takes on a machine of
// Azure's, where none is wanted, and a tenth of what is waited for it where there
// is none.
const headStart = 100 * time.Millisecond

// early is the question to a developer's tool that is asked before its turn. Who
// answers is still decided by the order of the sources.
type early struct {
	source source
	cancel context.CancelFunc
	done   chan struct{}
	token  string
	err    error
}

// early starts the first developer's tool, if somebody is signed in to it, and if
// it comes behind a probe of the metadata service, which costs a second where
// there is none. It returns nil otherwise.
func (i *Identity) early(ctx context.Context, sources []source) *early {
	probe := slices.IndexFunc(sources, func(s source) bool { return s.Unsure })
	tool := slices.IndexFunc(sources, func(s source) bool { return s.Kind.Developer() })
	if probe < 0 || tool < probe || sources[tool].Who == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	e := &early{source: sources[tool], cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(e.done)
		select {
		case <-time.After(headStart):
			e.token, e.err = i.ask(ctx, e.source)
		case <-ctx.Done():
		}
	}()
	return e
}

// answers reports whether s has been asked early and says what it answered,
// waiting for that.
func (e *early) answers(s source) (token string, err error, ok bool) {
	if e == nil || e.source.Kind != s.Kind {
		return "", nil, false
	}
	<-e.done
	return e.token, e.err, true
}

// stop ends the tool, if it is still running, and waits for its end: nothing of it
// may outlive this process.
func (e *early) stop() {
	if e == nil {
		return
	}
	e.cancel()
	<-e.done
}
