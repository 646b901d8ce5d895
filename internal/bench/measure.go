package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// result is what was measured of a subject.
type result struct {
	Name   string        `json:"name"`
	Runs   int           `json:"runs"`
	Median time.Duration `json:"median"` // nanoseconds
	Lower  time.Duration `json:"lower"`  // a quarter took less
	Upper  time.Duration `json:"upper"`  // a quarter took more
	Least  time.Duration `json:"least"`
	// Instructions is the least that callgrind counted; 0 if it did not.
	Instructions int64 `json:"instructions,omitempty"`
	// Requests and Connections of the last run, as the emulator counts them.
	Requests    int `json:"requests,omitempty"`
	Connections int `json:"connections,omitempty"`
}

// run runs a subject once and says how long that took.
func run(s subject) (time.Duration, error) {
	if s.before != nil {
		if err := s.before(); err != nil {
			return 0, err
		}
	}
	if s.crowd != nil {
		return crowd(s)
	}
	cmd, end, err := command(s, s.args)
	if err != nil {
		return 0, err
	}
	defer end()
	start := time.Now()
	err = cmd.Run()
	took := time.Since(start)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.name, err)
	}
	return took, nil
}

// command has files for the standard streams, so that nothing is copied while
// the time is taken.
func command(s subject, args []string) (*exec.Cmd, func(), error) {
	stdin, err := os.CreateTemp("", "stdin")
	if err != nil {
		return nil, nil, err
	}
	end := func() {
		_ = stdin.Close()
		_ = os.Remove(stdin.Name())
	}
	if _, err := stdin.WriteString(s.stdin); err != nil {
		end()
		return nil, nil, err
	}
	if _, err := stdin.Seek(0, 0); err != nil {
		end()
		return nil, nil, err
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Env = stdin, s.env
	return cmd, end, nil
}

// check runs a subject once and looks at its answer.
func check(s subject) error {
	if s.before != nil {
		if err := s.before(); err != nil {
			return err
		}
	}
	if s.crowd != nil {
		_, err := crowd(s)
		return err
	}
	cmd, end, err := command(s, s.args)
	if err != nil {
		return err
	}
	defer end()
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	var answer struct{ Secret string }
	if s.credential && (json.Unmarshal(out.Bytes(), &answer) != nil || answer.Secret == "") {
		return fmt.Errorf("%s answers no credential", s.name)
	}
	return nil
}

// alone is measure on one processor, where that can be had.
func (b *bench) alone(all []subject, runs int) ([]result, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer pin()()
	return b.measure(all, runs)
}

// measure runs the subjects in turn, runs times each.
func (b *bench) measure(all []subject, runs int) ([]result, error) {
	took := make([][]time.Duration, len(all))
	results := make([]result, len(all))
	for i, s := range all {
		say(s.name)
		if err := check(s); err != nil {
			return nil, err
		}
		results[i].Name = s.name
	}
	for n := range runs {
		for i, s := range all {
			if s.runs > 0 && n >= s.runs {
				continue
			}
			b.azure.Reset()
			d, err := run(s)
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], d)
			results[i].Requests, results[i].Connections = len(b.azure.Requests()), 0
			for _, connections := range b.azure.Connections() {
				results[i].Connections += connections
			}
		}
	}
	for i := range results {
		sorted := slices.Sorted(slices.Values(took[i]))
		n := len(sorted)
		r := &results[i]
		r.Runs, r.Least, r.Lower, r.Median, r.Upper = n, sorted[0], sorted[n/4], sorted[n/2], sorted[n*3/4]
	}
	return results, nil
}

var collected = regexp.MustCompile(`Collected : (\d+)`)

// count has callgrind count instructions, where it is installed. The settings
// leave out what depends on the time of day: preemption and garbage collection.
func (b *bench) count(all []subject, results []result) {
	valgrind, err := exec.LookPath("valgrind")
	if err != nil {
		say("valgrind is not installed; instructions are not counted")
		return
	}
	for i, s := range all {
		say("callgrind " + s.name)
		s.env = append(slices.Clone(s.env), "GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=1", "GOGC=off")
		for range b.counted {
			cmd, end, err := command(s, append([]string{valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null"}, s.args...))
			if err != nil {
				return
			}
			var out strings.Builder
			cmd.Stderr = &out
			err = cmd.Run()
			end()
			if m := collected.FindStringSubmatch(out.String()); err == nil && m != nil {
				if n, err := strconv.ParseInt(m[1], 10, 64); err == nil && (results[i].Instructions == 0 || n < results[i].Instructions) {
					results[i].Instructions = n
				}
			}
		}
	}
}
