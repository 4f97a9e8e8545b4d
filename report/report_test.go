package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sprawl/finding"
)

var update = flag.Bool("update", false, "write the golden files")

// render runs a format over a run.
func render(t testing.TB, w io.Writer, format string, o Options, r run) {
	t.Helper()
	f, err := Find(format)
	if err != nil {
		t.Fatal(err)
	}
	p := f.New(w, o)
	if err := p.Begin(r.header); err != nil {
		t.Fatal(err)
	}
	for _, it := range r.items {
		if err := p.Item(it); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.End(r.summary); err != nil {
		t.Fatal(err)
	}
}

func rendered(t testing.TB, format string, o Options, r run) []byte {
	t.Helper()
	var b bytes.Buffer
	render(t, &b, format, o, r)
	return b.Bytes()
}

// goldens is every file in testdata that a run writes.
var goldens = []struct {
	file, format string
	o            Options
	run          func() run
}{
	{"full-60.txt", "text", Options{Width: 60}, sampleFull},
	{"full-100.txt", "text", Options{}, sampleFull},
	{"full-160.txt", "text", Options{Width: 160, All: true, Skipped: true}, sampleFull},
	{"full-colour.txt", "text", Options{Color: true, Links: true, Root: "/src/acme"}, sampleFull},
	{"full-owner.txt", "text", Options{Group: "owner"}, sampleMany},
	{"full-target.txt", "text", Options{Group: "target", Width: 60}, sampleMany},
	{"full.jsonl", "jsonl", Options{}, sampleFull},
	{"full.json", "json", Options{}, sampleFull},
	{"full.sarif", "sarif", Options{Root: "/src/acme api"}, sampleFull},
	{"hostile.txt", "text", Options{Skipped: true}, sampleHostile},
	{"hostile.jsonl", "jsonl", Options{}, sampleHostile},
	{"hostile.sarif", "sarif", Options{}, sampleHostile},
	{"clean.txt", "text", Options{}, sampleClean},
	{"clean.jsonl", "jsonl", Options{}, sampleClean},
	{"clean.json", "json", Options{}, sampleClean},
	{"clean.sarif", "sarif", Options{}, sampleClean},
	{"incomplete.txt", "text", Options{Width: 80}, sampleIncomplete},
	{"incomplete.sarif", "sarif", Options{}, sampleIncomplete},
	{"empty.txt", "text", Options{}, sampleEmpty},
	{"full.md", "markdown", Options{}, sampleFull},
	{"hostile.md", "markdown", Options{}, sampleHostile},
	{"incomplete.md", "markdown", Options{}, sampleIncomplete},
	{"full.csv", "csv", Options{}, sampleFull},
	{"full-places.csv", "csv-places", Options{}, sampleFull},
	{"hostile.csv", "csv", Options{}, sampleFormulas},
	{"hostile-places.csv", "csv-places", Options{}, sampleFormulas},
	{"full-compliance.md", "compliance-markdown", Options{}, sampleFull},
	{"hostile-compliance.md", "compliance-markdown", Options{}, sampleHostile},
	{"full-compliance.csv", "compliance-csv", Options{}, sampleFull},
	{"hostile-compliance.csv", "compliance-csv", Options{}, sampleFormulas},
	{"full-compliance.html", "compliance-html", Options{}, sampleFull},
	{"hostile-compliance.html", "compliance-html", Options{}, sampleHostile},
	{"full.github", "github", Options{}, sampleFull},
	{"hostile.github", "github", Options{}, sampleHostile},
	{"clean.github", "github", Options{}, sampleClean},
	{"incomplete.github", "github", Options{}, sampleIncomplete},
	{"full.gitlab.json", "gitlab", Options{}, sampleFull},
	{"hostile.gitlab.json", "gitlab", Options{}, sampleHostile},
	{"incomplete.gitlab.json", "gitlab", Options{}, sampleIncomplete},
	{"full.codequality.json", "codequality", Options{}, sampleFull},
	{"hostile.codequality.json", "codequality", Options{}, sampleHostile},
	{"incomplete.codequality.json", "codequality", Options{}, sampleIncomplete},
	{"full-open.sarif", "sarif", Options{OmitDecided: true}, sampleFull},
	{"full.html", "html", Options{}, sampleFull},
	{"hostile.html", "html", Options{}, sampleHostile},
}

func TestGolden(t *testing.T) {
	for _, g := range goldens {
		t.Run(g.file, func(t *testing.T) {
			got := rendered(t, g.format, g.o, g.run())
			if again := rendered(t, g.format, g.o, g.run()); !bytes.Equal(got, again) {
				t.Error("two runs differ")
			}
			if strings.HasSuffix(g.file, ".html") {
				got = readable(t, got)
			}
			file := filepath.Join("testdata", g.file)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

func TestNoSecret(t *testing.T) {
	for _, g := range goldens {
		if out := rendered(t, g.format, g.o, g.run()); bytes.Contains(out, []byte(planted)) {
			t.Errorf("%s holds a secret", g.file)
		}
	}
}

// What a terminal acts on must not come from a repository: without colour and links there is none of it.
func TestNothingHidden(t *testing.T) {
	for _, f := range Formats() {
		for _, w := range []int{60, 100, 200} {
			out := rendered(t, f.Name, Options{Width: w, All: true, Skipped: true}, sampleHostile())
			if !utf8.Valid(out) {
				t.Errorf("%s: not UTF-8", f.Name)
			}
			for _, r := range string(out) {
				if r != '\n' && hidden(r) {
					t.Fatalf("%s: %U in the output", f.Name, r)
				}
			}
		}
	}
	// With them, ours alone.
	out := string(rendered(t, "text", Options{Color: true, Links: true, Root: "/src"}, sampleHostile()))
	ours := regexp.MustCompile(`\x1b\[[0-9;]+m|\x1b\]8;;[!-~]*\x1b\\`)
	for _, r := range ours.ReplaceAllString(out, "") {
		if r != '\n' && hidden(r) {
			t.Fatalf("%U in the output", r)
		}
	}
	for _, l := range regexp.MustCompile(`\x1b\]8;;([^\x1b]+)`).FindAllStringSubmatch(out, -1) {
		if !strings.HasPrefix(l[1], "file:///src/") && !strings.HasPrefix(l[1], "https://docs.example/") {
			t.Errorf("link to %s", l[1])
		}
	}
	if strings.Contains(out, "\nfake: clean") {
		t.Error("a line break got through")
	}
}

// Colour adds to the plain text and changes nothing in it.
func TestColourOnTop(t *testing.T) {
	for _, r := range []run{sampleFull(), sampleClean(), sampleIncomplete()} {
		plain := rendered(t, "text", Options{}, r)
		painted := rendered(t, "text", Options{Color: true}, r)
		bare := regexp.MustCompile(`\x1b\[[0-9;]+m`).ReplaceAll(painted, nil)
		if bytes.Equal(plain, painted) {
			t.Error("no colour")
		}
		trim := func(b []byte) string { return regexp.MustCompile(` +\n`).ReplaceAllString(string(b), "\n") }
		if d := cmp.Diff(trim(plain), trim(bare)); d != "" {
			t.Error(d)
		}
	}
}

func TestWidth(t *testing.T) {
	for _, r := range []run{sampleFull(), sampleHostile(), sampleIncomplete()} {
		for _, w := range []int{1, 60, 61, 79, 100, 137, 200, 999} {
			most := min(max(w, 60), 200)
			arrow := false
			for _, l := range strings.Split(string(rendered(t, "text", Options{Width: w, All: true}, r)), "\n") {
				wasArrow := arrow
				arrow = strings.Contains(l, "--> ")
				// Paths behind the arrow stay whole, and so does a word longer than the line.
				if n := columns(l); n > most && !arrow && !wasArrow && len(longestWord(l)) < 40 {
					t.Errorf("width %d: %d columns: %s", w, n, l)
				}
				if strings.HasSuffix(l, " ") {
					t.Errorf("trailing space: %q", l)
				}
			}
		}
	}
}

func longestWord(s string) string {
	long := ""
	for _, w := range strings.Fields(s) {
		if len(w) > len(long) {
			long = w
		}
	}
	return long
}

// The carets stand below the value, whatever stands before it.
func TestCarets(t *testing.T) {
	stars := strings.Repeat("*", 12)
	for _, front := range []string{"", "k = ", "\tk = ", "接続 = ", "e\u0301=", "\x1b[1m", "a\u202eb", strings.Repeat("x", 500), strings.Repeat("長", 99)} {
		for _, back := range []string{"", `"`, strings.Repeat("長", 99)} {
			for _, room := range []int{20, 50, 51, 90} {
				m := []mark{{from: len(front), width: len(stars), sign: '^'}}
				line, under, _ := layOut(front+stars+back, m, room)
				if columns(line) > room {
					t.Errorf("%q: %d columns of %d", front, columns(line), room)
				}
				if len(under) != 1 {
					t.Fatalf("%q: %d marks", front, len(under))
				}
				u := under[0]
				if got := tail(head(line, u.from+u.width), u.width); got != stars {
					t.Errorf("%q %q in %d: %q is marked in %q", front, back, room, got, line)
				}
			}
		}
	}
}

// Streaming one location at a time gives the object that encoding the whole would give.
func TestStreamedLikeWhole(t *testing.T) {
	c := sampleStates()
	var b bytes.Buffer
	p := newJSONL(&b, Options{})
	if err := p.Item(finding.Item{Credential: c}); err != nil {
		t.Fatal(err)
	}
	whole := newCredential(c)
	for i := range c.Sightings {
		_ = parts(&c.Sightings[i], func(p *finding.Part) error {
			whole.Locations = append(whole.Locations, newLocation(&c.Sightings[i], p))
			return nil
		})
	}
	want, err := marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want)+"\n", b.String()); d != "" {
		t.Error(d)
	}
}

type failing struct{ left int }

var errFull = errors.New("disk full")

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// The call that cannot write says so: whoever pipes into head does not wait for a scan of hours.
func TestWriterErrors(t *testing.T) {
	r := sampleFull()
	for _, f := range Formats() {
		whole := len(rendered(t, f.Name, Options{}, r))
		for _, left := range []int{0, 1, whole / 3, whole - 1} {
			p := f.New(&failing{left}, Options{})
			err := p.Begin(r.header)
			for i := 0; i < len(r.items) && err == nil; i++ {
				err = p.Item(r.items[i])
			}
			if err == nil {
				err = p.End(r.summary)
			}
			if !errors.Is(err, errFull) {
				t.Errorf("%s after %d bytes: %v", f.Name, left, err)
			}
		}
		if f.Name == "text" {
			p := f.New(&failing{0}, Options{})
			if err := p.Item(r.items[0]); !errors.Is(err, errFull) {
				t.Errorf("%s: the first item's error is %v", f.Name, err)
			}
		}
	}
}

// One value in 60,000 places must not be encoded in memory as a whole.
func TestManyLocations(t *testing.T) {
	c := samplePair()
	c.Sightings = c.Sightings[:1]
	for i := range 60_000 {
		s := sighting("acme/api", fmt.Sprintf("conf/%d.ini", i), 3, finding.StateHistory)
		s.Print = fmt.Sprintf("p-%d", i)
		c.Sightings = append(c.Sightings, s)
	}
	items := credentials(c)
	r := run{sampleHeader(), items, summarise(items)}
	for _, f := range Formats() {
		var out counter
		peak := 0
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		w := writerFunc(func(b []byte) (int, error) {
			if peak++; peak%1024 == 0 {
				runtime.GC()
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				if grown := int64(now.HeapAlloc) - int64(before.HeapAlloc); grown > 24<<20 {
					return 0, fmt.Errorf("%s holds %d bytes", f.Name, grown)
				}
			}
			return out.Write(b)
		})
		render(t, w, f.Name, Options{}, r)
		t.Logf("%s: %d bytes in %d writes", f.Name, out, peak)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestJSONIsOneObject(t *testing.T) {
	var doc struct {
		Findings   []json.RawMessage `json:"findings"`
		References []json.RawMessage `json:"references"`
		Inventory  []json.RawMessage `json:"inventory"`
		Notices    []json.RawMessage `json:"notices"`
	}
	if err := json.Unmarshal(rendered(t, "json", Options{}, sampleFull()), &doc); err != nil {
		t.Fatal(err)
	}
	got := []int{len(doc.Findings), len(doc.References), len(doc.Inventory), len(doc.Notices)}
	if d := cmp.Diff([]int{11, 2, 2, 2}, got); d != "" {
		t.Error(d)
	}
}

func FuzzVisible(f *testing.F) {
	f.Add(nasty)
	f.Add("plain")
	f.Fuzz(func(t *testing.T, s string) {
		v := Visible(s)
		if !utf8.ValidString(v) {
			t.Errorf("%q is not UTF-8", v)
		}
		if i := strings.IndexFunc(v, hidden); i >= 0 {
			t.Errorf("%q is hidden in %q", v[i:], v)
		}
		if Visible(v) != v {
			t.Errorf("%q changes again", v)
		}
	})
}

func FuzzLayOut(f *testing.F) {
	f.Add(nasty, 3, 5, 9, 4, 40)
	f.Fuzz(func(t *testing.T, s string, a, aw, b, bw, room int) {
		if room < 20 || room > 200 || len(s) > 4096 {
			return
		}
		line, under, _ := layOut(s, []mark{{from: a, width: aw, sign: '^'}, {from: b, width: bw, sign: '-'}}, room)
		if columns(line) > room {
			t.Errorf("%d columns of %d: %q", columns(line), room, line)
		}
		at := 0
		for _, m := range under {
			if m.from < at || m.width < 1 || m.from+m.width > room {
				t.Errorf("mark %v in %q", m, line)
			}
			at = m.from + m.width
		}
	})
}

func FuzzPathURI(f *testing.F) {
	f.Add("../c:/" + nasty)
	f.Fuzz(func(t *testing.T, p string) {
		u, err := url.Parse(pathURI(p))
		if err != nil || u.IsAbs() || u.Host != "" || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("%q: %v", pathURI(p), err)
		}
		if want := strings.TrimPrefix(path.Clean("/"+p), "/"); u.Path != want {
			t.Errorf("%q stands for %q", u.Path, want)
		}
	})
}
