package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"sprawl/finding"
)

// match makes a match that sorts by n.
func match(n int) string {
	b := []byte("m-" + strings.Repeat("a", matchLen))
	for i := len(b) - 1; n > 0; i-- {
		b[i] = "234567abcdefghijklmnopqrstuvwxyz"[n%32]
		n /= 32
	}
	return string(b)
}

var (
	testSalt = []byte("0123456789abcdef")
	saltLine = "salt: " + saltEncoding.EncodeToString(testSalt) + "\n"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// valid holds files that Parse and the schema both accept.
var valid = []struct {
	name, text string
	want       Policy
}{
	{"nothing", "", Policy{}},
	{"comments", "# one\n\n# two", Policy{}},
	{"null", "~\n", Policy{}},
	{"document marks", "---\n" + saltLine + "...\n", Policy{Salt: testSalt}},
	{"empty sections", "fail-on:\nexclude:\nbaseline:\nmarks:\nexceptions:\nenvironments:\nowners:\nintegrations:\nescalation:\nthresholds:\n", Policy{}},
	{"salt in capitals", "salt: " + strings.ToUpper(saltEncoding.EncodeToString(testSalt)) + "======\n", Policy{Salt: testSalt}},
	{"byte order mark and CRLF", "\xEF\xBB\xBF" + strings.ReplaceAll(saltLine, "\n", "\r\n"), Policy{Salt: testSalt}},
	{"fail-on", "fail-on: {generic: high, proven: never}", Policy{FailOn: map[finding.Tier]finding.Severity{
		finding.TierGeneric: finding.SevHigh, finding.TierProven: Never}}},
	{"repositories", "repositories: {marks: medium, baseline: never}", Policy{Repositories: map[string]finding.Severity{
		"marks": finding.SevMedium, "baseline": Never}}},
	{"exclude", "exclude:\n- testdata\n- '**/*.golden'\n- docs/{a,b}/**\n", Policy{Exclude: []string{"testdata", "**/*.golden", "docs/{a,b}/**"}}},
	{"baseline", "baseline:\n  " + match(2) + ": aws-access-key # the old one\n  " + match(1) + ":\n",
		Policy{Baseline: map[string]string{match(1): "", match(2): "aws-access-key"}}},
	{"marks", "marks:\n  " + match(1) + ": {as: resolved}\n  " + match(2) + ":\n    as: false-positive\n    reason: >-\n      a test\n      key\n    by: A N Other <a@example.org>\n    on: 2026-03-31\n",
		Policy{Marks: map[string]Mark{match(1): {As: Resolved},
			match(2): {FalsePositive, "a test key", "A N Other <a@example.org>", day("2026-03-31")}}}},
	{"exceptions", "exceptions:\n  " + match(3) + ":\n    owner: payments\n    approver: security\n    reason: '2026'\n    created: 2026-01-01\n    until: \"2026-06-30\"\n    requires: [narrow-scope, logging]\n",
		Policy{Exceptions: map[string]Exception{match(3): {Owner: "payments", Approver: "security", Reason: "2026",
			Created: day("2026-01-01"), Until: day("2026-06-30"), Requires: []Requirement{RequireNarrowScope, RequireLogging}}}}},
}

func TestParse(t *testing.T) {
	schema := compileSchema(t)
	for _, tt := range valid {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse([]byte(tt.text), File)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(&tt.want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if err := schema.Validate(plainValue(t, tt.text)); err != nil {
				t.Errorf("the schema refuses it: %v", err)
			}
		})
	}
}

func TestParseSections(t *testing.T) {
	schema := compileSchema(t)
	const text = `environments:
- {name: live, class: prod, paths: ["deploy/live/**"], branches: [main]}
- {name: partner, class: vendor, accounts: ["123456789012"]}
owners:
- {owner: "@acme/payments", paths: [pay]}
- {owner: ada, team: false, kinds: [aws-access-key], targets: ["git:*"]}
integrations:
- vendor: Acme Scanner
  owner: security
  contract: C-12
  reviewed: 2026-01-01
  next-review: 2026-07-01
  match: [acme/scan-action]
escalation:
- {owner: ada, to: lead@example.org, after: 2w}
- {to: security@example.org, after: 30d}
thresholds:
  age: {default: 180d, aws-access-key: {max: 30d, source: Key standard §4, version: "3"}}
  lifetime: {azure-sas: 8h}
  exception: {default: 1y}
`
	p, err := Parse([]byte(text), File)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(plainValue(t, text)); err != nil {
		t.Errorf("the schema refuses it: %v", err)
	}
	d := 24 * time.Hour
	want := &Policy{
		Environments: []Environment{
			{"live", finding.EnvProd, Where{Paths: []string{"deploy/live/**"}, Branches: []string{"main"}}},
			{"partner", finding.EnvVendor, Where{Accounts: []string{"123456789012"}}},
		},
		Owners: []Owner{
			{"@acme/payments", true, Where{Paths: []string{"pay"}}},
			{"ada", false, Where{Kinds: []string{"aws-access-key"}, Targets: []string{"git:*"}}},
		},
		Integrations: []Integration{{"Acme Scanner", "security", "C-12", day("2026-01-01"), day("2026-07-01"), []string{"acme/scan-action"}}},
		Escalation:   []Escalation{{"ada", "lead@example.org", 14 * d}, {"*", "security@example.org", 30 * d}},
		Thresholds: []Threshold{
			{Test: TestAge, Max: 180 * d}, {TestAge, "aws-access-key", 30 * d, "Key standard §4", "3"},
			{Test: TestLifetime, Kind: "azure-sas", Max: 8 * time.Hour}, {Test: TestException, Max: 365 * d},
		},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if e, ok := p.Escalate("ADA"); !ok || e.To != "lead@example.org" {
		t.Errorf("escalate: %+v", e)
	}
	if e, ok := p.Escalate(""); !ok || e.To != "security@example.org" {
		t.Errorf("escalate nobody's: %+v", e)
	}
	for _, x := range []struct {
		s    Subject
		want bool
	}{
		{Subject{Path: "deploy/live/a/b.env", Branches: []string{"dev", "main"}}, true},
		{Subject{Path: "deploy/live/a/b.env"}, false},
		{Subject{Path: "deploy/liver", Branches: []string{"main"}}, false},
		{Subject{}, false},
	} {
		if got := p.Environments[0].Covers(x.s); got != x.want {
			t.Errorf("covers %+v: %v", x.s, got)
		}
	}
	if !p.Environments[1].Whole() || p.Environments[0].Whole() || !p.Environments[1].Covers(Subject{Accounts: []string{"123456789012"}}) {
		t.Error("the rule by account")
	}
}

// broken holds files that Parse refuses; schema says that the schema can see why.
var broken = []struct {
	name, text, want string
	schema           bool
}{
	{"unknown key", saltLine + "baselin:\n", ".sprawl.yaml:2:1: unknown key in a policy; known are salt, fail-on", true},
	{"key in another spelling", "fail_on: {}\n", ".sprawl.yaml:1:1: unknown key in a policy; write `fail-on`", true},
	{"unknown tier", "fail-on:\n  prooven: low\n", ":2:3: unknown key in fail-on; known are proven, shaped, named, generic", true},
	{"unknown severity", "fail-on:\n  proven: bad\n", ":2:11: not one of the known words; write critical, high, medium, low, info, never", true},
	{"unknown decision of a repository", "repositories:\n  mark: low\n", ":2:3: unknown key in repositories; known are baseline, marks, exceptions, inline", true},
	{"list for mapping", "- a\n", ":1:1: a policy is a mapping", true},
	{"word for mapping", "hello\n", ":1:1: a policy is a mapping", true},
	{"short salt", "salt: aaaa\n", ":1:7: the salt has 2 bytes, not 16 to 32; `sprawl init` makes one", true},
	{"salt in hex", "salt: 0189\n", ":1:7: the salt is not base32", true},
	{"salt as list", "salt: [a]\n", ":1:7: salt is one value, not a list or mapping", true},
	{"exclude as word", "exclude: docs\n", ":1:10: exclude is a list of path globs", true},
	{"exclude all", "exclude: ['**/*']\n", ":1:11: this glob would exclude everything", true},
	{"bad glob", "exclude:\n  - 'a[b'\n", ":2:5: not a valid glob", false},
	{"windows path", `exclude: ['a\b']`, ":1:11: a glob with a backslash", true},
	{"absolute glob", "exclude: [/etc]", ":1:11: a glob is relative", true},
	{"not a match", "baseline:\n  m-short: aws\n", ":2:3: not a match: m- or g- and 26 characters of a-z and 2-7", true},
	{"match in capitals", "baseline:\n  " + strings.ToUpper(match(1)) + ": aws\n", ":2:3: not a match", true},
	{"bad kind", "baseline:\n  " + match(1) + ": AWS key\n", ":2:33: not a kind", true},
	{"baseline as list", "baseline:\n- " + match(1) + "\n", ":2:1: the section is a mapping from match to entry", true},
	{"mark without as", "marks:\n  " + match(1) + ":\n    reason: x\n", ":3:5: a mark needs `as`", true},
	{"bad mark", "marks:\n  " + match(1) + ":\n    as: fine\n", ":3:9: not one of the known words; write false-positive, resolved", true},
	{"bad date", "marks:\n  " + match(1) + ":\n    as: resolved\n    on: 31.3.2026\n", ":4:9: not a day; write it as in 2026-03-31", true},
	{"impossible date", "marks:\n  " + match(1) + ":\n    as: resolved\n    on: 2026-02-30\n", ":4:9: not a day", false},
	{"empty reason", "marks:\n  " + match(1) + ":\n    as: resolved\n    reason: ' '\n", ":4:13: a reason is empty", true},
	{"exception without end", "exceptions:\n  " + match(1) + ": {owner: a, approver: b, reason: c, created: 2026-01-01}\n", "an exception needs `until`", true},
	{"exception ends early", "exceptions:\n  " + match(1) + ": {owner: a, approver: b, reason: c, created: 2026-01-02, until: 2026-01-01}\n", "ends before it was created", false},
	{"unknown requirement", "exceptions:\n  " + match(1) + ": {owner: a, approver: b, reason: c, created: 2026-01-02, until: 2026-01-03, requires: [x]}\n", "write narrow-scope, read-only", true},
	{"exception looked at too early", "exceptions:\n  " + match(1) + ": {owner: a, approver: b, reason: c, created: 2026-01-02, recertified: 2026-01-01, until: 2026-01-03}\n", "before it was created", false},
	{"environments as mapping", "environments: {prod: [a]}\n", ":1:15: environments is a list", true},
	{"environment without class", "environments:\n- {name: prod, paths: [a]}\n", ":2:3: an environment needs `class`", true},
	{"environment of nothing", "environments:\n- {name: prod, class: prod}\n", ":2:3: an environment that covers nothing", false},
	{"unknown class", "environments:\n- {name: a, class: live, paths: [a]}\n", ":2:20: not one of the known words; write prod, nonprod, vendor", true},
	{"owner of nothing", "owners:\n- {owner: ada}\n", ":2:3: an owner of nothing", false},
	{"team as a word", "owners:\n- {owner: ada, team: perhaps, paths: [a]}\n", ":2:22: not true or false", true},
	{"integration without vendor", "integrations:\n- {owner: a}\n", ":2:3: an integration needs `vendor`", true},
	{"review before review", "integrations:\n- {vendor: a, reviewed: 2026-02-01, next-review: 2026-01-01}\n", "lies before the last", false},
	{"escalation without end", "escalation:\n- {to: a}\n", ":2:3: an escalation needs `after`", true},
	{"length without unit", "escalation:\n- {to: a, after: 90}\n", ":2:18: not a length of time; write it as in 90d", true},
	{"threshold of an unknown test", "thresholds: {long-lived: {default: 90d}}\n", ":1:14: unknown key in thresholds; known are age, lifetime", true},
	{"threshold of a bad kind", "thresholds: {age: {AWS: 90d}}\n", ":1:20: not a kind", true},
	{"threshold as a number", "thresholds: {age: 90d}\n", ":1:19: age is a mapping from kind to number", true},
	{"threshold without a number", "thresholds: {age: {default: {source: a}}}\n", "a threshold needs `max`", true},
	{"column counts bytes", "exclude: ['äö', [x]]\n", ":1:19: a glob is one value", true},
	{"duplicate section", saltLine + saltLine, ":2:1: this key already stands in line 1; remove one of the two", false},
	{"duplicate entry", "baseline:\n  " + match(1) + ": a\n  " + match(1) + ": b\n", ":3:3: this key already stands in line 2", false},
	{"duplicate deep in a raw section", "owners:\n  a: {b: 1, b: 2}\n", ":2:13: this key already stands in line 2", false},
	{"anchor", "owners: &x [a]\n", ":1:9: anchors and aliases are not allowed", false},
	{"alias", "owners: *x\n", ":1:9: anchors and aliases are not allowed", false},
	{"alias bomb", "owners:\n  a: &a [x,x]\n  b: &b [*a,*a]\n  c: [*b,*b]\n", ":2:6: anchors and aliases", false},
	{"merge key", "owners: {<<: {a: 1}}\n", "merge keys are not allowed", false},
	{"tag", "salt: !!binary aaaa\n", "tags are not allowed", false},
	{"list as key", "? [a]\n: b\n", "a key must be a word", false},
	{"two documents", saltLine + "---\n" + saltLine, "a second YAML document", false},
	{"tab", "baseline:\n\t" + match(1) + ": a\n", ":2:1: a tab cannot indent YAML; indent with spaces", false},
	{"open bracket", "exclude: [a\n", "not valid YAML: did not find expected ',' or ']'", false},
	{"deep", "owners: " + strings.Repeat("[", 20), "nested deeper than 16 levels", false},
	{"conflict", "baseline:\n<<<<<<< HEAD\n  " + match(1) + ": a\n=======\n>>>>>>> theirs\n",
		":2:1: a merge conflict stands unresolved here; keep the lines of both sides", false},
	{"conflict with CRLF", "baseline:\r\n=======\r\n", ":2:1: a merge conflict", false},
	{"control character", "salt: \x00\n", ":1:7: a control character", false},
	{"not UTF-8", "# fine\nsalt: \xff\n", ":2:1: not UTF-8", false},
	{"UTF-16", "\xff\xfes\x00", "a control character", false},
	{"large", strings.Repeat("#", MaxSize+1), ".sprawl.yaml: larger than 8 MiB", false},
}

func TestParseErrors(t *testing.T) {
	schema := compileSchema(t)
	for _, tt := range broken {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse([]byte(tt.text), File)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %v, want an *Error", err)
			}
			if p != nil {
				t.Error("a policy beside an error")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
			if tt.schema && schema.Validate(plainValue(t, tt.text)) == nil {
				t.Error("the schema accepts it")
			}
		})
	}
}

// TestErrorsQuoteNothing puts a value where each kind of thing is expected: people paste secrets into the wrong place.
func TestErrorsQuoteNothing(t *testing.T) {
	const planted = "Zx9planted7Qw"
	for _, text := range []string{
		"%s: 1", "%s", "- %s", "salt: %s", "fail-on: {%s: low}", "fail-on: {proven: %s}", "fail-on: %s", "exclude: %s",
		"exclude: ['%s[']", "baseline: {%s: a}", "baseline: {" + match(1) + ": %s}", "marks: {" + match(1) + ": {as: %s}}",
		"marks: {" + match(1) + ": {as: resolved, on: %s}}", "owners: *%s", "owners: &%s a", "salt: !%s a", "%%%s", "{%s: 1, %[1]s: 2}",
		"a: \"%s\\q\"", "a: %s: b", "owners: %s", "a: !%s!b c", "%%TAG %s x", "a: |%s\n b", "a: '%s",
	} {
		_, err := Parse(fmt.Appendf(nil, text, planted), File)
		if err == nil {
			t.Errorf("accepted: %s", text)
		} else if strings.Contains(err.Error(), planted) {
			t.Errorf("quoted in: %s", strings.ReplaceAll(err.Error(), planted, "…"))
		}
	}
}

// TestHostileSize holds files just inside the size limit that would become far more nodes than bytes.
func TestHostileSize(t *testing.T) {
	for _, unit := range []string{"[],", "a,", "? \n", "a: \n", "- - - - - - - -\n", "\r"} {
		text := strings.Repeat(unit, MaxSize/len(unit)-1)
		if strings.HasSuffix(unit, ",") {
			text = "owners: [" + text + "]"
		}
		if len(text) > MaxSize {
			text = text[:MaxSize]
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse([]byte(text), File)
		runtime.ReadMemStats(&after)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("%q: %v", unit, err)
		}
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 512 {
			t.Errorf("%q: %d MiB allocated", unit, mib)
		}
	}
}

func TestLargeBaseline(t *testing.T) {
	entries := map[string]string{}
	for i := range 50_000 {
		entries[match(i)] = "aws-access-key"
	}
	data, err := SetBaseline([]byte(saltLine), entries)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(data, File)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Baseline) != len(entries) {
		t.Errorf("%d entries, want %d", len(p.Baseline), len(entries))
	}
	// Twice as many, half of them between the others: an edit is no more than linear.
	for i := range 100_000 {
		entries[match(i)] = "aws-access-key"
	}
	if _, err := SetBaseline(data, entries); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkParseBaseline(b *testing.B) {
	entries := map[string]string{}
	for i := range 50_000 {
		entries[match(i)] = "aws-access-key"
	}
	data, err := SetBaseline([]byte(saltLine), entries)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data, File); err != nil {
			b.Fatal(err)
		}
	}
}

func TestFails(t *testing.T) {
	p := &Policy{FailOn: map[finding.Tier]finding.Severity{finding.TierNamed: finding.SevHigh, finding.TierProven: Never}}
	for _, tt := range []struct {
		tier finding.Tier
		sev  finding.Severity
		want bool
	}{
		{finding.TierProven, finding.SevCritical, false},
		{finding.TierShaped, finding.SevLow, true},
		{finding.TierShaped, finding.SevInfo, false},
		{finding.TierNamed, finding.SevHigh, true},
		{finding.TierNamed, finding.SevMedium, false},
		{finding.TierGeneric, finding.SevCritical, false},
	} {
		if got := p.Fails(tt.tier, tt.sev); got != tt.want {
			t.Errorf("Fails(%s, %s) = %v", tt.tier, tt.sev, got)
		}
	}
}

func TestExcludes(t *testing.T) {
	p := &Policy{Exclude: []string{"vendor", "**/testdata", "docs/*.md", "a/**/z"}}
	for path, want := range map[string]bool{
		"vendor/x/y.go": true, "vendor": true, "x/vendor/y.go": false, "vendors/x": false,
		"testdata/a": true, "x/y/testdata/a/b": true, "x/testdata2/a": false,
		"docs/a.md": true, "docs/x/a.md": false, "a/z": true, "a/b/c/z/d": true, "": false,
	} {
		if got := p.Excludes(path); got != want {
			t.Errorf("Excludes(%q) = %v", path, got)
		}
	}
}

func TestHasWeak(t *testing.T) {
	g := "g" + match(1)[1:]
	for _, tt := range []struct {
		p    Policy
		want bool
	}{
		{Policy{}, false},
		{Policy{Baseline: map[string]string{match(1): ""}, Marks: map[string]Mark{match(2): {}}}, false},
		{Policy{Baseline: map[string]string{g: ""}}, true},
		{Policy{Marks: map[string]Mark{g: {}}}, true},
		{Policy{Exceptions: map[string]Exception{g: {}}}, true},
	} {
		if got := tt.p.HasWeak(); got != tt.want {
			t.Errorf("HasWeak() = %v for %+v", got, tt.p)
		}
	}
}

// TestSchemaMatchesStructs compares the schema's properties with the fields they become.
func TestSchemaMatchesStructs(t *testing.T) {
	data, err := os.ReadFile("../../docs/schema/policy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Properties map[string]any
		Required   []string
		Enum       []string
		Items      struct{ Enum []string }
	}
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		of         any
		properties map[string]any
	}{
		{Policy{}, schema.Properties},
		{Mark{}, schema.Defs["mark"].Properties},
		{Exception{}, schema.Defs["exception"].Properties},
		{Integration{}, schema.Defs["integration"].Properties},
		{Escalation{}, schema.Defs["escalation"].Properties},
	} {
		var want, got []string
		typ := reflect.TypeOf(tt.of)
		for i := range typ.NumField() {
			want = append(want, kebab(typ.Field(i).Name))
		}
		for k := range tt.properties {
			got = append(got, k)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			t.Errorf("%s has %v, its schema %v", typ.Name(), want, got)
		}
	}
	var severities []string
	for _, s := range append(finding.Severities(), Never) {
		severities = append(severities, string(s))
	}
	if !slices.Equal(schema.Defs["severity"].Enum, severities) {
		t.Errorf("severities of the schema: %v", schema.Defs["severity"].Enum)
	}
}

func kebab(s string) string {
	var b strings.Builder
	for i, r := range s {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("../../docs/schema/policy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plainValue is a file as an editor's schema check sees it, every scalar a string.
func plainValue(t *testing.T, text string) any {
	t.Helper()
	var doc yaml.Node
	loader, err := yaml.NewLoader(bytes.NewReader([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	if loader.Load(&doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	var value func(n *yaml.Node) any
	value = func(n *yaml.Node) any {
		switch {
		case n.Kind == yaml.MappingNode:
			m := map[string]any{}
			for i := 0; i < len(n.Content); i += 2 {
				m[n.Content[i].Value] = value(n.Content[i+1])
			}
			return m
		case n.Kind == yaml.SequenceNode:
			l := []any{}
			for _, c := range n.Content {
				l = append(l, value(c))
			}
			return l
		case null(n):
			return nil
		}
		return n.Value
	}
	return value(doc.Content[0])
}

func FuzzParse(f *testing.F) {
	for _, tt := range valid {
		f.Add([]byte(tt.text))
	}
	for _, tt := range broken {
		if len(tt.text) < 1000 {
			f.Add([]byte(tt.text))
		}
	}
	for _, tt := range edits {
		f.Add([]byte(tt.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data, File)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("not an *Error: %v", err)
			}
			if e.Line < 0 || e.Column < 0 || e.Line > 0 && e.Column == 0 {
				t.Fatalf("at %d:%d", e.Line, e.Column)
			}
			return
		}
		// An edit refuses or does what it was asked for, and keeps every line that stands.
		added := match(1 << 40)
		if _, ok := p.Marks[added]; !ok {
			if out, err := AddMark(data, added, Mark{As: Resolved, Reason: "a: #b", On: day("2026-01-02")}); err == nil {
				keepsLines(t, data, out, "marks:")
			}
		}
		if out, removed, err := PruneBaseline(data, func(string) bool { return true }); err != nil {
			t.Fatalf("a prune of nothing: %v", err)
		} else if len(removed) > 0 || !bytes.Equal(out, data) {
			t.Fatalf("a prune of nothing changed the file:\n%q\n%q", data, out)
		}
		if out, removed, err := PruneBaseline(data, func(string) bool { return false }); err == nil {
			if len(removed) != len(p.Baseline) {
				t.Fatalf("pruned %d of %d", len(removed), len(p.Baseline))
			}
			keepsLines(t, out, data, "baseline:")
		}
	})
}

// keepsLines fails if the lines of some are not all in all, in order, save blank ones and one that begins with except.
func keepsLines(t *testing.T, some, all []byte, except string) {
	t.Helper()
	lines := func(data []byte) (out []string) {
		f := &file{data: bytes.TrimPrefix(data, bom)}
		f.lines = lineStarts(f.data)
		for i := range f.lines {
			out = append(out, strings.TrimRight(string(f.line(i)), "\r\n\u0085\u2028\u2029"))
		}
		return out
	}
	rest := lines(all)
	for _, line := range lines(some) {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, except) {
			continue
		}
		i := slices.Index(rest, line)
		if i < 0 {
			t.Fatalf("line %q is lost\n%q\n%q", line, some, all)
		}
		rest = rest[i+1:]
	}
}

func TestHonours(t *testing.T) {
	p := &Policy{Repositories: map[string]finding.Severity{"marks": finding.SevMedium, "baseline": Never, "inline": finding.SevCritical}}
	for _, tt := range []struct {
		kind string
		s    finding.Severity
		want bool
	}{
		{"mark", finding.SevMedium, true}, {"mark", finding.SevInfo, true}, {"mark", finding.SevHigh, false},
		{"baseline", finding.SevInfo, false}, {"exception", finding.SevInfo, false}, {"inline", finding.SevCritical, true},
		{"", finding.SevInfo, false}, {"base", finding.SevInfo, false},
	} {
		if got := p.Honours(tt.kind, tt.s); got != tt.want {
			t.Errorf("%s of severity %s: %v", tt.kind, tt.s, got)
		}
	}
	if (&Policy{}).Honours("mark", finding.SevInfo) {
		t.Error("an organisation that says nothing honours a mark")
	}
}
