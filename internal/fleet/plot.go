package main

import (
	"fmt"
	"math"
	"strings"
)

// The plot's measures, in pixels.
const (
	width, height            = 860, 420
	left, right, top, bottom = 70, 20, 50, 50
)

var colours = []string{"#b3261e", "#b26a00", "#0b57d0"}

// x and y place a minute and a count. Counts stand on a logarithmic scale from 1
// to 100,000, and none at all on its floor.
func x(minute int) float64 {
	return left + float64(minute)/(hours*60)*(width-left-right)
}

func y(count int) float64 {
	const decades = 5
	return height - bottom - math.Log10(float64(max(count, 1)))/decades*(height-top-bottom)
}

// plot draws the counts of each way as an SVG.
func plot(all [][]int) string {
	var b strings.Builder
	write := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) } //nolint:errcheck // into memory
	write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`, width, height)
	write(`<title>Exchanges a minute of %d nodes that start together</title>`, nodes)
	write(`<rect width="%d" height="%d" fill="#ffffff"/>`, width, height)
	for count := 1; count <= 100_000; count *= 10 {
		write(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#dddddd"/>`, left, width-right, y(count), y(count))
		write(`<text x="%d" y="%.1f" text-anchor="end">%d</text>`, left-8, y(count)+4, count)
	}
	for hour := range hours + 1 {
		write(`<text x="%.1f" y="%d" text-anchor="middle">%d h</text>`, x(hour*60), height-bottom+20, hour)
	}
	write(`<text x="%d" y="%d" text-anchor="middle">after a job has started %d nodes within a minute</text>`, (left+width-right)/2, height-10, nodes)
	write(`<text x="%d" y="20">exchanges a minute</text>`, 8)
	write(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#000000" stroke-dasharray="6 4"/>`, left, width-right, y(limit), y(limit))
	write(`<text x="%d" y="%.1f" text-anchor="end">the registry's limit</text>`, width-right-4, y(limit)-6)
	for i, counts := range all {
		points := make([]string, len(counts))
		for minute, n := range counts {
			points[minute] = fmt.Sprintf("%.1f,%.1f", x(minute), y(n))
		}
		write(`<polyline fill="none" stroke="%s" stroke-width="1.5" points="%s"/>`, colours[i], strings.Join(points, " "))
		write(`<rect x="%d" y="28" width="14" height="4" fill="%s"/><text x="%d" y="35">%s</text>`, left+240*i, colours[i], left+240*i+20, ways[i].name)
	}
	write(`</svg>`)
	return b.String()
}
