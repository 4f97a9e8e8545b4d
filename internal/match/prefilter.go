package match

import (
	"encoding/binary"
	"math"

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
	chain [1 << 14]int32 // entry + 1, by hash
	ents  []entry
}

type entry struct {
	gram  uint32
	next  int32
	trigs []trigger
}

// trigger is what to try where a gram stands; off is how far into it the gram begins.
type trigger struct {
	what triggerKind
	off  uint16
	ref  int32
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
)

const folded = 0x20202020

func hashGram(g uint32) uint32 { return g * 0x9E3779B1 }

func (f *filter) add(g [4]byte, t trigger) {
	gram := binary.LittleEndian.Uint32(g[:]) | folded
	x := hashGram(gram)
	slot := &f.chain[x>>18]
	for e := *slot; e != 0; e = f.ents[e-1].next {
		if f.ents[e-1].gram == gram {
			for _, have := range f.ents[e-1].trigs {
				if have == t {
					return
				}
			}
			f.ents[e-1].trigs = append(f.ents[e-1].trigs, t)
			return
		}
	}
	f.bits[x>>wordShift] |= 1 << (x >> bitShift & 63)
	f.ents = append(f.ents, entry{gram: gram, next: *slot, trigs: []trigger{t}})
	*slot = int32(len(f.ents))
}

// triggers lists what a folded gram stands for.
func (f *filter) triggers(g uint32) []trigger {
	for e := f.chain[hashGram(g)>>18]; e != 0; {
		en := &f.ents[e-1]
		if en.gram == g {
			return en.trigs
		}
		e = en.next
	}
	return nil
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

// rarest picks, among the stretches of four sets within seq, the one that will be hit least. It returns where that begins, its
// grams and the hits expected in 16 Mi bytes of source text, or -1 if every stretch spreads over more than maxGrams.
func rarest(seq []detectors.Class) (at int, grams [][4]byte, cost float64) {
	at, cost = -1, math.MaxFloat64
	opts := make([][]byte, len(seq))
	for i := range seq {
		opts[i] = foldedBytes(&seq[i])
	}
	for i := 0; i+4 <= len(seq); i++ {
		o := opts[i : i+4]
		n := len(o[0]) * len(o[1]) * len(o[2]) * len(o[3])
		if n == 0 || n > maxGrams {
			continue
		}
		if c := expectedHits(o) + strayHits*float64(n); c < cost {
			cost, at = c, i
		}
	}
	if at < 0 {
		return at, nil, cost
	}
	for _, a := range opts[at] {
		for _, b := range opts[at+1] {
			for _, c := range opts[at+2] {
				for _, d := range opts[at+3] {
					grams = append(grams, [4]byte{a, b, c, d})
				}
			}
		}
	}
	return at, grams, cost
}

// foldedBytes lists the members of a class, each folded once.
func foldedBytes(c *detectors.Class) []byte {
	var seen [256]bool
	var out []byte
	for x := range 256 {
		if f := byte(x) | 0x20; c.Has(byte(x)) && !seen[f] {
			seen[f] = true
			out = append(out, f)
		}
	}
	return out
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

func literalSets(lit string, fold bool) []detectors.Class {
	out := make([]detectors.Class, 0, len(lit)+1)
	for i := range len(lit) {
		out = append(out, oneByte(lit[i], fold))
	}
	return out
}

var (
	anyByte    = detectors.Class{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	afterShort = *detectors.Of(" -~\t\n\r") // what may follow a keyword of three bytes
)

func (s *Set) buildFilter() *filter {
	f := &filter{}
	for i := range s.shapes {
		sh := &s.shapes[i]
		for _, g := range sh.grams {
			f.add(g, trigger{trigShape, uint16(sh.winOff), int32(i)})
		}
		sh.grams = nil
	}
	for i := range s.anchors {
		seq := literalSets(s.anchors[i].text, false)
		if len(seq) < 4 {
			seq = append(seq, anyByte)
		}
		at, grams, _ := rarest(seq)
		for _, g := range grams {
			f.add(g, trigger{trigStruct, uint16(at), int32(i)})
		}
	}
	for i := range s.words {
		seq := literalSets(s.words[i].text, true)
		if len(seq) < 4 {
			seq = append(seq, afterShort)
		}
		at, grams, _ := rarest(seq)
		for _, g := range grams {
			f.add(g, trigger{trigWord, uint16(at), int32(i)})
		}
	}
	return f
}
