package main

import (
	"cmp"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// goBenchmark is the median of a benchmark of go test.
type goBenchmark struct {
	Name   string        `json:"name"`
	PerOp  time.Duration `json:"perOp"` // nanoseconds
	Allocs int           `json:"allocs"`
}

// goBenchmarks runs the benchmarks of the module.
func goBenchmarks() ([]goBenchmark, error) {
	out, err := exec.Command("go", "test", "-run", "^$", "-bench", ".", "-benchtime", "200ms", "-count", "3", "-benchmem", "./...").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("go test -bench: %w\n%s", err, out)
	}
	return parseBenchmarks(string(out)), nil
}

// parseBenchmarks reads what go test -bench -benchmem prints: a name, the number
// of rounds, and values before their units.
func parseBenchmarks(text string) []goBenchmark {
	runs := map[string][]goBenchmark{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		b := goBenchmark{Name: strings.TrimPrefix(f[0], "Benchmark")}
		if dash := strings.LastIndex(b.Name, "-"); dash > 0 { // the number of processors
			if _, err := strconv.Atoi(b.Name[dash+1:]); err == nil {
				b.Name = b.Name[:dash]
			}
		}
		for i := 2; i+1 < len(f); i += 2 {
			value, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				break
			}
			switch f[i+1] {
			case "ns/op":
				b.PerOp = time.Duration(value)
			case "allocs/op":
				b.Allocs = int(value)
			}
		}
		runs[b.Name] = append(runs[b.Name], b)
	}
	var all []goBenchmark
	for _, same := range runs {
		slices.SortFunc(same, func(a, b goBenchmark) int { return cmp.Compare(a.PerOp, b.PerOp) })
		all = append(all, same[len(same)/2])
	}
	slices.SortFunc(all, func(a, b goBenchmark) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
