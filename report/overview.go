package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sprawl/finding"
)

// What an overview keeps of a run however long: a few of the worst, counts, and no place. Names come from repositories, so
// their number is bounded too; what is beyond counts under others.
const (
	firstShown    = 10
	matrixRows    = 40
	matrixColumns = 12
	namesKept     = 4096
	noticesKept   = 200
	risksKept     = 200
	oldest        = 1990 // years before it are a clock that was wrong
)

const others = "(others)"

// overview is what charts and summaries are made of. add takes a run's items in their order, worst first.
type overview struct {
	asOf        time.Time
	first       []lead
	openCount   int // credentials that nothing covers
	decided     int
	severity    map[finding.Severity]int
	kinds       tally
	owners      tally
	environs    tally
	classes     map[string]finding.EnvClass // of environments
	conditions  map[string]*verdicts
	ages        [len(ageEdges)]int
	ageless     int
	limits      map[limit]int // thresholds that long-lived was judged by, and for how many credentials
	matrix      []matrixRow
	exposure    map[int]*months // by year*12+month-1
	notices     []finding.Notice
	noticeCount int
	references  []finding.Reference // in which a condition holds
	RefCount    int
	RefHolds    int
	Inventory   int
	Unseen      int // of Inventory
	targets     tally
	spread      int // credentials that stand in more than one target
	risks       []TakenRisk
	riskCount   int
	systems     map[string]*listed // what inventories list, by system
	since       *changes
	change      string // of the last credential
}

// listed counts the rows of a system's inventories.
type listed struct{ rows, unseen int }

// lead is one of the worst credentials, in words that are safe to show.
type lead struct {
	ID, Short, Severity, Kind, Headline, Place, Owner string
	Holds                                             []string // condition ids
	Fix                                               []string
	Places                                            int
	Orphan                                            bool // no owner, and no condition has said so
}

// verdicts counts the three answers to one condition, each credential or reference once.
type verdicts struct {
	yes, no, unsure int
	values          int // of yes, those of credentials
	refs            []string
}

type limit struct {
	days   int
	source string
}

type matrixRow struct {
	id, severity, title string
	classes             int
	environs            []finding.Environment
}

// months is what changed in a month: credentials first seen, and those whose last visible place went.
type months struct{ seen, hidden int }

// tally counts by name, the severities apart.
type tally map[string]*[5]int

func (t tally) add(name string, s finding.Severity) {
	if t[name] == nil && len(t) >= namesKept {
		name = others
	}
	n := t[name]
	if n == nil {
		n = new([5]int)
		t[name] = n
	}
	n[min(s.Rank(), len(n)-1)]++
}

// bar is a name and how many, by severity.
type bar struct {
	name string
	by   [5]int
	sum  int
}

// bars are the most counted, at most max; rest is how many names were left out.
func (t tally) bars(max int) (top []bar, rest int) {
	for name, n := range t {
		b := bar{name: name, by: *n}
		for _, x := range n {
			b.sum += x
		}
		top = append(top, b)
	}
	slices.SortFunc(top, func(a, b bar) int { return cmp.Or(cmp.Compare(b.sum, a.sum), cmp.Compare(a.name, b.name)) })
	if len(top) > max {
		return top[:max], len(top) - max
	}
	return top, 0
}

// ageEdges are the upper ends of the histogram's bars, in days; the last bar is open.
var ageEdges = [...]int{7, 30, 90, 180, 365, 730, 1095, 1825, 1 << 30}

func newOverview(h finding.Header, e *Earlier) *overview {
	return &overview{
		targets: tally{}, systems: map[string]*listed{}, since: newChanges(e, h),
		asOf: h.AsOf, severity: map[finding.Severity]int{}, kinds: tally{}, owners: tally{}, environs: tally{},
		classes: map[string]finding.EnvClass{}, conditions: map[string]*verdicts{}, limits: map[limit]int{}, exposure: map[int]*months{},
	}
}

func (o *overview) add(it finding.Item) {
	switch {
	case it.Credential != nil:
		o.credential(it.Credential)
	case it.Reference != nil:
		o.RefCount++
		holds := false
		for _, k := range it.Reference.Conditions {
			o.judged(k, 0)
			holds = holds || k.Verdict == finding.VerdictYes
		}
		if holds {
			o.RefHolds++
			if len(o.references) < noticesKept {
				o.references = append(o.references, *it.Reference)
			}
		}
	case it.Inventory != nil:
		o.Inventory++
		system := it.Inventory.Record.System
		if o.systems[system] == nil && len(o.systems) >= namesKept {
			system = others
		}
		if o.systems[system] == nil {
			o.systems[system] = &listed{}
		}
		o.systems[system].rows++
		if it.Inventory.Found == "" {
			o.Unseen++
			o.systems[system].unseen++
		}
	case it.Notice != nil:
		o.noticeCount++
		if len(o.notices) < noticesKept {
			o.notices = append(o.notices, *it.Notice)
		}
	}
}

// judged counts a verdict; values is 1 for a credential and 0 for the name of a secret.
func (o *overview) judged(k finding.Condition, values int) {
	v := o.conditions[k.ID]
	if v == nil {
		if len(o.conditions) >= namesKept {
			return
		}
		v = &verdicts{refs: k.Refs}
		o.conditions[k.ID] = v
	}
	switch k.Verdict {
	case finding.VerdictYes:
		v.yes++
		v.values += values
	case finding.VerdictNo:
		v.no++
	default:
		v.unsure++
	}
}

func (o *overview) credential(c *finding.Credential) {
	o.change = o.since.of(c)
	if t, ok := NewTakenRisk(c, o.asOf); ok {
		o.riskCount++
		if len(o.risks) < risksKept {
			o.risks = append(o.risks, t)
		}
	}
	if c.Decision != nil {
		o.decided++
		return
	}
	o.openCount++
	o.severity[c.Severity]++
	o.kinds.add(c.Kind, c.Severity)
	o.owners.add(cmp.Or(c.Owner.Name, "nobody"), c.Severity)
	in := targetsOf(c)
	for _, t := range in {
		o.targets.add(t, c.Severity)
	}
	if len(in) > 1 {
		o.spread++
	}
	if len(reach(c)) == 0 {
		o.environs.add("not known", c.Severity)
	}
	for _, e := range reach(c) {
		o.environs.add(e.Name, c.Severity)
		if len(o.classes) < namesKept {
			o.classes[e.Name] = e.Class
		}
	}
	for _, k := range c.Conditions {
		o.judged(k, 1)
		if k.ID == "long-lived" && k.Threshold != nil {
			if d, ok := wholeDays(k.Threshold.Value); ok && (len(o.limits) < 64 || o.limits[limit{d, k.Threshold.Source}] > 0) {
				o.limits[limit{d, k.Threshold.Source}]++
			}
		}
	}
	if days := ageDays(c, o.asOf); days < 0 {
		o.ageless++
	} else {
		i, _ := slices.BinarySearch(ageEdges[:], days+1) // an edge belongs to the bar below it
		o.ages[i]++
	}
	o.lead(c)
	o.cross(c)
	o.exposed(c)
}

func (o *overview) lead(c *finding.Credential) {
	if len(o.first) == firstShown {
		return
	}
	l := lead{
		ID: Visible(c.ID), Short: Visible(finding.ShortID(c.ID)), Severity: string(c.Severity), Kind: Visible(c.Kind),
		Headline: Visible(headline(c, o.asOf)), Owner: Visible(c.Owner.Name), Places: len(c.Sightings),
	}
	if at := worst(c.Sightings, 1); len(at) > 0 {
		l.Place = Visible(fullPlace(&c.Sightings[at[0]]))
	}
	for _, k := range c.Conditions {
		if k.Verdict == finding.VerdictYes {
			l.Holds = append(l.Holds, Visible(k.ID))
		}
	}
	l.Orphan = c.Owner.Name == "" && !slices.Contains(l.Holds, "unattributed")
	for _, f := range c.Fix {
		l.Fix = append(l.Fix, Visible(f))
	}
	o.first = append(o.first, l)
}

// cross keeps rows for the matrix: those that span classes of environment before those that do not.
func (o *overview) cross(c *finding.Credential) {
	all := reach(c)
	if len(all) == 0 {
		return
	}
	classes := map[finding.EnvClass]bool{}
	for _, e := range all {
		classes[e.Class] = true
	}
	row := matrixRow{Visible(c.ID), string(c.Severity), Visible(cmp.Or(c.Title, c.Kind)), len(classes), all}
	at := len(o.matrix)
	if len(classes) > 1 {
		at = slices.IndexFunc(o.matrix, func(r matrixRow) bool { return r.classes < 2 })
		if at < 0 {
			at = len(o.matrix)
		}
	}
	if at < matrixRows {
		o.matrix = slices.Insert(o.matrix, at, row)
		o.matrix = o.matrix[:min(len(o.matrix), matrixRows)]
	}
}

// exposed counts a credential from the month in which it was first seen, and until the month in which the last place that
// shows it without searching was gone.
func (o *overview) exposed(c *finding.Credential) {
	m, ok := o.month(c.FirstSeen)
	if !ok {
		return
	}
	o.at(m).seen++
	var last time.Time
	for i := range c.Sightings {
		w := &c.Sightings[i].Where
		if stateRank(w.State) < stateRank(finding.StateHistory) {
			return
		}
		if w.Gone == nil {
			continue
		}
		if w.Gone.When.After(last) {
			last = w.Gone.When
		}
	}
	if h, ok := o.month(last); ok {
		o.at(max(h, m)).hidden++
	} else {
		o.at(m).hidden++ // never stood at a tip that is known
	}
}

func (o *overview) at(m int) *months {
	if o.exposure[m] == nil {
		o.exposure[m] = &months{}
	}
	return o.exposure[m]
}

// month numbers months; times of clocks that were wrong have none.
func (o *overview) month(t time.Time) (int, bool) {
	t = t.UTC()
	if t.Year() < oldest || t.After(o.asOf) {
		return 0, false
	}
	return t.Year()*12 + int(t.Month()) - 1, true
}

// reach is the environments that have a name and a class.
func reach(c *finding.Credential) []finding.Environment {
	var all []finding.Environment
	for _, e := range c.Environments {
		if e.Name != "" && e.Class != finding.EnvUnknown && e.Class != "" {
			all = append(all, e)
		}
	}
	return all
}

// ageDays is the least that a credential's age can be, in days; -1 where no place has a date.
func ageDays(c *finding.Credential, asOf time.Time) int {
	if c.FirstSeen.IsZero() || asOf.IsZero() {
		return -1
	}
	return max(int(asOf.Sub(c.FirstSeen)/(24*time.Hour)), 0)
}

// wholeDays reads "90 days".
func wholeDays(s string) (int, bool) {
	n, unit, _ := strings.Cut(s, " ")
	d, err := strconv.Atoi(n)
	return d, err == nil && d > 0 && (unit == "days" || unit == "day" || unit == "d")
}

// fullPlace names a place with its target.
func fullPlace(s *finding.Sighting) string {
	return strings.TrimSpace(s.Where.Target + "  " + placeWords(&s.Where, span(s)))
}
