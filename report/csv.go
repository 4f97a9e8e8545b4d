package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sprawl/finding"
)

// csvReport writes a table for spreadsheets: a row for each credential, or for each place. Lines end in a line feed alone, and
// every text is one line. A last row of type "incomplete" says what was not read, if anything was not: a table without it is
// whole. Where there is an earlier report, credentials that are in it alone follow as rows of type "gone" and "not looked at".
//
// A spreadsheet runs what looks like a formula, so that a cell whose text begins like one has an apostrophe in front, as
// https://owasp.org/www-community/attacks/CSV_Injection advises; the quotes around a text are encoding/csv's.
type csvReport struct {
	w      *csv.Writer
	asOf   time.Time
	places bool
	wide   int // cells of a row

	earlier *Earlier
	since   *changes
}

func newCSV(w io.Writer, o Options) Reporter {
	return &csvReport{w: csv.NewWriter(w), earlier: o.Earlier}
}

func newCSVPlaces(w io.Writer, _ Options) Reporter {
	return &csvReport{w: csv.NewWriter(w), places: true}
}

// The columns. New ones are added at the end, so that what reads them by position keeps working.
var (
	credentialColumns = []string{
		"type", "id", "severity", "kind", "title", "tier", "proof", "redacted", "ident", "first_seen", "last_seen", "age_days", "places",
		"worst_place", "environments", "classes", "owner", "owner_how", "conditions", "cannot_tell", "decision", "decision_reason",
		"decision_by", "decision_until", "why", "fix", "change", "targets",
	}
	placeColumns = []string{
		"type", "id", "severity", "kind", "source", "target", "path", "line", "column", "state", "name", "redacted", "commit", "author", "when",
		"gone_commit", "gone_when", "refs", "layer", "decode", "decision", "why",
	}
)

func (r *csvReport) Begin(h finding.Header) error {
	r.asOf, r.since = h.AsOf, newChanges(r.earlier, h)
	columns := credentialColumns
	if r.places {
		columns = placeColumns
	}
	r.wide = len(columns)
	return r.rows(columns)
}

func (r *csvReport) Item(it finding.Item) error {
	c := it.Credential
	switch {
	case c == nil:
		return nil
	case !r.places:
		return r.rows(r.credential(c))
	}
	for i := range c.Sightings {
		if err := r.w.Write(sightingCells(c, &c.Sightings[i])); err != nil {
			return err
		}
	}
	return r.rows()
}

func (r *csvReport) credential(c *finding.Credential) []string {
	var environs, classes, holds, unsure []string
	for _, e := range reach(c) {
		environs = append(environs, e.Name)
		if k := string(e.Class); !slices.Contains(classes, k) {
			classes = append(classes, k)
		}
	}
	for _, k := range c.Conditions {
		switch k.Verdict {
		case finding.VerdictYes:
			holds = append(holds, k.ID)
		case finding.VerdictCannotTell:
			unsure = append(unsure, k.ID)
		}
	}
	place, age := "", ""
	if at := worst(c.Sightings, 1); len(at) > 0 {
		place = fullPlace(&c.Sightings[at[0]])
	}
	if d := ageDays(c, r.asOf); d >= 0 {
		age = strconv.Itoa(d)
	}
	d := c.Decision
	if d == nil {
		d = &finding.Decision{}
	}
	return []string{
		"credential", cell(c.ID), string(c.Severity), cell(c.Kind), cell(c.Title), string(c.Tier), string(c.Proof), cell(c.Redacted), cell(c.Ident),
		dayOrNone(c.FirstSeen), dayOrNone(c.LastSeen), age, strconv.Itoa(len(c.Sightings)), cell(place), cell(strings.Join(environs, "; ")),
		strings.Join(classes, "; "), cell(c.Owner.Name), cell(c.Owner.How), cell(strings.Join(holds, "; ")), cell(strings.Join(unsure, "; ")),
		cell(strings.TrimSpace(d.Kind + " " + d.Value)), cell(d.Reason), cell(d.By), dayOrNone(d.Until), cell(c.Why), cell(strings.Join(c.Fix, "; ")),
		r.since.of(c), cell(strings.Join(targetsOf(c), "; ")),
	}
}

func sightingCells(c *finding.Credential, s *finding.Sighting) []string {
	w, at := &s.Where, span(s)
	var commit, author, when, goneCommit, goneWhen, layer, line, column, decision string
	if a := w.Added; a != nil {
		commit, author, when = a.Commit, a.Author, dayOrNone(a.When)
	}
	if g := w.Gone; g != nil {
		goneCommit, goneWhen = g.Commit, dayOrNone(g.When)
	}
	if w.Layer != nil {
		layer = w.Layer.Digest
	}
	if at.Line > 0 {
		line, column = strconv.Itoa(at.Line), strconv.Itoa(max(at.Column, 0))
	}
	if c.Decision != nil {
		decision = c.Decision.Kind
	}
	return []string{
		"place", cell(c.ID), string(c.Severity), cell(c.Kind), cell(w.Source), cell(w.Target), cell(w.Path), line, column, string(w.State),
		cell(s.Name), cell(s.Masked), cell(commit), cell(author), when, cell(goneCommit), goneWhen, cell(strings.Join(w.Refs, "; ")), cell(layer),
		cell(decodeWords(s.Decode)), cell(decision), cell(s.Why),
	}
}

func (r *csvReport) End(s finding.Summary) error {
	r.since.end(s)
	if err := r.rows(r.gone()...); err != nil {
		return err
	}
	if s.Coverage.Complete() {
		return r.rows()
	}
	missing, next := skipped(&s.Coverage, true)
	row := make([]string, r.wide)
	row[0] = "incomplete"
	row[slices.Index(map[bool][]string{false: credentialColumns, true: placeColumns}[r.places], "why")] = cell(fmt.Sprintf("not everything was read: %s; %s", and(missing), next))
	return r.rows(row)
}

// gone is a row for each credential that is in the earlier report alone.
func (r *csvReport) gone() [][]string {
	if r.since == nil {
		return nil
	}
	var all [][]string
	for _, change := range []string{changeGone, changeUnseen} {
		for _, l := range r.since.lists[change] {
			row := make([]string, r.wide)
			for i, name := range credentialColumns {
				row[i] = map[string]string{
					"type": change, "id": cell(l.ID), "severity": l.Severity, "title": cell(l.Title), "worst_place": cell(l.Place), "owner": cell(l.Owner),
					"why": cell(l.Change), "change": change,
				}[name]
			}
			all = append(all, row)
		}
	}
	return all
}

// rows writes and flushes: a spreadsheet that is cut off ends with a whole row.
func (r *csvReport) rows(all ...[]string) error {
	if err := r.w.WriteAll(all); err != nil {
		return err
	}
	return r.w.Error()
}

func dayOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return day(t)
}

// formula reports whether a spreadsheet runs what begins like this.
func formula(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune("=+-@＝＋－＠", first)
}

// cell makes a text safe in a table that a spreadsheet opens.
func cell(s string) string {
	s = Visible(s)
	// Spreadsheets skip blanks in front, and take the full-width forms for the narrow ones.
	switch t := strings.TrimLeft(s, " \u00a0\u3000"); {
	case t == "":
	case formula(t):
		return "'" + s
	case s[0] == '\\': // what was a tab or a line break in front, written out
		return "'" + s
	}
	return s
}
