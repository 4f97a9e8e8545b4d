package scan

import (
	"bytes"
	"slices"

	"sprawl/finding"
	"sprawl/internal/decode"
	"sprawl/internal/match"
	"sprawl/sources"
)

// memory is what is kept of a text while texts that derive from it may follow.
type memory struct {
	id    string
	text  match.Memory
	plain bool // decoded line by line: neither UTF-16 nor binary, and no limit was met

	decoded []match.Candidate // what was found encoded in it, by place
	load    decode.Load       // at most what it took to decode
}

// maxMemories bounds what a worker remembers of a chain of texts. What is forgotten is matched from the start again.
const maxMemories = 32 << 20

// memories are a worker's: those of the chain of bases that is at hand, the last on top.
type memories struct {
	chain []*memory
	free  []*memory
	bytes int // of chain
	kept  int // of free
}

// base returns the memory of a base and forgets what was derived from it before, or nil.
func (s *memories) base(id string) *memory {
	for n := len(s.chain); n > 0; n = len(s.chain) {
		if s.chain[n-1].id == id {
			return s.chain[n-1]
		}
		s.drop(n - 1)
	}
	return nil
}

func (s *memories) clear() {
	for len(s.chain) > 0 {
		s.drop(len(s.chain) - 1)
	}
}

// drop takes one out of the chain.
func (s *memories) drop(i int) {
	m := s.chain[i]
	s.bytes -= m.bytes()
	s.chain = slices.Delete(s.chain, i, i+1)
	s.giveBack(m)
}

// take hands out an empty memory, push puts it on the chain or giveBack leaves it for the next.
func (s *memories) take(id string) *memory {
	n := len(s.free)
	if n == 0 {
		return &memory{id: id}
	}
	m := s.free[n-1]
	s.free = s.free[:n-1]
	s.kept -= m.bytes()
	m.id, m.plain, m.load = id, false, decode.Load{}
	clear(m.decoded)
	m.decoded = m.decoded[:0]
	return m
}

func (s *memories) push(m *memory) {
	s.chain = append(s.chain, m)
	s.bytes += m.bytes()
	for s.bytes > maxMemories && len(s.chain) > 1 {
		s.drop(0)
	}
}

func (s *memories) giveBack(m *memory) {
	const most = 8 << 20
	if n := m.bytes(); s.kept+n <= most {
		s.free = append(s.free, m)
		s.kept += n
	}
}

func (m *memory) bytes() int { return m.text.Bytes() + 512*cap(m.decoded) }

// blobText is text for a blob as a whole, which may derive from another and may be what others derive from.
func (e *examiner) blobText(b *sources.Blob) []match.Candidate {
	if e.o.NoInherit || b.Offset != 0 || int64(len(b.Bytes)) != b.Size || b.Delta == nil && !b.Derived {
		e.memories.clear()
		return e.text(b.Bytes, nil, b.Offset, b.Line)
	}
	var base *memory
	if b.Delta != nil {
		base = e.memories.base(b.Delta.Base)
	} else {
		e.memories.clear()
	}
	x := e.memories.take(b.ID)
	var out []match.Candidate
	if base != nil && e.takeRuns(b, base) {
		out = take(nil, e.matcher.MatchDerived(b.Bytes, &base.text, e.runs, &x.text), &frame{})
	} else {
		base = nil
		out = take(nil, e.matcher.MatchInto(b.Bytes, &x.text), &frame{})
	}
	if e.o.DecodeDepth > 0 {
		out = append(out, e.decodedDerived(b.Bytes, base, x)...)
	}
	if b.Derived {
		e.memories.push(x)
	} else {
		e.memories.giveBack(x)
	}
	(&root{text: b.Bytes}).finish(out)
	return e.withFinished(out)
}

// takeRuns reads what a blob shares with its base. It reports false where that cannot be so.
func (e *examiner) takeRuns(b *sources.Blob, base *memory) bool {
	e.runs = e.runs[:0]
	end, size := int64(0), int64(base.text.Size())
	if b.Delta.BaseSize != size {
		return false
	}
	for _, r := range b.Delta.Runs {
		if r.Len <= 0 || r.Target < end || r.Base < 0 || r.Len > int64(len(b.Bytes))-r.Target || r.Len > size-r.Base {
			return false
		}
		end = r.Target + r.Len
		e.runs = append(e.runs, match.Run{Target: int(r.Target), Base: int(r.Base), Len: int(r.Len)})
	}
	return true
}

// decodedDerived is what is encoded in b, by place: found anew where b differs from its base, and else carried over. It fills x.
func (e *examiner) decodedDerived(b []byte, base, x *memory) []match.Candidate {
	e.budget.Reset(e.o.Decode)
	out, ok := []match.Candidate(nil), false
	if base != nil && base.plain && !startsWide(b) {
		out, ok = e.inherit(b, base, x)
	}
	if !ok {
		e.budget.Reset(e.o.Decode)
		var wide bool
		out, wide = e.decodedIn(nil, b, 0)
		if hit := e.budget.Hit(); hit != "" {
			e.led.Skip(finding.Skip{Target: e.target, Reason: finding.ReasonLimit, Detail: "decoding stopped at its limit on " + hit})
		} else if !wide {
			x.plain = bytes.IndexByte(b, 0) < 0
		}
		x.load = e.budget.Load()
	}
	byPlace(out)
	if x.plain {
		x.decoded = append(x.decoded, out...)
		for i := range x.decoded {
			// What follows fills in lines and snippets.
			x.decoded[i].Parts = slices.Clone(x.decoded[i].Parts)
		}
	}
	return out
}

// decodedIn appends what is encoded in b, which stands at offset in its text. wide tells that all of b is one piece, whose
// candidates are finished.
func (e *examiner) decodedIn(out []match.Candidate, b []byte, offset int) (_ []match.Candidate, wide bool) {
	n := e.wides
	out = e.decoded(out, b, frame{offset: offset}, 0)
	return out, e.wides > n
}

// byPlace orders what decoders gave, who each go over the text from its start.
func byPlace(cs []match.Candidate) {
	slices.SortStableFunc(cs, func(a, b match.Candidate) int { return int(a.Parts[0].Span.Start - b.Parts[0].Span.Start) })
}

// startsWide reports whether a text has a byte order mark of UTF-16.
func startsWide(b []byte) bool {
	return len(b) >= 2 && (b[0] == 0xff && b[1] == 0xfe || b[0] == 0xfe && b[1] == 0xff)
}

// inherit is decodedIn for what b does not share with its base, and the rest from there. It reports false where b has to be
// decoded as a whole.
//
// A text without NUL is decoded line by line, but for lines that may continue each other. So around all that is new a window is
// laid that begins and ends between two lines that do not (see apart), and what lies outside of all windows is decoded as it
// was in the base.
func (e *examiner) inherit(b []byte, base, x *memory) ([]match.Candidate, bool) {
	var out []match.Candidate
	stretches, last, disjoint := int64(0), 0, true
	keep := func(r *match.Run, from, to int) { // b[from:to] lies in r, between two windows
		shift := int64(r.Target - r.Base)
		lo, hi := int64(from)-shift, int64(to)-shift
		stretches++
		disjoint = disjoint && int(lo) >= last
		last = int(hi)
		i, _ := slices.BinarySearchFunc(base.decoded, lo, func(c match.Candidate, at int64) int { return int(c.Parts[0].Span.Start - at) })
		for ; i < len(base.decoded) && base.decoded[i].Parts[0].Span.Start < hi; i++ {
			c := base.decoded[i]
			c.Parts = slices.Clone(c.Parts)
			for j := range c.Parts {
				c.Parts[j].Span.Start += shift
				c.Parts[j].Span.End += shift
			}
			out = append(out, c)
		}
	}
	runs := e.runs
	from := -1 // of the window that is open
	at := 0    // everything before is done
	flush := func(to int) bool {
		w := b[from:to]
		if startsWide(w) {
			return false // in the middle of a text that is no mark
		}
		out, _ = e.decodedIn(out, w, from)
		from, at = -1, to
		return e.budget.Hit() == ""
	}
	pos := 0 // end of the run before
	for i := range runs {
		r := &runs[i]
		if bytes.IndexByte(b[pos:r.Target], 0) >= 0 {
			return nil, false
		}
		edge := r.Target > pos || i > 0 || r.Base > 0 // something other than in the base stands before the run
		if edge && from < 0 {
			from = at
		}
		start := r.Target // of what this run may keep
		if from >= 0 {
			n := apartAfter(b[r.Target:r.End()])
			if n < 0 {
				pos = r.End()
				continue
			}
			start += n
			if !flush(start) {
				return nil, false
			}
		}
		stop := r.End()
		if i+1 < len(runs) || r.End() < len(b) || r.Base+r.Len < base.text.Size() {
			stop = start + apartBefore(b[start:r.End()])
		}
		if stop > start {
			keep(r, start, stop)
		}
		at, pos = max(start, stop), r.End()
		if at < r.End() {
			from = at
		}
	}
	if bytes.IndexByte(b[pos:], 0) >= 0 {
		return nil, false
	}
	if pos < len(b) && from < 0 {
		from = at
	}
	if from >= 0 && !flush(len(b)) {
		return nil, false
	}
	kept := base.load
	if !disjoint {
		kept = kept.Times(stretches)
	}
	load := e.budget.Load().Plus(kept)
	if !load.Light(e.o.Decode) {
		return nil, false
	}
	x.plain, x.load = true, load
	return out, true
}

// apartReach is how far is looked for a place between two lines.
const apartReach = 16 << 10

// apartAfter returns the first place in b at which what lies before and after is decoded separately, or -1.
func apartAfter(b []byte) int {
	near := b[:min(len(b), apartReach)]
	for i := 0; ; {
		n := bytes.IndexByte(near[i:], '\n')
		if n < 0 {
			return -1
		}
		i += n + 1
		if decode.Apart(b, i) {
			return i
		}
	}
}

// apartBefore returns the last place in b at which what lies before and after is decoded separately, or 0.
func apartBefore(b []byte) int {
	low := max(0, len(b)-apartReach)
	for i := len(b); ; {
		n := bytes.LastIndexByte(b[low:i], '\n')
		if n < 0 {
			return 0
		}
		i = low + n
		if decode.Apart(b, i+1) {
			return i + 1
		}
	}
}
