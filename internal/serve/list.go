package serve

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sprawl/finding"
	"sprawl/internal/store"
)

const (
	linesShown  = 100 // of a page
	facetsShown = 200 // values of a filter to choose from
	anyStatus   = "any"
	nobody      = "nobody"
	unknownEnv  = "not known"
	classPrefix = "class "
)

// filter narrows the list by a value of a credential. It stands in the address by its name; named twice, either value will do.
type filter struct {
	name, label, all string
	of               func(*line) []string
}

var filters = []filter{
	{"severity", "Severity", "any", func(l *line) []string { return []string{string(l.Severity)} }},
	{"status", "Status", "open", func(l *line) []string { return []string{string(l.known.Status), anyStatus} }},
	{"condition", "Condition", "any", func(l *line) []string { return l.Holds }},
	{"kind", "Kind", "any", func(l *line) []string { return []string{l.Kind} }},
	{"provider", "Provider", "any", func(l *line) []string {
		if l.provider == "" {
			return nil
		}
		return []string{l.provider}
	}},
	{"owner", "Owner", "any", func(l *line) []string { return []string{cmp.Or(l.Owner, nobody)} }},
	{"environment", "Environment", "any", func(l *line) []string {
		if len(l.Environs) == 0 {
			return []string{unknownEnv}
		}
		var all []string
		for _, c := range l.Classes {
			all = append(all, classPrefix+c)
		}
		return append(all, l.Environs...)
	}},
	{"target", "Target", "any", func(l *line) []string { return l.Targets }},
	{"tier", "Certainty", "any", func(l *line) []string { return []string{l.Tier} }},
}

// column orders the list; it stands in the address by its key, behind a minus the other way round.
type column struct {
	key, name string
	num, away bool // away goes first where there is little room
	compare   func(a, b *line) int
}

var columns = []column{
	{"severity", "Severity", false, false, func(a, b *line) int { return cmp.Compare(a.Severity.Rank(), b.Severity.Rank()) }},
	{"credential", "Credential", false, false, func(a, b *line) int { return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID)) }},
	{"place", "Worst place", false, false, func(a, b *line) int { return cmp.Compare(a.Place, b.Place) }},
	{"reach", "Reaches", false, true, func(a, b *line) int {
		return cmp.Or(cmp.Compare(len(b.Classes), len(a.Classes)), cmp.Compare(len(b.Environs), len(a.Environs)))
	}},
	{"owner", "Owner", false, true, func(a, b *line) int { return cmp.Compare(a.Owner, b.Owner) }},
	{"age", "Age", true, false, func(a, b *line) int { return cmp.Compare(b.Age, a.Age) }},
	{"places", "Places", true, true, func(a, b *line) int { return cmp.Compare(b.Places, a.Places) }},
	{"conditions", "Conditions", false, true, func(a, b *line) int { return cmp.Compare(len(b.Holds), len(a.Holds)) }},
}

// facetsOf counts the values of every filter among what is open, the commonest first.
func facetsOf(lines []line) map[string][]facet {
	all := map[string][]facet{}
	for _, f := range filters {
		n := map[string]int{}
		for i := range lines {
			if !lines[i].stands() && f.name != "status" {
				continue
			}
			for _, v := range f.of(&lines[i]) {
				n[v]++
			}
		}
		var fs []facet
		for v, k := range n {
			fs = append(fs, facet{v, k})
		}
		slices.SortFunc(fs, func(a, b facet) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value)) })
		if order := fixedOrder[f.name]; order != nil {
			slices.SortStableFunc(fs, func(a, b facet) int {
				return cmp.Compare(slices.Index(order, a.Value), slices.Index(order, b.Value))
			})
		}
		all[f.name] = fs
	}
	return all
}

// fixedOrder is that of filters whose values have one; what is not named comes first.
var fixedOrder = map[string][]string{
	"severity": words(finding.Severities()),
	"tier":     words(finding.Tiers()),
	"status":   append(words([]store.Status{store.Exposed, store.Decided, store.Rotated, store.Revoked, store.Cleared}), anyStatus),
}

func words[T ~string](all []T) []string {
	var s []string
	for _, x := range all {
		s = append(s, string(x))
	}
	return s
}

// listView is the list as its template sees it.
type listView struct {
	Query   string
	Filters []filterView
	Sort    string // to be kept by the form
	Columns []columnView
	Lines   []lineView
	Pager   pager
	Found   int
	Other   int // found too, if it were not for their status
	All     string
	Clear   string
	Used    bool // some filter is set
}

type filterView struct {
	Name, Label, All string
	Values           []choice
}

type choice struct {
	Value, Text string
	Chosen      bool
}

type columnView struct {
	Name, Href, Sort string // Sort is aria-sort's value, "" where it is not sorted by
	Num, Away        bool
}

type lineView struct {
	*line
	Href, Short, Status, Reaches, Who, Old, Why string
}

// list finds what a query asks for.
func (k *snapshot) list(q url.Values) listView {
	search := strings.Fields(strings.ToLower(q.Get("q")))
	var used []narrowing
	openOnly := true
	for _, f := range filters {
		if values := chosen(q, f.name); len(values) > 0 {
			used = append(used, narrowing{f, values})
			openOnly = openOnly && f.name != "status"
		}
	}
	v := listView{Query: q.Get("q"), Sort: q.Get("sort"), Clear: k.page("/credentials", nil), Used: len(used) > 0 || len(search) > 0}
	var found []*line
	for i := range k.lines {
		l := &k.lines[i]
		if !l.fits(search, used) {
			continue
		}
		if openOnly && !l.stands() {
			v.Other++
			continue
		}
		found = append(found, l)
	}
	v.Found = len(found)
	sortBy(found, v.Sort)
	v.Pager = k.pager("/credentials", q, len(found), linesShown)
	for _, l := range found[v.Pager.from:v.Pager.to] {
		v.Lines = append(v.Lines, k.lineView(l))
	}
	for _, f := range filters {
		v.Filters = append(v.Filters, k.filterView(f, chosen(q, f.name)))
	}
	for _, c := range columns {
		v.Columns = append(v.Columns, k.columnView(c, q))
	}
	all := with(q, "status", anyStatus)
	all.Del("page")
	v.All = k.page("/credentials", all)
	return v
}

// chosen are the values of a filter that are not empty: a form sends what is not chosen as "".
func chosen(q url.Values, name string) []string {
	return slices.DeleteFunc(slices.Clone(q[name]), func(s string) bool { return s == "" })
}

// narrowing is a filter with the values that it lets through.
type narrowing struct {
	filter
	values []string
}

func (l *line) fits(search []string, used []narrowing) bool {
	for _, n := range used {
		if !slices.ContainsFunc(n.of(l), func(v string) bool { return slices.Contains(n.values, v) }) {
			return false
		}
	}
	for _, w := range search {
		if !strings.Contains(l.text, w) {
			return false
		}
	}
	return true
}

func sortBy(lines []*line, key string) {
	name, down := strings.CutPrefix(key, "-")
	for _, c := range columns {
		if c.key != name {
			continue
		}
		slices.SortStableFunc(lines, func(a, b *line) int {
			if down {
				a, b = b, a
			}
			return c.compare(a, b)
		})
	}
}

func (k *snapshot) lineView(l *line) lineView {
	v := lineView{
		line: l, Href: k.link("id", l.ID), Short: finding.ShortID(l.ID), Reaches: strings.Join(l.Environs, ", "), Who: cmp.Or(l.Owner, nobody),
		Old: "unknown", Why: strings.Join(l.Holds, ", "),
	}
	if l.Age >= 0 {
		v.Old = strconv.Itoa(l.Age) + " d"
	}
	switch {
	case l.Decided != "":
		v.Status = l.Decided
	case !l.stands():
		v.Status = string(l.known.Status)
	}
	if l.Unsure > 0 {
		if v.Why != "" {
			v.Why += "; "
		}
		v.Why += strconv.Itoa(l.Unsure) + " cannot be told"
	}
	return v
}

func (k *snapshot) filterView(f filter, chosen []string) filterView {
	v := filterView{Name: f.name, Label: f.label, All: f.all}
	all := k.facets[f.name]
	all = all[:min(len(all), facetsShown)]
	for _, c := range chosen {
		if !slices.ContainsFunc(all, func(x facet) bool { return x.Value == c }) {
			all = append(slices.Clip(all), facet{c, 0})
		}
	}
	for _, x := range all {
		if x.Value == f.all && !slices.Contains(chosen, x.Value) {
			continue // what choosing nothing means already
		}
		v.Values = append(v.Values, choice{x.Value, x.Value + " (" + strconv.Itoa(x.N) + ")", slices.Contains(chosen, x.Value)})
	}
	return v
}

func (k *snapshot) columnView(c column, q url.Values) columnView {
	v := columnView{Name: c.name, Num: c.num, Away: c.away}
	next := c.key
	switch q.Get("sort") {
	case c.key:
		v.Sort, next = "ascending", "-"+c.key
	case "-" + c.key:
		v.Sort, next = "descending", ""
	}
	q = with(q, "sort", next)
	q.Del("page")
	v.Href = k.page("/credentials", q)
	return v
}

// with is a copy of a query with one value set, or taken out where it is "", and without what is empty.
func with(q url.Values, name, value string) url.Values {
	all := url.Values{}
	for n := range q {
		if vs := chosen(q, n); len(vs) > 0 {
			all[n] = vs
		}
	}
	all.Del(name)
	if value != "" {
		all.Set(name, value)
	}
	return all
}

// pager divides what was found into pages; they count from 1.
type pager struct {
	First, Last, Of   int // numbers of what is shown, from 1
	Previous, Next    string
	from, to, current int
}

func (k *snapshot) pager(path string, q url.Values, n, size int) pager {
	page, _ := strconv.Atoi(q.Get("page")) // a page that is none is the first
	page = min(max(page, 1), max((n+size-1)/size, 1))
	p := pager{current: page, from: (page - 1) * size, to: min(page*size, n), Of: n}
	p.First, p.Last = min(p.from+1, n), p.to
	if page > 1 {
		p.Previous = k.page(path, with(q, "page", strconv.Itoa(page-1)))
	}
	if p.to < n {
		p.Next = k.page(path, with(q, "page", strconv.Itoa(page+1)))
	}
	return p
}

// Whole reports whether everything is on one page.
func (p pager) Whole() bool { return p.Previous == "" && p.Next == "" }
