// Package scan drives one source through the matchers: blobs in, sightings out. Each worker owns a matcher and decoders; a
// blob's candidates are kept until its places are known, then weighed once for each path.
//
// It never keeps a blob's bytes, never decides what a credential is worth, and writes nothing but the ledger.
package scan

import (
	"bytes"
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
	// DecodeDepth and ArchiveDepth are how many layers of encoding are undone and of archives opened; 0 is none.
	DecodeDepth, ArchiveDepth int
	Decode                    decode.Limits
	Unpack                    unpack.Limits
	// NoInherit matches every blob from its start, also where the source says what it shares with another that was matched
	// before. The findings are the same: it is there to show that.
	NoInherit bool
	// Found is told that an object holds something as soon as it was matched, by the kinds of what it holds: provisional, since
	// neither its places are known yet nor what weighs more there. It is called from any worker.
	Found func(kinds []string)
	// Held is told, before Run returns, which objects hold something, by the ids that the source gave them, sorted.
	Held func(ids []string)
	// Broken is told of a panic in a matcher: the blob's id and a stack trace, never content. The blob stands in the ledger.
	Broken func(id string, stack []byte)
}

// Run walks src and returns what it holds, in no particular order. The error is the source's or the context's; trouble with
// single blobs is in the ledger.
func Run(ctx context.Context, src sources.Source, led *sources.Ledger, o Options) ([]finding.Sighting, error) {
	o.Decode.MaxDepth, o.Unpack.MaxDepth = max(1, o.DecodeDepth), max(1, o.ArchiveDepth)
	workers := make([]*examiner, max(1, o.Workers))
	for i := range workers {
		workers[i] = newExaminer(o, led, src.Name())
	}
	if err := src.Walk(ctx, len(workers), led, func(w int, b sources.Blob) error { return workers[w].blob(ctx, b) }); err != nil {
		return nil, err
	}
	var out []finding.Sighting
	unplaced := map[string][]match.Candidate{}
	holders := map[string]bool{}
	for _, w := range workers {
		for _, h := range w.held {
			holders[h.id] = true
			if len(h.where) > 0 {
				out = place(o.Set, out, h.candidates, h.where)
			} else {
				unplaced[h.id] = append(unplaced[h.id], h.candidates...)
			}
		}
		w.held = nil
	}
	if o.Held != nil {
		o.Held(slices.Sorted(maps.Keys(holders)))
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
	o       Options
	led     *sources.Ledger
	target  string
	matcher *match.Matcher
	decoder *decode.Decoder
	budget  *decode.Budget
	unpack  *unpack.Budget
	layers  []layer // one a depth
	wides   int     // texts that were UTF-16 as a whole
	quiet   quiet

	finished []match.Candidate // of a text that is UTF-16 as a whole: they have lines and snippets, those of the decoded text

	memories memories
	runs     []match.Run // of the blob at hand
	held     []held
}

func newExaminer(o Options, led *sources.Ledger, target string) *examiner {
	e := &examiner{
		o: o, led: led, target: target, matcher: o.Set.NewMatcher(), decoder: decode.New(),
		budget: decode.NewBudget(o.Decode), unpack: unpack.NewBudget(o.Unpack), layers: make([]layer, max(2, o.DecodeDepth)),
	}
	for depth := range e.layers {
		e.layers[depth].emit = func(p decode.Piece) { e.piece(depth, p) }
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
		e.found(cs)
		e.held = append(e.held, held{b.ID, cs, slices.Clone(b.Where)})
	}
	return nil
}

// found tells of candidates that go by more than a name.
func (e *examiner) found(cs []match.Candidate) {
	if e.o.Found == nil {
		return
	}
	var kinds []string
	for i := range cs {
		if cs[i].Tier != finding.TierGeneric && cs[i].Detector != nil {
			kinds = append(kinds, cs[i].Detector.ID)
		}
	}
	if len(kinds) > 0 {
		e.o.Found(kinds)
	}
}

func path(b sources.Blob) string {
	if len(b.Where) > 0 {
		return b.Where[0].Path
	}
	return b.Name
}

func (e *examiner) examine(ctx context.Context, b sources.Blob) ([]match.Candidate, error) {
	kind := ""
	if b.Offset == 0 {
		kind = unpack.Kind(b.Bytes[:min(len(b.Bytes), unpack.HeadBytes)])
	}
	skip := func(r finding.Reason, detail string) {
		e.led.Skip(finding.Skip{Target: e.target, Object: b.ID, Path: path(b), Reason: r, Detail: detail, Size: b.Size})
	}
	switch {
	case kind == "" || e.o.ArchiveDepth == 0:
	case int64(len(b.Bytes)) < b.Size:
		if unpack.Opens(kind) {
			skip(finding.ReasonTooLarge, kind+" matched as bytes, not opened")
		}
	case unpack.Opens(kind):
		// Nothing is known of it as a text: what derives from it starts anew.
		return e.container(ctx, b)
	case unpack.Unsupported(kind):
		skip(finding.ReasonUnsupported, kind+" matched as bytes, not opened")
	}
	return e.blobText(&b), nil
}

// container examines the entries of an archive, each a text of its own. What is damaged, or only begins like an archive, is
// matched as it stands besides.
func (e *examiner) container(ctx context.Context, b sources.Blob) ([]match.Candidate, error) {
	var out []match.Candidate
	entries, whole := 0, true
	damaged := func(s finding.Skip) {
		s.Target, s.Object = e.target, b.ID
		if s.Path == "" {
			s.Path = path(b)
		}
		if s.Reason == finding.ReasonCorrupt {
			s.Reason, whole = finding.ReasonDamaged, false
		}
		e.led.Skip(s)
	}
	e.unpack.Reset(e.o.Unpack)
	err := unpack.Walk(ctx, path(b), b.Bytes, e.unpack, func(en unpack.Entry) error {
		entries++
		out = append(out, e.text(en.Bytes, append(slices.Clone(en.Outer), en.Step), 0, 0)...)
		return ctx.Err()
	}, damaged)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		damaged(finding.Skip{Reason: finding.ReasonCorrupt, Detail: err.Error()})
	}
	if entries == 0 || !whole {
		out = append(out, e.text(b.Bytes, nil, b.Offset, b.Line)...)
	}
	return out, nil
}

// text matches a text and what is encoded in it. Line and offset are those of the text's first byte.
func (e *examiner) text(b []byte, steps []finding.Step, offset int64, line int) []match.Candidate {
	r := &root{text: b, offset: offset, line: line}
	f := frame{first: steps}
	out := take(nil, e.matcher.Match(b), &f)
	if e.o.DecodeDepth > 0 {
		e.budget.Reset(e.o.Decode)
		n := len(out)
		out = e.decoded(out, b, f, 0)
		byPlace(out[n:])
		if hit := e.budget.Hit(); hit != "" {
			e.led.Skip(finding.Skip{Target: e.target, Reason: finding.ReasonLimit, Detail: "decoding stopped at its limit on " + hit})
		}
	}
	r.finish(out)
	return e.withFinished(out)
}

// withFinished appends what was finished by itself.
func (e *examiner) withFinished(out []match.Candidate) []match.Candidate {
	out = append(out, e.finished...)
	clear(e.finished)
	e.finished = e.finished[:0]
	return out
}

// frame says how a text hangs in the outermost one, that lines and columns refer to. It is good while its text is being matched.
type frame struct {
	offset int            // of an outermost text: where it begins
	first  []finding.Step // and by which steps it was reached

	outer *frame       // of a decoded text: what it was decoded from, else nil
	text  []byte       // of outer
	piece decode.Piece // and where in it
	lead  int          // bytes at the text's start that are not decoded: the name before the value
	plain []byte       // what the outer text has at this place, where plain text stands in a decoded window
}

// at maps an offset behind lead to the outermost text.
func (f *frame) at(i int) int {
	if f.outer == nil {
		return i + f.offset
	}
	return f.outer.at(max(0, f.piece.At(f.text, min(i, len(f.piece.Text)))-f.outer.lead))
}

// steps are those that lead to the text, outermost first.
func (f *frame) steps() []finding.Step {
	if f.outer == nil {
		return f.first
	}
	steps := append(slices.Clone(f.outer.steps()), f.piece.Step)
	if f.piece.Then.Name != "" {
		steps = append(steps, f.piece.Then)
	}
	return steps
}

// take appends the candidates that stand behind the frame's lead, moved to the outermost text.
func take(out, cs []match.Candidate, f *frame) []match.Candidate {
	var steps []finding.Step
	if len(cs) > 0 {
		steps = f.steps()
	}
next:
	for _, c := range cs {
		c.Parts = slices.Clone(c.Parts)
		for i := range c.Parts {
			p := &c.Parts[i]
			if p.Start < f.lead || f.plain != nil && bytes.Contains(f.plain, p.Value.Reveal()) {
				continue next
			}
			p.Span.Start, p.Span.End = int64(f.at(p.Start-f.lead)), int64(f.at(p.End-f.lead))
		}
		c.Decode = steps
		out = append(out, c)
	}
	return out
}

// layer is a text that is being decoded: the scratch of one depth.
type layer struct {
	out     []match.Candidate
	text    []byte
	frame   frame
	inner   frame
	spliced []byte // a decoded value behind the name it was assigned to
	emit    func(decode.Piece)
}

// decoded appends what is encoded in b, and encoded in that.
func (e *examiner) decoded(out []match.Candidate, b []byte, f frame, depth int) []match.Candidate {
	l := &e.layers[depth]
	l.out, l.text, l.frame = out, b, f
	e.decoder.Pieces(b, e.budget, l.emit)
	out = l.out
	l.out, l.text, l.frame, l.inner = nil, nil, frame{}, frame{}
	return out
}

// piece matches what was decoded at a depth.
func (e *examiner) piece(depth int, p decode.Piece) {
	l := &e.layers[depth]
	if p.End <= l.frame.lead {
		return // stands before the value, and was seen there
	}
	l.inner = frame{outer: &l.frame, text: l.text, piece: p}
	if depth == 0 && p.Start == 0 && p.End == len(l.text) && p.Step.Name == decode.UTF16 {
		// A person's editor shows the lines of the decoded text.
		e.wides++
		e.finished = append(e.finished, e.wide(p.Text, l.inner.steps())...)
		return
	}
	l.spliced, l.inner.lead = p.Splice(l.spliced[:0], l.text)
	switch p.Step.Name {
	case decode.UnicodeEscape, decode.HTML, decode.QuotedPrintable, decode.Joined:
		l.inner.plain = l.text[p.Start:p.End]
	}
	if depth == 0 && e.quiet.holds(l.spliced, e.budget) {
		return
	}
	before, n := e.budget.Load(), len(l.out)
	cs := e.matcher.Match(l.spliced)
	none := len(cs) == 0
	l.out = take(l.out, cs, &l.inner)
	if depth+1 < e.o.DecodeDepth {
		l.out = e.decoded(l.out, l.spliced, l.inner, depth+1)
	}
	if depth == 0 && none && len(l.out) == n && e.budget.Hit() == "" {
		e.quiet.add(l.spliced, e.budget.Load().Minus(before))
	}
}

// wide is text for a blob that is encoded as a whole: what is encoded inside it still shares the blob's budget.
func (e *examiner) wide(b []byte, steps []finding.Step) []match.Candidate {
	f := frame{first: steps}
	out := take(nil, e.matcher.Match(b), &f)
	if e.o.DecodeDepth > 1 {
		out = e.decoded(out, b, f, 1)
	}
	(&root{text: b}).finish(out)
	return out
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
