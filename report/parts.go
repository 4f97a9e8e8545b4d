package report

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// The parts of the HTML report, for pages that something else serves: the same counts, charts and tables, in the same words.

// Links says where a filter of the table leads. The field is id, severity, condition, kind, owner, env or target; the value is
// as shown.
type Links func(field, value string) string

// onPage are the fragments by which the script of the HTML report narrows its table.
func onPage(field, value string) string { return "#" + field + "=" + url.QueryEscape(value) }

// Parts parses the templates of the HTML report, for a caller that adds pages of its own to them. Of a Body, "first" shows the
// worst credentials, "charts" age and exposure, "counts" the bars, "matrix" which credential reaches what, "named" the
// secrets that pipelines name, "inventories" what systems list, and "ledger" what was not seen; "notices" takes Body.Notices,
// "exceptions" a []TakenRisk, "part" a Detail, and "places" a []Place.
func Parts() (*template.Template, error) {
	return template.New("page").Funcs(template.FuncMap{
		"visible": Visible, "size": size, "day": day, "join": strings.Join, "short": finding.ShortID,
	}).Parse(pageText)
}

// Style is the style sheet of the HTML report.
func Style() string { return styleText }

// Overview counts credentials and what stands beside them, however many there are, for a Body.
type Overview struct {
	o *overview
	h finding.Header
}

// NewOverview begins a count, as of the header's time.
func NewOverview(h finding.Header) *Overview { return &Overview{newOverview(h, nil), h} }

// Add counts an item; they come worst first.
func (o *Overview) Add(it finding.Item) { o.o.add(it) }

// Body is what was counted, with a run's summary; links lead where to says.
func (o *Overview) Body(s finding.Summary, to Links) Body { return newBody(o.h, s, o.o, to) }

// Row is a credential in a line of a table. All texts are safe to show; for safe ones see Visible.
type Row struct {
	ID, Tier, Kind, Title, Owner      string
	Severity                          finding.Severity
	Place                             string // the worst
	Decided                           string // kind of decision, "" if open
	Environs, Classes, Holds, Targets []string
	Age                               int // days at least, -1 if no place has a date
	Places, Unsure                    int
}

// NewDetail is everything of a credential but its places, as of a time, the conditions that hold first.
func NewDetail(c *finding.Credential, asOf time.Time) Detail {
	d := newDetail(c, asOf)
	order := []finding.Verdict{finding.VerdictYes, finding.VerdictCannotTell, finding.VerdictNo}
	slices.SortStableFunc(d.Conds, func(a, b judgement) int {
		return cmp.Compare(slices.Index(order, finding.Verdict(a.Verdict)), slices.Index(order, finding.Verdict(b.Verdict)))
	})
	return d
}

// NewPlaces are a credential's places from one number, counted from 0, to before another.
func NewPlaces(c *finding.Credential, from, to int) []Place {
	var all []Place
	for i := max(from, 0); i < min(to, len(c.Sightings)); i++ {
		all = append(all, newPlaceWords(&c.Sightings[i]))
	}
	return all
}

// Size is a number of bytes in words, in decimal units as disks and providers count.
func Size(n int64) string { return size(n) }
