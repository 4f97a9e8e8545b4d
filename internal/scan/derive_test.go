package scan

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/decode"
	"sprawl/internal/match"
	"sprawl/internal/testkit/repo"
	"sprawl/internal/unpack"
	"sprawl/internal/vectors"
	"sprawl/sources"
	"sprawl/sources/git"
)

// family is a source of texts that derive from each other.
type family []sources.Blob

func (f family) Name() string { return "test:family" }

func (f family) Walk(_ context.Context, _ int, led *sources.Ledger, visit func(int, sources.Blob) error) error {
	for _, b := range f {
		led.Saw(1)
		if err := visit(0, b); err != nil {
			return err
		}
	}
	return nil
}

// grow makes a tree of texts, depth first, each derived from the one above it by an edit.
func grow(r *rand.Rand, ps []string, base []byte, id string, depth, chain int) family {
	var out family
	add := func(id string, b []byte, d *sources.Delta) {
		out = append(out, sources.Blob{ID: id, Bytes: b, Size: int64(len(b)), Derived: true, Delta: d,
			Where: []finding.Location{{Source: "test", Path: "conf/" + id}}})
	}
	add(id, base, nil)
	var down func(id string, b []byte, depth int)
	down = func(id string, b []byte, depth int) {
		for k := range chain {
			next, runs := edit(r, b, ps)
			child := fmt.Sprint(id, "-", k)
			add(child, next, &sources.Delta{Base: id, BaseSize: int64(len(b)), Runs: runs})
			if depth > 1 {
				down(child, next, depth-1)
			}
		}
	}
	down(id, base, depth)
	return out
}

// edit derives a text and says what was copied.
func edit(r *rand.Rand, base []byte, ps []string) (out []byte, runs []sources.Run) {
	keep := func(from, to int) {
		if to <= from {
			return
		}
		if n := len(runs); n > 0 && runs[n-1].Target+runs[n-1].Len == int64(len(out)) && runs[n-1].Base+runs[n-1].Len == int64(from) {
			runs[n-1].Len += int64(to - from)
		} else {
			runs = append(runs, sources.Run{Target: int64(len(out)), Base: int64(from), Len: int64(to - from)})
		}
		out = append(out, base[from:to]...)
	}
	cut := func() int { return r.IntN(len(base) + 1) }
	line := func() int { // where a line begins: as people edit
		c := cut()
		return c - len(base[:c]) + bytes.LastIndexByte(base[:c], '\n') + 1
	}
	insert := func() { out = append(out, ps[r.IntN(len(ps))]...) }
	switch r.IntN(9) {
	case 0, 1:
		c := line()
		keep(0, c)
		insert()
		keep(c, len(base))
	case 2:
		c := cut()
		d := min(len(base), c+r.IntN(300))
		keep(0, c)
		keep(d, len(base))
	case 3:
		c, d := line(), line()
		c, d = min(c, d), max(c, d)
		keep(c, d)
		keep(0, c)
		keep(d, len(base))
	case 4:
		insert()
		keep(0, len(base))
	case 5:
		keep(0, len(base))
		insert()
	case 6:
		for range 5 {
			c := cut()
			keep(c, min(len(base), c+r.IntN(400)))
			if r.IntN(3) == 0 {
				insert()
			}
		}
	case 7:
		for range 30 {
			c := cut()
			keep(c, min(len(base), c+r.IntN(10)))
		}
	case 8: // one byte
		c := cut()
		keep(0, c)
		out = append(out, "\x00=\"\\a\n+"[r.IntN(7)])
		keep(min(len(base), c+1), len(base))
	}
	return out, runs
}

func wrap(s string, n int) string {
	var b strings.Builder
	for len(s) > n {
		b.WriteString(s[:n] + "\n")
		s = s[n:]
	}
	return b.String() + s + "\n"
}

// texts are pieces in which vectors of the whole table stand in every encoding, and what could be taken for one.
func texts(tb testing.TB, r *rand.Rand) (*match.Set, []string) {
	tb.Helper()
	all := detectors.All()
	set, err := match.Compile(all)
	if err != nil {
		tb.Fatal(err)
	}
	out := []string{"\n", "\n\n", "x = 1\n", "a line of words.\n", "\"abc\" +\n", "\"def\"\n", "key\\\n", "=\n", strings.Repeat("w", 60) + "=\n", strings.Repeat("QUJD", 19) + "\n",
		"mod v1.2.3/go.mod h1:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)) + "\n", "func f() {\n", "}\n", "\xff\xfe", "a%3Db%2Fc%20d\n", "&quot;x&quot;\n"}
	for _, d := range all {
		vs := vectors.Make(d, r)
		if len(vs) == 0 {
			continue
		}
		v := vs[0]
		text := v.Text
		if v.Near != "" {
			text = v.Near + ": " + text
		}
		if v.Name != "" {
			text = v.Name + " = \"" + text + "\""
		}
		enc := base64.StdEncoding.EncodeToString([]byte(text))
		switch r.IntN(9) {
		case 0:
			text = "data: " + enc
		case 1:
			text = wrap(enc, 76)
		case 2:
			text = fmt.Sprintf("%x", text)
		case 3:
			text = strings.NewReplacer("=", "%3D", "/", "%2F", ":", "%3A", "_", "%5F", "-", "%2D").Replace(text)
		case 4:
			text = strings.NewReplacer("=", `\u003d`, "_", `\u005f`, "-", `\u002d`).Replace(text)
		case 5:
			if len(text) > 70 {
				text = wrap(strings.ReplaceAll(text, "=", "=3D"), 70)
				text = strings.ReplaceAll(text, "\n", "=\n")
			}
		case 6:
			if h := len(v.Text) / 2; h > 4 && v.Name != "" && !strings.Contains(v.Text, "\n") {
				text = v.Name + " = \"" + v.Text[:h] + "\" +\n  \"" + v.Text[h:] + "\""
			}
		case 7:
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			_, _ = w.Write([]byte(text))
			_ = w.Close()
			text = "blob: " + base64.StdEncoding.EncodeToString(z.Bytes())
		}
		out = append(out, text+"\n")
	}
	return set, out
}

// report is everything a scan says, in a fixed order.
func report(tb testing.TB, src sources.Source, o Options) []string {
	tb.Helper()
	led := &sources.Ledger{}
	o.Broken = func(id string, stack []byte) { tb.Errorf("a matcher failed on %s\n%s", id, stack) }
	ss, err := Run(context.Background(), src, led, o)
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, s := range ss {
		added := finding.Change{}
		if s.Where.Added != nil {
			added = *s.Where.Added
		}
		line := fmt.Sprint(s.Kind, s.Name, s.Tier, s.Proof, s.Why, s.Masked, s.Ident, s.Ordinal, s.Decode, s.Facts, s.Aliases, s.Where.Path, s.Where.State, added)
		for _, p := range s.Parts {
			line += fmt.Sprint(p.Role, p.Span, p.Snippet, string(p.Secret.Reveal()))
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return append(out, fmt.Sprintf("%+v", led.Coverage()))
}

func options(set *match.Set) Options {
	return Options{Set: set, Workers: 1, DecodeDepth: 5, ArchiveDepth: 2, Decode: decode.Default(), Unpack: unpack.Default()}
}

// sameReport compares a scan with inheritance and one without, and returns how many sightings there were.
func sameReport(t *testing.T, src sources.Source, o Options) int {
	t.Helper()
	o.NoInherit = true
	want := report(t, src, o)
	o.NoInherit = false
	got := report(t, src, o)
	if !slices.Equal(got, want) {
		for _, l := range got {
			if !slices.Contains(want, l) {
				t.Fatalf("only with inheritance: %.60s… (%d lines, %d without)", l, len(got), len(want))
			}
		}
		for _, l := range want {
			if !slices.Contains(got, l) {
				t.Fatalf("only without inheritance: %.60s… (%d lines, %d without)", l, len(got), len(want))
			}
		}
		t.Fatal("the same lines, some more often than the others")
	}
	return len(got) - 1
}

func TestInheritedIsScanned(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 41))
	set, ps := texts(t, r)
	found := 0
	for round := range rounds {
		var base []byte
		for range 1 + r.IntN(40) {
			base = append(base, ps[r.IntN(len(ps))]...)
		}
		switch r.IntN(12) {
		case 0: // a text in UTF-16
			b := []byte{0xff, 0xfe}
			for _, u := range utf16.Encode([]rune(string(base))) {
				b = append(b, byte(u), byte(u>>8))
			}
			base = b
		case 1: // an archive
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			_, _ = w.Write(base)
			_ = w.Close()
			base = z.Bytes()
		case 2:
			base = append(base, "\x00\x01\x02binary"...)
		}
		depth, chain := 3, 2
		if round%10 == 0 {
			depth, chain = 50, 1
		}
		o := options(set)
		if round%7 == 0 {
			o.Decode.MaxBytes = int64(1000 + r.IntN(20000)) // a limit that some of them meet
		}
		found += sameReport(t, grow(r, ps, base, "b", depth, chain), o)
	}
	if found < 100*rounds {
		t.Errorf("only %d sightings: the texts hold too little", found)
	}
}

const rounds = 60

// TestInheritedHistory does the same with what git makes of a history: chains of fifty, bases at paths that are left out,
// binaries and archives.
func TestInheritedHistory(t *testing.T) {
	r := rand.New(rand.NewPCG(42, 42))
	set, ps := texts(t, r)
	g := repo.New(t)
	files := map[string][]byte{}
	names := []string{"app.conf", "src/main.go", "vendor/lib.js", "data.bin", "notes.eml"}
	for _, n := range names {
		for range 60 {
			files[n] = append(files[n], ps[r.IntN(len(ps))]...)
		}
	}
	for n := range 60 {
		for _, name := range names {
			if r.IntN(2) == 0 {
				files[name], _ = edit(r, files[name], ps)
			}
			if len(files[name]) > 40<<10 || len(files[name]) < 2000 {
				files[name] = append(files[name][:min(len(files[name]), 20<<10)], strings.Join(ps[:40], "")...)
			}
			g.Write(name, string(files[name]))
		}
		g.Add()
		g.Commit(fmt.Sprint("change ", n))
	}
	g.Pack("-f", "--depth=50", "--window=50")
	src, err := git.New(context.Background(), g.Dir, git.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := sameReport(t, src, options(set)); n < 1000 {
		t.Errorf("only %d sightings", n)
	}
}
