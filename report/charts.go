package report

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"sprawl/finding"
)

// Charts are drawn here, as SVG with classes for colours, so that a page needs no library, prints, and follows the reader's
// theme. Each stands beside a table or list of the same figures, and is hidden from assistive technology where those say it all.

const (
	chartWidth  = 480
	chartHeight = 210
	chartLeft   = 44
	chartBottom = 34
	chartTop    = 22
)

type severityView struct {
	Name string
	N    int
	Bar  template.HTML
}

func severityViews(o *overview) []severityView {
	most := 1
	for _, s := range finding.Severities() {
		most = max(most, o.severity[s])
	}
	var all []severityView
	for _, s := range finding.Severities() {
		n := o.severity[s]
		all = append(all, severityView{string(s), n, stripe(most, []string{"sev-" + string(s)}, []int{n})})
	}
	return all
}

type conditionView struct {
	ID, Href, Refs  string
	Yes, Unsure, No int
	Bar             template.HTML
}

func conditionViews(o *overview, to Links) []conditionView {
	ids := slices.SortedFunc(maps.Keys(o.conditions), func(a, b string) int {
		return cmp.Or(cmp.Compare(o.conditions[b].yes, o.conditions[a].yes), cmp.Compare(a, b))
	})
	var all []conditionView
	for _, id := range ids[:min(len(ids), 2*namedBars)] {
		v := o.conditions[id]
		href := to("condition", Visible(id))
		if v.values == 0 && v.yes > 0 {
			href = "#refs-h" // it holds for names of secrets alone, which no row of the table is
		}
		sum := v.yes + v.no + v.unsure
		all = append(all, conditionView{
			ID: Visible(id), Href: href, Refs: Visible(strings.Join(v.refs, ", ")), Yes: v.yes, Unsure: v.unsure, No: v.no,
			Bar: stripe(sum, []string{"yes", "unsure", "no"}, []int{v.yes, v.unsure, v.no}),
		})
	}
	return all
}

type barsView struct {
	Bars []barView
	Rest int
}

type barView struct {
	Name, Href string
	N          int
	Bar        template.HTML
}

func newBars(to Links, field string, t tally) barsView {
	top, rest := t.bars(namedBars)
	v := barsView{Rest: rest}
	most := 1
	for _, b := range top {
		most = max(most, b.sum)
	}
	var classes []string
	for _, s := range finding.Severities() {
		classes = append(classes, "sev-"+string(s))
	}
	for _, b := range top {
		v.Bars = append(v.Bars, barView{Visible(b.name), to(field, Visible(b.name)), b.sum, stripe(most, classes, b.by[:])})
	}
	return v
}

// stripe is a horizontal bar of stacked parts, of a whole of sum.
func stripe(sum int, classes []string, parts []int) template.HTML {
	var b strings.Builder
	b.WriteString(`<svg class="stripe" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="track" width="100" height="6"/>`)
	x := 0.0
	for i, n := range parts {
		if n <= 0 || sum <= 0 {
			continue
		}
		w := 100 * float64(n) / float64(sum)
		fmt.Fprintf(&b, `<rect class="%s" x="%.2f" width="%.2f" height="6"/>`, classes[i], x, w)
		x += w
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers and class names of ours
}

var ageNames = [len(ageEdges)]string{"7 d", "30 d", "90 d", "180 d", "1 y", "2 y", "3 y", "5 y", "older"}

// ageChart draws how old credentials are at least, with the thresholds that they were judged by. Bars are of one width; a
// threshold stands where it falls within its bar.
func ageChart(o *overview) (template.HTML, [][2]string, []string) {
	most := 1
	for _, n := range o.ages {
		most = max(most, n)
	}
	var b strings.Builder
	axes(&b, most)
	width := float64(chartWidth-chartLeft-8) / float64(len(o.ages))
	var table [][2]string
	for i, n := range o.ages {
		x := chartLeft + float64(i)*width
		y := chartY(n, most)
		fmt.Fprintf(&b, `<rect class="bar" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x+2, y, width-4, float64(chartHeight-chartBottom)-y)
		fmt.Fprintf(&b, `<text class="tick" x="%.1f" y="%d" text-anchor="middle">%s</text>`, x+width/2, chartHeight-chartBottom+16, ageNames[i])
		name := "up to " + ageNames[i]
		if i == len(o.ages)-1 {
			name = "older"
		}
		table = append(table, [2]string{name, fmt.Sprint(n)})
	}
	if o.ageless > 0 {
		table = append(table, [2]string{"no date known", fmt.Sprint(o.ageless)})
	}
	limits := slices.SortedFunc(maps.Keys(o.limits), func(a, b limit) int {
		return cmp.Or(cmp.Compare(a.days, b.days), cmp.Compare(a.source, b.source))
	})
	var words []string
	drawn, label := 0, -1e9 // days of the last line, and where the last label ends
	for _, l := range limits {
		words = append(words, Visible(fmt.Sprintf("%d days: %s, for %s", l.days, l.source, count(int64(o.limits[l]), "credential", "credentials"))))
		if drawn == l.days {
			continue
		}
		drawn = l.days
		i, _ := slices.BinarySearch(ageEdges[:], l.days)
		low, high := 0, ageEdges[i]
		if i > 0 {
			low = ageEdges[i-1]
		}
		if i == len(ageEdges)-1 {
			high = 2 * low
		}
		x := chartLeft + (float64(i)+min(float64(l.days-low)/float64(high-low), 1))*width
		fmt.Fprintf(&b, `<line class="limit" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`, x, x, chartTop-6, chartHeight-chartBottom)
		if x-label > 28 { // else the label would stand on the one before
			fmt.Fprintf(&b, `<text class="limit-text" x="%.1f" y="%d" text-anchor="end">%d</text>`, x-2, chartTop+3, l.days)
			label = x
		}
	}
	return chart(b.String()), table, words
}

// exposureChart draws, month by month, how many of today's credentials stood where anybody who opens the source sees them,
// and how many in history alone. What was revoked on the way is not known to a scan.
func exposureChart(o *overview) (template.HTML, [][3]string) {
	if len(o.exposure) == 0 {
		return "", nil
	}
	keys := slices.Sorted(maps.Keys(o.exposure))
	from, to := keys[0], keys[len(keys)-1]
	if now, ok := o.month(o.asOf); ok {
		to = max(to, now)
	}
	most, seen := 1, 0
	for _, k := range keys {
		seen += o.exposure[k].seen
		most = max(most, seen)
	}
	var b strings.Builder
	axes(&b, most)
	step := float64(chartWidth-chartLeft-8) / float64(to-from+1)
	floor := float64(chartHeight - chartBottom)
	all := fmt.Sprintf("M%d %.1f", chartLeft, floor)
	hidden := all
	total, gone := 0, 0
	var table [][3]string
	every := 1 + (to-from)/12/7 // years between labels
	for m := from; m <= to; m++ {
		if d := o.exposure[m]; d != nil {
			total += d.seen
			gone += d.hidden
		}
		x := chartLeft + float64(m-from)*step
		all += fmt.Sprintf("V%.1fH%.1f", chartY(total, most), x+step)
		hidden += fmt.Sprintf("V%.1fH%.1f", chartY(gone, most), x+step)
		if m%12 == 0 && m/12%every == 0 {
			fmt.Fprintf(&b, `<text class="tick" x="%.1f" y="%d" text-anchor="middle">%d</text>`, x, chartHeight-chartBottom+16, m/12)
		}
		if m%12 == 11 || m == to {
			table = append(table, [3]string{fmt.Sprintf("%d-%02d", m/12, m%12+1), fmt.Sprint(total - gone), fmt.Sprint(gone)})
		}
	}
	fmt.Fprintf(&b, `<path class="area-open" d="%sV%.1fZ"/><path class="area-history" d="%sV%.1fZ"/>`, all, floor, hidden, floor)
	return chart(b.String()), table
}

func chart(body string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="chart" viewBox="0 0 %d %d" aria-hidden="true" focusable="false">%s</svg>`, chartWidth, chartHeight, body)) //nolint:gosec // numbers and names of ours
}

func chartY(n, most int) float64 {
	return chartTop + float64(chartHeight-chartBottom-chartTop)*(1-float64(n)/float64(most))
}

// axes draws the floor and lines at round numbers.
func axes(b *strings.Builder, most int) {
	step := 1
	for i := 0; most/step > 5; i++ {
		step = step * []int{2, 5, 4}[i%3] / []int{1, 2, 2}[i%3] // 1, 2, 5, 10, 20, …
	}
	for n := 0; n <= most; n += step {
		y := chartY(n, most)
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`, chartLeft, chartWidth-8, y, y)
		fmt.Fprintf(b, `<text class="tick" x="%d" y="%.1f" text-anchor="end">%d</text>`, chartLeft-6, y+4, n)
	}
}

type matrixView struct {
	Columns []matrixColumn
	Rows    []matrixLine
	Left    int // environments without a column
}

type matrixColumn struct{ Name, Class string }

type matrixLine struct {
	ID, Short, Href, Severity, Title string
	Cells                            []string // the class where it reaches, "" where it is not seen to
	Spans                            bool
}

// newMatrix has a column for each environment that the kept rows reach, production first.
func newMatrix(o *overview, to Links) matrixView {
	class := []finding.EnvClass{finding.EnvProd, finding.EnvNonprod, finding.EnvVendor}
	n := map[string]int{}
	for _, r := range o.matrix {
		for _, e := range r.environs {
			n[e.Name]++
		}
	}
	names := slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
	v := matrixView{Left: max(len(names)-matrixColumns, 0)}
	names = names[:min(len(names), matrixColumns)]
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(slices.Index(class, o.classes[a]), slices.Index(class, o.classes[b])), cmp.Compare(a, b))
	})
	for _, x := range names {
		v.Columns = append(v.Columns, matrixColumn{Visible(x), string(o.classes[x])})
	}
	for _, r := range o.matrix {
		l := matrixLine{ID: r.id, Short: finding.ShortID(r.id), Href: to("id", r.id), Severity: r.severity, Title: r.title, Spans: r.classes > 1}
		for _, x := range names {
			cell := ""
			for _, e := range r.environs {
				if e.Name == x {
					cell = string(e.Class)
				}
			}
			l.Cells = append(l.Cells, cell)
		}
		v.Rows = append(v.Rows, l)
	}
	return v
}
