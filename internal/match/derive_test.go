package match

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/internal/vectors"
)

// pieces are texts that hold the vectors of every row, each in some syntax, among lines of other text.
func pieces(tb testing.TB, r *rand.Rand) (*Set, []string) {
	tb.Helper()
	all := detectors.All()
	s, err := Compile(all)
	if err != nil {
		tb.Fatal(err)
	}
	out := []string{"\n", " ", "password", "=", "\"", "key: ", "curl -u ", "\n\n", "https://", "-----", "the quick brown fox jumps\n", "func f() { return nil }\n",
		"DB_PASSWORD=" + draw(r, base62, 14) + "\n", strings.Repeat("x = y\n", 100), "token: |\n  " + draw(r, base62, 30) + "\n", "secret = \"" + strings.Repeat("long ", 300) + "\"\n"}
	pass := draw(r, base62, 14)
	out = append(out, "mysql -u robot -p"+pass+" -h db\n", "echo "+pass+" | docker login --password-stdin\n", "docker login -u robot ", "-p "+pass+"\n", "| sudo -S ls\n", "echo ", "login(user, \""+pass+"\")\n", "auth=('robot', '"+pass+"')\n",
		"| key | "+pass+" |\n", "the password is \""+pass+"\"\n", "requirepass "+pass+"\n", "password 0 "+pass+"\n", "pw: "+pass+"\n", "SECRET\n  = \""+pass+"\"\n", "token - '"+pass+"'\n", "\"db_password\": {\"type\": \"string\", \"value\": \""+pass+"\"}\n", "variable \"key\" {\n  type = string\n", "  default = \""+pass+"\"\n}\n", "DBPassword:\n  Type: String\n", "  Default: "+pass+"\n",
		"args: [\"--token\", \""+pass+"\"]\n", "- --token\n- "+pass+"\n", "Password:\n"+pass+"\n", "jwt.sign(x, \""+pass+"\")\n", "Authorization=[Bearer "+pass+"]\n", "hmac.new(b\""+pass+"\", x)\n", "hmac.New(sha256.New, []byte(\""+pass+"\"))\n", "secret: [\""+pass+"\"]\n", "TOKEN = (\n", "\""+pass+"\")\n", "getenv(\"TOKEN\") or \""+pass+"\"\n", "password:\n  value: "+pass+"\n", "expect \"password:\"\nsend \""+pass+"\\r\"\n",
		"robot:"+pass+"@tcp(db)/x\n", "INSERT INTO t (a, password) VALUES ('x', '"+pass+"')\n", "name,token\n", "robot,"+pass+"\n", "robot,"+draw(r, base62, 12)+"\n", "x,\"y\"\n", "INSERT INTO t (a, password) VALUES\n", "('x', '"+draw(r, base62, 12)+"'),\n", "getToken() {\n  return \""+pass+"\"\n}\n", "cy.get(\"#password\")", ".type(\""+pass+"\")\n", "page.type('input[name=token]', '"+pass+"')\n",
		"## Token\n\n", "```\n"+pass+"\n```\n", "Wifi token – "+pass+"\n", "* **Token:** `"+pass+"`\n", "?access_token=\" + \""+pass+"\"\n", "API_KEYS = [\n  '"+pass+"',\n]\n", "android:name=\"API_KEY\" android:value=\""+pass+"\"\n",
		"\"bearer\": {\"repo.test\": \""+pass+"\"}\n", "set -gx TOKEN "+pass+"\n", "const token = () => \""+pass+"\"\n", "| a | token |\n", "|---|---|\n", "| b | "+pass+" |\n", "with password \""+pass+"\"\n", "${TOKEN}    "+pass+"\n", "fill in \"Password\" with \""+pass+"\"\n", "<stringProp name=\"a\">token</stringProp>\n", "<stringProp name=\"b\">"+pass+"</stringProp>\n",
		"token "+pass+pass+" x\n", "TOKENS = {\"a\": \""+pass+"\"}\n", "token = [["+pass+"]]\n", "export TOKEN="+pass+"\n", "auth: \"a:"+pass+"\"\n", "--name /x/token --value "+pass+"\n", "token for the shop: "+pass+"\n", "// token: "+pass+"\n", "Пароль: "+pass+"\n", "token:\n  - "+pass+"\n", "stats auth robot:"+pass+"\n", "<auth-user-pass>\nrobot\n", "x.connect(\"h.test\", 22, \"robot\", \""+pass+"\")\n",
		"password 7 ", "ConvertTo-SecureString ", "-AsPlainText '"+pass+"'\n")
	for _, d := range all {
		if vs := vectors.Make(d, r); len(vs) > 0 {
			v := vs[0]
			text := v.Text
			if v.Near != "" {
				text = v.Near + ": " + text
			}
			if name := v.Name; name != "" {
				ss := vectors.Syntaxes(name, v.Text)
				text = ss[r.IntN(len(ss))].Text
			}
			out = append(out, text+"\n")
		}
	}
	return s, out
}

// told is everything a candidate says, to compare.
func told(cs []Candidate) []string {
	var out []string
	for i := range cs {
		c := &cs[i]
		x := fmt.Sprint(idOf(c), c.Tier, c.Proof, c.Name, c.Why, c.Score, c.Bare, c.Keep, c.Facts, c.Start, c.End)
		for _, p := range c.Parts {
			x += fmt.Sprint(p.Role, p.Start, p.End, string(p.Value.Reveal()))
		}
		out = append(out, x)
	}
	return out
}

// TestReach evaluates each trigger of many texts once more with all bytes cut off that it declares not to look at.
func TestReach(t *testing.T) {
	r := seeded(31)
	s, ps := pieces(t, r)
	m := s.NewMatcher()
	f := s.filter
	bad := map[string]bool{}
	for range 600 {
		var text []byte
		for range 12 {
			text = append(text, ps[r.IntN(len(ps))]...)
		}
		var x Memory
		m.MatchInto(text, &x)
		for i, h := range x.hits {
			hpos := int(x.pos[i])
			at := f.site(h.trig)
			eval := func(b []byte, pos int) []string {
				m.begin(b, &Memory{})
				m.eval(pos, h.trig)
				cs := slices.Clone(m.cands)
				for j := range cs {
					cs[j] = cs[j].moved(hpos - pos)
				}
				return told(cs)
			}
			lo, hi := max(0, hpos-int(h.back)-1), min(len(text), hpos+int(h.ahead)+1)
			want, got := eval(text, hpos), eval(text[lo:hi:hi], hpos-lo)
			if !slices.Equal(want, got) {
				what := fmt.Sprint(at.what)
				switch at.what {
				case trigShape:
					what += s.rows[s.shapes[at.ref].det].ID
				case trigStruct:
					what += s.rows[s.structs[s.anchors[at.ref].of].det].ID + " " + s.anchors[at.ref].text
				case trigWord:
					what += s.words[at.ref].text
				}
				if !bad[what] {
					bad[what] = true
					t.Errorf("%s looks further than it says: %d candidates within its reach, %d in all", what, len(got), len(want))
				}
			}
		}
	}
}

// edit derives a text and says what was copied.
func edit(r *rand.Rand, base []byte, ps []string) (out []byte, runs []Run) {
	keep := func(from, to int) {
		if to <= from {
			return
		}
		if n := len(runs); n > 0 && runs[n-1].End() == len(out) && runs[n-1].Base+runs[n-1].Len == from {
			runs[n-1].Len += to - from
		} else {
			runs = append(runs, Run{len(out), from, to - from})
		}
		out = append(out, base[from:to]...)
	}
	cut := func() int { return r.IntN(len(base) + 1) }
	insert := func() {
		if r.IntN(2) == 0 {
			out = append(out, ps[r.IntN(len(ps))]...)
		} else {
			out = append(out, " =\"\nax:"[r.IntN(7)])
		}
	}
	switch r.IntN(8) {
	case 0: // insert
		c := cut()
		keep(0, c)
		insert()
		keep(c, len(base))
	case 1: // delete
		c := cut()
		d := min(len(base), c+r.IntN(200))
		keep(0, c)
		keep(d, len(base))
	case 2: // move
		c, d := cut(), cut()
		c, d = min(c, d), max(c, d)
		keep(c, d)
		keep(0, c)
		keep(d, len(base))
	case 3: // edges
		insert()
		keep(0, len(base))
	case 4:
		keep(0, len(base))
		insert()
	case 5: // pieces of any size, some twice
		for range 6 {
			c := cut()
			keep(c, min(len(base), c+r.IntN(300)))
			if r.IntN(3) == 0 {
				insert()
			}
		}
	case 6: // small pieces
		for range 40 {
			c := cut()
			keep(c, min(len(base), c+r.IntN(12)))
		}
	case 7:
		c := cut()
		keep(c, len(base))
	}
	return out, runs
}

// TestDerivedIsMatched derives texts from each other in chains and compares with matching each from the start.
func TestDerivedIsMatched(t *testing.T) {
	r := seeded(32)
	s, ps := pieces(t, r)
	whole, part := s.NewMatcher(), s.NewMatcher()
	for round := range 120 {
		var text []byte
		for range 1 + r.IntN(30) {
			text = append(text, ps[r.IntN(len(ps))]...)
		}
		mem := [2]Memory{}
		part.MatchInto(text, &mem[0])
		for step := range 12 {
			next, runs := edit(r, text, ps)
			got := told(part.MatchDerived(next, &mem[step&1], runs, &mem[1-step&1]))
			var fresh Memory
			want := told(whole.MatchInto(next, &fresh))
			if !slices.Equal(got, want) {
				t.Fatalf("round %d, step %d: %d bytes of %d in %d runs: %d candidates derived, %d matched\n%s", round, step, len(next), len(text), len(runs), len(got), len(want), firstOther(got, want))
			}
			places := func(x *Memory) (out []string) {
				for i, h := range x.hits {
					out = append(out, fmt.Sprint(x.pos[i], h.trig))
				}
				return out
			}
			if a, b := places(&mem[1-step&1]), places(&fresh); !slices.Equal(a, b) {
				t.Fatalf("round %d, step %d: %d triggers derived, %d matched", round, step, len(a), len(b))
			}
			if text = next; len(text) == 0 {
				break
			}
		}
	}
}

// firstOther names the kind of what only one side has; values are generated, and not shown all the same.
func firstOther(a, b []string) string {
	for _, x := range a {
		if !slices.Contains(b, x) {
			return "only derived: " + strings.Fields(x)[0]
		}
	}
	for _, x := range b {
		if !slices.Contains(a, x) {
			return "only matched: " + strings.Fields(x)[0]
		}
	}
	return "in another order"
}

func BenchmarkMatchDerived(b *testing.B) {
	set, err := Compile(detectors.All())
	if err != nil {
		b.Fatal(err)
	}
	text := bytes.Join(sourceText()[:16], nil)
	text = text[:min(len(text), 64<<10)]
	m := set.NewMatcher()
	var base, x Memory
	m.MatchInto(text, &base)
	next := slices.Concat(text[:30<<10], []byte("one more line\n"), text[30<<10:])
	runs := []Run{{0, 0, 30 << 10}, {30<<10 + 14, 30 << 10, 34 << 10}}
	b.SetBytes(int64(len(next)))
	b.ReportAllocs()
	for b.Loop() {
		m.MatchDerived(next, &base, runs, &x)
	}
	b.ReportMetric(float64(len(base.hits))/64, "hits/KiB")
}
