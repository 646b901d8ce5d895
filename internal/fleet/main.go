package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	plotFile, textFile = "fleet.svg", "limits.md"
	begin, end         = "<!-- written by go run ./internal/fleet -->\n", "<!-- end -->"
)

func main() {
	if err := write("docs", simulateAll()); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// write writes the plot and puts the table into the text, in the directory docs.
func write(docs string, all [][]int) error {
	picture, text, err := render(docs, all)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(docs, plotFile), []byte(picture), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(docs, textFile), []byte(text), 0o644)
}

// render returns the plot, and the text with the table of today.
func render(docs string, all [][]int) (picture, text string, err error) {
	old, err := os.ReadFile(filepath.Join(docs, textFile))
	if err != nil {
		return "", "", err
	}
	before, rest, found := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", "", fmt.Errorf("%s has no place for the table", textFile)
	}
	return plot(all), before + begin + "\n" + table(all) + "\n" + end + after, nil
}
