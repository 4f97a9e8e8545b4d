package serve

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
	"sprawl/report"
)

// clearing is an owner's credentials over time. Days are whole; "" where none is known.
type clearing struct {
	Owner, Href    string
	Open           int
	Gone           int
	Dead           int // rotated or revoked, and still in some place
	Median, Slow   string
	Oldest         string // of what is open, since it was first reported
	median, oldest int    // -1 for none
	days           []int
}

// clearings is by owner, those with most open first.
func clearings(lines []line, now time.Time) []clearing {
	by := map[string]*clearing{}
	for i := range lines {
		l := &lines[i]
		name := cmp.Or(l.Owner, nobody)
		if by[name] == nil {
			by[name] = &clearing{Owner: name, oldest: -1, median: -1}
		}
		by[name].add(l.known, now)
	}
	var all []clearing
	for _, c := range by {
		c.words()
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b clearing) int {
		return cmp.Or(cmp.Compare(b.Open, a.Open), cmp.Compare(b.Gone, a.Gone), cmp.Compare(a.Owner, b.Owner))
	})
	return all
}

func (c *clearing) add(k *store.Known, now time.Time) {
	switch k.Status {
	case store.Exposed:
		c.Open++
		c.oldest = max(c.oldest, wholeDays(now.Sub(k.FirstAt)))
	case store.Cleared:
		c.Gone++
		c.days = append(c.days, wholeDays(k.GoneAt.Sub(k.FirstAt)))
	case store.Rotated, store.Revoked:
		c.Dead++
	}
}

func wholeDays(d time.Duration) int { return max(int(d/(24*time.Hour)), 0) }

func (c *clearing) words() {
	if c.oldest >= 0 {
		c.Oldest = fmt.Sprint(c.oldest)
	}
	if len(c.days) > 0 {
		slices.Sort(c.days)
		c.median = c.days[(len(c.days)-1)/2] // of two in the middle the smaller
		c.Median, c.Slow = fmt.Sprint(c.median), fmt.Sprint(c.days[len(c.days)-1])
	}
}

type trendsView struct {
	Open, Changes template.HTML
	Severities    []finding.Severity
	Points        []pointView // newest first
	Earlier       int         // points before them
	Owners        []clearing
	MoreOwners    int
}

type pointView struct {
	At                     string
	Run                    runLink
	Open                   []int // by severity
	Sum, New, Back, Closed int
	Worse, Better, Decided int
	DaysOpen, DaysToClose  string
}

func newPointView(k *snapshot, p *store.Point) pointView {
	v := pointView{
		At: hour(p.At), Run: k.runLink(p.Run), Sum: open(p), New: p.Changes[store.New], Back: p.Changes[store.Reopened], Closed: p.Closed,
		Worse: p.Changes[store.Escalated], Better: p.Changes[store.Eased], Decided: p.Changes[store.Settled],
	}
	for _, s := range finding.Severities() {
		v.Open = append(v.Open, p.Open[s])
	}
	if v.Sum > 0 {
		v.DaysOpen = fmt.Sprintf("%.1f", p.DaysOpen)
	}
	if p.Closed > 0 {
		v.DaysToClose = fmt.Sprintf("%.1f", p.DaysToClose)
	}
	return v
}

func (h *handler) trends(_ context.Context, k *snapshot, _ *http.Request) (page, error) {
	points := k.trend[max(len(k.trend)-nightsShown, 0):]
	v := trendsView{Severities: finding.Severities(), Earlier: len(k.trend) - len(points)}
	var nights []report.Night
	first := 0 // of the nights whose changes are drawn
	if v.Earlier == 0 && len(points) > 1 {
		first = 1 // to the first run everything is new
	}
	for i := range points {
		p := &points[i]
		nights = append(nights, report.Night{At: p.At, Open: p.Open, New: p.Changes[store.New] + p.Changes[store.Reopened], Gone: p.Closed})
		v.Points = append(v.Points, newPointView(k, p))
	}
	slices.Reverse(v.Points)
	v.Open, v.Changes = report.OpenChart(nights), report.ChangeChart(nights[min(first, len(nights)):])
	v.Owners = slices.Clone(k.owners[:min(len(k.owners), ownersShown)])
	for i := range v.Owners {
		v.Owners[i].Href = k.link("owner", v.Owners[i].Owner)
	}
	v.MoreOwners = len(k.owners) - len(v.Owners)
	return page{Title: "Trends", Template: "trends", Content: v}, nil
}
