// Package conformance holds every row of the table of kinds to the same demands: that the engine finds what the row says,
// wherever it stands and however it is written down; that near misses are not proven; and that the row says what a reader of a
// finding needs.
//
// Vectors are made from the rows themselves (internal/vectors), which proves the engine and not the form: where the form is
// confirmed is said by the row, and counted here. It opens nothing and prints nothing; no message holds a vector.
package conformance

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/match"
	"sprawl/internal/vectors"
)

// Failure is one demand that a row does not meet.
type Failure struct{ Kind, What string }

// Result is what a check saw.
type Result struct {
	Tally
	Rows, Vectors int
	Places        int // texts in which a vector was looked for
	Misses        int // near misses that were looked at
	Failures      []Failure
}

// Tally is what is known of the rows of a table.
type Tally struct {
	Confirmed map[Source]int // rows, by where their form is confirmed
	Traits    int            // rows of which at least one trait is known
	Silent    int            // rows about which a page was read that says none
	Sought    int            // rows for which pages were looked for in vain
}

// TallyOf counts.
func TallyOf(rows []detectors.Detector) Tally {
	t := Tally{Confirmed: map[Source]int{}}
	for i := range rows {
		d := &rows[i]
		t.Confirmed[SourceOf(d)]++
		if d.Traits != (detectors.Traits{}) {
			t.Traits++
		}
		if d.Silent != "" {
			t.Silent++
		}
		if d.Sought {
			t.Sought++
		}
	}
	return t
}

// Source is where the form of a kind is confirmed.
type Source string

// Sources.
const (
	Page   Source = "a page or SDK of the provider"
	Corpus Source = "agreement of several scanners' rules"
	User   Source = "its user"
	None   Source = "nothing"
)

// Sources lists them from surest to least sure.
func Sources() []Source { return []Source{Page, Corpus, User, None} }

// SourceOf reads a row's Format.
func SourceOf(d *detectors.Detector) Source {
	switch {
	case strings.HasPrefix(d.Format, "https://"):
		return Page
	case d.Format == "corpus":
		return Corpus
	case d.Format == "user":
		return User
	}
	return None
}

// Edge is the size of block that readers use: vectors stand across it.
const Edge = 64 << 10

// seed makes the vectors, and every run the same.
const seed = 5

// Check runs every demand on every row. The error is that the table does not compile.
func Check(rows []detectors.Detector) (Result, error) {
	set, err := match.Compile(rows)
	if err != nil {
		return Result{}, fmt.Errorf("compile the table: %w", err)
	}
	c := &checker{set: set, m: set.NewMatcher(), filler: strings.Repeat("the quick brown fox jumps over the lazy dog\n", 2000)}
	c.res.Tally = TallyOf(rows)
	for i := range rows {
		c.row(&rows[i])
	}
	return c.res, nil
}

type checker struct {
	set    *match.Set
	m      *match.Matcher
	filler string
	res    Result
}

func (c *checker) fail(d *detectors.Detector, format string, args ...any) {
	c.res.Failures = append(c.res.Failures, Failure{d.ID, fmt.Sprintf(format, args...)})
}

func (c *checker) row(d *detectors.Detector) {
	c.res.Rows++
	c.words(d)
	r := rand.New(rand.NewPCG(seed, seed+1)) //nolint:gosec // vectors are the same in every run
	vs := vectors.Make(*d, r)
	if len(vs) == 0 {
		c.fail(d, "no vector can be made of it: a structure needs a sample")
	}
	for n, v := range vs {
		c.res.Vectors++
		for _, x := range c.texts(d, v) {
			c.res.Places++
			if got := c.count(x.Text, pathFor(d), d.ID, v.Text); got < x.Times {
				c.fail(d, "vector %d, %s: %d of %d found", n+1, x.Name, got, x.Times)
				break
			}
		}
		for _, x := range vectors.Mutations(v, r) {
			c.res.Misses++
			if x.Name == "changed end" && !checksummed(d) {
				continue // a structure that any ending fits
			}
			for _, s := range c.sightings(bare(v, x.Text), pathFor(d)) {
				if s.Kind == d.ID && s.Proof == finding.ProofProven {
					c.fail(d, "vector %d is proven although it has a %s", n+1, x.Name)
				}
			}
		}
	}
}

// words holds a row to what reports and documentation take from it.
func (c *checker) words(d *detectors.Detector) {
	if d.Title == "" || d.Rotate == "" || d.Revoke == "" {
		c.fail(d, "title, rotate or revoke is missing")
	}
	if SourceOf(d) == User {
		return // their own affair
	}
	if !strings.HasPrefix(d.Docs, "https://") {
		c.fail(d, "no page of its provider")
	}
	// What is true of a kind that anybody issues depends on who issued it.
	known := d.Traits != (detectors.Traits{})
	if !known && d.Silent == "" && !d.Sought && d.Provider != "" {
		c.fail(d, "no trait, no page that was read for them, and nothing says that one was looked for")
	}
	if (known || d.Silent != "") && d.Sought {
		c.fail(d, "it says that no page was found, and that one was read")
	}
	if known && d.Silent != "" {
		c.fail(d, "a page is silent, and there are traits")
	}
	if d.Format == "" {
		c.fail(d, "nothing says where its form is confirmed")
	}
}

// checksummed reports the kinds whose last bytes are proven by a checksum, not by a structure that any ending would fit.
func checksummed(d *detectors.Detector) bool {
	switch d.Provider {
	case "github", "gitlab", "age", "npm", "nats":
		return true
	}
	return false
}

// placed is a text in which a vector stands so many times.
type placed struct {
	Name, Text string
	Times      int
}

// bare is a vector as it stands alone: a value that needs a name gets one.
func bare(v vectors.Vector, text string) string {
	if v.Near != "" {
		text = v.Near + ": " + text
	}
	if v.Name != "" {
		text = v.Name + " = \"" + text + "\""
	}
	return text
}

// texts puts a vector alone, at the start, in the middle, at the end, on both sides of and across an edge, twice in a row, and
// into every syntax of an assignment.
func (c *checker) texts(d *detectors.Detector, v vectors.Vector) []placed {
	b := bare(v, v.Text)
	out := []placed{{"alone", b, 1}}
	if v.File {
		return out
	}
	f := c.filler
	out = append(out, placed{"at the start", b + "\n" + f[:440], 1}, placed{"in the middle", f[:440] + b + "\n" + f[:440], 1}, placed{"at the end", f[:440] + b, 1},
		placed{"back to back", b + "\n" + b + "\n", 2})
	for _, at := range []int{Edge - len(b) - 1, Edge - len(b)/2, Edge} {
		at = max(0, at)
		lines := at - at%44 // a line of the filler
		pad := strings.Repeat("#", at-lines)
		if pad != "" {
			pad = pad[:len(pad)-1] + "\n"
		}
		out = append(out, placed{fmt.Sprint("at byte ", at), f[:lines] + pad + b + "\n" + f[:88], 1})
	}
	if v.Whole {
		return out
	}
	for _, s := range vectors.Syntaxes(cmp.Or(v.Name, "my_value"), v.Text) {
		text := s.Text
		if v.Near != "" {
			text = "# " + v.Near + "\n" + text
		}
		out = append(out, placed{"as " + s.Name, text, 1})
	}
	return out
}

// pathFor is a path at which the row applies.
func pathFor(d *detectors.Detector) string {
	if len(d.Paths) == 0 {
		return "src/settings.txt"
	}
	return strings.ReplaceAll(strings.TrimPrefix(d.Paths[0], "**/"), "*", "x")
}

func (c *checker) sightings(text, path string) []finding.Sighting {
	cs := slices.Clone(c.m.Match([]byte(text)))
	for i := range cs {
		for j := range cs[i].Parts {
			p := &cs[i].Parts[j]
			line := 1 + strings.Count(text[:p.Start], "\n")
			p.Span = finding.Span{Line: line, EndLine: line + strings.Count(text[p.Start:p.End], "\n"), Start: int64(p.Start), End: int64(p.End)}
		}
	}
	return c.set.Resolve(cs, path)
}

// count is how many sightings of the kind, or with it as an alias, hold the value or a part of it.
func (c *checker) count(text, path, kind, value string) int {
	n := 0
	for _, s := range c.sightings(text, path) {
		if s.Kind != kind && !slices.Contains(s.Aliases, kind) {
			continue
		}
		if slices.ContainsFunc(s.Parts, func(p finding.Part) bool { return strings.Contains(value, text[p.Span.Start:p.Span.End]) }) {
			n++
		}
	}
	return n
}
