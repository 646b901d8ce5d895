// Package doctor walks the path of a get and of the pull behind it, step by
// step, and finds what is wrong on it. It says nothing to people: its findings
// are codes and values, which package command has the words for.
//
// It works with the same parts as a get, sends nothing to any host but the
// registry, the authority and the local identity endpoints, and bounds each step
// in time. It keeps the token that it gets, as a get does, and no failure; so
// what it leaves behind is a warm cache.
package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/dockerconfig"
)

// Step is a part of the path.
type Step string

// The steps, in the order in which they are taken.
const (
	Program     Step = "program"     // is on PATH, and nobody else can replace what is run
	Docker      Step = "docker"      // its configuration and that of other clients
	Settings    Step = "settings"    // this program's own
	Name        Step = "name"        // resolves, and to which address
	Connection  Step = "connection"  // proxy, TLS, and a registry that answers
	Clock       Step = "clock"       // against the registry's
	Firewall    Step = "firewall"    // the registry's
	Login       Step = "login"       // what a login has left, which is answered first
	Identity    Step = "identity"    // the sources, and what each said
	Token       Step = "token"       // Entra's
	Exchange    Step = "exchange"    // for the registry's refresh token
	Permissions Step = "permissions" // in the refresh token
	Repository  Step = "repository"  // what may be done with it
	Cache       Step = "cache"       // its directory and locks
	Client      Step = "client"      // the form of the user name
)

// State is how a step went: the worst of its findings.
type State string

// From best to worst, but for steps that were not taken.
const (
	OK      State = "ok"
	Warning State = "warning" // works, and is worth mending
	Failed  State = "failed"  // a pull fails
	Skipped State = "skipped"
)

// Finding is something that was found, be it good or bad.
type Finding struct {
	Code Code
	// State is what it means for the step.
	State State
	// Values are what the words for the code are about. They hold no secret.
	Values map[string]string
	// Err is why a client's file cannot be used, as package dockerconfig has it;
	// nil for other findings.
	Err error
}

// Check is one step and what it found.
type Check struct {
	Step     Step
	State    State
	Took     time.Duration
	Findings []Finding
}

// Report is the whole walk.
type Report struct {
	Registry   string // login server
	Repository string // empty if none was asked about
	Checks     []Check
	// Pull reports that a pull works.
	Pull bool
	Took time.Duration
}

// Options say what to look at. All fields without a word on their absence are
// needed.
type Options struct {
	// Helper is what a get uses.
	Helper *helper.Helper
	// Registry is a server URL, as for a get.
	Registry string
	// Repository is empty for none.
	Repository string
	// Lookup finds environment variables.
	Lookup func(name string) (value string, ok bool)
	// Resolve finds a host's addresses; nil means the system's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Dial opens a connection, to the registry's addresses only; nil means
	// net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Seen, if not nil, is handed each step as it ends.
	Seen func(Check)
}

// walk is one examination.
type walk struct {
	Options
	parts   helper.Parts
	wrong   error // in the settings
	setup   dockerconfig.Setup
	report  Report
	network network
}

// grace is what a step gets, after its time, to notice that and say what it was
// waiting for.
const grace = 300 * time.Millisecond

// Run takes all steps. It returns within a minute or so, if
// DOCKER_CREDENTIAL_ACR_TIMEOUT is no longer than usual, or soon after ctx has
// ended.
func Run(ctx context.Context, o Options) Report {
	start := time.Now()
	w := &walk{Options: o}
	if w.Resolve == nil {
		w.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if w.Dial == nil {
		w.Dial = new(net.Dialer).DialContext
	}
	w.parts, w.wrong = o.Helper.Parts(o.Registry)
	w.report = Report{Registry: strings.TrimSpace(o.Registry), Repository: o.Repository}
	if errors.Is(w.wrong, helper.ErrNotACR) {
		w.add(Check{Step: Settings, Findings: []Finding{failure(NotACR)}})
		return w.report
	}
	w.report.Registry = w.parts.Registry.LoginServer
	w.clients(ctx)
	take(ctx, w, Settings, 5*time.Second, w.settings)
	w.reach(ctx)
	credential := w.credential(ctx)
	w.permissions(credential)
	w.repository(ctx, credential)
	take(ctx, w, Cache, 5*time.Second, w.cache)
	take(ctx, w, Client, 5*time.Second, w.client)

	w.report.Pull = credential.works
	for _, c := range w.report.Checks {
		w.report.Pull = w.report.Pull && c.State != Failed
	}
	w.report.Took = time.Since(start)
	return w.report
}

// clients looks at what clients run. Their files may be anything, such as a pipe
// without a writer.
func (w *walk) clients(ctx context.Context) {
	start := time.Now()
	setup, hung := bounded(ctx, 5*time.Second, func(context.Context) (dockerconfig.Setup, []Finding) {
		self, _ := os.Executable()
		return dockerconfig.Look(w.Lookup, self), nil
	})
	if hung != nil {
		w.skip(Program, Docker)
		w.add(Check{Step: Docker, Took: time.Since(start), Findings: hung})
		return
	}
	w.setup = setup
	take(ctx, w, Program, 5*time.Second, w.program)
	take(ctx, w, Docker, 5*time.Second, w.docker)
}

// take takes a step that has nothing to hand to the next.
func take(ctx context.Context, w *walk, step Step, limit time.Duration, f func(context.Context) []Finding) {
	measure(ctx, w, step, limit, func(ctx context.Context) (struct{}, []Finding) { return struct{}{}, f(ctx) })
}

// measure takes a step. What does not end in time is left to itself, and so it must
// not change anything that others see but by its result, which is then zero.
func measure[T any](ctx context.Context, w *walk, step Step, limit time.Duration, f func(context.Context) (T, []Finding)) T {
	start := time.Now()
	result, findings := bounded(ctx, limit, f)
	w.add(Check{Step: step, Took: time.Since(start), Findings: findings})
	return result
}

// bounded runs f for no longer than limit.
func bounded[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, []Finding)) (T, []Finding) {
	type outcome struct {
		result   T
		findings []Finding
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if recover() != nil {
				o.findings = []Finding{failure(Bug)}
			}
			done <- o
		}()
		o.result, o.findings = f(ctx)
	}()
	late := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, func() { close(late) }) })
	defer stop()
	select {
	case o := <-done:
		return o.result, o.findings
	case <-late:
		var none T
		return none, []Finding{failure(NoEnd, "limit", limit.String())}
	}
}

// add puts a step into the report.
func (w *walk) add(c Check) {
	c.State = OK
	rank := map[State]int{OK: 0, Skipped: 1, Warning: 2, Failed: 3}
	for i, f := range c.Findings {
		if c.Findings[i].Values == nil {
			c.Findings[i].Values = map[string]string{}
		}
		for name, value := range map[string]string{"registry": w.report.Registry, "name": w.parts.Registry.Name(), "repository": w.report.Repository} {
			if value != "" {
				c.Findings[i].Values[name] = value
			}
		}
		if rank[f.State] > rank[c.State] {
			c.State = f.State
		}
	}
	// What is wrong comes first.
	slices.SortStableFunc(c.Findings, func(a, b Finding) int { return rank[b.State] - rank[a.State] })
	w.report.Checks = append(w.report.Checks, c)
	if w.Seen != nil {
		w.Seen(c)
	}
}

// skip notes a step that was not taken, and which other is why.
func (w *walk) skip(step, because Step) {
	w.add(Check{Step: step, Findings: []Finding{{Code: NotTaken, State: Skipped, Values: map[string]string{"step": string(because)}}}})
}

// failure, warning and info make findings. Values are given as name, value, ….
func failure(c Code, values ...string) Finding { return finding(Failed, c, values) }
func warning(c Code, values ...string) Finding { return finding(Warning, c, values) }
func info(c Code, values ...string) Finding    { return finding(OK, c, values) }

func finding(s State, c Code, values []string) Finding {
	f := Finding{Code: c, State: s, Values: map[string]string{}}
	for i := 0; i+1 < len(values); i += 2 {
		f.Values[values[i]] = values[i+1]
	}
	return f
}
