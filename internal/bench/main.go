// Bench measures docker-credential-acr as its users meet it, as whole processes,
// beside an empty Go program, the floor that the network sets, and other
// credential helpers. make bench runs it and writes docs/benchmarks.md.
//
// Numbers of a busy machine mean little by themselves. So everything that is
// compared runs in turn, in one run, and is shown as ratios of medians; and
// instructions, which callgrind counts, don't depend on what else is going on.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"docker-credential-acr/internal/azuretest"
)

func main() {
	var b bench
	flag.IntVar(&b.warmRuns, "warm", 200, "how often each warm program runs")
	flag.IntVar(&b.coldRuns, "cold", 20, "how often each program runs that asks the network")
	flag.IntVar(&b.counted, "counted", 10, "how often callgrind counts instructions")
	flag.DurationVar(&b.latency, "latency", 40*time.Millisecond, "a round trip to the emulated cloud")
	flag.StringVar(&b.docs, "docs", "docs", "where benchmarks.md is written")
	flag.StringVar(&b.version, "version", "", "of this program, for the page")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: bench [OPTION]... [HELPER]...\n\nHELPER is the rest of the name of another docker-credential-HELPER on PATH.") //nolint:errcheck // nowhere to report it
		flag.PrintDefaults()
	}
	flag.Parse()
	b.peers = flag.Args()
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err) //nolint:errcheck // nowhere to report it
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	warmRuns, coldRuns, counted int
	latency                     time.Duration
	docs, version               string
	peers                       []string

	dir   string // temporary
	azure *azuretest.Azure
}

func (b *bench) run() (err error) {
	if b.dir, err = os.MkdirTemp("", "docker-credential-acr-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir) //nolint:errcheck // a temporary directory
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted
		_ = os.RemoveAll(b.dir)
		os.Exit(1)
	}()
	registries := []azuretest.Registry{{Host: privateRegistry}}
	for n := range manyRegistries {
		registries = append(registries, azuretest.Registry{Host: manyRegistry(n)})
	}
	if b.azure, err = azuretest.New(azuretest.Config{
		Latency:        azuretest.Duration(b.latency),
		Registries:     registries,
		AuthorityHosts: []azuretest.AuthorityHost{{Host: privateAuthority}},
		Tolerate:       []string{"CONNECT *visualstudio.com/"}, // az's telemetry
	}); err != nil {
		return err
	}
	defer b.azure.Close() //nolint:errcheck // the end
	say("building")
	if err := b.build(); err != nil {
		return err
	}
	r := report{Date: time.Now().UTC().Format(time.DateOnly), Version: b.version, Latency: b.latency, Machine: machine()}
	warm, err := b.warm()
	if err != nil {
		return err
	}
	if r.Warm, err = b.alone(warm, b.warmRuns); err != nil {
		return err
	}
	b.count(warm, r.Warm)
	cold, err := b.cold()
	if err != nil {
		return err
	}
	if r.Cold, err = b.alone(cold, b.coldRuns); err != nil {
		return err
	}
	many, err := b.many()
	if err != nil {
		return err
	}
	if r.Many, err = b.measure(many, few); err != nil {
		return err
	}
	say("go test -bench")
	if r.Go, err = goBenchmarks(); err != nil {
		return err
	}
	if unexpected := b.azure.Unexpected(); len(unexpected) > 0 {
		say("the emulator did not expect " + strings.Join(unexpected, ", "))
	}
	return r.write(b.docs)
}

// bin is one of the programs that build made.
func (b *bench) bin(name string) string { return filepath.Join(b.dir, name) }

func say(text string) { fmt.Fprintln(os.Stderr, "bench:", text) } //nolint:errcheck // nowhere to report it
