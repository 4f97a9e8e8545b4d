package match

import (
	"encoding/binary"
	"math"
	"slices"

	"sprawl/detectors"
)

// Run is a stretch that a text shares with the one it derives from: Len bytes at Target stand at Base there.
type Run struct{ Target, Base, Len int }

// End is where it ends in the target.
func (r *Run) End() int { return r.Target + r.Len }

// Memory is what is kept of a text so that another, which derives from it, costs no more than where they differ: every trigger
// that stands in it, how far each looked, and what it gave. The zero value is ready to be filled, and to be filled again.
type Memory struct {
	size  int
	hits  []hit
	cands []Candidate // in the order of hits, as they were emitted
}

// hit is a trigger in a text.
type hit struct {
	pos   int32 // of its gram
	trig  int32 // in filter.trigs
	back  int32 // bytes before pos that its evaluation may have looked at
	ahead int32 // and from pos on
	cands int32 // candidates up to here, its own included
}

// Size is how long its text was.
func (x *Memory) Size() int { return x.size }

// Bytes is about how much memory it holds.
func (x *Memory) Bytes() int { return 20*cap(x.hits) + 512*cap(x.cands) }

// MatchInto is Match, and fills x.
func (m *Matcher) MatchInto(b []byte, x *Memory) []Candidate {
	m.begin(b, x)
	m.scan(0, len(b), nil, 0)
	for i := range m.hits {
		m.eval(&m.hits[i])
	}
	return m.finish(x)
}

// MatchDerived is Match for a text of which runs are copies of the one that base was filled with, at the cost of what is new.
// It fills x, which is not base. Runs are sorted by Target, do not overlap, and lie within the texts.
//
// Triggers within a run are known from base; the others stand where two runs meet or in what is new, and are looked for there.
// What a trigger gave holds as long as all bytes that its evaluation could see lie in the run with it, or end with the text on
// both sides alike.
func (m *Matcher) MatchDerived(b []byte, base *Memory, runs []Run, x *Memory) []Candidate {
	m.begin(b, x)
	m.scanNew(len(b), runs, base.size)
	// Inherited hits and found ones are each in order; found ones go first into fresh, then both are merged.
	m.fresh, m.hits = m.hits, m.fresh[:0]
	next := 0
	for i := range runs {
		r := &runs[i]
		j, _ := slices.BinarySearchFunc(base.hits, int32(r.Base), func(h hit, at int32) int { return int(h.pos) - int(at) })
		shift, known := r.Target-r.Base, int32(0)
		if j > 0 {
			known = base.hits[j-1].cands
		}
		for _, h := range base.hits[j:] {
			if int(h.pos) >= r.Base+r.Len {
				break
			}
			from, to := known, h.cands
			known = to
			h.pos += int32(shift)
			if m.within(&h, r, base.size) {
				for next < len(m.fresh) && before(&m.fresh[next], &h) {
					m.evalNew(m.fresh[next])
					next++
				}
				for ; from < to; from++ {
					m.cands = append(m.cands, base.cands[from].moved(shift))
				}
				h.cands = int32(len(m.cands))
				m.hits = append(m.hits, h)
				continue
			}
			if lo, hi := m.set.literal(&h); !r.holds(lo, hi, len(b), base.size) {
				continue
			}
			for next < len(m.fresh) && before(&m.fresh[next], &h) {
				m.evalNew(m.fresh[next])
				next++
			}
			m.evalNew(h)
		}
	}
	for ; next < len(m.fresh); next++ {
		m.evalNew(m.fresh[next])
	}
	return m.finish(x)
}

func before(a, b *hit) bool { return a.pos < b.pos || a.pos == b.pos && a.trig < b.trig }

func (m *Matcher) begin(b []byte, x *Memory) {
	clear(m.cands)
	m.cands = m.cands[:0]
	m.hits = x.hits[:0]
	m.b, m.identStart, m.identEnd, m.run = b, -1, -1, classRun{}
	m.escapes.lo = -1
	clear(m.whole)
}

func (m *Matcher) finish(x *Memory) []Candidate {
	clear(x.cands)
	x.size, x.hits, x.cands = len(m.b), m.hits, append(x.cands[:0], m.cands...)
	m.hits, m.b = nil, nil
	m.cands = ordered(m.cands)
	hideNames(m.cands)
	return m.cands
}

// holds reports whether a run has all of [lo, hi), or all of it that the text has and its base has too.
func (r *Run) holds(lo, hi, size, baseSize int) bool {
	return (lo >= r.Target || r.Target == 0 && r.Base == 0) && (hi <= r.End() || r.End() == size && r.Base+r.Len == baseSize)
}

// scan appends the triggers whose grams lie in b[from:to], but for those that one of the runs holds.
func (m *Matcher) scan(from, to int, runs []Run, baseSize int) {
	f, b := m.set.filter, m.b[:to]
	for p := f.next(b, from); p >= 0; p = f.next(b, p+1) {
		g := binary.LittleEndian.Uint32(b[p:]) | folded
		i := hashGram(g) >> slotShift
		for k := f.slots[i]; k < f.slots[i+1]; k++ {
			if t := &f.trigs[k]; t.gram == g && m.stands(t, p) {
				h := hit{pos: int32(p), trig: int32(k)}
				if len(runs) > 0 {
					lo, hi := m.set.literal(&h)
					for len(runs) > 0 && runs[0].End() <= lo {
						runs = runs[1:]
					}
					// The gram is where order comes from, and a literal may begin far before it: earlier runs are not needed again.
					if len(runs) > 0 && runs[0].holds(max(lo, 0), hi, len(m.b), baseSize) && (lo >= 0 || runs[0].holds(lo, hi, len(m.b), baseSize)) {
						continue
					}
				}
				m.hits = append(m.hits, h)
			}
		}
	}
}

// scanNew looks for triggers that no run holds as a whole.
func (m *Matcher) scanNew(size int, runs []Run, baseSize int) {
	around := m.set.longest
	from, to, first := -1, -1, 0 // of the stretch to look at, and the first run that may reach into it
	at := 0
	for i := 0; i <= len(runs); i++ {
		gap := size // where the next run begins
		if i < len(runs) {
			gap = runs[i].Target
		}
		edge := i == 0 && len(runs) > 0 && runs[0].Base > 0 || i == len(runs) && i > 0 && runs[i-1].Base+runs[i-1].Len < baseSize
		if gap > at || i > 0 && i < len(runs) || edge {
			lo, hi := max(0, at-around), min(size, gap+around)
			if lo > to {
				if from >= 0 {
					m.scan(from, to, runs[first:], baseSize)
				}
				from = lo
				for first < len(runs) && runs[first].End() <= max(0, lo-around) {
					first++
				}
			}
			to = hi
		}
		if i < len(runs) {
			at = runs[i].End()
		}
	}
	if from >= 0 {
		m.scan(from, to, runs[first:], baseSize)
	}
}

// literal is the stretch of the text that makes a hit what it is; it may begin or end outside of the text by a byte.
func (s *Set) literal(h *hit) (lo, hi int) {
	t := &s.filter.trigs[h.trig]
	lo, hi = int(h.pos), int(h.pos)+4
	n := 0
	switch t.what {
	case trigShape:
		x := &s.shapes[t.ref]
		return lo + x.headAt, lo + x.headAt + len(x.head)
	case trigStruct:
		n = len(s.anchors[t.ref].text)
	case trigWord:
		if n = len(s.words[t.ref].text); n < shortWord {
			return lo - int(t.off) - 1, max(hi, lo-int(t.off)+n+1)
		}
	}
	at := lo - int(t.off)
	return at, max(hi, at+n)
}

// stands reports whether a trigger whose gram is at p is there as a whole.
func (m *Matcher) stands(t *trigger, p int) bool {
	b, at := m.b, p-int(t.off)
	switch t.what {
	case trigShape:
		s := &m.set.shapes[t.ref]
		i := p + s.headAt
		if i < 0 || len(b)-i < len(s.head) {
			return false
		}
		for j, c := range b[i : i+len(s.head)] {
			if !s.head[j].Has(c) {
				return false
			}
		}
		return true
	case trigStruct:
		a := &m.set.anchors[t.ref]
		if a.fold {
			return at >= 0 && hasFold(b[at:], a.text)
		}
		return at >= 0 && len(b)-at >= len(a.text) && string(b[at:at+len(a.text)]) == a.text
	}
	w := &m.set.words[t.ref]
	return at >= 0 && hasFold(b[at:], w.text) && wordEdges(b, at, w)
}

// eval runs what a hit stands for.
func (m *Matcher) eval(h *hit) {
	t := &m.set.filter.trigs[h.trig]
	p := int(h.pos)
	at := p - int(t.off)
	switch t.what {
	case trigShape:
		s := &m.set.shapes[t.ref]
		h.back, h.ahead = int32(t.off)+int32(s.back), int32(s.ahead)
		if !m.shape(s, at) {
			h.back, h.ahead = int32(max(int(t.off)+s.hi+escapeBack+2, -s.headAt)), int32(max(m.run.far-p, s.headAt+len(s.head))+2)
		}
	case trigStruct:
		st := &m.set.structs[m.set.anchors[t.ref].of]
		back := st.back
		if !m.structure(t.ref, at) && back < math.MaxInt32 {
			back -= nameBack
		}
		h.back, h.ahead = int32(min(math.MaxInt32, back+int(t.off))), int32(min(math.MaxInt32, st.ahead))
	case trigWord:
		from, to := m.word(&m.set.words[t.ref], at)
		h.back, h.ahead = int32(p-from), int32(to-p)
	}
	h.cands = int32(len(m.cands))
}

func (m *Matcher) evalNew(h hit) {
	m.eval(&h)
	m.hits = append(m.hits, h)
}

// within reports whether all that decided about a hit, moved to the target, lies in the run, and a byte more to each side.
func (m *Matcher) within(h *hit, r *Run, baseSize int) bool {
	p := int(h.pos)
	if p-int(h.back) <= r.Target && (r.Target != 0 || r.Base != 0) {
		return false
	}
	return int(h.ahead) < r.End()-p || r.End() == len(m.b) && r.Base+r.Len == baseSize
}

// moved is a candidate of a text in which everything stands by bytes further on.
func (c Candidate) moved(by int) Candidate {
	if by == 0 {
		return c
	}
	c.Start += by
	c.End += by
	c.Parts = slices.Clone(c.Parts)
	for i := range c.Parts {
		c.Parts[i].Start += by
		c.Parts[i].End += by
	}
	return c
}

// reachOf is how many bytes before an anchor and from it on a structure's row says it looks at, and what is looked at besides.
func reachOf(r detectors.Reach) (back, ahead int) {
	switch r.Kind {
	case detectors.ReachLocal:
		back, ahead = r.N, r.N
	case detectors.ReachBlock:
		back, ahead = blockBack, r.N
	default:
		return math.MaxInt32, math.MaxInt32
	}
	return back + nameBack, ahead + anchorAhead
}
