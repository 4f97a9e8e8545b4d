package report

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
	"testing"

	"sprawl/finding"
	"sprawl/internal/testkit/organisation"
)

// formulas are what a spreadsheet would run, in the forms that OWASP lists.
var formulas = []string{
	`=cmd|' /C calc'!A0`, "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n@x", " =1", "＝1", "＋1", "\u00a0=1", `=HYPERLINK("http://evil.example","x")`, `","=1`,
	"\ufeff=1", "\u200b=1",
}

// asFormula is what a spreadsheet takes for a formula, whatever blanks stand before it.
var asFormula = regexp.MustCompile("^[\\s\u00a0\u3000]*[-=+@\t\r\n＝＋－＠]")

// sampleFormulas has a formula wherever a name of a repository's, a person's or a provider's can stand.
func sampleFormulas() run {
	n := 0
	next := func() string {
		n++
		return formulas[n%len(formulas)]
	}
	var all []*finding.Credential
	for i := range len(formulas) {
		c := sampleSmall(i+1, finding.SevHigh, finding.StateHead)
		c.Kind, c.Title, c.Ident, c.Redacted, c.Why, c.Owner.Name, c.Owner.How = next(), next(), next(), next(), next(), next(), next()
		c.Environments = []finding.Environment{{Name: next(), Class: finding.EnvProd}}
		c.Conditions = []finding.Condition{{ID: next(), Verdict: finding.VerdictYes, Why: next(), Refs: []string{"NHI7:2025", next()}, Threshold: &finding.Threshold{Value: next()}}, {ID: next(), Verdict: finding.VerdictCannotTell, Refs: []string{"NHI1:2025"}, Settle: []string{next()}}}
		c.Fix = []string{next()}
		s := &c.Sightings[0]
		s.Name, s.Masked, s.Why = next(), next(), next()
		s.Where.Target, s.Where.Path, s.Where.Refs = next(), next(), []string{next()}
		s.Where.Added = &finding.Change{Commit: next(), Author: next(), When: at(3)}
		s.Decode = []finding.Step{{Name: next(), Entry: next()}}
		if i%3 == 0 {
			c.Decision = &finding.Decision{Kind: "exception", Reason: next(), By: next(), Until: at(-9)}
			c.Exception = &finding.Exception{Owner: next(), Approver: next(), Reason: next(), Until: at(-9), Requires: []string{next()}, Where: next()}
		}
		all = append(all, c)
	}
	items := credentials(all...)
	s := summarise(items)
	s.Coverage.Targets[0].Target, s.Coverage.Targets[0].Notes = next(), []string{next()}
	return run{sampleHeader(), items, s}
}

// sampleMany has enough credentials for groups.
func sampleMany() run { return made(organisation.New(5, 24, 60)) }

// No cell of a table begins as a formula does, and every row has the cells of its head.
func TestCSVHostile(t *testing.T) {
	for _, format := range []string{"csv", "csv-places", "compliance-csv"} {
		for _, r := range []run{sampleFormulas(), sampleHostile(), sampleIncomplete()} {
			rows, err := csv.NewReader(bytes.NewReader(rendered(t, format, Options{}, r))).ReadAll()
			if err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			for _, row := range rows {
				for i, c := range row {
					if asFormula.MatchString(c) {
						t.Errorf("%s: %s is %q", format, rows[0][i], c)
					}
				}
			}
		}
	}
	// What is no formula stays as it is.
	for _, s := range []string{"", "a=b", "1", "****", "deploy/prod.tf", "'"} {
		if got := cell(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// A table says so when not everything was read, and is silent when it is whole.
func TestCSVIncomplete(t *testing.T) {
	for _, format := range []string{"csv", "csv-places", "compliance-csv"} {
		for want, r := range map[bool]run{true: sampleIncomplete(), false: sampleFull()} {
			if got := bytes.Contains(rendered(t, format, Options{}, r), []byte("\nincomplete,")); got != want {
				t.Errorf("%s: says incomplete: %v", format, got)
			}
		}
	}
}

// What Markdown gives a meaning is written so that it has none, and reads as it was.
func FuzzMarkdown(f *testing.F) {
	f.Add(nasty)
	f.Add("a | b `` c ` @team #12 http://x www.x.y [a](b) ![i](j) <img src=x> **x** ~~y~~ &lt; \\")
	f.Fuzz(func(t *testing.T, s string) {
		p := plain(s)
		if strings.ContainsAny(p, "\\`*_[]<>|~@$") || strings.Contains(p, "://") {
			t.Errorf("%q", p)
		}
		if html.UnescapeString(p) != Visible(s) {
			t.Errorf("%q reads as %q", s, html.UnescapeString(p))
		}
		c := code(s)
		if c == "" {
			return
		}
		fence := c[:len(c)-len(strings.TrimLeft(c, "`"))]
		if inner := strings.TrimSuffix(strings.TrimPrefix(c, fence), fence); strings.Contains(inner, fence) || strings.Contains(c, "|") {
			t.Errorf("%q", c)
		}
	})
}

// A job summary takes 1 MiB; what does not fit is counted.
func TestMarkdownFits(t *testing.T) {
	r := made(organisation.New(4, 14_000, 15_000))
	for i := range 5000 {
		r.summary.Coverage.Skips = append(r.summary.Coverage.Skips, finding.Skip{Target: strings.Repeat("<", 500), Path: fmt.Sprint(i), Reason: finding.ReasonCorrupt})
	}
	out := rendered(t, "markdown", Options{}, r)
	if len(out) > markdownLimit {
		t.Errorf("%d bytes", len(out))
	}
	for _, s := range []string{"Cut off here", "**Incomplete**", "What was seen"} {
		if !bytes.Contains(out, []byte(s)) {
			t.Errorf("no %q", s)
		}
	}
	t.Logf("%d bytes", len(out))
}

// readable is a page without our style and script, its blocks unpacked: compressors differ between versions of Go.
func readable(t testing.TB, page []byte) []byte {
	t.Helper()
	s := string(page)
	s = strings.Replace(s, styleText, "…", 1)
	s = strings.Replace(s, scriptText, "…", 1)
	policy, rest, _ := strings.Cut(s, "default-src")
	_, rest, _ = strings.Cut(rest, `">`)
	s = policy + `…">` + rest
	const open = `<script type="text/plain" class="block">`
	for {
		front, rest, ok := strings.Cut(s, open)
		if !ok {
			return []byte(s)
		}
		packed, rest, _ := strings.Cut(rest, "</script>")
		var plain []string
		for _, line := range strings.Split(packed, "\n") {
			b, err := io.ReadAll(flate.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(line))))
			if err != nil {
				t.Fatal(err)
			}
			plain = append(plain, strings.ReplaceAll(string(b), `,{"id"`, ",\n"+`{"id"`))
		}
		s = front + "<block>\n" + strings.Join(plain, "\n") + "\n</block>" + rest
	}
}
