package serve

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"sprawl/finding"
	"sprawl/internal/testkit/browser"
	"sprawl/internal/testkit/organisation"
)

// nasty is what a hostile repository may call things: markup, escapes of a terminal, characters that turn text around or are not
// seen, what ends an attribute, a query or a style, and bytes that are not UTF-8.
const nasty = "a\x1b[31mred\x1b]8;;http://evil.example\x07\r\nfake\u202egpj.exe\u2066\u200b\u0085<script>alert(1)</script><img src=x onerror=alert(2)>\"' onmouseover=alert(3) x='\x9b2J\xff{{.}}</style></title>]]>javascript:alert(4)//&status=any#?%2e%2e/"

// shown is a part of it as a page must show it.
const shown = "<script>alert(1)</script><img src=x onerror=alert(2)>"

// hostile makes every text of a report that comes from a repository, a provider or a policy nasty.
func hostile(r *organisation.Report) {
	n := 0
	for i := range r.Items {
		it := &r.Items[i]
		switch {
		case it.Credential != nil:
			if n++; n > 3 {
				continue
			}
			c := *it.Credential
			poison(&c)
			it.Credential = &c
		case it.Notice != nil:
			it.Notice = &finding.Notice{ID: nasty, Kind: nasty, Severity: finding.SevHigh, Message: nasty, Where: &finding.Location{Path: nasty}}
		case it.Reference != nil:
			x := *it.Reference
			x.Name, x.Scope, x.System, x.Where.Path = nasty, nasty, nasty, nasty
			x.Conditions = []finding.Condition{{ID: nasty, Verdict: finding.VerdictYes, Why: nasty}}
			it.Reference = &x
		case it.Inventory != nil:
			x := *it.Inventory
			x.Record.System = nasty
			it.Inventory = &x
		}
	}
	r.Header.Version, r.Header.RuleSet = nasty, nasty
	s := &r.Summary.Coverage
	s.Targets, s.Skips = append([]finding.TargetCoverage(nil), s.Targets...), append([]finding.Skip(nil), s.Skips...)
	s.Targets[0].Notes = []string{nasty}
	s.Skips[0].Path, s.Skips[0].Detail = nasty, nasty
	r.Header.Targets = append([]string{nasty}, r.Header.Targets...)
}

func poison(c *finding.Credential) {
	c.Kind, c.Provider, c.Title, c.Ident, c.Why, c.Docs = nasty, nasty, nasty, nasty, nasty, "javascript:alert(5)"
	c.Decision, c.Severity = nil, finding.SevCritical
	c.Fix = []string{nasty}
	c.Owner = finding.Owner{Name: nasty, How: nasty, Candidates: []string{nasty}}
	c.Environments = []finding.Environment{{Name: nasty, Class: finding.EnvProd, Why: nasty}}
	c.Facts = []finding.Fact{{Field: nasty, Value: nasty, Source: nasty}}
	c.Records = []finding.Record{{System: nasty, Key: nasty, Source: nasty, Match: finding.MatchExact, Facts: []finding.Fact{{Field: "created", Value: "2024-01-01T00:00:00Z", Source: nasty}}}}
	c.Conditions = append([]finding.Condition{{
		ID: nasty, Verdict: finding.VerdictYes, Why: nasty, Refs: []string{nasty}, Settle: []string{nasty}, Threshold: &finding.Threshold{Value: nasty, Source: nasty},
	}}, c.Conditions...)
	c.Exception = &finding.Exception{Owner: nasty, Approver: nasty, Reason: nasty, Until: organisation.AsOf.AddDate(0, 0, -3), Requires: []string{nasty}, Where: nasty}
	c.Sightings = append([]finding.Sighting(nil), c.Sightings...)
	for i := range c.Sightings {
		s := &c.Sightings[i]
		s.Where.Path, s.Where.Refs = "../../"+nasty, []string{nasty}
		s.Where.Added = &finding.Change{Commit: nasty, Author: nasty, When: organisation.AsOf}
		s.Decode = []finding.Step{{Name: "zip", Entry: nasty}}
		s.Parts = append([]finding.Part(nil), s.Parts...)
		for n := range s.Parts {
			s.Parts[n].Snippet = finding.Snippet{Text: nasty, Column: 3, Width: 9}
		}
	}
}

// hostilePages are addresses of pages that show hostile text, some of them hostile themselves.
func hostilePages(t *testing.T, h http.Handler) []string {
	t.Helper()
	all := []string{"/", "/credentials", "/runs", "/runs/6", "/trends", "/exceptions", "/ledger", "/credentials?status=any&q=" + url.QueryEscape(nasty),
		"/runs/6?what=" + url.QueryEscape(nasty), "/credentials?sort=" + url.QueryEscape(nasty)}
	for _, f := range filters {
		all = append(all, "/credentials?"+f.name+"="+url.QueryEscape(nasty))
	}
	list := text(t, h, "/credentials")
	for i, m := range regexp.MustCompile(`class="to" href="([^"]*)"`).FindAllStringSubmatch(list, 3) {
		if all = append(all, strings.ReplaceAll(m[1], "&amp;", "&")); i == 2 {
			return all
		}
	}
	t.Fatal("no three credentials")
	return nil
}

// TestHostile shows that what repositories call things is text and nothing else.
func TestHostile(t *testing.T) {
	h := newHandler(t, filled(t, 20, 60, hostile))
	texts := 0
	for _, p := range hostilePages(t, h) {
		b := []byte(text(t, h, p))
		for _, bad := range []string{"<script>", "<img", "onerror=alert(2)>", `href="javascript`, "ZgotmplZ", "</title>]]"} {
			if bytes.Contains(b, []byte(bad)) {
				t.Errorf("%.60s holds %q", p, bad)
			}
		}
		if !utf8.Valid(b) {
			t.Errorf("%.60s is not UTF-8", p)
		}
		for _, r := range string(b) {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
				t.Errorf("%.60s holds %U", p, r)
				break
			}
		}
		if strings.Contains(visible(string(b)), shown) {
			texts++
		}
	}
	if texts < 12 {
		t.Errorf("the hostile text is shown by %d pages", texts)
	}
	if w := get(t, h, "/credentials/"+url.PathEscape(nasty)); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "alert") {
		t.Errorf("a hostile id: %d %.300s", w.Code, w.Body)
	}
	if w := get(t, h, "/?as-of="+url.QueryEscape(nasty)); w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), "alert") {
		t.Errorf("a hostile day: %d %.300s", w.Code, w.Body)
	}
}

// In a browser nothing of it runs, and no element or attribute is there that is not ours.
func TestHostileInBrowser(t *testing.T) {
	h := newHandler(t, filled(t, 20, 60, hostile))
	origin := served(t, h)
	var got struct {
		Elements, Links, Requests []string
		Pages                     int
	}
	browser.Run(t, "testdata/hostile.mjs", map[string]any{"origin": origin, "enter": origin + "/?token=" + testToken, "pages": hostilePages(t, h)}, &got)
	for _, s := range append(got.Elements, got.Requests...) {
		t.Error(s)
	}
	for _, s := range got.Links {
		if !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "#") && !strings.HasPrefix(s, "https://docs.") {
			t.Errorf("link to %.80s", s)
		}
	}
	if got.Pages < 20 {
		t.Errorf("%d pages", got.Pages)
	}
}
