package command

import (
	"strings"
	"unicode/utf8"
)

// table is rows of cells under headings. A cell may have several lines.
type table struct {
	headings []string
	rows     [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// gap is what stands between two columns.
const gap = "  "

// table lays out t: in columns if they fit onto the paper, and else one row below
// the other, each cell behind its heading.
func (s paper) table(t table) string {
	widths := make([]int, len(t.headings))
	for _, row := range append([][]string{t.headings}, t.rows...) {
		for i, cell := range row {
			for _, line := range strings.Split(cell, "\n") {
				widths[i] = max(widths[i], utf8.RuneCountInString(line))
			}
		}
	}
	whole := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		whole += w
	}
	if s.width > 0 && whole > s.width {
		return s.cards(t)
	}
	var b strings.Builder
	s.row(&b, bold, widths, t.headings)
	for _, row := range t.rows {
		s.row(&b, "", widths, row)
	}
	return b.String()
}

// row writes one row in columns.
func (s paper) row(b *strings.Builder, colour string, widths []int, row []string) {
	lines := make([][]string, len(row))
	height := 1
	for i, cell := range row {
		lines[i] = strings.Split(cell, "\n")
		height = max(height, len(lines[i]))
	}
	for n := range height {
		var line strings.Builder
		for i := range row {
			cell := ""
			if n < len(lines[i]) {
				cell = lines[i][n]
			}
			line.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)) + gap)
		}
		text := strings.TrimRight(line.String(), " ")
		if colour != "" {
			text = s.in(colour, text)
		}
		b.WriteString(text + "\n")
	}
}

// cards writes each row as a block: its first cell, and the others below.
func (s paper) cards(t table) string {
	var b strings.Builder
	for n, row := range t.rows {
		if n > 0 {
			b.WriteString("\n")
		}
		b.WriteString(s.in(bold, row[0]) + "\n")
		for i := 1; i < len(row); i++ {
			if row[i] == "" {
				continue
			}
			head := gap + strings.ToLower(t.headings[i]) + ": "
			body := wrap(strings.ReplaceAll(row[i], "\n", ", "), gap+gap, s.width)
			if first := strings.TrimPrefix(body, gap+gap); !strings.Contains(strings.TrimSuffix(first, "\n"), "\n") && utf8.RuneCountInString(head+first)-1 <= s.width {
				b.WriteString(head + first)
				continue
			}
			b.WriteString(strings.TrimRight(head, " ") + "\n" + body)
		}
	}
	return b.String()
}
