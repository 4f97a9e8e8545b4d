package report

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"sprawl/finding"
)

func compile(t *testing.T, file, at string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(file + at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, doc []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%.200s…\n%v", doc, err)
	}
}

const (
	reportSchema  = "../docs/schema/report.schema.json"
	sarif21Schema = "testdata/sarif-schema-2.1.0.json"
)

func TestReportSchema(t *testing.T) {
	line, doc := compile(t, reportSchema, ""), compile(t, reportSchema, "#/$defs/document")
	for _, r := range []run{sampleFull(), sampleClean(), sampleIncomplete(), sampleEmpty()} {
		for l := range bytes.Lines(rendered(t, "jsonl", Options{}, r)) {
			validate(t, line, l)
		}
		validate(t, doc, rendered(t, "json", Options{}, r))
	}
	if line.Validate(map[string]any{"type": "header", "schema": "sprawl/1"}) == nil {
		t.Error("a header without fields is valid: the schema checks nothing")
	}
}

// The schema and the types that are encoded describe the same fields.
func TestSchemaMatchesTypes(t *testing.T) {
	type object struct {
		Description string                     `json:"description"`
		Properties  map[string]json.RawMessage `json:"properties"`
		Required    []string                   `json:"required"`
		Enum        []string                   `json:"enum"`
	}
	var schema struct {
		Defs map[string]object `json:"$defs"`
	}
	b, err := os.ReadFile(reportSchema)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	types := map[string]any{
		"header": header{}, "finding": credential{}, "reference": reference{}, "inventory": inventoryRow{}, "notice": notice{},
		"summary": summary{}, "counts": counts{}, "coverage": coverage{}, "target_coverage": targetCoverage{}, "skip": skip{},
		"environment": environment{}, "owner": owner{}, "fact": fact{}, "record": record{}, "condition": condition{},
		"threshold": threshold{}, "decision": decision{}, "location": location{}, "layer": layer{}, "step": step{}, "allow": allow{},
		"use": use{}, "consumer": consumer{}, "static": static{}, "exception": exception{}, "snippet": snippet{},
	}
	for name, def := range schema.Defs {
		if def.Description == "" {
			t.Errorf("%s has no description", name)
		}
		for p, raw := range def.Properties {
			var d struct{ Description, Ref string }
			_ = json.Unmarshal(raw, &d)
			if d.Description == "" && !strings.Contains(string(raw), `"$ref"`) {
				t.Errorf("%s.%s has no description", name, p)
			}
		}
		if _, ok := types[name]; !ok && name != "document" && name != "reason" {
			t.Errorf("%s has no type", name)
		}
	}
	for name, v := range types {
		def := schema.Defs[name]
		var fields []string
		for f := range reflect.TypeOf(v).Fields() {
			fields = append(fields, f.Tag.Get("json"))
		}
		slices.Sort(fields)
		if d := cmp.Diff(slices.Sorted(maps.Keys(def.Properties)), fields); d != "" {
			t.Errorf("%s: -schema +type\n%s", name, d)
		}
		slices.Sort(def.Required)
		if d := cmp.Diff(def.Required, fields); d != "" {
			t.Errorf("%s: -required +type\n%s", name, d)
		}
	}
	enum := func(def, field string) []string {
		var e struct{ Enum []string }
		_ = json.Unmarshal(schema.Defs[def].Properties[field], &e)
		slices.Sort(e.Enum)
		return e.Enum
	}
	for _, x := range []struct {
		def, field string
		want       []string
	}{
		{"finding", "severity", texts(finding.Severities())},
		{"finding", "tier", texts(finding.Tiers())},
		{"location", "state", append(texts(stateOrder), "")},
	} {
		slices.Sort(x.want)
		if d := cmp.Diff(x.want, enum(x.def, x.field)); d != "" {
			t.Errorf("%s.%s: -constants +schema\n%s", x.def, x.field, d)
		}
	}
	for _, r := range schema.Defs["reason"].Enum {
		if what, _ := reasonWords(finding.Reason(r), 2); what == "2 "+r && r != "excluded" {
			t.Errorf("reason %s has no words", r)
		}
	}
}

func texts[S ~string](in []S) []string {
	var out []string
	for _, s := range in {
		out = append(out, string(s))
	}
	return out
}

func TestSARIFSchema(t *testing.T) {
	s := compile(t, sarif21Schema, "")
	for _, o := range []Options{{}, {Root: "/src/a b#c"}, {Root: "relative"}} {
		for _, r := range []run{sampleFull(), sampleClean(), sampleIncomplete(), sampleEmpty(), sampleHostile()} {
			validate(t, s, rendered(t, "sarif", o, r))
		}
	}
}

type log struct {
	Runs []struct {
		Results []sarifResult
		Tool    struct{ Driver struct{ Rules []sarifRule } }

		Invocations []sarifInvocation
	}
}

func parsed(t *testing.T, r run) log {
	t.Helper()
	var l log
	if err := json.Unmarshal(rendered(t, "sarif", Options{}, r), &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// GitHub refuses a file for one result without a physical location, or with one outside the repository.
func TestSARIFPlaces(t *testing.T) {
	for _, r := range []run{sampleFull(), sampleHostile()} {
		for _, res := range parsed(t, r).Runs[0].Results {
			if len(res.Locations) == 0 {
				t.Errorf("%s has no location", res.Properties.ID)
			}
			for _, l := range slices.Concat(res.Locations, res.Related) {
				u, err := url.Parse(l.Physical.Artifact.URI)
				if err != nil || u.String() == "" || u.IsAbs() || u.Host != "" || strings.HasPrefix(u.Path, "/") || u.RawQuery != "" || u.Fragment != "" {
					t.Errorf("uri %q", l.Physical.Artifact.URI)
				}
				if strings.Contains(l.Physical.Artifact.URI, "../") || l.Physical.Region.StartLine < 1 {
					t.Errorf("location %+v", l)
				}
			}
		}
	}
}

func TestPathURI(t *testing.T) {
	for path, want := range map[string]string{
		"a/b.txt":        "a/b.txt",
		"/app/.env":      "app/.env",
		"c:/x":           "c%3A/x",
		"a b#c?d%20":     "a%20b%23c%3Fd%2520",
		"../../etc":      "etc",
		"データ":            "%E3%83%87%E3%83%BC%E3%82%BF",
		"a\\b\r\n\xff":   "a%5Cb%0D%0A%FF",
		"x/<script>&'\"": "x/%3Cscript%3E%26%27%22",
	} {
		if got := pathURI(path); got != want {
			t.Errorf("%q: %s, want %s", path, got, want)
		}
	}
}

// The fingerprint outlives the deletion of the line that is shown first, and is that of the family's first sighting.
func TestSARIFFingerprint(t *testing.T) {
	c := sampleSmall(6, finding.SevHigh, finding.StateHead)
	moved := c.Sightings[0]
	moved.Print = "print-second"
	c.Sightings = append(c.Sightings, moved)
	before := parsed(t, run{items: credentials(c)}).Runs[0].Results
	c.Sightings[0].Where.State = finding.StateHistory
	after := parsed(t, run{items: credentials(c)}).Runs[0].Results
	want := map[string]string{"primaryLocationLineHash": "print-0006:1", "sprawl/secret/v1": "print-0006"}
	for _, res := range [][]sarifResult{before, after} {
		if len(res) != 1 {
			t.Fatalf("%d results", len(res))
		}
		if d := cmp.Diff(want, res[0].Fingerprints); d != "" {
			t.Error(d)
		}
	}
}

// A renamed file is one result under its first name.
func TestSARIFPathFamily(t *testing.T) {
	c := sampleSmall(6, finding.SevHigh, finding.StateHistory)
	next := c.Sightings[0]
	next.Where.Was, next.Where.Path, next.Where.State = []string{next.Where.Path}, "new/name.yaml", finding.StateHead
	c.Sightings = append(c.Sightings, next)
	res := parsed(t, run{items: credentials(c)}).Runs[0].Results
	if len(res) != 1 || len(res[0].Locations) != 2 || res[0].Locations[0].Physical.Artifact.URI != "new/name.yaml" {
		t.Errorf("%+v", res)
	}
}

func TestSARIFColumns(t *testing.T) {
	p := part(finding.RoleSecret, 4, "k = ", "****", "")
	if d := cmp.Diff(sarifRegion{4, 5, 4, 9}, region(&p)); d != "" {
		t.Error(d)
	}
	wide := part(finding.RoleSecret, 4, "é = ", "****", "")
	if d := cmp.Diff(sarifRegion{StartLine: 4, EndLine: 4}, region(&wide)); d != "" {
		t.Errorf("after text that is not ASCII: %s", d)
	}
	p.Span.Column += 100 // what stands before the window is not known
	if d := cmp.Diff(sarifRegion{StartLine: 4, EndLine: 4}, region(&p)); d != "" {
		t.Errorf("in a window: %s", d)
	}
}

func TestSARIFLimits(t *testing.T) {
	crowd := sampleSmall(1, finding.SevCritical, finding.StateHead)
	for i := range 300 {
		s := crowd.Sightings[0]
		s.Where.State = finding.StateHistory
		if i == 299 {
			s.Where.State = finding.StateStaged
		}
		crowd.Sightings = append(crowd.Sightings, s)
	}
	spread := sampleSmall(2, finding.SevCritical, finding.StateHead)
	for i := range maxFamilies + 4 {
		s := spread.Sightings[0]
		s.Where.Path = fmt.Sprintf("copy/%d", i)
		spread.Sightings = append(spread.Sightings, s)
	}
	all := []*finding.Credential{crowd, spread}
	for i := range maxResults + 500 {
		all = append(all, sampleSmall(i+3, finding.SevLow, finding.StateHead))
	}
	decided := sampleSmall(9, finding.SevCritical, finding.StateHead)
	decided.Decision = &finding.Decision{Kind: "baseline"}
	items := append(credentials(decided), credentials(all...)...)
	l := parsed(t, run{sampleHeader(), items, summarise(items)}).Runs[0]
	if len(l.Results) != 5000 { // the figures are GitHub's, not ours to move
		t.Errorf("%d results", len(l.Results))
	}
	if n := len(l.Results[0].Locations); n != 100 || l.Results[0].Locations[1].Properties.State != finding.StateStaged {
		t.Errorf("%d locations, the second %s", n, l.Results[0].Locations[1].Properties.State)
	}
	if l.Results[0].Properties.Places != 301 {
		t.Errorf("%d places counted", l.Results[0].Properties.Places)
	}
	want := len(items) - 1 + (maxFamilies + 4) + 1 - maxResults
	if got := l.Invocations[0].Execution[0]; got.Descriptor.ID != "results-cut" || !strings.HasPrefix(got.Message.Text, fmt.Sprint(want, " ")) {
		t.Errorf("cut %d: %+v", want, got)
	}
	for _, r := range l.Results {
		if r.Properties.Severity == finding.SevCritical && r.Suppressions != nil {
			t.Error("a decided credential displaced another")
		}
	}
	if n := len(l.Tool.Driver.Rules[0].Properties.Tags); n > 10 {
		t.Errorf("%d tags", n)
	}
}

// Text that does not compress must not carry the file over what an upload may be.
func TestSARIFSize(t *testing.T) {
	var items []finding.Item
	seed := uint64(1)
	random := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			seed = seed*6364136223846793005 + 1442695040888963407
			b[i] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[seed>>58]
		}
		return string(b)
	}
	for i := range 60 {
		c := sampleSmall(i+1, finding.SevHigh, finding.StateHead)
		for range 100 {
			s := c.Sightings[0]
			s.Where.Was, s.Where.Path = []string{s.Where.Path}, random(3000)
			c.Sightings = append(c.Sightings, s)
		}
		items = append(items, finding.Item{Credential: c})
	}
	out := rendered(t, "sarif", Options{}, run{sampleHeader(), items, summarise(items)})
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(out)
	_ = z.Close()
	if b.Len() > 10_000_000 || b.Len() < 8_000_000 {
		t.Errorf("%d bytes compressed of %d", b.Len(), len(out))
	}
	if !bytes.Contains(out, []byte("results-cut")) {
		t.Error("the cut is not reported")
	}
}
