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
	size int
	pos  []int32 // of each hit; what else is known of it stands in hits
	hits []hit
	wide []int32     // hits that looked further than nearReach
	from []int32     // the hit that gave each candidate
	give []Candidate // in the order of hits, as they were emitted
}

// hit is a trigger in a text.
type hit struct {
	trig  int32 // in filter.trigs
	back  int32 // bytes before its gram that its evaluation may have looked at
	ahead int32 // and from the gram on
}

// found is a trigger that is still to be evaluated.
type found struct{ pos, trig int32 }

// nearReach is what most hits stay within, so that a stretch of them is carried over without a look at each.
const nearReach = 640

// Size is how long its text was.
func (x *Memory) Size() int { return x.size }

// Bytes is about how much memory it holds.
func (x *Memory) Bytes() int { return 20*cap(x.hits) + 512*cap(x.give) }

// grow makes room for about n hits at once.
func (x *Memory) grow(n int) {
	if n += n / 8; cap(x.pos) < n {
		x.pos, x.hits = make([]int32, 0, n), make([]hit, 0, n)
	}
}

func (x *Memory) reset(size int) {
	clear(x.give)
	x.size, x.pos, x.hits, x.wide, x.from, x.give = size, x.pos[:0], x.hits[:0], x.wide[:0], x.from[:0], x.give[:0]
}

// MatchInto is Match, and fills x.
func (m *Matcher) MatchInto(b []byte, x *Memory) []Candidate {
	m.begin(b, x)
	m.scan(0, len(b), nil, 0)
	for _, f := range m.fresh {
		m.evaluate(f)
	}
	return m.finish()
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
	x.grow(len(base.pos) + len(m.fresh))
	// Inherited hits and fresh ones are each in order, and are taken in the order of both.
	for i := range runs {
		m.inherit(base, &runs[i])
	}
	m.upTo(math.MaxInt32, 0)
	return m.finish()
}

// inherit takes the hits of base that lie in a run.
func (m *Matcher) inherit(base *Memory, r *Run) {
	c := &m.at
	c.pos = seek(base.pos, c.pos, r.Base)
	lo := c.pos
	c.pos = seek(base.pos, c.pos, r.Base+r.Len)
	hi := c.pos
	// Between left and right only hits with a wide reach can have looked out of the run.
	left, right := lo, hi
	if r.Target != 0 || r.Base != 0 {
		left = seek(base.pos[:hi], lo, r.Base+nearReach+1)
	}
	if r.End() != len(m.b) || r.Base+r.Len != base.size {
		right = lo + lowerBound(base.pos[lo:hi], r.Base+r.Len-nearReach)
	}
	if left >= right {
		left, right = hi, hi
	}
	m.inheritEach(base, r, lo, left)
	if left < right {
		c.wide = seek(base.wide, c.wide, left)
		w := c.wide
		for ; w < len(base.wide) && int(base.wide[w]) < right; w++ {
			i := int(base.wide[w])
			m.inheritAll(base, r, left, i)
			m.inheritEach(base, r, i, i+1)
			left = i + 1
		}
		m.inheritAll(base, r, left, right)
	}
	m.inheritEach(base, r, right, hi)
}

// inheritEach takes the hits from lo to hi one by one: as they are if all they looked at lies in the run, evaluated anew if only
// the trigger does.
func (m *Matcher) inheritEach(base *Memory, r *Run, lo, hi int) {
	shift := r.Target - r.Base
	for i := lo; i < hi; i++ {
		h, pos := base.hits[i], int(base.pos[i])+shift
		if m.within(h, pos, r, base.size) {
			m.upTo(int32(pos), h.trig)
			m.carry(base, shift, i, i+1)
		} else if from, to := m.set.literal(h.trig, pos); r.holds(from, to, len(m.b), base.size) {
			m.upTo(int32(pos), h.trig)
			m.evaluate(found{int32(pos), h.trig})
		}
	}
}

// inheritAll takes the hits from lo to hi as they are.
func (m *Matcher) inheritAll(base *Memory, r *Run, lo, hi int) {
	shift := r.Target - r.Base
	for lo < hi {
		to := hi
		if m.next < len(m.fresh) {
			to = lo + lowerBound(base.pos[lo:hi], int(m.fresh[m.next].pos)-shift)
			for to < hi && !m.fresh[m.next].before(base.pos[to]+int32(shift), base.hits[to].trig) {
				to++
			}
		}
		m.carry(base, shift, lo, to)
		if lo = to; lo < hi {
			m.upTo(base.pos[lo]+int32(shift), base.hits[lo].trig)
		}
	}
}

// carry copies hits and what they gave.
func (m *Matcher) carry(base *Memory, shift, lo, hi int) {
	if lo >= hi {
		return
	}
	x := m.x
	n := len(x.pos)
	x.hits = append(x.hits, base.hits[lo:hi]...)
	x.pos = append(x.pos, base.pos[lo:hi]...)
	if shift != 0 {
		moved := x.pos[n:]
		for i := range moved {
			moved[i] += int32(shift)
		}
	}
	c := &m.at
	for c.wide = seek(base.wide, c.wide, lo); c.wide < len(base.wide) && int(base.wide[c.wide]) < hi; c.wide++ {
		x.wide = append(x.wide, base.wide[c.wide]+int32(n-lo))
	}
	for c.from = seek(base.from, c.from, lo); c.from < len(base.from) && int(base.from[c.from]) < hi; c.from++ {
		x.from = append(x.from, base.from[c.from]+int32(n-lo))
		m.cands = append(m.cands, base.give[c.from].moved(shift))
	}
}

// upTo evaluates the fresh triggers that stand before a hit.
func (m *Matcher) upTo(pos, trig int32) {
	for m.next < len(m.fresh) && m.fresh[m.next].before(pos, trig) {
		m.evaluate(m.fresh[m.next])
		m.next++
	}
}

func (f *found) before(pos, trig int32) bool { return f.pos < pos || f.pos == pos && f.trig < trig }

// evaluate runs what a trigger stands for, and remembers it.
func (m *Matcher) evaluate(f found) {
	n, x := len(m.cands), m.x
	h := m.eval(int(f.pos), f.trig)
	at := int32(len(x.pos))
	if h.back > nearReach || h.ahead > nearReach {
		x.wide = append(x.wide, at)
	}
	x.pos, x.hits = append(x.pos, f.pos), append(x.hits, h)
	for ; n < len(m.cands); n++ {
		x.from = append(x.from, at)
	}
}

// cursors are where in a base the last run ended: the next one mostly begins close behind.
type cursors struct{ pos, wide, from int }

// seek is lowerBound, fast where that is at at or a little behind it.
func seek(s []int32, at, v int) int {
	if at > len(s) || at > 0 && int(s[at-1]) >= v {
		return lowerBound(s, v)
	}
	step := 1
	for at+step <= len(s) && int(s[at+step-1]) < v {
		at += step
		step *= 2
	}
	return at + lowerBound(s[at:min(len(s), at+step)], v)
}

// lowerBound is the first place in s, sorted, with a value of at least v.
func lowerBound(s []int32, v int) int {
	lo, hi := 0, len(s)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); int(s[mid]) < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (m *Matcher) begin(b []byte, x *Memory) {
	clear(m.cands)
	m.cands, m.fresh, m.next, m.at = m.cands[:0], m.fresh[:0], 0, cursors{}
	m.b, m.identStart, m.identEnd, m.run = b, -1, -1, classRun{}
	m.escapes.lo = -1
	clear(m.whole)
	x.reset(len(b))
	m.x = x
}

func (m *Matcher) finish() []Candidate {
	m.x.give = append(m.x.give, m.cands...)
	m.alone() // not carried over to derived texts: each is short enough to be asked
	m.b, m.x = nil, nil
	m.cands = ordered(m.cands)
	hideNames(m.cands)
	return m.cands
}

// holds reports whether a run has all of [lo, hi), or all of it that the text has and its base has too.
func (r *Run) holds(lo, hi, size, baseSize int) bool {
	return (lo >= r.Target || r.Target == 0 && r.Base == 0) && (hi <= r.End() || r.End() == size && r.Base+r.Len == baseSize)
}

// scan appends to m.fresh the triggers whose grams lie in b[from:to], but for those that one of the runs holds.
func (m *Matcher) scan(from, to int, runs []Run, baseSize int) {
	b := m.b[:to]
	for from < to {
		n, next := m.set.filter.find(b, from, &m.places)
		for _, p := range m.set.filter.sift(b, from, m.places[:n], &m.sifted) {
			runs = m.place(b, p, runs, baseSize)
		}
		from = next
	}
}

// place appends to m.fresh the triggers that stand there. It returns the runs that may hold those further on.
func (m *Matcher) place(b []byte, at spotted, runs []Run, baseSize int) []Run {
	f, p := m.set.filter, int(at.pos)
	inside := p >= guardBack && p-guardBack+guardSize <= len(b)
	if at.trig != several && inside { // sift has compared the gram and the guard
		if x := f.site(at.trig); x.sure || m.stands(x, p) {
			runs = m.stand(p, at.trig, runs, baseSize)
		}
		return runs
	}
	g, around := binary.LittleEndian.Uint32(b[p:])|folded, uint64(0)
	if inside {
		around = binary.LittleEndian.Uint64(b[p-guardBack:])
	}
	i := hashGram(g) >> slotShift
	first := f.slots[i]
	for k, t := range f.trigs[first:f.slots[i+1]] {
		if t.gram != g {
			continue
		}
		x := &f.sites[t.site]
		if inside && around&x.mask != x.want || !(inside && x.sure) && !m.stands(x, p) {
			continue
		}
		runs = m.stand(p, int32(k)+int32(first), runs, baseSize)
	}
	return runs
}

// stand appends a trigger to m.fresh, unless one of the runs holds it.
func (m *Matcher) stand(p int, trig int32, runs []Run, baseSize int) []Run {
	if len(runs) > 0 {
		lo, hi := m.set.literal(trig, p)
		for len(runs) > 0 && runs[0].End() <= lo {
			runs = runs[1:]
		}
		// The gram is where order comes from, and a literal may begin far before it: earlier runs are not needed again.
		if len(runs) > 0 && runs[0].holds(max(lo, 0), hi, len(m.b), baseSize) && (lo >= 0 || runs[0].holds(lo, hi, len(m.b), baseSize)) {
			return runs
		}
	}
	m.fresh = append(m.fresh, found{int32(p), trig})
	return runs
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

// literal is the stretch of the text that makes a hit what it is; it may begin or end outside of the text.
func (s *Set) literal(trig int32, pos int) (lo, hi int) {
	t := s.filter.site(trig)
	lo, hi = pos, pos+4
	n := 0
	switch t.what {
	case trigShape:
		x := &s.shapes[t.ref]
		return lo + x.headAt, lo + x.headAt + len(x.head)
	case trigStruct:
		n = len(s.anchors[t.ref].text)
	case trigWord:
		w := &s.words[t.ref]
		if n = len(w.text); w.solo {
			return lo - int(t.off) - 1, max(hi, lo-int(t.off)+n+callAhead)
		} else if n < shortWord {
			return lo - int(t.off) - 1, max(hi, lo-int(t.off)+n+1)
		}
	}
	at := lo - int(t.off)
	return at, max(hi, at+n)
}

// stands reports whether a site whose gram is at p is there as a whole.
func (m *Matcher) stands(t *site, p int) bool {
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
	return at >= 0 && hasFold(b[at:], w.text) && wordEdges(b, at, w) && !(w.solo && w.alone(b, at))
}

// eval runs what the trigger at p stands for.
func (m *Matcher) eval(p int, trig int32) hit {
	t := m.set.filter.site(trig)
	h := hit{trig: trig}
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
		some, back := m.structure(t.ref, at), st.back
		switch {
		case some || back == math.MaxInt32:
		case st.row.Read != nil:
			from, to := st.row.Read(m.b, at)
			h.back, h.ahead = int32(p-min(from, at)), int32(max(to, at+len(m.set.anchors[t.ref].text))+1-p)
			return h
		default:
			back -= nameBack
		}
		h.back, h.ahead = int32(min(math.MaxInt32, back+int(t.off))), int32(min(math.MaxInt32, st.ahead))
	case trigWord:
		from, to := m.word(&m.set.words[t.ref], at)
		h.back, h.ahead = int32(p-from), int32(to-p)
	}
	return h
}

// within reports whether all that decided about a hit, which stands at pos in the target, lies in the run, and a byte more to
// each side.
func (m *Matcher) within(h hit, pos int, r *Run, baseSize int) bool {
	if pos-int(h.back) <= r.Target && (r.Target != 0 || r.Base != 0) {
		return false
	}
	return int(h.ahead) < r.End()-pos || r.End() == len(m.b) && r.Base+r.Len == baseSize
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
