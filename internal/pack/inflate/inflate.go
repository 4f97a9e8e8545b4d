// Package inflate decodes zlib streams (RFC 1950, RFC 1951) whose inflated size is known, in one call and into one buffer.
//
// Without a window to keep, a reader to call, or output to hand over in pieces it is about twice as fast as compress/zlib, most of
// all on the streams of some hundred bytes that packs are full of. It accepts and refuses what compress/zlib does (a fuzz target
// holds them together), save that it refuses preset dictionaries, which git never writes. It allocates nothing, and writes and
// reads nothing outside the slices it is given.
package inflate

import (
	"encoding/binary"
	"errors"
	"hash/adler32"
	"math/bits"
)

// What a malformed stream gives. ErrSize is for a sound beginning that inflates to more or less than was asked for.
var (
	ErrHeader   = errors.New("zlib: malformed header")
	ErrCorrupt  = errors.New("deflate: malformed stream")
	ErrShort    = errors.New("deflate: stream ends early")
	ErrSize     = errors.New("zlib: stream does not inflate to the declared size")
	ErrChecksum = errors.New("zlib: checksum does not match")
)

// Slack is the spare capacity behind out that lets Zlib use its fast path up to the last byte.
const Slack = maxMatch + 16

const (
	maxMatch = 258
	maxLit   = 286 // symbols of a dynamic literal and length code
	maxDist  = 30

	litBits  = 10 // bits that index a table at first; longer codes have a second table behind it
	distBits = 8
	preBits  = 7

	// Enough for every complete code of 288, 32 and 19 symbols, by zlib's enough.c: 1334, 402 and 128.
	litSize  = 2048
	distSize = 512
	preSize  = 128
)

// A table entry:
//
//	literal   bit 31, the byte in 16–23, code bits in 0–5
//	length    base in 16–30, code bits in 8–11, code bits and extra bits together in 0–5
//	distance  the same
//	other     bit 15, and one of
//	  second table  bit 14, its place in 16–30, its index bits in 8–11, bits to drop in 0–5
//	  end of block  bit 13, code bits in 0–5
//	  none          bit 12: no code begins so, or its symbol is reserved
const (
	isLit    = 1 << 31
	isOther  = 1 << 15
	isSecond = 1 << 14
	isEnd    = 1 << 13
	isNone   = 1 << 12
)

// Entries of symbols, without their code bits.
var (
	litSyms  = makeLitSyms()
	distSyms = makeDistSyms()
	preSyms  = makePreSyms()
)

func makeLitSyms() (s [288]uint32) {
	for i := range 256 {
		s[i] = isLit | uint32(i)<<16
	}
	s[256] = isOther | isEnd
	base, extra := uint32(3), uint32(0)
	for i := 257; i < 285; i++ {
		if i >= 265 && (i-265)%4 == 0 {
			extra++
		}
		s[i] = base<<16 | extra
		base += 1 << extra
	}
	s[285] = maxMatch << 16
	s[286], s[287] = isOther|isNone, isOther|isNone
	return s
}

func makeDistSyms() (s [32]uint32) {
	base, extra := uint32(1), uint32(0)
	for i := range maxDist {
		if i >= 4 && i%2 == 0 {
			extra++
		}
		s[i] = base<<16 | extra
		base += 1 << extra
	}
	s[30], s[31] = isOther|isNone, isOther|isNone
	return s
}

func makePreSyms() (s [19]uint32) {
	for i := range s {
		s[i] = uint32(i) << 16
	}
	return s
}

// entryOf is a symbol's entry for a code of n bits.
func entryOf(sym uint32, n uint) uint32 {
	if sym&(isLit|isOther) == 0 {
		return sym + uint32(n)<<8 + uint32(n)
	}
	return sym + uint32(n)
}

// Decoder holds tables between calls. The zero value is ready; one goroutine uses it at a time.
type Decoder struct {
	lit     [litSize]uint32
	dist    [distSize]uint32
	pre     [preSize]uint32
	lens    [maxLit + maxDist + 2]uint8
	sorted  [288]uint16
	litN    uint // index bits of the tables, which may be fewer than litBits
	distN   uint
	isFixed bool // the tables are those of a block with fixed codes
}

// Zlib decodes the stream that begins in into out, which it must fill exactly, and returns the stream's length in bytes with its
// header and checksum. What follows the stream is not looked at. With a spare capacity of Slack behind out, which it may
// overwrite, and 16 bytes behind the stream, it is fast up to the end. On errors out holds anything.
func (d *Decoder) Zlib(out, in []byte) (int, error) {
	if err := header(in); err != nil {
		return 0, err
	}
	n, _, err := d.inflate(out, in[2:], false)
	if err != nil {
		return 0, err
	}
	n += 2
	if len(in)-n < 4 {
		return 0, ErrShort
	}
	if binary.BigEndian.Uint32(in[n:]) != adler32.Checksum(out) {
		return 0, ErrChecksum
	}
	return n + 4, nil
}

// Prefix decodes the beginning of the stream: len(out) bytes, or all if that is less. It returns how many. The checksum is not
// looked at, and in may end after what is asked for.
func (d *Decoder) Prefix(out, in []byte) (int, error) {
	if err := header(in); err != nil {
		return 0, err
	}
	_, n, err := d.inflate(out, in[2:], true)
	return n, err
}

func header(in []byte) error {
	if len(in) < 2 {
		return ErrShort
	}
	h := binary.BigEndian.Uint16(in)
	if h>>8&15 != 8 || h>>12 > 7 || h%31 != 0 || h&0x20 != 0 {
		return ErrHeader
	}
	return nil
}

// build makes the decoding table of a canonical code with the given lengths, at most 15, and returns its index bits. Incomplete
// codes are refused, save none at all and one of length 1, as zlib does.
func build(table []uint32, lens []uint8, syms []uint32, maxBits uint, sorted *[288]uint16) (uint, bool) {
	var count, at [16]uint16
	for _, l := range lens {
		count[l&15]++
	}
	count[0] = 0
	longest := uint(15)
	for longest > 0 && count[longest] == 0 {
		longest--
	}
	if longest == 0 {
		table[0], table[1] = isOther|isNone, isOther|isNone
		return 1, true
	}
	var space uint32 // used, of 1<<longest
	for l := uint(1); l <= longest; l++ {
		space = space<<1 + uint32(count[l])
		if l < 15 {
			at[l+1] = at[l] + count[l]
		}
	}
	for s, l := range lens {
		if l != 0 {
			sorted[at[l&15]] = uint16(s)
			at[l&15]++
		}
	}
	if space != 1<<longest {
		if longest == 1 && space == 1 {
			table[0], table[1] = entryOf(syms[sorted[0]], 1), isOther|isNone
			return 1, true
		}
		return 0, false
	}

	// Codes in order, bit-reversed as they stand in the stream. The table for l bits is the one for l-1 bits twice over, with
	// the codes of l bits written over what they take.
	n := min(maxBits, longest)
	var code uint32
	next := 0
	for l := uint(1); l <= n; l++ {
		half := 1 << (l - 1)
		if next > 0 {
			copy(table[half:2*half], table[:half])
		}
		for range count[l] {
			table[code] = entryOf(syms[sorted[next]], l)
			next++
			code = following(code, l)
		}
	}
	// The rest are longer than n bits: they share their first n bits in groups, each with a table of its own at the end.
	end := uint32(1) << n
	group, start := ^uint32(0), uint32(0)
	for l := n + 1; l <= longest; l++ {
		for left := count[l]; left > 0; left-- {
			if code&(1<<n-1) != group {
				group, start = code&(1<<n-1), end
				// As many bits as it takes until the codes left fill the group.
				more := l - n
				for room := uint32(left); room < 1<<more && n+more < longest; {
					more++
					room = room<<1 + uint32(count[n+more])
				}
				end += 1 << more
				if int(end) > len(table) {
					return 0, false
				}
				table[group] = isOther | isSecond | start<<16 | uint32(more)<<8 | uint32(n)
			}
			e := entryOf(syms[sorted[next]], l-n)
			next++
			for i := start + code>>n; i < end; i += 1 << (l - n) {
				table[i] = e
			}
			code = following(code, l)
		}
	}
	return n, true
}

// following is the code after a bit-reversed code of l bits: one is added from the top bit down. After the last one it is 0.
func following(code uint32, l uint) uint32 {
	free := ^code & (1<<l - 1)
	if free == 0 {
		return 0
	}
	top := uint32(1) << (bits.Len32(free) - 1)
	return code&(top-1) | top
}

var preOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// fixed builds the tables of blocks with fixed codes.
func (d *Decoder) fixed() {
	if d.isFixed {
		return
	}
	var lens [288]uint8
	for i := range lens {
		switch {
		case i < 144:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		case i < 280:
			lens[i] = 7
		default:
			lens[i] = 8
		}
	}
	d.litN, _ = build(d.lit[:], lens[:], litSyms[:], litBits, &d.sorted)
	for i := range 32 {
		lens[i] = 5
	}
	d.distN, _ = build(d.dist[:], lens[:32], distSyms[:], distBits, &d.sorted)
	d.isFixed = true
}

// reader is the bits of the input not yet used. Bits above n are zero or those that the next fill brings.
type reader struct {
	in   []byte
	at   int    // bytes taken from in
	b    uint64 // the bits, first at the bottom
	n    uint   // how many there are
	none uint   // how many of them stand behind the input's end
}

// fill brings n to 56 at least; behind the input's end the bits are zero.
func (r *reader) fill() {
	if r.at+8 <= len(r.in) {
		r.b |= binary.LittleEndian.Uint64(r.in[r.at:]) << (r.n & 63)
		r.at += int((63 - r.n) >> 3)
		r.n |= 56
		return
	}
	r.fillEnd()
}

func (r *reader) fillEnd() {
	for r.n < 56 && r.at < len(r.in) {
		r.b |= uint64(r.in[r.at]) << (r.n & 63)
		r.at++
		r.n += 8
	}
	if r.n < 56 {
		r.none += (r.n | 56) - r.n
		r.n |= 56
	}
}

// take returns the next k bits, at most those that are there.
func (r *reader) take(k uint) uint32 {
	v := uint32(r.b & (1<<(k&63) - 1))
	r.drop(k)
	return v
}

func (r *reader) drop(k uint) {
	r.b >>= k & 63
	r.n -= k
}

// over says whether bits behind the end were used.
func (r *reader) over() bool { return r.n < r.none }

// align drops bits up to a byte's edge and gives back whole bytes.
func (r *reader) align() {
	r.at -= int((r.n - r.none) >> 3)
	r.b, r.n, r.none = 0, 0, 0
}

// dynamic reads a block's codes and builds their tables.
func (d *Decoder) dynamic(r *reader) error {
	d.isFixed = false
	r.fill()
	nlit, ndist, npre := int(r.take(5))+257, int(r.take(5))+1, int(r.take(4))+4
	if nlit > maxLit || ndist > maxDist {
		return ErrCorrupt
	}
	var pre [19]uint8
	for i := range npre {
		if r.n < 3 {
			r.fill()
		}
		pre[preOrder[i]] = uint8(r.take(3))
	}
	n, ok := build(d.pre[:], pre[:], preSyms[:], preBits, &d.sorted)
	if !ok {
		return ErrCorrupt
	}
	mask := uint64(1)<<n - 1
	all := nlit + ndist
	for i := 0; i < all; {
		if r.n < 14 {
			r.fill()
			if r.over() {
				return ErrShort
			}
		}
		e := d.pre[r.b&mask&(preSize-1)]
		if e&isOther != 0 {
			return ErrCorrupt
		}
		r.drop(uint(e & 63))
		var value uint8
		var times int
		switch sym := e >> 16; sym {
		default:
			d.lens[i] = uint8(sym)
			i++
			continue
		case 16:
			if i == 0 {
				return ErrCorrupt
			}
			value, times = d.lens[i-1], 3+int(r.take(2))
		case 17:
			times = 3 + int(r.take(3))
		case 18:
			times = 11 + int(r.take(7))
		}
		if i+times > all {
			return ErrCorrupt
		}
		for range times {
			d.lens[i] = value
			i++
		}
	}
	if d.litN, ok = build(d.lit[:], d.lens[:nlit], litSyms[:], litBits, &d.sorted); !ok {
		return ErrCorrupt
	}
	if d.distN, ok = build(d.dist[:], d.lens[nlit:all], distSyms[:], distBits, &d.sorted); !ok {
		return ErrCorrupt
	}
	return nil
}

// inflate decodes a deflate stream. It returns how much of in it took and, with prefix, how much of out it filled: all of out is
// then reason to stop, where else more or less output is an error.
func (d *Decoder) inflate(out, in []byte, prefix bool) (used, filled int, err error) {
	r := reader{in: in}
	op := 0
	for {
		r.fill()
		last := r.take(1) == 1
		kind := r.take(2)
		if r.over() {
			return 0, op, ErrShort
		}
		switch kind {
		case 0:
			r.align()
			if len(in)-r.at < 4 {
				return 0, op, ErrShort
			}
			n, inv := binary.LittleEndian.Uint16(in[r.at:]), binary.LittleEndian.Uint16(in[r.at+2:])
			if n != ^inv {
				return 0, op, ErrCorrupt
			}
			r.at += 4
			src := in[r.at:]
			if len(src) > int(n) {
				src = src[:n]
			}
			k := copy(out[op:], src)
			op += k
			if k < int(n) {
				switch {
				case op == len(out) && prefix:
					return 0, op, nil
				case op == len(out):
					return 0, op, ErrSize
				}
				return 0, op, ErrShort
			}
			r.at += k
		case 1:
			d.fixed()
			op, err = d.block(out, op, &r, prefix)
		case 2:
			if err = d.dynamic(&r); err == nil {
				op, err = d.block(out, op, &r, prefix)
			}
		default:
			err = ErrCorrupt
		}
		switch {
		case errors.Is(err, errFull):
			return 0, op, nil
		case err != nil:
			return 0, op, err
		case r.over():
			return 0, op, ErrShort
		case !last:
			continue
		case prefix:
			return 0, op, nil
		case op != len(out):
			return 0, op, ErrSize
		}
		r.align()
		return r.at, op, nil
	}
}

// errFull says that a prefix is complete.
var errFull = errors.New("prefix complete")

// block decodes the symbols of a block with the tables that stand in d, from out[op] on, and returns op after it.
func (d *Decoder) block(out []byte, op int, r *reader, prefix bool) (int, error) {
	litMask, distMask := uint64(1)<<d.litN-1, uint64(1)<<d.distN-1
	size := len(out)
	if !prefix {
		var done bool
		var err error
		if op, done, err = d.fast(out, op, r); done || err != nil {
			return op, err
		}
	}
	for {
		r.fill()
		e := d.lit[r.b&litMask&(litSize-1)]
		if e&isSecond != 0 && e&(isLit|isOther) == isOther {
			r.drop(uint(e & 63))
			e = d.lit[(uint64(e>>16)+r.b&(1<<(e>>8&15)-1))&(litSize-1)]
		}
		if e&isLit != 0 {
			r.drop(uint(e & 63))
			if r.over() {
				return op, ErrShort
			}
			if op == size {
				return op, full(prefix)
			}
			out[op] = byte(e >> 16)
			op++
			continue
		}
		if e&isOther != 0 {
			if e&isNone != 0 {
				return op, ErrCorrupt
			}
			r.drop(uint(e & 63))
			return op, nil
		}
		length := int(e>>16) + int(r.b&(1<<(e&63)-1)>>(e>>8&15))
		r.drop(uint(e & 63))
		r.fill()
		e = d.dist[r.b&distMask&(distSize-1)]
		if e&isOther != 0 && e&isSecond != 0 {
			r.drop(uint(e & 63))
			e = d.dist[(uint64(e>>16)+r.b&(1<<(e>>8&15)-1))&(distSize-1)]
		}
		if e&isOther != 0 {
			return op, ErrCorrupt
		}
		dist := int(e>>16) + int(r.b&(1<<(e&63)-1)>>(e>>8&15))
		r.drop(uint(e & 63))
		if r.over() {
			return op, ErrShort
		}
		if dist > op {
			return op, ErrCorrupt
		}
		n := min(length, size-op)
		for range n {
			out[op] = out[op-dist]
			op++
		}
		if n < length {
			return op, full(prefix)
		}
	}
}

func full(prefix bool) error {
	if prefix {
		return errFull
	}
	return ErrSize
}

// fast decodes symbols while there is room behind input and output for whatever one round takes: 16 bytes, and Slack. done says
// that the block's end was met.
func (d *Decoder) fast(out []byte, op int, r *reader) (_ int, done bool, err error) {
	size := len(out)
	// Rounds may write behind size, into spare capacity only.
	out = out[:min(cap(out), size+Slack)]
	opMax, atMax := min(size, len(out)-Slack), len(r.in)-16
	in := r.in
	lit, dst := &d.lit, &d.dist
	litMask, distMask := uint64(1)<<d.litN-1, uint64(1)<<d.distN-1
	at, b, n := r.at, r.b, r.n
	if r.none != 0 {
		return op, false, nil
	}
	for op <= opMax && at <= atMax {
		b |= binary.LittleEndian.Uint64(in[at:]) << (n & 63)
		at += int((63 - n) >> 3)
		n |= 56
		// Up to three literals of one lookup each leave 26 bits of the 56; after two, a length takes 20 at most.
		e := lit[b&litMask&(litSize-1)]
		if e&isLit != 0 {
			out[op] = byte(e >> 16)
			op++
			b >>= e & 63
			n -= uint(e & 63)
			e = lit[b&litMask&(litSize-1)]
			if e&isLit != 0 {
				out[op] = byte(e >> 16)
				op++
				b >>= e & 63
				n -= uint(e & 63)
				e = lit[b&litMask&(litSize-1)]
				if e&isLit != 0 {
					out[op] = byte(e >> 16)
					op++
					b >>= e & 63
					n -= uint(e & 63)
					continue
				}
			}
		}
		if e&isOther != 0 {
			if e&isSecond != 0 {
				b >>= e & 63
				n -= uint(e & 63)
				e = lit[(uint64(e>>16)+b&(1<<(e>>8&15)-1))&(litSize-1)]
				if e&isLit != 0 {
					out[op] = byte(e >> 16)
					op++
					b >>= e & 63
					n -= uint(e & 63)
					continue
				}
			}
			if e&isOther != 0 {
				if e&isNone != 0 {
					return op, false, ErrCorrupt
				}
				b >>= e & 63
				n -= uint(e & 63)
				done = true
				break
			}
		}
		length := int(e>>16) + int(b&(1<<(e&63)-1)>>(e>>8&15))
		b >>= e & 63
		n -= uint(e & 63)
		b |= binary.LittleEndian.Uint64(in[at:]) << (n & 63)
		at += int((63 - n) >> 3)
		n |= 56
		e = dst[b&distMask&(distSize-1)]
		if e&isOther != 0 {
			if e&isSecond != 0 {
				b >>= e & 63
				n -= uint(e & 63)
				e = dst[(uint64(e>>16)+b&(1<<(e>>8&15)-1))&(distSize-1)]
			}
			if e&isOther != 0 {
				return op, false, ErrCorrupt
			}
		}
		dist := int(e>>16) + int(b&(1<<(e&63)-1)>>(e>>8&15))
		b >>= e & 63
		n -= uint(e & 63)
		src := op - dist
		if src < 0 {
			return op, false, ErrCorrupt
		}
		to := out[op : op+maxMatch+8]
		from := out[src:]
		switch {
		case dist >= 8:
			// Eight bytes at a time, up to seven too many.
			binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
			if length > 8 {
				binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
			}
			if length > 16 {
				if dist >= length {
					copy(to[16:length], from[16:length])
				} else {
					for k := 16; k < length; k += 8 {
						binary.LittleEndian.PutUint64(to[k:], binary.LittleEndian.Uint64(from[k:]))
					}
				}
			}
		case dist == 1:
			c := from[0]
			run := to[:length]
			for k := range run {
				run[k] = c
			}
		default:
			for k := range length {
				to[k] = from[k]
			}
		}
		op += length
	}
	r.at, r.b, r.n = at, b, n
	if op > size {
		return op, false, ErrSize
	}
	return op, done, nil
}
