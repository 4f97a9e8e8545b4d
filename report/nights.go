package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// Night is a run in a chart of runs.
type Night struct {
	At        time.Time
	Open      map[finding.Severity]int
	New, Gone int
}

// columnsDrawn is how many pairs of columns are still told apart; of more runs, neighbours share one.
const columnsDrawn = 60

// stretch is the time that a chart of nights shows, the last one with the width that the others have at the mean.
type stretch struct{ from, to time.Time }

func newStretch(nights []Night) stretch {
	first, last := nights[0].At, nights[len(nights)-1].At
	width := 24 * time.Hour
	if n := len(nights) - 1; n > 0 && last.After(first) {
		width = last.Sub(first) / time.Duration(n)
	}
	return stretch{first, last.Add(width)}
}

func (s stretch) x(t time.Time) float64 {
	return chartLeft + float64(chartWidth-chartLeft-8)*float64(t.Sub(s.from))/float64(s.to.Sub(s.from))
}

// days writes days under the axis, as many as there is room for.
func (s stretch) days(b *strings.Builder, nights []Night) {
	const room = 80 // of a label
	end := -1e9
	for _, n := range nights {
		x := s.x(n.At)
		if x < end || x > chartWidth-room/2 {
			continue
		}
		fmt.Fprintf(b, `<text class="tick" x="%.1f" y="%d">%s</text>`, x, chartHeight-chartBottom+16, day(n.At))
		end = x + room
	}
}

// OpenChart draws how many credentials were open after each run, the severities on top of one another, the worst below. Nights
// are in the order of time; of none there is no chart.
func OpenChart(nights []Night) template.HTML {
	if len(nights) == 0 {
		return ""
	}
	most := 1
	for _, n := range nights {
		most = max(most, total(n.Open))
	}
	var b strings.Builder
	axes(&b, most)
	s := newStretch(nights)
	s.days(&b, nights)
	floor := float64(chartHeight - chartBottom)
	for i, sev := range slices.Backward(finding.Severities()) {
		path := fmt.Sprintf("M%d %.1f", chartLeft, floor)
		for at, n := range nights {
			sum := 0
			for _, x := range finding.Severities()[:i+1] {
				sum += n.Open[x]
			}
			end := s.to
			if at+1 < len(nights) {
				end = nights[at+1].At
			}
			path += fmt.Sprintf("V%.1fH%.1f", chartY(sum, most), s.x(end))
		}
		fmt.Fprintf(&b, `<path class="sev-%s" d="%sV%.1fZ"/>`, sev, path, floor)
	}
	return chart(b.String())
}

func total(by map[finding.Severity]int) int {
	n := 0
	for _, x := range by {
		n += x
	}
	return n
}

// ChangeChart draws what came and what went in each run, as columns beside each other.
func ChangeChart(nights []Night) template.HTML {
	if len(nights) == 0 {
		return ""
	}
	shared := together(nights)
	most := 1
	for _, n := range shared {
		most = max(most, n.New, n.Gone)
	}
	var b strings.Builder
	axes(&b, most)
	s := newStretch(shared)
	s.days(&b, shared)
	floor := float64(chartHeight - chartBottom)
	width := min(float64(chartWidth-chartLeft-8)/float64(len(shared))/2*0.8, 16)
	for _, n := range shared {
		x := s.x(n.At)
		for i, c := range []struct {
			class string
			n     int
		}{{"come", n.New}, {"went", n.Gone}} {
			if c.n > 0 {
				y := chartY(c.n, most)
				fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, c.class, x+float64(i)*width, y, width, floor-y)
			}
		}
	}
	return chart(b.String())
}

// together adds up neighbours until there are few enough to draw.
func together(nights []Night) []Night {
	each := (len(nights) + columnsDrawn - 1) / columnsDrawn
	var all []Night
	for part := range slices.Chunk(nights, each) {
		sum := Night{At: part[0].At}
		for _, n := range part {
			sum.New += n.New
			sum.Gone += n.Gone
		}
		all = append(all, sum)
	}
	return all
}
