package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// tour runs step after step and looks at what each caused.
type tour struct {
	page    *page
	sandbox *sandbox
	azure   *azuretest.Azure
}

// asking is how often the helper may sign in and exchange during a step.
type asking int

const (
	never asking = 0
	once  asking = 1
)

// step is one command that the reader could type.
type step struct {
	title  string // none: it goes on with the step before
	run    command
	asks   asking
	silent bool   // the helper gives no token away
	prints string // the whole output, if it matters
	accept string // a failure with this in the output is none of the helper's
	pick   string // shows the lines of the output with this, not the last one
	took   *time.Duration
	// verify finds out whether it did what it said, and says what was found.
	verify func() (string, error)
}

// step shows a command, its output, the requests it caused and the time it took.
func (t *tour) step(ctx context.Context, s step) error {
	if s.title != "" {
		t.page.step(s.title)
	}
	t.page.command(s.run)
	t.azure.Reset()
	_ = os.Remove(t.sandbox.log)

	output, took, err := t.sandbox.run(ctx, s.run)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err != nil && (s.accept == "" || !strings.Contains(output, s.accept)) {
		t.page.output(last(output, 20))
		t.page.requests(summary(t.azure.Requests(), s.run.name))
		return fmt.Errorf("%s: %w", s.run.name, err)
	}
	if got := strings.TrimSpace(output); s.prints != "" && got != s.prints {
		return fmt.Errorf("%s printed %s instead of %s", s.run.name, readable(got), s.prints)
	}
	if s.took != nil {
		*s.took = took
	}
	requests := t.azure.Requests()
	t.page.output(s.excerpt(output))
	t.page.requests(summary(requests, s.run.name))

	answers := t.answers()
	result := []string{millis(took), count(len(requests), "request")}
	if !s.silent {
		result = append(result, "helper: token from "+strings.Join(answers, ", "))
	}
	if s.verify != nil {
		found, err := s.verify()
		if err != nil {
			return fmt.Errorf("%s: %w", s.run.name, err)
		}
		result = append(result, found)
	}
	if !s.silent || len(requests) > 0 {
		t.page.result(strings.Join(result, "; "))
	}
	return t.judge(s, answers)
}

// excerpt is what is shown of an output.
func (s step) excerpt(output string) []string {
	if s.pick == "" || !strings.Contains(output, s.pick) {
		return last(output, 1)
	}
	var picked []string
	for line := range strings.Lines(output) {
		if strings.Contains(line, s.pick) {
			picked = append(picked, strings.TrimSpace(line))
		}
	}
	return picked
}

// judge fails a step that went well for other reasons than it should have.
func (t *tour) judge(s step, answers []string) error {
	if unexpected := t.azure.Unexpected(); len(unexpected) > 0 {
		return errors.New("requests that nobody expected: " + strings.Join(unexpected, ", "))
	}
	if !s.silent && len(answers) == 0 {
		return fmt.Errorf("%s did not run docker-credential-acr", s.run.name)
	}
	for _, pattern := range []string{"POST login.microsoftonline.com/*/token", "POST " + registry + "/oauth2/exchange"} {
		if n := t.azure.Count(pattern); n != int(s.asks) {
			return fmt.Errorf("%q was seen %d times instead of %d", pattern, n, s.asks)
		}
	}
	return nil
}

var source = regexp.MustCompile(`msg=answer .*source=(\w+)`)

// answers is where the helper's answers came from, in the words of its log. It
// proves that the client ran the helper.
func (t *tour) answers() []string {
	data, _ := os.ReadFile(t.sandbox.log)
	var sources []string
	for _, m := range source.FindAllStringSubmatch(string(data), -1) {
		sources = append(sources, m[1])
	}
	return sources
}

func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
