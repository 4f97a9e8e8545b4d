package match

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"sprawl/detectors"
)

// filter finds places where a trigger may stand, by four bytes of each: its rarest ones. Bytes are folded by |0x20, which
// maps letters of both cases together and now and then two other bytes; every hit is verified.
//
// The bitmap holds 2^21 bits, 256 KiB, and shares a second-level cache with nothing else that is hot. 2^18 bits fit the first
// level, but 17,700 grams of 500 rows then hit 61 times a KiB by chance alone, against 12, which cost more than the cache
// saved.
type filter struct {
	bits  [1 << (filterBits - 6)]uint64
	slots [1<<slotBits + 1]uint32 // where the triggers of a slot begin in trigs; a gram's slot is the top of its hash
	trigs []trigger               // by slot, within it in the order of the table
	sites []site
}

// trigger is a gram, and the site that it stands for.
type trigger struct {
	gram uint32
	site int32 // in filter.sites
}

// site is what to try where one of its grams stands; off is how far into it the gram begins, -1 for the byte before it.
type site struct {
	guard
	ref  int32
	off  int16
	what triggerKind
	sure bool // it stands wherever its guard holds
}

type triggerKind uint8

const (
	trigShape triggerKind = iota
	trigStruct
	trigWord
)

// guard is what eight bytes of a text have in common wherever a site stands: of the bits of mask, those of want. They begin
// guardBack bytes before the gram, so that they tell the case of its letters, which the bitmap does not know, and two bytes to
// each side of it.
type guard struct{ mask, want uint64 }

const (
	guardBack = 2
	guardSize = 8
)

// around makes the guard of a site whose gram begins at seq[at]. What seq does not tell of is left open.
func around(seq []spot, at int) (g guard) {
	for i := max(0, at-guardBack); i < min(len(seq), at-guardBack+guardSize); i++ {
		d := 8 * (i - at + guardBack)
		g.mask |= uint64(seq[i].mask) << d
		g.want |= uint64(seq[i].want) << d
	}
	return g
}

// covers reports whether the guard of a site whose gram begins at seq[at] tells all of what is in seq, literals.
func covers(seq []spot, at int) bool { return at <= guardBack && len(seq)-at <= guardSize-guardBack }

const (
	filterBits = 21
	wordShift  = 32 - filterBits + 6 // of a hash, to the word
	bitShift   = 32 - filterBits     // to the bit within it
	slotBits   = 16
	slotShift  = 32 - slotBits
)

const folded = 0x20202020

func hashGram(g uint32) uint32 { return g * 0x9E3779B1 }

// triggers lists what stands for the grams in the slot of g; those of g itself have its gram.
func (f *filter) triggers(g uint32) []trigger {
	i := hashGram(g) >> slotShift
	return f.trigs[f.slots[i]:f.slots[i+1]]
}

func (f *filter) site(trig int32) *site { return &f.sites[f.trigs[trig].site] }

// put takes the triggers, sorted into slots by counting.
func (f *filter) put(ts []trigger) {
	for i := range ts {
		x := hashGram(ts[i].gram)
		f.bits[x>>wordShift] |= 1 << (x >> bitShift & 63)
		f.slots[x>>slotShift]++
	}
	sum := uint32(0)
	for i := range f.slots {
		sum += f.slots[i]
		f.slots[i] = sum
	}
	f.trigs = make([]trigger, len(ts))
	for i := len(ts) - 1; i >= 0; i-- { // from the ends of the slots to where they begin
		at := &f.slots[hashGram(ts[i].gram)>>slotShift]
		*at--
		f.trigs[*at] = ts[i]
	}
}

func (f *filter) has(g uint32) bool {
	x := hashGram(g)
	return f.bits[x>>wordShift]>>(x>>bitShift&63)&1 != 0
}

// places are where the bitmap has what stands in a text, eight places each: how far behind the start of a stretch the first of
// them is, and a bit for each, the highest for the first.
type places [batch]uint32

// batch is how many are found before they are looked at. To find them takes no guess of the processor's.
const batch = 256

// stretch is how many bytes are looked at before what was found in them is: how far a place may be behind the start of one.
const stretch = 1 << 20

// find fills out with the places in b[p:] where a gram of the bitmap begins, n of them, as far as that goes: it returns where to
// go on, or len(b) where nothing is left.
func (f *filter) find(b []byte, p int, out *places) (n, next int) {
	start, table := p, &f.bits
	for limit := min(len(b)-12, p+stretch); p <= limit && n < batch; p += 8 {
		t := b[p : p+12 : len(b)]
		v := binary.LittleEndian.Uint64(t) | (folded<<32 | folded)
		x0, x1, x2, x3 := hashGram(uint32(v)), hashGram(uint32(v>>8)), hashGram(uint32(v>>16)), hashGram(uint32(v>>24))
		h := table[x0>>wordShift] >> (x0 >> bitShift & 63) & 1
		h = h<<1 | table[x1>>wordShift]>>(x1>>bitShift&63)&1
		h = h<<1 | table[x2>>wordShift]>>(x2>>bitShift&63)&1
		h = h<<1 | table[x3>>wordShift]>>(x3>>bitShift&63)&1
		v = binary.LittleEndian.Uint64(t[4:]) | (folded<<32 | folded)
		x0, x1, x2, x3 = hashGram(uint32(v)), hashGram(uint32(v>>8)), hashGram(uint32(v>>16)), hashGram(uint32(v>>24))
		h = h<<1 | table[x0>>wordShift]>>(x0>>bitShift&63)&1
		h = h<<1 | table[x1>>wordShift]>>(x1>>bitShift&63)&1
		h = h<<1 | table[x2>>wordShift]>>(x2>>bitShift&63)&1
		h = h<<1 | table[x3>>wordShift]>>(x3>>bitShift&63)&1
		out[n&(batch-1)] = uint32(p-start)<<8 | uint32(h)
		n += int((h + 255) >> 8)
	}
	if p <= len(b)-12 || n == batch {
		return n, p
	}
	h := uint32(0)
	for i := 0; p+i+4 <= len(b); i++ {
		if f.has(binary.LittleEndian.Uint32(b[p+i:]) | folded) {
			h |= 128 >> i
		}
	}
	if h != 0 {
		out[n] = uint32(p-start)<<8 | h
		n++
	}
	return n, len(b)
}

// spotted is a place where a site may stand, and the trigger if there is one alone, else several.
type spotted struct{ pos, trig int32 }

const several = -1

type sifted [8 * batch]spotted

// sift goes through the places that find filled in for b[start:] and fills out with those where a site may stand: the place of one
// gram alone must hold that gram, and what its site requires around it. Most do not, and it takes no guess to tell.
func (f *filter) sift(b []byte, start int, ps []uint32, out *sifted) []spotted {
	var short [guardSize]byte
	if len(b) < guardSize {
		copy(short[:], b)
		b = short[:]
	}
	n, end := 0, len(b)-guardSize
	// What decides is summed up and counted: a branch that goes now this way and now that costs more than all of it.
	for _, group := range ps {
		for h := uint8(group); h != 0; {
			i := bits.LeadingZeros8(h)
			h &^= 128 >> i
			p := start + int(group>>8) + i
			g := binary.LittleEndian.Uint32(b[p:]) | folded
			slot := hashGram(g) >> slotShift
			from, to := f.slots[slot], f.slots[slot+1]
			first, last := &f.trigs[from], &f.trigs[to-1] // mostly one
			q := min(max(p-guardBack, 0), end)
			around := binary.LittleEndian.Uint64(b[q:])
			x, y := &f.sites[first.site], &f.sites[last.site]
			differs := uint64(first.gram^g) | around&x.mask ^ x.want
			both := uint64(last.gram^g) | around&y.mask ^ y.want
			unsure := max(0, int(to-from)-2) | (q + guardBack - p) // there are more of them, or an end of the text is near
			keep := 0
			if differs == 0 {
				keep = 1
			}
			if both == 0 {
				keep = 1
			}
			if unsure != 0 {
				keep = 1
			}
			trig := int32(from)
			if to-from != 1 {
				trig = several
			}
			out[n&(8*batch-1)] = spotted{int32(p), trig}
			n += keep
		}
	}
	return out[:n]
}

// maxGrams bounds how many grams one trigger may spread over.
const maxGrams = 4096

// strayHits is what one more gram costs in hits in 16 Mi bytes, since its bit is set for all that share its hash.
const strayHits = 1 << 24 >> filterBits

// folds is a class as the prefilter sees it.
type folds struct {
	bytes   []byte   // its members, each folded once
	symbols []weight // what they are to the model of text
	mask    byte     // the bits that all members, not folded, have in common
	want    byte     // and what these are
}

// weight is how many of a symbol's folded bytes are meant, as a share of them.
type weight struct {
	symbol uint8
	share  float64
}

// spot is a position of a shape: what may stand there.
type spot struct {
	class      detectors.Class
	folds      *folds
	mask, want byte // of its class
}

// folder makes folds once for each class.
type folder struct {
	one [256]*folds
	of  map[detectors.Class]*folds
	seq []spot // scratch
}

func (f *folder) byte(c byte) *folds {
	c |= 0x20
	if f.one[c] == nil {
		f.one[c] = &folds{bytes: []byte{c}, symbols: []weight{{symbolOf[c], 1 / symbolSize[symbolOf[c]]}}}
	}
	return f.one[c]
}

func (f *folder) class(c *detectors.Class) *folds {
	if x := f.of[*c]; x != nil {
		return x
	}
	x := &folds{}
	var share [symbols]float64
	for i, w := range c {
		// A byte and the one with bit 0x20 set besides stand in the same word, 32 places apart.
		for w = (w | w<<32) &^ (1<<32 - 1); w != 0; w &= w - 1 {
			b := byte(i<<6 + bits.TrailingZeros64(w))
			x.bytes = append(x.bytes, b)
			share[symbolOf[b]] += 1 / symbolSize[symbolOf[b]]
		}
	}
	all, some := byte(0xff), byte(0)
	for i, w := range c {
		for ; w != 0; w &= w - 1 {
			b := byte(i<<6 + bits.TrailingZeros64(w))
			all, some = all&b, some|b
		}
	}
	x.mask, x.want = ^(all ^ some), all&some
	for s, n := range share {
		if n > 0 {
			x.symbols = append(x.symbols, weight{uint8(s), n})
		}
	}
	if f.of == nil {
		f.of = map[detectors.Class]*folds{}
	}
	f.of[*c] = x
	return x
}

// rarest picks, among the stretches of four places within seq, the one that will be hit least. It returns where that begins
// and the hits expected in 16 Mi bytes of source text, or -1 if every stretch spreads over more than maxGrams.
func rarest(seq []spot) (at int, cost float64) {
	at, cost = -1, math.MaxFloat64
	for i := 0; i+4 <= len(seq); i++ {
		n := 1
		for _, p := range seq[i : i+4] {
			n *= len(p.folds.bytes)
		}
		if n == 0 || n > maxGrams || strayHits*float64(n) >= cost {
			continue
		}
		if c := expectedHits(seq[i:i+4]) + strayHits*float64(n); c < cost {
			cost, at = c, i
		}
	}
	return at, cost
}

// expectedHits estimates how often one byte of each of four places stands in a row in 16 Mi bytes of source text: a chain of
// pairs.
func expectedHits(seq []spot) float64 {
	var cur, sum [symbols]float64
	for _, x := range seq[0].folds.symbols {
		cur[x.symbol] = x.share
	}
	for i := 1; i < 4; i++ {
		table := &follow
		if i == 1 {
			table = &pairCounts
		}
		clear(sum[:])
		for _, x := range seq[i-1].folds.symbols {
			from := cur[x.symbol]
			for _, y := range seq[i].folds.symbols {
				sum[y.symbol] += from * table[x.symbol][y.symbol] * y.share
			}
		}
		cur = sum
	}
	total := 0.0
	for _, x := range seq[3].folds.symbols {
		total += cur[x.symbol]
	}
	return total
}

// oneByte is the class of one byte; with fold, of both its cases.
func oneByte(c byte, fold bool) detectors.Class {
	var s detectors.Class
	s[c>>6] |= 1 << (c & 63)
	if fold && isLetter(c) {
		c ^= 0x20
		s[c>>6] |= 1 << (c & 63)
	}
	return s
}

// literal appends the places of a literal.
func (f *folder) literal(seq []spot, lit string, fold bool) []spot {
	for i := range len(lit) {
		c, mask := lit[i], byte(0xff)
		if fold && isLetter(c) {
			mask = ^byte(0x20)
		}
		seq = append(seq, spot{oneByte(c, fold), f.byte(c), mask, c & mask})
	}
	return seq
}

// spot is the place of one byte of a class.
func (f *folder) spot(c *detectors.Class) spot {
	x := f.class(c)
	return spot{*c, x, x.mask, x.want}
}

var anyByte = detectors.Class{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// gramOf is the first four places of seq.
func gramOf(seq []spot) [4]*folds {
	return [...]*folds{seq[0].folds, seq[1].folds, seq[2].folds, seq[3].folds}
}

// place adds a site, and a trigger for each gram of its four places.
func (f *filter) place(ts []trigger, x site, gram [4]*folds) []trigger {
	at := int32(len(f.sites))
	f.sites = append(f.sites, x)
	for _, a := range gram[0].bytes {
		for _, b := range gram[1].bytes {
			for _, c := range gram[2].bytes {
				for _, d := range gram[3].bytes {
					ts = append(ts, trigger{uint32(a) | uint32(b)<<8 | uint32(c)<<16 | uint32(d)<<24, at})
				}
			}
		}
	}
	return ts
}

// What may stand behind a short word, as wordEdges says: no letter, an s, or a capital where the word ends in a small letter.
var (
	noLetter  = *detectors.Of(" -@[-`{-~\t\n\r")
	letterS   = *detectors.Of("sS")
	joint     = *detectors.Of("=: \t\"'") // what joins a name and its value
	capital   = *detectors.Of("A-Z")
	capitalNS = *detectors.Of("A-RT-Z")
)

func (s *Set) buildFilter(fold *folder) *filter {
	f := &filter{sites: make([]site, 0, len(s.shapes)+len(s.anchors)+len(s.words)+len(s.words)/8)}
	ts := make([]trigger, 0, 28<<10)
	for i := range s.shapes {
		sh := &s.shapes[i]
		ts = f.place(ts, site{guard: sh.guard, what: trigShape, off: int16(sh.winOff), ref: int32(i)}, sh.win)
	}
	var seq []spot
	before := 0 // bytes of seq before the literal
	literal := func(x site) {
		at, _ := rarest(seq)
		x.off, x.guard = int16(at-before), around(seq, at)
		x.sure = covers(seq, at) && (x.what == trigStruct || len(s.words[x.ref].text) >= shortWord && !s.words[x.ref].solo)
		ts = f.place(ts, x, gramOf(seq[at:]))
	}
	for i := range s.anchors {
		if seq = fold.literal(seq[:0], s.anchors[i].text, s.anchors[i].fold); len(seq) < 4 {
			seq = append(seq, fold.spot(&anyByte))
		}
		literal(site{what: trigStruct, ref: int32(i)})
	}
	for i := range s.words {
		w, x := &s.words[i], site{what: trigWord, ref: int32(i)}
		if seq = fold.literal(seq[:0], w.text, true); len(seq) >= shortWord {
			literal(x)
			continue
		}
		n := len(seq)
		if n == 2 { // too short to be looked for within longer names
			seq, before = append(slices.Insert(seq, 0, fold.spot(&noLetter)), fold.spot(&joint)), 1
			literal(x)
			before = 0
			continue
		}
		seq = append(seq, fold.spot(&noLetter))
		literal(x)
		upper := &capital
		if w.generic {
			upper = &capitalNS
			seq[n] = fold.spot(&letterS)
			literal(x)
		}
		if last := w.text[n-1]; isLower(last) && !w.leaves {
			small := oneByte(last, false)
			seq[n-1], seq[n] = fold.spot(&small), fold.spot(upper)
			literal(x)
		}
	}
	f.put(ts)
	return f
}
