package rules

import (
	"fmt"
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sprawl/detectors"
	"sprawl/internal/match"
	"sprawl/internal/policy"
)

func texts(ss ...string) []policy.Text {
	var out []policy.Text
	for i, s := range ss {
		out = append(out, policy.Text{Value: s, At: policy.Position{Line: 10 + i, Column: 3}})
	}
	return out
}

func patternRow(id, expr string, keywords ...string) policy.Detector {
	return policy.Detector{ID: policy.Text{Value: id, At: policy.Position{Line: 1, Column: 5}}, Title: id,
		Pattern: &policy.Pattern{Regexp: policy.Text{Value: expr, At: policy.Position{Line: 2, Column: 9}}, Keywords: keywords}}
}

// value is n letters and digits that nobody would take for words.
func value(n int, alphabet string) string {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	hex      = "0123456789abcdef"
	lowerNum = "abcdefghijklmnopqrstuvwxyz0123456789"
)

func matcher(t *testing.T, raw ...policy.Detector) *match.Matcher {
	t.Helper()
	rows, bad := Compile(raw, nil)
	for _, p := range bad {
		t.Fatalf("%v: %s", p.At, p)
	}
	set, err := match.Compile(rows)
	if err != nil {
		t.Fatal(err)
	}
	return set.NewMatcher()
}

func TestRows(t *testing.T) {
	tok, h := value(32, lowerNum), value(32, hex)
	form := policy.Detector{ID: policy.Text{Value: "acme-form"}, Title: "f", Forms: texts("acme_[a-z0-9]{32}")}
	named := policy.Detector{ID: policy.Text{Value: "acme-named"}, Title: "n",
		Named: []policy.NamedValue{{Keywords: []string{"Acme"}, Names: []string{"key"}, Value: policy.Text{Value: "[a-f0-9]{32}"}}}}
	near := patternRow("acme-near", `\b[a-f0-9]{32}\b`, "acme")
	id := patternRow("acme-id", `acme://(\w+):(\w{32})@`)
	id.Pattern.Secret, id.Pattern.ID = "2", "1"
	not := patternRow("acme-not", `acme-([a-z0-9]{32})`)
	not.Pattern.Not, not.Pattern.Must = texts("^a"), texts(`\d`)
	weak := patternRow("acme-weak", `acme=([a-z0-9]{32})`)
	weak.MinEntropy = 3
	for _, tt := range []struct {
		row  policy.Detector
		text string
		want int
	}{
		{form, "x = acme_" + tok, 1},
		{form, "x = acme_" + tok + "a", 0},
		{named, "ACME_KEY = " + h, 1},
		{named, "ACME_NAME = " + h, 0},
		{patternRow("p", `acme_[a-z0-9]{32}\b`), "acme_" + tok + " acme_" + tok, 2},
		{patternRow("p", `(?i)ACME_([a-z0-9]{32})\b`), "Acme_" + tok, 1},
		{patternRow("p", `ACME_([a-z0-9]{32})\b`), "acme_" + tok, 0},
		{patternRow("p", `^acme_([a-z0-9]{32})$`), "acme_" + tok, 1},
		{patternRow("p", `^acme_([a-z0-9]{32})$`), strings.Repeat("- ", 700) + "acme_" + tok, 0},
		{patternRow("p", `^acme_([a-z0-9]{32})$`), "acme_" + tok + strings.Repeat(" -", 5000), 0},
		{patternRow("p", `(?m)^acme_([a-z0-9]{32})$`), strings.Repeat("-\n", 700) + "acme_" + tok + "\n", 1},
		{patternRow("p", `acme(?:.|\n){0,40}?\b([a-f0-9]{32})\b`), "acme\nkey " + h, 1},
		{near, "the acme key is " + h, 1},
		{near, "the acme key is " + strings.Repeat(".", 400) + h, 0},
		{near, "no name here: " + h, 0},
		{id, "acme://svc:" + tok + "@host", 1},
		{not, "acme-" + "q1" + tok[2:], 1},
		{not, "acme-" + "a1" + tok[2:], 0},
		{not, "acme-" + strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return 'q' + r - '0'
			}
			return r
		}, "q"+tok[1:]), 0},
		{weak, "acme=" + tok, 1},
		{weak, "acme=" + "k7k7k7k7k7k7k7k7k7k7k7k7k7k7k7k7", 0},
	} {
		m := matcher(t, tt.row)
		n := 0
		for _, c := range m.Match([]byte(tt.text)) {
			if c.Detector != nil {
				n++
				for _, p := range c.Parts {
					if p.Role == "secret" && strings.Contains(string(p.Value.Reveal()), "acme:") {
						t.Error("the secret is not its group")
					}
				}
			}
		}
		if n != tt.want {
			t.Errorf("%s: %d matches of %v, want %d", tt.row.ID.Value, n, tt.row.Pattern, tt.want)
		}
	}
}

func TestPublicHalf(t *testing.T) {
	id := patternRow("acme-id", `acme://(?P<who>\w+):(?P<what>\w{32})@`)
	id.Pattern.Secret, id.Pattern.ID = "what", "who"
	cs := matcher(t, id).Match([]byte("acme://svc:" + value(32, lowerNum) + "@host"))
	if len(cs) != 1 || len(cs[0].Parts) != 2 || string(cs[0].Parts[1].Value.Reveal()) != "svc" {
		t.Errorf("%d matches: the public half is missing", len(cs))
	}
}

// A match does not depend on how far it stands from anything else.
func TestPlaces(t *testing.T) {
	m := matcher(t, patternRow("p", `(?i)[\w.-]{0,50}?(?:acme)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}([a-z0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)`))
	tok := value(32, lowerNum)
	for _, before := range []int{0, 1, 60, 1000, 4095, 8191, 65535} {
		for _, after := range []int{0, 1, 100, 9000} {
			text := strings.Repeat("a b\n", before/4) + strings.Repeat(" ", before%4) + "ACME_KEY = \"" + tok + "\"" + strings.Repeat("\nc d", after/4)
			if !Finds(m, "p", text) {
				t.Errorf("not found behind %d bytes and before %d", before, after)
			}
		}
	}
}

// A text made of literals is given up, and one that lists tokens is not.
func TestCrowds(t *testing.T) {
	m := matcher(t, patternRow("p", `acme[\s\S]*?end`))
	start := time.Now()
	if Finds(m, "p", strings.Repeat("acme ", 200_000)) {
		t.Error("found")
	}
	if d := time.Since(start); d > time.Minute { // what is not bounded takes far longer
		t.Errorf("a megabyte of literals took %s", d)
	}
	list := ""
	for i := range 200 {
		list += "acme_" + value(32, lowerNum)[i%8:] + value(8, lowerNum)[:i%8] + "\n"
	}
	if n := len(matcher(t, patternRow("p", `acme_[a-z0-9]{32}\b`)).Match([]byte(list))); n != 200 {
		t.Errorf("%d of 200 tokens in a list", n)
	}
}

// What a text inherits from the one that it derives from is what a scan of all of it finds.
func TestDerived(t *testing.T) {
	near := patternRow("near", `\b[a-f0-9]{32}\b`, "acme")
	m := matcher(t, near, patternRow("bounded", `(?i)acx_([a-z0-9]{32})\b`), patternRow("open", `BEGIN ACME[\s\S]+?END`), patternRow("line", `(?m)^login (\w{12})$`))
	r := rand.New(rand.NewPCG(3, 4))
	bits := []string{"acme key ", value(32, hex) + " ", "ACX_" + value(32, lowerNum) + "\n", "BEGIN ACME\n", "some lines of text\n", " END\n", "\nlogin " + value(12, lowerNum) + "\n", strings.Repeat("filler ", 60), "x"}
	for range 400 {
		var base strings.Builder
		for range 1 + r.IntN(12) {
			base.WriteString(bits[r.IntN(len(bits))])
		}
		b := base.String()
		cut, end := r.IntN(len(b)+1), 0
		end = cut + r.IntN(len(b)-cut+1)
		put := bits[r.IntN(len(bits))][:1]
		if r.IntN(2) == 0 {
			put = bits[r.IntN(len(bits))]
		}
		target := b[:cut] + put + b[end:]
		var was, is match.Memory
		m.MatchInto([]byte(b), &was)
		var runs []match.Run
		if cut > 0 {
			runs = append(runs, match.Run{Target: 0, Base: 0, Len: cut})
		}
		if end < len(b) {
			runs = append(runs, match.Run{Target: cut + len(put), Base: end, Len: len(b) - end})
		}
		got := places(m.MatchDerived([]byte(target), &was, runs, &is))
		want := places(m.Match([]byte(target)))
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%d of %d bytes replaced at %d by %d: %s", end-cut, len(b), cut, len(put), d)
		}
	}
}

func places(cs []match.Candidate) []string {
	var out []string
	for _, c := range cs {
		out = append(out, fmt.Sprint(c.Detector != nil, c.Start, c.End, c.Parts[0].Start, c.Parts[0].End))
	}
	return out
}

func TestProblems(t *testing.T) {
	p := func(expr string, keywords ...string) policy.Detector { return patternRow("p", expr, keywords...) }
	group, notBad := p("acme(a)"), p("acme")
	group.Pattern.Secret = "2"
	notBad.Pattern.Not = texts("(")
	form := func(f string) policy.Detector {
		return policy.Detector{ID: policy.Text{Value: "f"}, Title: "f", Forms: texts(f)}
	}
	word := policy.Detector{ID: policy.Text{Value: "n", At: policy.Position{Line: 4, Column: 7}}, Named: []policy.NamedValue{{Keywords: []string{"a-b"}, Value: policy.Text{Value: "[a-z]{9}"}}}}
	for _, tt := range []struct {
		row  policy.Detector
		want string
	}{
		{p("a(b"), "2:9 detector p: not an expression of RE2: missing closing )"},
		{p("acme(?=x)"), "2:9 detector p: not an expression of RE2: invalid or unsupported Perl syntax \"(?=\""},
		{p("[a-z]{20}"), "2:9 detector p: an expression without a literal of 3 bytes that every match holds: add keywords"},
		{p("[a-z]{20}", "ab"), "2:9 detector p: a keyword of 2 bytes: it takes 3 to look for"},
		{group, "2:9 detector p: the expression has 1 groups, not 2"},
		{notBad, "10:3 detector p: not an expression of RE2: missing closing )"},
		{form("[a-z]{20}"), "1:1 detector f: shape 0: "},
		{form("a*"), "10:3 detector f: a form has no '*': put \\ before it if it is meant as it stands, or write a pattern"},
		{form("abc[^a]{20}"), "10:3 detector f: a form has no negated class"},
		{form("abc[a-z"), "10:3 detector f: a form with a [ that no ] closes"},
		{form("abc[z-a]{3}"), "10:3 detector f: a class whose range z-a runs backwards"},
		{form("abc[a-z]{3,2}"), "10:3 detector f: a form whose run is not"},
		{word, "4:7 detector n: named 0: word \"a-b\" is not lower-case"},
		{policy.Detector{ID: policy.Text{Value: "aws-access-key", At: policy.Position{Line: 3, Column: 1}}, Forms: texts("acme_[a-z]{20}")}, "3:1 detector aws-access-key: a built-in kind has this id"},
	} {
		if tt.row.ID.At.Line == 0 {
			tt.row.ID.At = policy.Position{Line: 1, Column: 1}
		}
		ok := policy.Detector{ID: policy.Text{Value: "sound"}, Title: "s", Forms: texts("acme_[a-z0-9]{32}")}
		rows, bad := Compile([]policy.Detector{tt.row, ok}, detectors.All())
		if len(rows) != 1 || len(bad) != 1 {
			t.Errorf("%s: %d rows, %d problems", tt.want, len(rows), len(bad))
			continue
		}
		if got := fmt.Sprintf("%d:%d %s", bad[0].At.Line, bad[0].At.Column, bad[0]); !strings.HasPrefix(got, tt.want) {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestTry(t *testing.T) {
	d := policy.Detector{ID: policy.Text{Value: "f"}, Title: "f", Forms: texts("acme_[a-z0-9]{32}")}
	d.Positive, d.Negative = texts("acme_"+value(32, lowerNum), "nothing"), texts("acme_"+value(33, lowerNum), "acme_"+value(32, lowerNum))
	rows, _ := Compile([]policy.Detector{d}, nil)
	bad, err := Try(rows, []policy.Detector{d})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range bad {
		got = append(got, fmt.Sprint(p.At.Line, " ", p))
	}
	if d := cmp.Diff([]string{"11 detector f: positive text 2 is not found", "11 detector f: negative text 2 is found"}, got); d != "" {
		t.Error(d)
	}
}

func TestLiterals(t *testing.T) {
	for _, tt := range []struct {
		expr, want string
		fold       bool
	}{
		{`\b(ghx_[a-z]{36})\b`, "ghx_", false},
		{`(?i)acme[_-]?key`, "acme-key acme_key acmekey", true},
		{`(?:AKIA|ASIA)[A-Z0-9]{16}`, "AKIA ASIA", false},
		{`\b((?:A3T[A-Z0-9]|AKIA|ASIA)[A-Z0-9]{16})\b`, "A3T AKIA ASIA", false},
		{`[sr]k_live_\w+`, "rk_live_ sk_live_", false},
		{`(?:abcd)?x`, "", false},
		{`[a-z]{32}`, "", false},
		{`(?:one|[a-z])two!`, "two!", false},
		{`(?:first|second)\s`, "first second", false},
		{`(?:ab){3}`, "ababab", false},
		{`(?i)straße`, "", false},
		{`x|abcdef`, "", false},
		{`(?i)k(?:ey)s`, "keys", true},
	} {
		tree, err := syntax.Parse(tt.expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		l := required(tree)
		got := strings.Join(l.texts, " ")
		if l.worth() < 0 {
			got = ""
		}
		if got != tt.want || got != "" && l.fold != tt.fold {
			t.Errorf("%s: %q %v, want %q", tt.expr, got, l.fold, tt.want)
		}
	}
}

// What is drawn of an expression holds one of its literals, is no longer than longest says, and mostly matches.
func TestSample(t *testing.T) {
	for _, expr := range []string{
		`\b(ghx_[A-Za-z0-9]{36})\b`, `(?i)(?:acme)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=)[\x60'"\s=]{0,5}([a-z0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)`,
		`-----BEGIN [A-Z ]{3,10}KEY-----[\s\S]{64,}?-----END`, `https://[^/\s]+\.acme\.test/(?:a|b+)/[^"']{8}`,
	} {
		tree, _ := syntax.Parse(expr, syntax.Perl)
		l, hits := required(tree), 0
		for i := range 20 {
			s, err := Sample(expr, rand.New(rand.NewPCG(1, uint64(i))))
			if err != nil {
				t.Fatal(err)
			}
			if len(s) > longest(tree) {
				t.Errorf("%s: %d bytes of at most %d", expr, len(s), longest(tree))
			}
			low, holds := s, false
			if l.fold {
				low = strings.ToLower(s)
			}
			for _, x := range l.texts {
				holds = holds || strings.Contains(low, x)
			}
			if !holds {
				t.Errorf("%s: a sample without one of %q", expr, l.texts)
			}
			if lazy(expr)().MatchString(s) {
				hits++
			}
		}
		if hits < 15 {
			t.Errorf("%s: %d of 20 samples match", expr, hits)
		}
	}
}

// FuzzCompile feeds hostile rows: what compiles runs, and what runs returns.
func FuzzCompile(f *testing.F) {
	f.Add("acme_[a-z0-9]{32}", `(?i)acme_([a-z]{8})|x`, "acme_abcdefgh")
	f.Add(`\[[\]`, `(((a|b)+c)*d){20}acme`, "aaaaaaaaaaacme")
	f.Add("[a-z]{1,4096}abcd", `(?:a{0,500}){2}abcd\b`, strings.Repeat("a", 900)+"abcd")
	f.Fuzz(func(_ *testing.T, form, expr, text string) {
		for _, d := range []policy.Detector{{ID: policy.Text{Value: "f"}, Forms: texts(form)}, patternRow("p", expr, "acme")} {
			rows, _ := Compile([]policy.Detector{d}, nil)
			if len(rows) == 0 {
				continue
			}
			set, err := match.Compile(rows)
			if err != nil {
				continue
			}
			set.NewMatcher().Match([]byte(text))
		}
	})
}

// What is found around literals is what the expression finds in the whole text.
func TestSameAsWhole(t *testing.T) {
	exprs := []string{
		`\b(acx_[A-Za-z0-9]{36})\b`, `(?i)[\w.-]{0,50}?(?:acme)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=)[\x60'"\s=]{0,5}([a-z0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)`,
		`(?i)\bacmeb(?:.|[\n\r]){0,32}?(?:SECRET|KEY|TOKEN)(?:.|[\n\r]){0,32}?\b([a-f0-9]{32})\b`, `https://[a-z]{3,20}\.acme\.test/(?:a|b+)/([^"'\s]{12})`,
		`(?m)^login[ ]+(\w{4,9}):(\w{16})$`, `(?:A3T[A-Z0-9]|AKQ|ASQ)[A-Z0-9]{16}`, `-----BEGIN ACME-----[\s\S]{64,400}?-----END`, `(?:\W|^)(zqx[a-z]{3}-[0-9]{8})(?:\W|$)`,
	}
	fill := []string{"some text\n", "\n", "x = 1;\n", "acm\n", "login\n", "https://www.acme.example/\n", strings.Repeat("filler ", 90) + "\n"}
	found := 0
	for n, expr := range exprs {
		rows, bad := Compile([]policy.Detector{patternRow("p", expr)}, nil)
		if len(bad) > 0 {
			t.Fatal(bad[0])
		}
		s := rows[0].Structures[0]
		re := lazy(expr)()
		for seed := range 40 {
			r := rand.New(rand.NewPCG(uint64(n), uint64(seed)))
			var b strings.Builder
			for range 8 {
				b.WriteString(fill[r.IntN(len(fill))])
				if r.IntN(2) == 0 {
					sample, _ := Sample(expr, r)
					b.WriteString(sample + "\n")
				}
			}
			text := []byte(b.String())
			want, got := map[[2]int]bool{}, map[[2]int]bool{}
			for _, m := range re.FindAllIndex(text, -1) {
				want[[2]int{m[0], m[1]}] = true
			}
			for at := range text {
				for _, a := range s.Anchors {
					if len(text)-at < len(a) || string(text[at:at+len(a)]) != a && (!s.Fold || !strings.EqualFold(string(text[at:at+len(a)]), a)) {
						continue
					}
					for _, f := range s.Parse(text, at) {
						got[[2]int{f.Start, f.End}] = true
					}
				}
			}
			found += len(want)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("%s, seed %d: %s", expr, seed, d)
			}
		}
	}
	if found < 300 {
		t.Errorf("only %d matches", found)
	}
}
