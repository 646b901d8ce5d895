package main

import (
	"fmt"
	"html"
	"strings"
	"time"
)

// plot draws a bar for each result as an SVG image: the median, a line over the
// middle half, and how many times the base that is.
func plot(title string, results []result, base time.Duration, baseName string) string {
	const (
		width, left, right = 860, 360, 120
		row, top           = 26, 56
	)
	longest := base
	for _, r := range results {
		longest = max(longest, r.Upper)
	}
	x := func(d time.Duration) float64 {
		return left + float64(width-left-right)*d.Seconds()/longest.Seconds()
	}
	var s strings.Builder
	p := func(format string, a ...any) { fmt.Fprintf(&s, format+"\n", a...) }
	height := top + row*len(results) + 14
	p(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" role="img">`, width, height)
	p(`<title>%s</title>`, html.EscapeString(title))
	p(`<rect width="%d" height="%d" fill="#ffffff"/>`, width, height)
	p(`<text x="12" y="22" font-size="15" font-weight="bold" fill="#1f2328">%s</text>`, html.EscapeString(title))
	p(`<text x="12" y="42" fill="#59636e">dashed: %s, %s</text>`, html.EscapeString(baseName), ms(base))
	for i, r := range results {
		y := top + row*i
		colour := "#9aa4af"
		if strings.HasPrefix(r.Name, ours) {
			colour = "#0969da"
		}
		p(`<text x="%d" y="%d" text-anchor="end" fill="#1f2328">%s</text>`, left-8, y+15, html.EscapeString(r.Name))
		p(`<rect x="%d" y="%d" width="%.1f" height="16" fill="%s"/>`, left, y+3, x(r.Median)-left, colour)
		p(`<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#1f2328" stroke-width="1.5"/>`, x(r.Lower), x(r.Upper), y+11, y+11)
		p(`<text x="%.1f" y="%d" fill="#1f2328">%s (%.2f×)</text>`, x(r.Upper)+6, y+15, ms(r.Median), ratio(r.Median, base))
	}
	p(`<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#cf222e" stroke-dasharray="4 3"/>`, x(base), x(base), top-4, height-8)
	p(`</svg>`)
	return s.String()
}
