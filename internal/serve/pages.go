package serve

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
	"sprawl/report"
)

const (
	placesShown  = 100
	runsShown    = 50
	changesShown = 100
	targetsShown = 100
	ownersShown  = 100
	nightsShown  = 400 // in charts and their table: a year, and more
)

// figure is a number with a name, and where it leads.
type figure struct {
	Name, Text, Href string
}

func number[T int | int64](name string, n T, href string) figure {
	return figure{name, strconv.FormatInt(int64(n), 10), href}
}

type overviewView struct {
	report.Body
	Figures []figure
	Last    *runView
	Changes []figure // of the last run
	Due     int
	Renew   string
}

func (h *handler) overview(_ context.Context, k *snapshot, _ *http.Request) (page, error) {
	v := overviewView{Body: k.body, Due: k.due, Renew: k.page("/exceptions", nil)}
	to := func(status store.Status) string {
		return k.page("/credentials", url.Values{"status": {string(status)}})
	}
	v.Figures = []figure{
		number("Open", k.status[store.Exposed], k.page("/credentials", nil)),
		number("Critical or high", k.body.S.BySeverity[finding.SevCritical]+k.body.S.BySeverity[finding.SevHigh], k.page("/credentials", url.Values{"severity": {"critical", "high"}})),
		number("Places", k.body.S.Places, ""),
		number("Cannot be told", k.body.S.CannotTell, ""),
		number("Decided", k.status[store.Decided], to(store.Decided)),
		number("Rotated", k.status[store.Rotated], to(store.Rotated)),
		number("Revoked", k.status[store.Revoked], to(store.Revoked)),
		number("Gone", k.status[store.Cleared], to(store.Cleared)),
	}
	if k.last != nil {
		last := k.run(k.last)
		v.Last, v.Changes = &last, k.did
	}
	return page{Title: "Overview", Template: "overview", Content: v}, nil
}

// whats are the kinds of change, the worst first.
var whats = []store.What{store.New, store.Reopened, store.Escalated, store.Eased, store.Settled, store.WasRotate, store.WasRevoke, store.Vanished}

// tallied counts changes by kind, those that there are.
func tallied(changes []store.Change) []figure {
	n := map[store.What]int{}
	for _, c := range changes {
		n[c.What]++
	}
	var all []figure
	for _, w := range whats {
		if n[w] > 0 {
			all = append(all, number(string(w), n[w], ""))
		}
	}
	return all
}

func (h *handler) credentials(_ context.Context, k *snapshot, r *http.Request) (page, error) {
	return page{Title: "Credentials", Template: "credentials", Content: k.list(query(r))}, nil
}

type credentialView struct {
	report.Detail
	Short, Status           string
	FirstAt, GoneAt, LastAt string // of the store, to the minute
	FirstRun, LastRun       runLink
	Since                   string // what LastRun is
	Places                  []report.Place
	Pager                   pager
	Count                   int
	History                 []changeView
	Risk                    []report.TakenRisk // one, or none
	Owner                   figure
}

// runLink leads to a run; Href is "" where it is no longer kept.
type runLink struct {
	ID         int64
	Text, Href string
}

func (k *snapshot) runLink(id int64) runLink {
	l := runLink{ID: id, Text: "run " + strconv.FormatInt(id, 10)}
	if slices.ContainsFunc(k.runs, func(r store.Run) bool { return r.ID == id }) {
		l.Href = k.page(runPath(id), nil)
	}
	return l
}

func runPath(id int64) string { return "/runs/" + strconv.FormatInt(id, 10) }

// find is the credential of an id, or the only one whose id begins so.
func (k *snapshot) find(id string) (*line, error) {
	if i, ok := k.byID[id]; ok {
		return &k.lines[i], nil
	}
	var found *line
	for i := range k.lines {
		if len(id) >= shortest && strings.HasPrefix(k.lines[i].ID, id) {
			if found != nil {
				return nil, &problem{http.StatusNotFound, "More than one credential has an id that begins so. Give more of it."}
			}
			found = &k.lines[i]
		}
	}
	if found == nil {
		return nil, &problem{http.StatusNotFound, "No credential of this id was known then."}
	}
	return found, nil
}

// shortest is the least of an id that is looked for: "c-" and four characters.
const shortest = 6

func (h *handler) credential(ctx context.Context, k *snapshot, r *http.Request) (page, error) {
	l, err := k.find(r.PathValue("id"))
	if err != nil {
		return page{}, err
	}
	c := &l.known.Credential
	history, err := h.data.History(ctx, c.ID)
	if err != nil {
		return page{}, err
	}
	v := credentialView{
		Detail: report.NewDetail(c, k.clock), Short: finding.ShortID(l.ID), Status: string(l.known.Status), Count: len(c.Sightings),
		FirstAt: hour(l.known.FirstAt), GoneAt: hour(l.known.GoneAt), FirstRun: k.runLink(l.known.FirstRun), LastRun: k.runLink(l.known.LastRun),
		Pager: k.pager("/credentials/"+l.ID, query(r), len(c.Sightings), placesShown),
		Owner: figure{Text: cmp.Or(l.Owner, nobody), Href: k.link("owner", cmp.Or(l.Owner, nobody))},
	}
	if v.Since = "Last reported by"; k.asOf != "" {
		v.Since = "As it was since" // a store keeps what changed, not every night
	}
	v.Places = report.NewPlaces(c, v.Pager.from, v.Pager.to)
	for _, x := range slices.Backward(history) {
		if k.asOf == "" || !x.At.After(k.clock) {
			v.History = append(v.History, k.change(x))
		}
	}
	if t, ok := report.NewTakenRisk(c, k.clock); ok {
		v.Risk = []report.TakenRisk{t}
	}
	return page{Title: v.Short + " " + v.Detail.Title, Template: "credential", Content: v}, nil
}

// changeView is a change in words.
type changeView struct {
	At, What, Was, Is, Detail string
	ID, Short, Href, Title    string
	Owner, Place              string
	Run                       runLink
}

func (k *snapshot) change(c store.Change) changeView {
	v := changeView{
		At: hour(c.At), What: string(c.What), Was: string(c.Was), Is: string(c.Is), Detail: report.Visible(c.Detail), ID: report.Visible(c.Credential),
		Short: report.Visible(finding.ShortID(c.Credential)), Run: k.runLink(c.Run),
	}
	if i, ok := k.byID[c.Credential]; ok {
		l := &k.lines[i]
		v.Href, v.Title, v.Owner, v.Place = k.link("id", l.ID), l.Title, cmp.Or(l.Owner, nobody), l.Place
	}
	return v
}

// runView is a run in words and figures.
type runView struct {
	ID                             int64
	Href, Started, Took, State     string
	Roots, Version, RuleSet, KeyID string
	Whole                          bool
	Targets                        int
	Seen                           int // targets that were scanned, or had nothing new
	Unseen                         int // in part, not at all, or not yet
	Gone                           int
	Counts                         []figure
	Unlisted                       []string
}

func (k *snapshot) run(r *store.Run) runView {
	v := runView{
		ID: r.ID, Href: k.page(runPath(r.ID), nil), Started: hour(r.Started), State: string(r.State), Whole: r.State == store.Complete,
		Roots: rootsOf(r), Version: report.Visible(r.Version), RuleSet: report.Visible(r.RuleSet), KeyID: report.Visible(r.KeyID),
	}
	if !r.Ended.IsZero() {
		v.Took = took(r.Ended.Sub(r.Started))
	}
	n := r.Counts.Targets
	for _, x := range n {
		v.Targets += x
	}
	v.Seen, v.Unseen, v.Gone = n[store.Done]+n[store.Same], n[store.Incomplete]+n[store.Failed]+n[store.Pending], n[store.Gone]
	for _, s := range []struct {
		state store.State
		name  string
	}{
		{store.Done, "Scanned"}, {store.Same, "Nothing new"}, {store.Incomplete, "Scanned in part"}, {store.Failed, "Not scanned"},
		{store.Pending, "Not scanned yet"}, {store.Gone, "Gone"},
	} {
		v.Counts = append(v.Counts, number(s.name, n[s.state], ""))
	}
	v.Counts = append(v.Counts, number("Calls", r.Counts.Calls, ""), number("Of them spared", r.Counts.Spared, ""),
		figure{"Fetched", report.Size(r.Counts.Fetched), ""}, figure{"Matched", report.Size(r.Counts.Scanned), ""})
	for _, u := range r.Counts.Unlisted {
		v.Unlisted = append(v.Unlisted, report.Visible(u))
	}
	return v
}

// took is how long something took, to the second.
func took(d time.Duration) string {
	s := d.Round(time.Second).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

func rootsOf(r *store.Run) string { return report.Visible(strings.Join(r.Roots, ", ")) }

// unwhole reports whether a run has not read all that it was asked to.
func unwhole(r *store.Run) bool { return r.State == store.Partial || r.State == store.Interrupted }

// runWords says how far the newest run is.
func runWords(r *store.Run) string {
	id := "run " + strconv.FormatInt(r.ID, 10)
	if r.State == store.Running {
		return id + " under way since " + hour(r.Started)
	}
	return id + " of " + hour(r.Started) + ", " + string(r.State)
}

type nightsView struct {
	Runs  []nightView
	Pager pager
}

// nightView is a run with what it changed, from the trend.
type nightView struct {
	runView
	Judged            bool
	Open, New, Closed int
	Changed           int // of others
}

func (h *handler) nights(ctx context.Context, k *snapshot, r *http.Request) (page, error) {
	v := nightsView{Pager: k.pager("/runs", query(r), len(k.runs), runsShown)}
	points := map[int64]*store.Point{}
	for i := range k.trend {
		points[k.trend[i].Run] = &k.trend[i]
	}
	for _, kept := range k.runs[v.Pager.from:v.Pager.to] {
		run, ok, err := h.data.Run(ctx, kept.ID)
		if err != nil {
			return page{}, err
		}
		if !ok {
			continue // forgotten meanwhile
		}
		n := nightView{runView: k.run(&run)}
		if p := points[run.ID]; p != nil {
			n.Judged, n.New, n.Closed = true, p.Changes[store.New], p.Closed
			n.Open = open(p)
			n.Changed = p.Changes[store.Reopened] + p.Changes[store.Escalated] + p.Changes[store.Eased] + p.Changes[store.Settled]
		}
		v.Runs = append(v.Runs, n)
	}
	return page{Title: "Runs", Template: "runs", Content: v}, nil
}

func open(p *store.Point) int {
	n := 0
	for _, x := range p.Open {
		n += x
	}
	return n
}

type nightPage struct {
	Run     runView
	Kinds   []kindLink
	Changes []changeView
	Pager   pager
	Unseen  []outcomeView
	More    int
	Ledger  string
}

type kindLink struct {
	figure
	Here bool
}

func (h *handler) night(ctx context.Context, k *snapshot, r *http.Request) (page, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	var run store.Run
	ok := false
	if err == nil {
		if run, ok, err = h.data.Run(ctx, id); err != nil {
			return page{}, err
		}
	}
	if !ok || k.asOf != "" && run.Started.After(k.clock) {
		return page{}, &problem{http.StatusNotFound, "No run of this number was known then."}
	}
	changes, err := h.data.Changes(ctx, id)
	if err != nil {
		return page{}, err
	}
	q := query(r)
	v := nightPage{Run: k.run(&run), Ledger: k.page("/ledger", nil)}
	what := q.Get("what")
	v.Kinds = append(v.Kinds, kindLink{number("all", len(changes), k.page(runPath(id), nil)), what == ""})
	for _, f := range tallied(changes) {
		f.Href = k.page(runPath(id), url.Values{"what": {f.Name}})
		v.Kinds = append(v.Kinds, kindLink{f, f.Name == what})
	}
	if what != "" {
		changes = slices.DeleteFunc(changes, func(c store.Change) bool { return string(c.What) != what })
	}
	slices.SortStableFunc(changes, func(a, b store.Change) int {
		return cmp.Or(cmp.Compare(slices.Index(whats, a.What), slices.Index(whats, b.What)), cmp.Compare(a.Is.Rank(), b.Is.Rank()))
	})
	v.Pager = k.pager(runPath(id), q, len(changes), changesShown)
	for _, c := range changes[v.Pager.from:v.Pager.to] {
		v.Changes = append(v.Changes, k.change(c))
	}
	unseen, err := h.data.Outcomes(ctx, id, unseenStates...)
	if err != nil {
		return page{}, err
	}
	v.Unseen = outcomeViews(unseen[:min(len(unseen), targetsShown)])
	v.More = len(unseen) - len(v.Unseen)
	return page{Title: "Run " + strconv.FormatInt(id, 10), Template: "run", Content: v}, nil
}

// unseenStates are those of targets of which something was not read.
var unseenStates = []store.State{store.Incomplete, store.Failed, store.Pending}

// outcomeView is what became of a target, in words.
type outcomeView struct{ Name, State, Reason, Detail, Tries, At string }

func outcomeViews(all []store.Outcome) []outcomeView {
	names := map[store.State]string{
		store.Incomplete: "scanned in part", store.Failed: "not scanned", store.Pending: "not scanned yet", store.Gone: "gone",
	}
	var vs []outcomeView
	for _, o := range all {
		v := outcomeView{
			Name: report.Visible(o.Target.Name), State: cmp.Or(names[o.State], string(o.State)), Reason: report.Visible(o.Reason), Detail: report.Visible(o.Detail), At: hour(o.At),
		}
		if o.Tries > 1 {
			v.Tries = fmt.Sprintf("%d tries", o.Tries)
		}
		vs = append(vs, v)
	}
	return vs
}

type exceptionsView struct {
	Due, Holds []report.TakenRisk
	Pager      pager // of both, one after the other
}

func (h *handler) exceptions(_ context.Context, k *snapshot, r *http.Request) (page, error) {
	v := exceptionsView{Pager: k.pager("/exceptions", query(r), len(k.risks), targetsShown)}
	due := min(max(k.due, v.Pager.from), v.Pager.to)
	v.Due, v.Holds = k.risks[v.Pager.from:due], k.risks[due:v.Pager.to]
	return page{Title: "Exceptions", Template: "exceptions-page", Content: v}, nil
}

type ledgerView struct {
	report.Body
	Run      *runView
	Reasons  []reasonCount
	Unseen   []outcomeView
	Pager    pager
	Gone     []outcomeView
	MoreGone int
	Targets  int // with coverage, before the page is cut
}

type reasonCount struct {
	State, Reason string
	N             int
}

func (h *handler) ledger(ctx context.Context, k *snapshot, r *http.Request) (page, error) {
	v := ledgerView{Body: k.body}
	if k.last == nil {
		return page{Title: "What was not seen", Template: "ledger-page", Content: v}, nil
	}
	last := k.run(k.last)
	v.Run = &last
	unseen, err := h.data.Outcomes(ctx, k.last.ID, unseenStates...)
	if err != nil {
		return page{}, err
	}
	gone, err := h.data.Outcomes(ctx, k.last.ID, store.Gone)
	if err != nil {
		return page{}, err
	}
	v.Reasons = reasons(unseen)
	covered := v.Body.S.Coverage.Targets
	v.Targets = len(covered)
	q := query(r)
	v.Pager = k.pager("/ledger", q, max(len(unseen), len(covered)), targetsShown)
	v.Unseen = outcomeViews(cut(unseen, v.Pager))
	v.Body.S.Coverage.Targets = cut(covered, v.Pager)
	v.Gone = outcomeViews(gone[:min(len(gone), targetsShown)])
	v.MoreGone = len(gone) - len(v.Gone)
	return page{Title: "What was not seen", Template: "ledger-page", Content: v}, nil
}

// cut is the part of a list that a page shows.
func cut[T any](all []T, p pager) []T {
	return all[min(p.from, len(all)):min(p.to, len(all))]
}

func reasons(all []store.Outcome) []reasonCount {
	n := map[reasonCount]int{}
	for _, v := range outcomeViews(all) {
		n[reasonCount{State: v.State, Reason: v.Reason}]++
	}
	var counts []reasonCount
	for r, x := range n {
		r.N = x
		counts = append(counts, r)
	}
	slices.SortFunc(counts, func(a, b reasonCount) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.State, b.State), cmp.Compare(a.Reason, b.Reason))
	})
	return counts
}
