package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// What is pushed and pulled, and where to.
const (
	registry = azuretest.MyRegistry
	imageRef = registry + "/demo/app:v1"
	charts   = registry + "/charts"
	chartRef = charts + "/demo:1.0.0"
)

// latency makes the difference between asking and remembering visible, as it is
// to somebody who sits 30 ms away from Azure.
const latency = 30 * time.Millisecond

// show is the demo. What it starts and writes is undone by done.
func show(ctx context.Context, p *page, choice string, done *cleanup) error {
	azure, err := azuretest.New(azuretest.Config{Latency: azuretest.Duration(latency)})
	if err != nil {
		return err
	}
	done.add(azure.Close)
	s, err := newSandbox(azure)
	if err != nil {
		return err
	}
	done.add(s.remove)

	p.title("docker-credential-acr against an emulator of Azure in this process")
	p.note("a round trip takes %s, as to a region nearby; nothing leaves this machine", millis(latency))
	if !trustsFile {
		p.note("on %s Go takes no notice of SSL_CERT_FILE: to trust the emulator, what is built here has one more file, internal/demo/trust.go.txt", runtime.GOOS)
	}
	if err := s.build(ctx, p, "docker-credential-acr", ".", "."); err != nil {
		return err
	}
	c, err := chooseClient(ctx, p, s, choice, done)
	if err != nil {
		return err
	}
	h, err := chooseChartClient(ctx, p, s, c)
	if err != nil {
		return err
	}
	p.note("config.json: %s", credHelpers)

	t := &tour{page: p, sandbox: s, azure: azure}
	if err := t.image(ctx, c); err != nil {
		return err
	}
	if err := t.chart(ctx, h); err != nil {
		return err
	}
	if err := t.inspect(ctx); err != nil {
		return err
	}
	return t.compare(ctx)
}

// image goes to the registry and back.
func (t *tour) image(ctx context.Context, c client) error {
	img, err := buildImage()
	if err != nil {
		return err
	}
	if err := c.prepare(ctx, img); err != nil {
		return err
	}
	if err := t.step(ctx, step{
		title: "Push an image of 3 layers: the helper signs in and exchanges the token",
		run:   c.push(), asks: once,
	}); err != nil {
		return err
	}
	if err := c.forget(ctx); err != nil {
		return err
	}
	return t.step(ctx, step{
		title: "Pull it: the helper has the token in its cache",
		run:   c.pull(), asks: never,
		verify: func() (string, error) { return c.verify(ctx, img) },
	})
}

// inspect needs the docker CLI, and no engine.
func (t *tour) inspect(ctx context.Context) error {
	if !usable("docker") {
		return nil
	}
	return t.step(ctx, step{
		title: "Look at it with the docker CLI alone; this needs no engine",
		run:   command{name: "docker", args: []string{"manifest", "inspect", imageRef}},
		asks:  never, pick: `"digest"`,
		accept: "unsupported manifest media type", // an old CLI, and not an image of docker
	})
}

// compare runs the helper as a client does: with a token in its cache and
// without one.
func (t *tour) compare(ctx context.Context) error {
	helper := func(verb, stdin string) command {
		return command{name: "docker-credential-acr", args: []string{verb}, stdin: stdin}
	}
	var cold, warm time.Duration
	for _, s := range []step{
		{title: "Log out, and do what the clients did: the helper signs in again", run: helper("erase", registry), silent: true},
		{run: helper("get", registry), asks: once, took: &cold},
		{title: "The same again: nothing is asked of anybody", run: helper("get", registry), asks: never, took: &warm},
		{title: "Log out again, and list what is kept: nothing", run: helper("erase", registry), silent: true},
		{run: helper("list", ""), silent: true, prints: "{}"},
	} {
		if err := t.step(ctx, s); err != nil {
			return err
		}
	}
	t.page.end(fmt.Sprintf("Done. Getting a token took %s cold, %s warm.", millis(cold), millis(warm)))
	return nil
}
