package serve

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
	"sprawl/report"
)

// snapshot is what the store knew at one time, read once and shown by many pages. It is not changed once it is made.
type snapshot struct {
	asOf  string    // the day that was asked for, "" for now
	clock time.Time // by which ages and ends are judged
	runs  []store.Run
	last  *store.Run // the newest that has ended, with its summary and counts; nil for none
	did   []figure   // what it changed, by kind
	trend []store.Point

	lines  []line // worst first, whatever their status
	byID   map[string]int
	body   report.Body
	items  store.Items
	risks  []report.TakenRisk // exceptions, due ones first
	due    int                // of risks
	facets map[string][]facet
	status map[store.Status]int
	owners []clearing
}

// line is a credential in lists, with what they filter and sort by.
type line struct {
	report.Row
	known    *store.Known
	provider string
	text     string // lower case, for the search
}

// facet is a value of a filter and how many open credentials have it.
type facet struct {
	Value string
	N     int
}

const (
	freshFor   = time.Second // between looks at whether a run has begun or ended
	pastKept   = 2           // snapshots of past days
	pathsFound = 200         // paths of a credential that the search looks at
)

// snapshots reads the store anew when a run has begun or ended, and else not: a store changes with its runs alone.
type snapshots struct {
	data Data
	now  func() time.Time

	mu      sync.Mutex
	stamp   string
	stamped time.Time
	kept    []*snapshot // the present, and past days, the one that was asked for last first
}

// get is the snapshot of a day, "" for now. Whoever comes while it is read waits for it.
func (s *snapshots) get(ctx context.Context, asOf string) (*snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.renew(ctx); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(s.kept, func(k *snapshot) bool { return k.asOf == asOf })
	if i >= 0 && (asOf != "" || s.kept[i].clock.Format(time.DateOnly) == s.now().UTC().Format(time.DateOnly)) {
		k := s.kept[i]
		s.kept = slices.Insert(slices.Delete(s.kept, i, i+1), 0, k)
		return k, nil
	}
	if i >= 0 {
		s.kept = slices.Delete(s.kept, i, i+1) // of yesterday
	}
	k, err := s.read(ctx, asOf)
	if err != nil {
		return nil, err
	}
	past := 0
	s.kept = slices.DeleteFunc(slices.Insert(s.kept, 0, k), func(k *snapshot) bool {
		if k.asOf != "" {
			past++
		}
		return past > pastKept && k.asOf != ""
	})
	return k, nil
}

// renew forgets all snapshots where the newest run is another, or is in another state.
func (s *snapshots) renew(ctx context.Context) error {
	now := s.now()
	if age := now.Sub(s.stamped); s.stamp != "" && age >= 0 && age < freshFor {
		return nil
	}
	runs, err := s.data.Runs(ctx, 1)
	if err != nil {
		return err
	}
	stamp := "none"
	if len(runs) > 0 {
		stamp = fmt.Sprint(runs[0].ID, runs[0].State, runs[0].Ended.UnixMicro())
	}
	if stamp != s.stamp {
		s.kept = nil
	}
	s.stamp, s.stamped = stamp, now
	return nil
}

func (s *snapshots) read(ctx context.Context, asOf string) (*snapshot, error) {
	k := &snapshot{asOf: asOf, clock: s.now().UTC(), byID: map[string]int{}, status: map[store.Status]int{}}
	var at time.Time // of the store; zero for now
	if asOf != "" {
		day, err := time.Parse(time.DateOnly, asOf)
		if err != nil {
			return nil, err
		}
		at = day.AddDate(0, 0, 1).Add(-time.Microsecond) // the night of that day has run
		k.clock = at
	}
	var err error
	if k.runs, err = s.data.Runs(ctx, 0); err != nil {
		return nil, err
	}
	if k.trend, err = s.data.Trend(ctx); err != nil {
		return nil, err
	}
	k.until(at)
	known, err := s.data.Credentials(ctx, at)
	if err != nil {
		return nil, err
	}
	if err := s.readLast(ctx, k); err != nil {
		return nil, err
	}
	k.order(known)
	k.count()
	return k, nil
}

// readLast reads what there is beside the credentials of the last run.
func (s *snapshots) readLast(ctx context.Context, k *snapshot) error {
	if k.last == nil {
		return nil
	}
	run, ok, err := s.data.Run(ctx, k.last.ID)
	if err != nil {
		return err
	}
	if ok {
		k.last = &run
	}
	changes, err := s.data.Changes(ctx, k.last.ID)
	if err != nil {
		return err
	}
	for _, f := range tallied(changes) {
		f.Href = k.page(runPath(k.last.ID), url.Values{"what": {f.Name}})
		k.did = append(k.did, f)
	}
	k.items, err = s.data.Items(ctx, k.last.ID)
	return err
}

// until leaves out what came after a time, and finds the last run that had ended.
func (k *snapshot) until(at time.Time) {
	if !at.IsZero() {
		k.runs = slices.DeleteFunc(k.runs, func(r store.Run) bool { return r.Started.After(at) })
		k.trend = slices.DeleteFunc(k.trend, func(p store.Point) bool { return p.At.After(at) })
	}
	for i := range k.runs {
		if r := &k.runs[i]; k.last == nil && r.State != store.Running && !r.Ended.IsZero() && (at.IsZero() || !r.Ended.After(at)) {
			last := *r
			k.last = &last
		}
		k.runs[i].Summary = nil // that of the last is all that is shown
	}
}

// order makes the lines, the worst first, and of equals the oldest.
func (k *snapshot) order(known []store.Known) {
	slices.SortStableFunc(known, func(a, b store.Known) int {
		x, y := &a.Credential, &b.Credential
		return cmp.Or(cmp.Compare(x.Severity.Rank(), y.Severity.Rank()), byTime(x.FirstSeen, y.FirstSeen), cmp.Compare(x.ID, y.ID))
	})
	k.lines = make([]line, len(known))
	for i := range known {
		k.lines[i] = newLine(&known[i], k.clock)
		k.byID[known[i].Credential.ID] = i
		k.status[known[i].Status]++
	}
}

// byTime puts what has no time last.
func byTime(a, b time.Time) int {
	if a.IsZero() != b.IsZero() {
		if a.IsZero() {
			return 1
		}
		return -1
	}
	return a.Compare(b)
}

func newLine(known *store.Known, clock time.Time) line {
	c := &known.Credential
	l := line{Row: report.NewRow(c, clock), known: known, provider: report.Visible(c.Provider)}
	words := []string{l.ID, l.Kind, l.Title, l.Owner, l.provider, report.Visible(c.Ident), strings.Join(l.Environs, " "), strings.Join(l.Holds, " "), strings.Join(l.Targets, " ")}
	for i := range c.Sightings[:min(len(c.Sightings), pathsFound)] {
		if p := report.Visible(c.Sightings[i].Where.Path); !slices.Contains(words, p) {
			words = append(words, p)
		}
	}
	l.text = strings.ToLower(strings.Join(words, "\n"))
	return l
}

// stands reports whether a credential is one that lists and charts begin with: nothing covers it, and as far as anybody knows it
// works and is there.
func (l *line) stands() bool { return l.known.Status == store.Exposed }

// count makes what the overview shows.
func (k *snapshot) count() {
	o := report.NewOverview(k.header())
	s := finding.Summary{BySeverity: map[finding.Severity]int{}, ByTier: map[finding.Tier]int{}}
	for i := range k.lines {
		l := &k.lines[i]
		c := &l.known.Credential
		if t, ok := report.NewTakenRisk(c, k.clock); ok && (l.stands() || l.known.Status == store.Decided) {
			t.Href = k.link("id", t.ID)
			k.risks = append(k.risks, t)
		}
		switch l.known.Status {
		case store.Exposed:
			o.Add(finding.Item{Credential: c})
			s.Credentials++
			s.Places += len(c.Sightings)
			s.BySeverity[c.Severity]++
			s.CannotTell += l.Unsure
		case store.Decided:
			o.Add(finding.Item{Credential: c})
		}
	}
	for i := range k.items.References {
		o.Add(finding.Item{Reference: &k.items.References[i]})
	}
	for i := range k.items.Inventory {
		o.Add(finding.Item{Inventory: &k.items.Inventory[i]})
	}
	for i := range k.items.Notices {
		o.Add(finding.Item{Notice: &k.items.Notices[i]})
	}
	if k.last != nil && k.last.Summary != nil {
		s.Coverage = k.last.Summary.Coverage
	}
	k.body = o.Body(s, k.link)
	slices.SortStableFunc(k.risks, func(a, b report.TakenRisk) int {
		return cmp.Or(cmp.Compare(rank(a.Renew == ""), rank(b.Renew == "")), cmp.Compare(a.Until, b.Until))
	})
	k.due = slices.IndexFunc(k.risks, func(t report.TakenRisk) bool { return t.Renew == "" })
	if k.due < 0 {
		k.due = len(k.risks)
	}
	k.facets = facetsOf(k.lines)
	k.owners = clearings(k.lines, k.clock)
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// header says of what the counts are.
func (k *snapshot) header() finding.Header {
	h := finding.Header{KeyScope: finding.KeyOrganisation, Command: "crawl", AsOf: k.clock}
	if len(k.runs) > 0 {
		r := k.runs[0]
		h.Version, h.RuleSet, h.KeyID, h.Targets = r.Version, r.RuleSet, r.KeyID, r.Roots
	}
	return h
}
