package report

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sprawl/finding"
	"sprawl/internal/testkit/browser"
	"sprawl/internal/testkit/organisation"
)

// earlier is a run as a report that was written and is read again.
func earlier(t testing.TB, r run) *Earlier {
	t.Helper()
	e, err := ReadEarlier(bytes.NewReader(rendered(t, "jsonl", Options{}, r)))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func single(c *finding.Credential) run {
	return run{sampleHeader(), credentials(c), summarise(credentials(c))}
}

// A credential is told to be what became of it, and one whose target was not scanned is never told to be gone.
func TestChanges(t *testing.T) {
	yes := finding.Condition{ID: "shared", Verdict: finding.VerdictYes}
	base := func(edit func(*finding.Credential)) *finding.Credential {
		c := sampleSmall(30, finding.SevMedium, finding.StateHead)
		c.Sightings = append(c.Sightings, sighting("acme/api", "b.yaml", 2, finding.StateHead))
		if edit != nil {
			edit(c)
		}
		return c
	}
	mark := &finding.Decision{Kind: "mark", Value: "resolved"}
	for _, tt := range []struct {
		name      string
		then, now *finding.Credential
		want      string
	}{
		{"the same", base(nil), base(nil), ""},
		{"new", sampleSmall(31, finding.SevLow, finding.StateHead), base(nil), changeNew},
		{"new, and decided", sampleSmall(31, finding.SevLow, finding.StateHead), base(func(c *finding.Credential) { c.Decision = mark }), ""},
		{"reopened", base(func(c *finding.Credential) { c.Decision = mark }), base(nil), changeReopened},
		{"covered", base(nil), base(func(c *finding.Credential) { c.Decision = mark }), changeCovered},
		{"decided before and after", base(func(c *finding.Credential) { c.Decision = mark }), base(func(c *finding.Credential) { c.Decision = mark }), ""},
		{"severity up", base(nil), base(func(c *finding.Credential) { c.Severity = finding.SevHigh }), changeWorse},
		{"severity down", base(nil), base(func(c *finding.Credential) { c.Severity = finding.SevLow }), changeBetter},
		{"a condition more", base(nil), base(func(c *finding.Credential) { c.Conditions = []finding.Condition{yes} }), changeWorse},
		{"a condition less", base(func(c *finding.Credential) { c.Conditions = []finding.Condition{yes} }), base(nil), changeBetter},
		{"more places", base(func(c *finding.Credential) { c.Sightings = c.Sightings[:1] }), base(nil), changeSpread},
		{"fewer places", base(nil), base(func(c *finding.Credential) { c.Sightings = c.Sightings[:1] }), changeFewer},
	} {
		c := newChanges(earlier(t, single(tt.then)), sampleHeader())
		if got := c.of(tt.now); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	for name, tt := range map[string]struct {
		target string
		want   string
	}{"scanned": {"acme/api", changeGone}, "not scanned": {"acme/retired", changeUnseen}} {
		then := base(nil)
		then.Sightings[1].Where.Target = tt.target
		c := newChanges(earlier(t, single(then)), sampleHeader())
		c.end(summarise(nil))
		if d := cmp.Diff(map[string]int{tt.want: 1}, c.n); d != "" {
			t.Errorf("%s: -want +got\n%s", name, d)
		}
		if o := c.owners["nobody"]; tt.want == changeGone && (o.gone != 1 || !slices.Equal(o.stood, []int{30})) {
			t.Errorf("the owner's is %+v", o)
		}
	}
}

// Ids of different keys are never compared.
func TestComparable(t *testing.T) {
	e := earlier(t, sampleFull())
	for _, tt := range []struct {
		name string
		edit func(*finding.Header)
		ok   bool
	}{
		{"the same key", func(*finding.Header) {}, true},
		{"another key", func(h *finding.Header) { h.KeyID = "k-0002" }, false},
		{"another scope", func(h *finding.Header) { h.KeyScope = finding.KeyOrganisation }, false},
		{"no key", func(h *finding.Header) { h.KeyScope, h.KeyID = finding.KeyRun, "" }, false},
		{"the wrong order", func(h *finding.Header) { h.AsOf = at(3) }, false},
	} {
		h := sampleHeader()
		tt.edit(&h)
		if err := e.Comparable(h); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	h := sampleHeader()
	h.KeyScope, h.KeyID = finding.KeyRun, ""
	if err := earlier(t, run{h, nil, summarise(nil)}).Comparable(h); err == nil {
		t.Error("reports without a key are compared")
	}
}

// twoRuns is a report of an organisation and the options by which it tells what changed in 30 days.
func twoRuns(t testing.TB, seed uint64, n, places int) (run, Options) {
	t.Helper()
	r := organisation.New(seed, n, places)
	return made(r), Options{Earlier: earlier(t, made(organisation.Before(r, 30)))}
}

// Every format that says that it compares tells what came and what went, and says nothing without an earlier report.
func TestEveryComparingFormat(t *testing.T) {
	r, o := twoRuns(t, 7, 60, 200)
	for _, f := range Formats() {
		with, without := rendered(t, f.Name, o, r), rendered(t, f.Name, Options{}, r)
		if strings.HasSuffix(f.Name, "html") {
			with, without = readable(t, with), readable(t, without)
		}
		if Compares(f.Name) == bytes.Equal(with, without) {
			t.Errorf("%s: compares: %v", f.Name, Compares(f.Name))
		}
		if Compares(f.Name) && !bytes.Contains(with, []byte("gone")) {
			t.Errorf("%s does not say what is gone", f.Name)
		}
	}
	rows, err := csv.NewReader(bytes.NewReader(rendered(t, "csv", o, r))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, row := range rows[1:] {
		n[row[slices.Index(rows[0], "change")]]++
	}
	for _, want := range []string{changeNew, changeWorse, changeSpread, changeBetter, changeCovered, changeGone, changeUnseen} {
		if n[want] == 0 {
			t.Errorf("nothing is %s: %v", want, n)
		}
	}
}

// Hostile text of an earlier report is text in every format that shows it.
func TestChangesHostile(t *testing.T) {
	then := sampleHostile()
	then.header.KeyScope = finding.KeyRepository
	e := earlier(t, then)
	for _, f := range Formats() {
		out := rendered(t, f.Name, Options{Earlier: e}, sampleFull())
		if bytes.ContainsAny(out, "\x1b\u202e\u200b") || strings.HasSuffix(f.Name, "html") && bytes.Contains(out, []byte("<script>alert")) {
			t.Errorf("%s: hostile text got through", f.Name)
		}
	}
	formulas := sampleFormulas()
	rows, err := csv.NewReader(bytes.NewReader(rendered(t, "csv", Options{Earlier: earlier(t, formulas)}, sampleFull()))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	gone := 0
	for _, row := range rows {
		if row[0] == changeGone || row[0] == changeUnseen {
			gone++
		}
		for _, c := range row {
			if asFormula.MatchString(c) {
				t.Errorf("a cell is %q", c)
			}
		}
	}
	if gone == 0 {
		t.Error("no row of what is gone")
	}
}

// TestSinceInBrowser looks at the time between two runs as a reader does.
func TestSinceInBrowser(t *testing.T) {
	r, o := twoRuns(t, 8, 150, 900)
	_, address := pageOf(t, rendered(t, "html", o, r))
	var got struct{ Axe, Requests, Trouble []string }
	browser.Run(t, "testdata/since.mjs", map[string]any{"address": address, "shots": shots()}, &got)
	for _, s := range slices.Concat(got.Axe, got.Requests, got.Trouble) {
		t.Error(s)
	}
}
