package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// Earlier is what an earlier report said, for a report of the time between the two. It keeps a few words of each credential and
// no place. It is used by one Reporter at a time.
type Earlier struct {
	header   finding.Header
	complete bool
	all      map[string]*before
}

// before is a credential as it was.
type before struct {
	lead      gone
	severity  finding.Severity
	places    int
	holds     []string
	decided   string // kind of decision, "" if open
	firstSeen time.Time
	targets   []string
	seen      bool // in the later report too
}

// gone is a credential of the earlier report in words that are safe to show.
type gone struct{ ID, Short, Severity, Title, Place, Owner, Change string }

// ReadEarlier reads a report as Read does, and keeps what a comparison needs.
func ReadEarlier(in io.Reader) (*Earlier, error) {
	return EarlierOf(func(to Reporter) error { return Read(in, to) })
}

// EarlierOf is ReadEarlier of a report that has not been written: hand gives it to a Reporter.
func EarlierOf(hand func(Reporter) error) (*Earlier, error) {
	e := &Earlier{all: map[string]*before{}}
	if err := hand((*earlierReader)(e)); err != nil {
		return nil, err
	}
	return e, nil
}

type earlierReader Earlier

func (e *earlierReader) Begin(h finding.Header) error { e.header = h; return nil }

func (e *earlierReader) End(s finding.Summary) error { e.complete = s.Coverage.Complete(); return nil }

func (e *earlierReader) Item(it finding.Item) error {
	c := it.Credential
	if c == nil {
		return nil
	}
	b := &before{
		severity: c.Severity, places: len(c.Sightings), firstSeen: c.FirstSeen, holds: holding(c), targets: targetsOf(c),
		lead: gone{ID: Visible(c.ID), Short: Visible(finding.ShortID(c.ID)), Severity: string(c.Severity), Title: Visible(cmp.Or(c.Title, c.Kind)), Owner: Visible(cmp.Or(c.Owner.Name, "nobody"))},
	}
	if at := worst(c.Sightings, 1); len(at) > 0 {
		b.lead.Place = Visible(fullPlace(&c.Sightings[at[0]]))
	}
	if c.Decision != nil {
		b.decided = c.Decision.Kind
	}
	e.all[c.ID] = b
	return nil
}

// Comparable says why the ids of a later report must not be compared with these; nil if they may.
func (e *Earlier) Comparable(h finding.Header) error {
	switch {
	case e.header.KeyScope == finding.KeyRun || h.KeyScope == finding.KeyRun:
		return errors.New("the ids of one of the reports were made without a key, and are good for that report alone")
	case e.header.KeyScope != h.KeyScope || e.header.KeyID != h.KeyID:
		return errors.New("the ids of the reports were made with different keys")
	case h.AsOf.Before(e.header.AsOf):
		return fmt.Errorf("the earlier report is of %s, after the other, of %s", day(e.header.AsOf), day(h.AsOf))
	}
	return nil
}

// Compares reports whether a format tells what changed since an earlier report.
func Compares(format string) bool {
	return slices.Contains([]string{"text", "html", "markdown", "csv", "compliance-html", "compliance-markdown", "compliance-csv"}, format)
}

func holding(c *finding.Credential) []string {
	var all []string
	for _, k := range c.Conditions {
		if k.Verdict == finding.VerdictYes {
			all = append(all, k.ID)
		}
	}
	return all
}

// targetsOf are the targets that hold it, each once, in the order they come.
func targetsOf(c *finding.Credential) []string {
	var all []string
	known := map[string]bool{}
	for i := range c.Sightings {
		if t := c.Sightings[i].Where.Target; !known[t] {
			known[t] = true
			all = append(all, t)
		}
	}
	return all
}

// Changes of a credential between two reports, and what they are called, the worst first. A credential has the first that
// applies.
const (
	changeNew      = "new"
	changeReopened = "reopened"
	changeWorse    = "worse"
	changeSpread   = "spread"
	changeBetter   = "better"
	changeFewer    = "fewer places"
	changeCovered  = "covered"
	changeGone     = "gone"
	changeUnseen   = "not looked at"
)

var changeWords = []struct{ name, what string }{
	{changeNew, "not in the earlier report"},
	{changeReopened, "covered by a decision then, open now"},
	{changeWorse, "of higher severity, or with another condition that holds"},
	{changeSpread, "in more places"},
	{changeBetter, "of lower severity, or with a condition less that holds"},
	{changeFewer, "in fewer places"},
	{changeCovered, "open then, covered by a decision now"},
	{changeGone, "open then, in nothing that was scanned now"},
	{changeUnseen, "open then, in a target that was not scanned now"},
}

// changes is what happened between two reports. A nil one has nothing to say.
type changes struct {
	e      *Earlier
	h      finding.Header
	n      map[string]int
	lists  map[string][]gone // no more of each than changesKept, but all that is in the earlier report alone
	owners map[string]*ownerChange
}

const changesKept = 100

// ownerChange is an owner's credentials then and now.
type ownerChange struct {
	then, now, come, gone int
	stood                 []int // days for which those that are gone had stood, at least
}

func newChanges(e *Earlier, h finding.Header) *changes {
	if e == nil {
		return nil
	}
	for _, b := range e.all {
		b.seen = false
	}
	c := &changes{e: e, h: h, n: map[string]int{}, lists: map[string][]gone{}, owners: map[string]*ownerChange{}}
	for _, b := range e.all {
		if o := c.owner(b.lead.Owner); b.decided == "" {
			o.then++
		}
	}
	return c
}

func (c *changes) owner(name string) *ownerChange {
	if c.owners[name] == nil {
		if len(c.owners) >= namesKept {
			name = others
		}
		if c.owners[name] == nil {
			c.owners[name] = &ownerChange{}
		}
	}
	return c.owners[name]
}

// of says what became of a credential; "" if nothing changed. It is called once for each.
func (c *changes) of(k *finding.Credential) string {
	if c == nil {
		return ""
	}
	b := c.e.all[k.ID]
	open := k.Decision == nil
	owner := Visible(cmp.Or(k.Owner.Name, "nobody"))
	if open {
		c.owner(owner).now++
	}
	if b != nil {
		b.seen = true
	}
	change := became(b, k, open)
	if change == "" {
		return ""
	}
	if change == changeNew {
		c.owner(owner).come++
	}
	l := gone{
		ID: Visible(k.ID), Short: Visible(finding.ShortID(k.ID)), Severity: string(k.Severity), Title: Visible(cmp.Or(k.Title, k.Kind)), Owner: owner,
		Change: changeDetail(b, k, change),
	}
	if at := worst(k.Sightings, 1); len(at) > 0 {
		l.Place = Visible(fullPlace(&k.Sightings[at[0]]))
	}
	c.note(change, l)
	return change
}

func (c *changes) note(change string, l gone) {
	c.n[change]++
	if len(c.lists[change]) < changesKept || change == changeGone || change == changeUnseen {
		c.lists[change] = append(c.lists[change], l)
	}
}

func became(b *before, k *finding.Credential, open bool) string {
	switch {
	case b == nil && open:
		return changeNew
	case b == nil || b.decided != "" && !open:
		return ""
	case b.decided != "":
		return changeReopened
	case !open:
		return changeCovered
	}
	more, less := 0, 0
	now := holding(k)
	for _, id := range now {
		if !slices.Contains(b.holds, id) {
			more++
		}
	}
	for _, id := range b.holds {
		if !slices.Contains(now, id) {
			less++
		}
	}
	switch n := len(k.Sightings); {
	case k.Severity.Rank() < b.severity.Rank() || more > 0 && k.Severity == b.severity:
		return changeWorse
	case n > b.places:
		return changeSpread
	case k.Severity.Rank() > b.severity.Rank() || less > 0:
		return changeBetter
	case n < b.places:
		return changeFewer
	}
	return ""
}

// changeDetail says what was and what is.
func changeDetail(b *before, k *finding.Credential, change string) string {
	if b == nil {
		return ""
	}
	var s []string
	if b.severity != k.Severity {
		s = append(s, fmt.Sprintf("%s, was %s", k.Severity, b.severity))
	}
	now := holding(k)
	for _, id := range now {
		if !slices.Contains(b.holds, id) {
			s = append(s, id+" holds now")
		}
	}
	for _, id := range b.holds {
		if !slices.Contains(now, id) {
			s = append(s, id+" holds no more")
		}
	}
	if n := len(k.Sightings); n != b.places {
		s = append(s, fmt.Sprintf("%s, were %d", count(int64(n), "place", "places"), b.places))
	}
	if change == changeReopened {
		s = append(s, "was "+b.decided)
	}
	if change == changeCovered {
		s = append(s, "now "+strings.TrimSpace(k.Decision.Kind+" "+k.Decision.Value))
	}
	return Visible(strings.Join(s, "; "))
}

// end tells those that are gone from those whose targets were not looked at. It is called once, after all credentials.
func (c *changes) end(s finding.Summary) {
	if c == nil {
		return
	}
	scanned := map[string]bool{}
	for _, t := range c.h.Targets {
		scanned[t] = true
	}
	for _, t := range s.Coverage.Targets {
		scanned[t.Target] = true
	}
	ids := slices.SortedFunc(maps.Keys(c.e.all), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.e.all[a].severity.Rank(), c.e.all[b].severity.Rank()), cmp.Compare(a, b))
	})
	for _, id := range ids {
		b := c.e.all[id]
		if b.seen || b.decided != "" {
			continue
		}
		if slices.ContainsFunc(b.targets, func(t string) bool { return !scanned[t] }) {
			c.note(changeUnseen, b.lead)
			continue
		}
		l := b.lead
		o := c.owner(l.Owner)
		o.gone++
		if d := c.h.AsOf.Sub(b.firstSeen); !b.firstSeen.IsZero() && d >= 0 {
			days := int(d / (24 * time.Hour))
			o.stood = append(o.stood, days)
			l.Change = "first seen " + count(int64(days), "day", "days") + " ago"
		}
		c.note(changeGone, l)
	}
}

// changesView is what templates and writers show of changes.
type changesView struct {
	Since   time.Time
	Caveats []string
	Kinds   []changeKind
	Owners  []ownerChangeView
	More    int // owners beyond those listed
}

type changeKind struct {
	Name, What string
	N          int
	List       []gone
	More       int
}

type ownerChangeView struct {
	Owner                 string
	Then, Now, Come, Gone int
	Median                string // days that those that are gone had stood, "" if none is known
}

const ownersShown = 40

func (c *changes) view(s finding.Summary) *changesView {
	if c == nil {
		return nil
	}
	v := &changesView{Since: c.e.header.AsOf}
	if c.e.header.RuleSet != c.h.RuleSet || c.e.header.Version != c.h.Version {
		v.Caveats = append(v.Caveats, "the two runs went by different rules or versions: what is new may be what the rules newly know")
	}
	if !s.Coverage.Complete() {
		v.Caveats = append(v.Caveats, "the later run was incomplete: what is gone may stand where it did not read")
	}
	if !c.e.complete {
		v.Caveats = append(v.Caveats, "the earlier run was incomplete: what is new may have stood where it did not read")
	}
	for _, w := range changeWords {
		l := c.lists[w.name]
		l = l[:min(len(l), changesKept)]
		v.Kinds = append(v.Kinds, changeKind{w.name, w.what, c.n[w.name], l, c.n[w.name] - len(l)})
	}
	names := slices.SortedFunc(maps.Keys(c.owners), func(a, b string) int {
		x, y := c.owners[a], c.owners[b]
		return cmp.Or(cmp.Compare(y.now+y.gone, x.now+x.gone), cmp.Compare(a, b))
	})
	for _, name := range names {
		o := c.owners[name]
		if o.then+o.now+o.come+o.gone == 0 {
			continue
		}
		if len(v.Owners) == ownersShown {
			v.More++
			continue
		}
		median := ""
		if m, ok := middle(o.stood); ok {
			median = fmt.Sprint(m)
		}
		v.Owners = append(v.Owners, ownerChangeView{name, o.then, o.now, o.come, o.gone, median})
	}
	return v
}

// middle is the median, of two in the middle the smaller; false for none.
func middle(days []int) (int, bool) {
	if len(days) == 0 {
		return 0, false
	}
	s := slices.Sorted(slices.Values(days))
	return s[(len(s)-1)/2], true
}

// Words is the counts in a line: "3 new, 2 gone".
func (v *changesView) Words() string {
	var s []string
	for _, k := range v.Kinds {
		if k.N > 0 {
			s = append(s, fmt.Sprintf("%d %s", k.N, k.Name))
		}
	}
	if len(s) == 0 {
		return "nothing changed"
	}
	return strings.Join(s, ", ")
}
