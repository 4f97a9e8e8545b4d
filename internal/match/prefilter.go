package match

import (
	"encoding/binary"
	"math"
	"math/bits"

	"sprawl/detectors"
)

// filter finds places where a trigger may stand, by four bytes of each: its rarest ones. Bytes are folded by |0x20, which
// maps letters of both cases together and now and then two other bytes; every hit is verified.
//
// The bitmap holds 2^21 bits, 256 KiB, and shares a second-level cache with nothing else that is hot. 2^18 bits fit the first
// level, but 17,700 grams of 500 rows then hit 61 times a KiB by chance alone, against 12, which cost more than the cache
// saved. Four positions share one load.
type filter struct {
	bits  [1 << (filterBits - 6)]uint64
	slots [1<<slotBits + 1]uint32 // where the triggers of a slot begin in trigs; a gram's slot is the top of its hash
	trigs []trigger               // by slot, within it in the order of the table
}

// trigger is what to try where a gram stands; off is how far into it the gram begins.
type trigger struct {
	gram uint32
	ref  int32
	off  uint16
	what triggerKind
}

type triggerKind uint8

const (
	trigShape triggerKind = iota
	trigStruct
	trigWord
)

const (
	filterBits = 21
	wordShift  = 32 - filterBits + 6 // of a hash, to the word
	bitShift   = 32 - filterBits     // to the bit within it
	slotBits   = 14
	slotShift  = 32 - slotBits
)

const folded = 0x20202020

func hashGram(g uint32) uint32 { return g * 0x9E3779B1 }

// triggers lists what stands for the grams in the slot of g; those of g itself have its gram.
func (f *filter) triggers(g uint32) []trigger {
	i := hashGram(g) >> slotShift
	return f.trigs[f.slots[i]:f.slots[i+1]]
}

// put takes the triggers, sorted into slots by counting.
func (f *filter) put(ts []trigger) {
	var n [1 << slotBits]uint32
	for i := range ts {
		x := hashGram(ts[i].gram)
		f.bits[x>>wordShift] |= 1 << (x >> bitShift & 63)
		n[x>>slotShift]++
	}
	sum := uint32(0)
	for i, k := range n {
		f.slots[i], n[i] = sum, sum
		sum += k
	}
	f.slots[len(n)] = sum
	f.trigs = make([]trigger, len(ts))
	for i := range ts {
		at := &n[hashGram(ts[i].gram)>>slotShift]
		f.trigs[*at] = ts[i]
		*at++
	}
}

func (f *filter) has(g uint32) bool {
	x := hashGram(g)
	return f.bits[x>>wordShift]>>(x>>bitShift&63)&1 != 0
}

// next returns the first position at or after p where the bitmap has the gram, or -1.
func (f *filter) next(b []byte, p int) int {
	for ; p+8 <= len(b); p += 4 {
		v := binary.LittleEndian.Uint64(b[p:]) | (folded<<32 | folded)
		x0, x1 := hashGram(uint32(v)), hashGram(uint32(v>>8))
		x2, x3 := hashGram(uint32(v>>16)), hashGram(uint32(v>>24))
		h0, h1 := f.bits[x0>>wordShift]>>(x0>>bitShift&63), f.bits[x1>>wordShift]>>(x1>>bitShift&63)
		h2, h3 := f.bits[x2>>wordShift]>>(x2>>bitShift&63), f.bits[x3>>wordShift]>>(x3>>bitShift&63)
		if (h0|h1|h2|h3)&1 != 0 {
			switch {
			case h0&1 != 0:
				return p
			case h1&1 != 0:
				return p + 1
			case h2&1 != 0:
				return p + 2
			}
			return p + 3
		}
	}
	for ; p+4 <= len(b); p++ {
		if f.has(binary.LittleEndian.Uint32(b[p:]) | folded) {
			return p
		}
	}
	return -1
}

// maxGrams bounds how many grams one trigger may spread over.
const maxGrams = 4096

// strayHits is what one more gram costs in hits in 16 Mi bytes, since its bit is set for all that share its hash.
const strayHits = 1 << 24 >> filterBits

// folds is a class as the prefilter sees it.
type folds struct {
	bytes   []byte   // its members, each folded once
	symbols []weight // what they are to the model of text
}

// weight is how many of a symbol's folded bytes are meant, as a share of them.
type weight struct {
	symbol uint8
	share  float64
}

// spot is a position of a shape: what may stand there.
type spot struct {
	class detectors.Class
	folds *folds
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
		seq = append(seq, spot{oneByte(lit[i], fold), f.byte(lit[i])})
	}
	return seq
}

var (
	anyByte    = detectors.Class{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	afterShort = *detectors.Of(" -~\t\n\r") // what may follow a keyword of three bytes
)

// spread appends a trigger for each gram of four places.
func spread(ts []trigger, seq []spot, t trigger) []trigger {
	for _, a := range seq[0].folds.bytes {
		for _, b := range seq[1].folds.bytes {
			for _, c := range seq[2].folds.bytes {
				for _, d := range seq[3].folds.bytes {
					t.gram = uint32(a) | uint32(b)<<8 | uint32(c)<<16 | uint32(d)<<24
					ts = append(ts, t)
				}
			}
		}
	}
	return ts
}

func (s *Set) buildFilter(fold *folder) *filter {
	ts := make([]trigger, 0, 24<<10)
	for i := range s.shapes {
		sh := &s.shapes[i]
		ts = spread(ts, sh.win[:], trigger{what: trigShape, off: uint16(sh.winOff), ref: int32(i)})
	}
	var seq []spot
	literal := func(lit string, fold4 bool, after *detectors.Class, t trigger) {
		seq = fold.literal(seq[:0], lit, fold4)
		if len(seq) < 4 {
			seq = append(seq, spot{*after, fold.class(after)})
		}
		at, _ := rarest(seq)
		t.off = uint16(at)
		ts = spread(ts, seq[at:at+4], t)
	}
	for i := range s.anchors {
		literal(s.anchors[i].text, s.anchors[i].fold, &anyByte, trigger{what: trigStruct, ref: int32(i)})
	}
	for i := range s.words {
		literal(s.words[i].text, true, &afterShort, trigger{what: trigWord, ref: int32(i)})
	}
	f := &filter{}
	f.put(ts)
	return f
}
