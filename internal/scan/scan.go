// Package scan drives one source through the matchers: blobs in, sightings out. Each worker owns a matcher and decoders; a
// blob's candidates are kept until its places are known, then weighed once for each path.
//
// It never keeps a blob's bytes, never decides what a credential is worth, and writes nothing but the ledger.
package scan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"

	"sprawl/finding"
	"sprawl/internal/decode"
	"sprawl/internal/match"
	"sprawl/internal/unpack"
	"sprawl/sources"
)

// Options of a scan. Set is required.
type Options struct {
	Set     *match.Set
	Workers int // at least 1
	Decode  decode.Limits
	Unpack  unpack.Limits
	// Broken is told of a panic in a matcher: the blob's id and a stack trace, never content. The blob stands in the ledger.
	Broken func(id string, stack []byte)
}

// Run walks src and returns what it holds, in no particular order. The error is the source's or the context's; trouble with
// single blobs is in the ledger.
func Run(ctx context.Context, src sources.Source, led *sources.Ledger, o Options) ([]finding.Sighting, error) {
	workers := make([]*examiner, max(1, o.Workers))
	for i := range workers {
		workers[i] = newExaminer(o, led, src.Name())
	}
	if err := src.Walk(ctx, len(workers), led, func(w int, b sources.Blob) error { return workers[w].blob(ctx, b) }); err != nil {
		return nil, err
	}
	var out []finding.Sighting
	unplaced := map[string][]match.Candidate{}
	for _, w := range workers {
		for _, h := range w.held {
			if len(h.where) > 0 {
				out = place(o.Set, out, h.candidates, h.where)
			} else {
				unplaced[h.id] = append(unplaced[h.id], h.candidates...)
			}
		}
		w.held = nil
	}
	if len(unplaced) > 0 {
		loc, ok := src.(sources.Locator)
		if !ok {
			return nil, fmt.Errorf("%s: blobs without places and no way to find them", src.Name())
		}
		for l, err := range loc.Locate(ctx, slices.Sorted(maps.Keys(unplaced))) {
			if err != nil {
				return nil, fmt.Errorf("find the commits that hold what was found: %w", err)
			}
			out = place(o.Set, out, unplaced[l.ID], l.Where)
		}
	}
	return out, nil
}

// place resolves the candidates of one text once for each path it has, and appends a sighting for each location.
func place(set *match.Set, out []finding.Sighting, cs []match.Candidate, where []finding.Location) []finding.Sighting {
	byPath := map[string][]finding.Sighting{}
	for _, w := range where {
		ss, ok := byPath[w.Path]
		if !ok {
			ss = set.Resolve(cs, w.Path)
			finish(ss)
			byPath[w.Path] = ss
		}
		for _, s := range ss {
			s.Where = w
			out = append(out, s)
		}
	}
	return out
}

// finish fills what follows from a text's whole list of sightings.
func finish(ss []finding.Sighting) {
	times := map[string]int{}
	for i := range ss {
		s := &ss[i]
		if p := s.Part(finding.RoleID); p != nil {
			s.Ident = string(p.Secret.Reveal())
		}
		if p := s.Canonical(); p != nil {
			v := string(p.Secret.Reveal())
			s.Ordinal = times[v]
			times[v]++
		}
	}
}

// held is what one blob gave.
type held struct {
	id         string
	candidates []match.Candidate
	where      []finding.Location
}

// examiner is one worker.
type examiner struct {
	o        Options
	led      *sources.Ledger
	target   string
	matcher  *match.Matcher
	decoders []*decode.Decoder // one a depth: a piece's text is valid during its call only
	context  [][]byte          // likewise, scratch for a decoded value behind the name it was assigned to
	held     []held
}

func newExaminer(o Options, led *sources.Ledger, target string) *examiner {
	e := &examiner{o: o, led: led, target: target, matcher: o.Set.NewMatcher()}
	for range o.Decode.MaxDepth {
		e.decoders = append(e.decoders, decode.New())
		e.context = append(e.context, nil)
	}
	return e
}

func (e *examiner) blob(ctx context.Context, b sources.Blob) (err error) {
	defer func() {
		if p := recover(); p != nil {
			// The panic's value may quote content: it is dropped, the stack has none.
			e.led.Skip(finding.Skip{Target: e.target, Object: b.ID, Path: path(b), Reason: finding.ReasonCorrupt, Detail: "a matcher failed on it; please report this"})
			if e.o.Broken != nil {
				e.o.Broken(b.ID, debug.Stack())
			}
		}
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	cs, err := e.examine(ctx, b)
	if err != nil {
		return err
	}
	e.led.Scanned(int64(len(b.Bytes)))
	if len(cs) > 0 {
		e.held = append(e.held, held{b.ID, cs, slices.Clone(b.Where)})
	}
	return nil
}

func path(b sources.Blob) string {
	if len(b.Where) > 0 {
		return b.Where[0].Path
	}
	return b.Name
}

func (e *examiner) examine(ctx context.Context, b sources.Blob) ([]match.Candidate, error) {
	if b.Offset == 0 && int64(len(b.Bytes)) == b.Size {
		if kind := unpack.Kind(b.Bytes); kind != "" && unpack.Opens(kind) {
			return e.container(ctx, b)
		}
	}
	return e.text(b.Bytes, nil, b.Offset, b.Line), nil
}

// container examines the entries of an archive, each a text of its own. One that turns out to be no archive is a text.
func (e *examiner) container(ctx context.Context, b sources.Blob) ([]match.Candidate, error) {
	var out []match.Candidate
	opened := false
	err := unpack.Walk(ctx, path(b), b.Bytes, unpack.NewBudget(e.o.Unpack), func(en unpack.Entry) error {
		opened = true
		steps := append(slices.Clone(en.Outer), en.Step)
		out = append(out, e.text(en.Bytes, steps, 0, 0)...)
		return ctx.Err()
	}, func(s finding.Skip) {
		s.Target, s.Object = e.target, b.ID
		if s.Path == "" {
			s.Path = path(b)
		}
		e.led.Skip(s)
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		e.led.Skip(finding.Skip{Target: e.target, Object: b.ID, Path: path(b), Reason: finding.ReasonCorrupt, Detail: err.Error()})
	}
	if !opened {
		out = append(out, e.text(b.Bytes, nil, b.Offset, b.Line)...)
	}
	return out, nil
}

// maxContext is how much of the line before an encoded value goes with it, so that a name still names it when decoded.
const maxContext = 96

// text matches a text and what is encoded in it. Line and offset are those of the text's first byte.
func (e *examiner) text(b []byte, steps []finding.Step, offset int64, line int) []match.Candidate {
	root := &root{text: b, offset: offset, line: line}
	var out []match.Candidate
	take := func(cs []match.Candidate, skip int, at func(int) int, steps []finding.Step) {
		for _, c := range cs {
			c.Parts = slices.Clone(c.Parts)
			behind := true
			for i := range c.Parts {
				p := &c.Parts[i]
				if p.Start < skip {
					behind = false
					break
				}
				p.Span.Start, p.Span.End = int64(at(p.Start-skip)), int64(at(p.End-skip))
			}
			if behind {
				c.Decode = steps
				out = append(out, c)
			}
		}
	}
	take(e.matcher.Match(b), 0, func(i int) int { return i }, steps)
	var deeper func(b []byte, skip int, at func(int) int, steps []finding.Step, depth int)
	budget := decode.NewBudget(e.o.Decode)
	deeper = func(b []byte, skip int, at func(int) int, steps []finding.Step, depth int) {
		if depth >= len(e.decoders) {
			return
		}
		e.decoders[depth].Pieces(b, budget, func(p decode.Piece) {
			if p.End <= skip {
				return // stands in the context, and was seen there
			}
			if depth == 0 && p.Start == 0 && p.End == len(b) {
				// The whole text is encoded (UTF-16): a person's editor shows the decoded lines.
				out = append(out, e.text(p.Text, append(slices.Clone(steps), p.Step), offset, line)...)
				return
			}
			inner := append(slices.Clone(steps), p.Step)
			before := nameBefore(b[:p.Start])
			n := len(before)
			text := append(append(append(e.context[depth][:0], before...), p.Text...), '\n')
			e.context[depth] = text
			innerAt := func(i int) int { return at(max(0, p.At(b, min(i, len(p.Text)))-skip)) }
			take(e.matcher.Match(text), n, innerAt, inner)
			deeper(text, n, innerAt, inner, depth+1)
		})
	}
	if len(steps) < len(e.decoders)+e.o.Unpack.MaxDepth {
		deeper(b, 0, func(i int) int { return i }, steps, 0)
	}
	if hit := budget.Hit(); hit != "" {
		e.led.Skip(finding.Skip{Target: e.target, Reason: finding.ReasonLimit, Detail: "decoding stopped: " + hit})
	}
	root.finish(out)
	return out
}

// nameBefore is the end of the line that b ends in.
func nameBefore(b []byte) []byte {
	from := max(0, len(b)-maxContext)
	for i := len(b) - 1; i >= from; i-- {
		if b[i] == '\n' {
			return b[i+1:]
		}
	}
	return b[from:]
}

// Sort orders sightings by everything that tells them apart, for tests and comparisons.
func Sort(ss []finding.Sighting) {
	slices.SortFunc(ss, func(a, b finding.Sighting) int {
		return cmp.Or(cmp.Compare(a.Where.Target, b.Where.Target), cmp.Compare(a.Where.Path, b.Where.Path), cmp.Compare(commit(a), commit(b)),
			cmp.Compare(a.Parts[0].Span.Start, b.Parts[0].Span.Start), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Ordinal, b.Ordinal),
			cmp.Compare(strconv.Itoa(len(a.Decode)), strconv.Itoa(len(b.Decode))))
	})
}

func commit(s finding.Sighting) string {
	if s.Where.Added == nil {
		return ""
	}
	return s.Where.Added.Commit
}
