// Command fleet simulates what ten thousand build nodes do to one registry, with
// and without this program's cache, by the cache's own rules, and writes the plot
// and the table of docs/limits.md. It is never shipped.
//
//	go run ./internal/fleet
package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"docker-credential-acr/cache"
)

const (
	nodes = 10_000
	hours = 8
	// limit is what a registry takes in a minute,
	// exchanges and clients' own token requests together.
	limit = 10_000
	// life is that of a real refresh token.
	life = 11_700 * time.Second
	// A node is kept busy with builds of about two minutes, and each asks for the
	// registry four times: base image, cache, push, deployment.
	pause = 2 * time.Minute
	asks  = 4
	// together is the time within which a job starts all nodes.
	together = time.Minute
	// seed makes every run the same.
	seed = 20260101
)

// way is how a node comes by its tokens.
type way struct {
	name  string
	kept  bool // in a cache
	alike bool // renewed when everybody's is, as without the spread
}

var ways = []way{
	{"no cache", false, false},
	{"cache, everybody renews alike", true, true},
	{"this cache", true, false},
}

var start = time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)

// simulateAll counts for all ways.
func simulateAll() [][]int {
	var all [][]int
	for _, w := range ways {
		all = append(all, simulate(w))
	}
	return all
}

// simulate counts the exchanges of each minute. Each way sees the same builds.
func simulate(w way) []int {
	counts := make([]int, hours*60)
	random := rand.New(rand.NewPCG(seed, 0))
	for node := range nodes {
		var held cache.Entry
		end := start.Add(hours * time.Hour)
		for at := start.Add(time.Duration(random.Int64N(int64(together)))); at.Before(end); {
			for range asks {
				if w.kept && held.Fresh(at) {
					continue
				}
				counts[int(at.Sub(start)/time.Minute)]++
				held = cache.Entry{Secret: "the same for everybody", Obtained: at, Expires: at.Add(life)}
				if w.kept && !w.alike {
					held.Secret = strconv.Itoa(node) + " " + at.String()
				}
			}
			// Builds take their time: the pause is exponential, as of independent events.
			at = at.Add(time.Duration(random.ExpFloat64() * float64(pause)))
		}
	}
	return counts
}

// table is what the documentation shows of the counts.
func table(all [][]int) string {
	const rest = 10 // minutes after the start
	text := "| | exchanges in " + strconv.Itoa(hours) + " hours | in the busiest minute | in the busiest minute after the first " + strconv.Itoa(rest) + " | minutes over the limit |\n|---|---:|---:|---:|---:|\n"
	for i, counts := range all {
		sum, over := 0, 0
		for _, n := range counts {
			sum += n
			if n > limit {
				over++
			}
		}
		text += fmt.Sprintf("| %s | %d | %d | %d | %d |\n", ways[i].name, sum, slices.Max(counts), slices.Max(counts[rest:]), over)
	}
	return text
}
