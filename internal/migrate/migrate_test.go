package migrate

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sprawl/detectors"
	"sprawl/internal/match"
	"sprawl/internal/policy"
	"sprawl/internal/rules"
)

const leaksTOML = `
title = "ours"
[extend]
useDefault = true
disabledRules = ["one", "two"]
[allowlist]
paths = ['''a''', '''b''']
stopwords = ["nothing"]
[[rules]]
id = "acme-token"
description = "An Acme token."
regex = '''(?i)\b(acx_[a-z0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)'''
entropy = 3
keywords = ["acx_"]
[[rules.allowlists]]
regexes = ['''^acx_0''']
stopwords = ["exampleword", "a.b"]
[[rules.allowlists]]
regexTarget = "line"
regexes = ['''test''']
[[rules]]
id = "acme-named"
regex = '''(?i)[\w.-]{0,50}?(?:acme)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}([a-f0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)'''
keywords = ["acme"]
path = '''(?i)\.(?:env|ini)$'''
[[rules]]
id = "by-name"
path = '''\.p12$'''
[[rules]]
id = "paths"
regex = '''acme_[a-z]{20}'''
path = '''^src/[a-z]+/x'''
[[rules]]
id = "hidden"
regex = '''acme_id_[a-z]{20}'''
skipReport = true
[[rules]]
id = "looks-ahead"
regex = '''acme(?=x)'''
[[rules]]
id = "short"
regex = '''\bq\.[a-z0-9]{24}\b'''
keywords = ["q."]
[[rules]]
id = "second"
regex = '''(acu)_([a-z0-9]{32})'''
secretGroup = 2
`

const betterTOML = `
betterleaksMinVersion = "v2.0.0"
[[rules]]
id = "a"
regex = '''aca_[a-z0-9]{32}'''
filter = '''
// low
entropy(finding["secret"]) <= 3.2 || (filter.matchesAny(finding["secret"], [` + "`^aca_0`" + `])) || matchesAny(get(attributes, "path", ""), ["x"])
'''
validate = '''http.get("https://acme.test")'''
[[rules]]
id = "b"
regex = '''acb_[a-z0-9]{32}'''
filter = '''!matchesAny(finding["secret"], ["[0-9]"]) || containsAny(finding["secret"], ["zz||z"])'''
[[rules.required]]
id = "a"
[[rules]]
id = "c"
regex = '''acc_[a-z0-9]{32}'''
filter = '''let n = 3; n < 4'''
`

const parkerYAML = `
rules:
- name: Acme key
  id: np.acme.1
  pattern: |
    (?x)(?i)
    \b
    acme .{0,20} (?# what stands between )
    \b ( [a-f0-9]{32} )   # the key
    (?: [^a-z0-9] | $ )
  references: [http://acme.test, https://acme.test/keys]
  examples:
  - acme_key placeholder
- name: Acme pair
  id: np.acme.2
  pattern: 'acme://(\w+):(\w{32})@'
- name: hidden
  id: np.acme.3
  pattern: acme
  visible: false
- id: np.acme.1
  pattern: 'acz_[a-z0-9]{20,2000}\b'
`

const titusYAML = `
rules:
- name: Acme
  id: titus.acme.1
  pattern: '\b(?P<token>act_[A-Za-z0-9]{30})\b'
  min_entropy: 3
  pattern_requirements: {min_digits: 2, min_uppercase: 1, ignore_if_contains: [FAKE], checksum: {}}
  depends_on_rule: [{rule_id: x}]
  validation: {type: Http}
`

func readRules(t *testing.T, name, data string) *Rules {
	t.Helper()
	f, err := Read(name, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return f.Rules
}

func remarks(rs []Remark) []string {
	var out []string
	for _, r := range rs {
		out = append(out, r.ID+": "+r.Why)
	}
	return out
}

// settled settles and checks that what came out does what it says, with an engine of its own.
func settled(t *testing.T, r *Rules) []string {
	t.Helper()
	if _, err := r.Settle(detectors.All()); err != nil {
		t.Fatal(err)
	}
	rows, bad := rules.Compile(r.Rows, detectors.All())
	if len(bad) > 0 {
		t.Fatal(bad[0])
	}
	if bad, err := rules.Try(rows, r.Rows); err != nil || len(bad) > 0 {
		t.Fatal(err, bad)
	}
	var ids []string
	for _, d := range r.Rows {
		if len(d.Positive) == 0 || len(d.Negative) == 0 {
			t.Errorf("%s has no vectors", d.ID.Value)
		}
		ids = append(ids, d.ID.Value)
	}
	return ids
}

func same(t *testing.T, want, got []string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestGitleaks(t *testing.T) {
	r := readRules(t, "x/gitleaks.toml", leaksTOML)
	if r.Tool != "gitleaks" || r.Total != 8 {
		t.Errorf("%s with %d rules", r.Tool, r.Total)
	}
	same(t, []string{"gitleaks-acme-token", "gitleaks-acme-named", "gitleaks-second"}, settled(t, r))
	same(t, []string{
		"by-name: it looks at the names of files alone", "paths: it is limited to paths in a way that globs cannot say",
		"hidden: it is a part of other rules and never reported",
		`gitleaks-looks-ahead: not an expression of RE2: invalid or unsupported Perl syntax "(?="`,
		"gitleaks-short: a keyword of 2 bytes: it takes 3 to look for",
	}, remarks(r.Left))
	same(t, []string{
		": it extends another configuration: import that file too, or leave it to the built-in kinds",
		": 2 rules of the configuration it extends are switched off there: one, two",
		": its global allow-list (2 paths, 0 expressions, 1 words, 0 commits) is not taken over: folders belong under exclude:, values that are none are known",
		"acme-token: without an allow-list for the whole line",
	}, remarks(r.Notes))
	d := r.Rows[0]
	if len(d.Pattern.Not) != 2 || d.Pattern.Not[1].Value != `(?i)exampleword|a\.b` || d.MinEntropy != 3 || d.Title != "Acme token" {
		t.Errorf("%+v", d.Pattern)
	}
	same(t, []string{"**/*.env", "**/*.ini"}, r.Rows[1].Paths)
	if r.Rows[2].Pattern.Secret != "2" {
		t.Error("the group of the secret is lost")
	}
}

func TestBetterleaks(t *testing.T) {
	r := readRules(t, "betterleaks.toml", betterTOML)
	same(t, []string{"betterleaks-a", "betterleaks-b"}, settled(t, r))
	same(t, []string{"c: its filter: let of something other than the secret"}, remarks(r.Left))
	same(t, []string{"a: without a condition (matchesAny of something other than the secret), its live check", "b: without that another part stands close by"}, remarks(r.Notes))
	if a := r.Rows[0]; a.MinEntropy != 3.2 || len(a.Pattern.Not) != 1 || a.Pattern.Not[0].Value != "^aca_0" {
		t.Errorf("%+v", a)
	}
	if b := r.Rows[1].Pattern; len(b.Must) != 1 || b.Must[0].Value != "(?:[0-9])" || b.Not[0].Value != `(?i)zz\|\|z` {
		t.Errorf("%+v", b)
	}
}

func TestParkers(t *testing.T) {
	r := readRules(t, "acme.yml", parkerYAML)
	same(t, []string{"noseyparker-acme-1", "noseyparker-acme-2", "noseyparker-acme-1-again-2"}, settled(t, r))
	same(t, []string{"np.acme.3: it is a part of other rules and never reported"}, remarks(r.Left))
	if got := r.Rows[0].Pattern.Regexp.Value; got != `(?i)\bacme.{0,20}\b([a-f0-9]{32})(?:[^a-z0-9]|$)` {
		t.Errorf("the expression reads %s", got)
	}
	if r.Rows[0].Docs != "https://acme.test/keys" || r.Rows[1].Pattern.Secret != "2" || r.Rows[2].Title != "Np acme 1" {
		t.Errorf("%+v", r.Rows[0])
	}
	r = readRules(t, "acme.yaml", titusYAML)
	same(t, []string{"titus-acme-1"}, settled(t, r))
	same(t, []string{"titus.acme.1: without its checksum, that another part stands close by, its live check"}, remarks(r.Notes))
	if p := r.Rows[0].Pattern; p.Secret != "token" || len(p.Must) != 2 || len(p.Not) != 1 {
		t.Errorf("%+v", p)
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"(?x) a b # c\n d":         "abd",
		`(?xi: a\ b ) c d`:         `(?i:a\x20b) c d`,
		`(?x)[a b]\#[\]#]`:         `[ab]#[\]#]`,
		`a(?x) b (?-x) c`:          `ab c`,
		`(?x)( a (?-x: b ) c )`:    `(a(?: b )c)`,
		`[[:alpha:]_[]\Z`:          `[[:alpha:]_\[]\z`,
		`a{3,4000}b{2}c{,3}`:       `a{3,}b{2}c{,3}`,
		`[^]]+\h(?#x)y`:            `[^\]]+[\t ]y`,
		`(?P<a>x)(?<b>y)(?:z)(?!w`: `(?P<a>x)(?<b>y)(?:z)(?!w`,
		`\<\"\/`:                   `<"/`,
	} {
		if got := plain(in); got != want {
			t.Errorf("%q reads %q, want %q", in, got, want)
		}
	}
}

func TestUnknown(t *testing.T) {
	for name, data := range map[string]string{
		"a.txt": "x", "a.json": `{"a":1}`, "b.json": `[{"a":1}]`, "a.toml": "a = 1", "a.yaml": "a: b", "b.yaml": "- a", "c.yaml": "", "c.json": `[1]`,
	} {
		if _, err := Read(name, []byte(data)); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	const planted = "Zx9planted7Qw"
	for name, data := range map[string]string{"a.toml": "a = [" + planted, "a.yaml": "a: [" + planted, "b.toml": "[[rules]]\nid = 3 # " + planted} {
		if _, err := Read(name, []byte(data)); err == nil || strings.Contains(err.Error(), planted) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDecided(t *testing.T) {
	const ignore = "# ours\nabcdef0123456789abcdef0123456789abcdef01:src/a.py:acme:12\nsrc/b:c.py:acme:3 # why\n\nhalf:9\n./x.go:r:0\n"
	f, err := Read(".gitleaksignore", []byte(ignore))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range f.Decided {
		got = append(got, strings.Join([]string{d.Commit[:min(4, len(d.Commit))], d.Path, d.Rule}, " "))
	}
	same(t, []string{"abcd src/a.py acme", " src/b:c.py acme", "  ", "  "}, got)

	value := strings.Repeat("qx", 3) + "7f1"
	f, err = Read("report.json", []byte(`[{"RuleID":"r","Secret":"`+value+`","File":"a\\b.env","Commit":"abc","StartLine":4},{"RuleID":"r","Secret":"REDACTED","File":"./c","StartLine":1}]`))
	if err != nil {
		t.Fatal(err)
	}
	a, b := f.Decided[0], f.Decided[1]
	if !a.HasValue || string(a.Value.Reveal()) != value || a.Path != "a/b.env" || b.HasValue || b.Path != "c" || b.Source != "./c:r:1" || strings.Contains(a.Source, value) {
		t.Errorf("%q %q", a.Path, b.Source)
	}

	f, err = Read(".secrets.baseline", []byte(`{"version":"1.5.0","plugins_used":[],"results":{"b.py":[{"type":"T","hashed_secret":"AB12","line_number":3,"is_secret":false}],"a.py":[{"type":"T","hashed_secret":"cd","line_number":1}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := f.Decided; len(d) != 2 || d[0].Path != "a.py" || d[0].False || !d[1].False || d[1].SHA1 != "ab12" {
		t.Errorf("%+v", d)
	}

	f, err = Read("kingfisher-baseline.yaml", []byte("ExactFindings:\n  matches:\n  - filepath: src/a.py\n    fingerprint: abc\n    linenum: 7\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d := f.Decided; len(d) != 1 || d[0].Line != 7 || d[0].Tool != "kingfisher" {
		t.Errorf("%+v", d)
	}
}

func TestTag(t *testing.T) {
	lines := [][]byte{[]byte("a = 1 # gitleaks:allow"), []byte("# Pragma: allowlist nextline secret"), []byte("b"), []byte("c // trufflehog:ignore")}
	for line, want := range map[int]string{1: "gitleaks", 2: "", 3: "detect-secrets", 4: "trufflehog", 5: "", 0: ""} {
		if tool, _, ok := Tag(lines, line); tool != want || ok != (want != "") {
			t.Errorf("line %d: %q", line, tool)
		}
	}
}

// Rows that are written down and read again hold nothing that a scan would report.
func TestRowsHoldNothing(t *testing.T) {
	r := readRules(t, "gitleaks.toml", leaksTOML)
	settled(t, r)
	all, _ := rules.Compile(r.Rows, nil)
	set, err := match.Compile(append(detectors.All(), all...))
	if err != nil {
		t.Fatal(err)
	}
	text := written(t, r)
	for _, c := range set.NewMatcher().Match([]byte(text)) {
		t.Errorf("the rows hold what reads as %s (%s)", c.Tier, c.Why)
	}
}

// FuzzRead feeds hostile files to every reader.
func FuzzRead(f *testing.F) {
	for name, data := range map[string]string{"a.toml": leaksTOML, "b.toml": betterTOML, "a.yml": parkerYAML, "b.yaml": titusYAML, "a.json": `[{"RuleID":"r","File":"f"}]`, ".gitleaksignore": "a:b:c:1"} {
		f.Add(name, []byte(data))
	}
	f.Fuzz(func(_ *testing.T, name string, data []byte) {
		if len(data) > 1<<12 {
			return
		}
		file, err := Read(name, data)
		if err == nil && file.Rules != nil {
			_, _ = file.Rules.Settle(nil)
		}
	})
}

func written(t *testing.T, r *Rules) string {
	t.Helper()
	out, _, err := policy.AddDetectors(nil, r.Rows)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestListed tells each note once.
func TestListed(t *testing.T) {
	if got, want := listed([]string{"a", "b", "a", "a"}), "a (3 times), b"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
