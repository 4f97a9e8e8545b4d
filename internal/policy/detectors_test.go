package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sprawl/finding"
)

const rowText = `detectors:
  - id: acme-token
    title: ACME token
    provider: acme
    severity: medium
    forms: ['acme_[a-z0-9]{32}']
    public: ['ACM[A-Z0-9]{12}']
    pair: {lines: 3, require: true}
    near: [acme]
    named:
      - {keywords: [acme], names: [key, token], not: [public], value: '[a-f0-9]{32}', min-entropy: 3, near: -1}
    pattern:
      regexp: 'ACME-(\d{8})'
      keywords: [acme-]
      secret: 1
      not: ['^0+$']
      must: ['[1-9]']
    min-entropy: 2.5
    paths: ['**/*.env']
    traits: {expires: {value: no, source: 'https://docs.acme.test/keys'}}
    rotate: acme keys roll
    revoke: acme keys revoke
    docs: https://docs.acme.test/keys
    format: corpus
    positive: [[acme_, 0123, 4567], plain]
    negative: ['acme_']
`

func rowWant() Detector {
	return Detector{
		ID: Text{Value: "acme-token"}, Provider: "acme", Title: "ACME token", Severity: finding.SevMedium,
		Forms: []Text{{Value: "acme_[a-z0-9]{32}"}}, Public: []Text{{Value: "ACM[A-Z0-9]{12}"}}, PairLines: 3, PairRequired: true, Near: []string{"acme"},
		Named:      []NamedValue{{Keywords: []string{"acme"}, Names: []string{"key", "token"}, Not: []string{"public"}, Value: Text{Value: "[a-f0-9]{32}"}, MinEntropy: 3, Near: -1}},
		Pattern:    &Pattern{Regexp: Text{Value: `ACME-(\d{8})`}, Keywords: []string{"acme-"}, Secret: "1", Not: []Text{{Value: "^0+$"}}, Must: []Text{{Value: "[1-9]"}}},
		MinEntropy: 2.5, Paths: []string{"**/*.env"},
		Traits: finding.Traits{Expires: finding.Trait{Value: finding.No, Source: "https://docs.acme.test/keys"}},
		Rotate: "acme keys roll", Revoke: "acme keys revoke", Docs: "https://docs.acme.test/keys", Format: "corpus",
		Positive: []Text{{Value: "acme_01234567"}, {Value: "plain"}}, Negative: []Text{{Value: "acme_"}},
	}
}

func TestDetectors(t *testing.T) {
	p, err := Parse([]byte(rowText), File)
	if err != nil {
		t.Fatal(err)
	}
	if err := compileSchema(t).Validate(plainValue(t, rowText)); err != nil {
		t.Errorf("the schema refuses it: %v", err)
	}
	if d := cmp.Diff([]Detector{rowWant()}, []Detector{p.Detectors[0].placeless()}); d != "" {
		t.Error(d)
	}
	if at := p.Detectors[0].Pattern.Regexp.At; at != (Position{13, 15}) {
		t.Errorf("the expression stands at %v", at)
	}
}

func TestDetectorErrors(t *testing.T) {
	const vectors = ", positive: [a], negative: [b]}\n"
	schema := compileSchema(t)
	for _, tt := range []struct {
		name, text, want string
		schema           bool
	}{
		{"mapping", "detectors: {a: b}\n", ":1:12: detectors is a list", true},
		{"no id", "detectors:\n- {title: a, forms: [x]" + vectors, ":2:3: a detector needs `id`", true},
		{"bad id", "detectors:\n- {id: A b, title: a, forms: [x]" + vectors, ":2:8: not a kind", true},
		{"twice", "detectors:\n- {id: a, title: a, forms: [x]" + vectors + "- {id: a, title: a, forms: [x]" + vectors, "this id already stands in line 2", false},
		{"found by nothing", "detectors:\n- {id: a, title: a" + vectors, ":2:3: a detector that nothing is found by", true},
		{"without vectors", "detectors:\n- {id: a, title: a, forms: [x]}\n", "needs `positive`", true},
		{"empty vectors", "detectors:\n- {id: a, title: a, forms: [x], positive: [], negative: [a]}\n", "a detector without vectors", true},
		{"piece of pieces", "detectors:\n- {id: a, title: a, forms: [x], positive: [[[a]]], negative: [a]}\n", ":2:45: a piece of a vector is one value", true},
		{"entropy", "detectors:\n- {id: a, title: a, min-entropy: many, forms: [x]" + vectors, ":2:34: not an entropy", true},
		{"near", "detectors:\n- {id: a, title: a, named: [{keywords: [a], value: b, near: far}]" + vectors, "not a distance", true},
		{"pair", "detectors:\n- {id: a, title: a, forms: [x], pair: {lines: 0}" + vectors, "not a number of lines; write 1 to 100", true},
		{"trait without page", "detectors:\n- {id: a, title: a, forms: [x], traits: {expires: {value: yes}}" + vectors, "a trait needs `source`", true},
		{"unknown trait", "detectors:\n- {id: a, title: a, forms: [x], traits: {nice: {value: yes, source: b}}" + vectors, "unknown key in traits", true},
		{"pattern without expression", "detectors:\n- {id: a, title: a, pattern: {keywords: [a]}" + vectors, "a pattern needs `regexp`", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text), File)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if got := schema.Validate(plainValue(t, tt.text)) != nil; got != tt.schema {
				t.Errorf("the schema refuses it: %v", got)
			}
		})
	}
}

func TestAddDetectors(t *testing.T) {
	hard := Detector{ID: Text{Value: "hard"}, Title: `"q" 'p' #x: - [é 𝄞]`, Pattern: &Pattern{Regexp: Text{Value: "(?i)\\bkey\\s*[:=]\\s*['\"\\x60]?(\\w{8})\u00e9"}},
		Positive: []Text{{Value: ",;, key: \"a\\b\tc\r\nd\" é𝄞\x7f and some more text"}}, Negative: []Text{{Value: "-"}, {Value: "null"}, {Value: " "}}}
	for name, data := range map[string]string{
		"empty":      "",
		"other":      saltLine + "exclude: [a]\n",
		"null":       "detectors:\nowners: []\n",
		"there":      rowText + "\n# about owners\nowners: []\n",
		"no newline": strings.TrimSuffix(rowText, "\n"),
		"left edge":  strings.ReplaceAll(rowText, "\n  ", "\n"),
		"crlf":       strings.ReplaceAll(rowText, "\n", "\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			out, there, err := AddDetectors([]byte(data), []Detector{hard, rowWant()})
			if err != nil {
				t.Fatal(err)
			}
			p, err := Parse(out, File)
			if err != nil {
				t.Fatal(err)
			}
			had := strings.Contains(data, "acme-token")
			if had != (len(there) == 1) || len(p.Detectors) != 2 {
				t.Fatalf("%d rows, %v stood there", len(p.Detectors), there)
			}
			for _, d := range p.Detectors {
				want := hard
				if d.ID.Value != "hard" {
					want = rowWant()
				}
				if diff := cmp.Diff(want, d.placeless()); diff != "" {
					t.Error(diff)
				}
			}
			again, there, err := AddDetectors(out, []Detector{hard})
			if err != nil || string(again) != string(out) || len(there) != 1 {
				t.Errorf("once more: %v, %v", there, err)
			}
		})
	}
}
