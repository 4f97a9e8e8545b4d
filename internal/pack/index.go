package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// index maps ids to offsets in one pack. Entry i has its id at ids[i*idStride:] and its offset at offs[i*offStride:].
type index struct {
	path      string
	hash      int // bytes of an id
	n         int
	fanout    [256]uint32 // fanout[b]: entries whose id begins with b or less
	ids       []byte
	idStride  int
	offs      []byte
	offStride int
	large     []byte   // 8-byte offsets; an offset with the top bit set is an index into it
	noLarge   bool     // version 1: all 32 bits are the offset
	pick      []uint32 // of a multi-pack-index: the entries that are this pack's, n of them; nil for an .idx
	trailer   []byte   // of the pack, as the index has it; nil if unknown
}

var (
	errIndexSize   = errors.New("index is too short for the objects that it declares")
	errFanout      = errors.New("index has a fan-out table that is not in order")
	errLargeOffset = errors.New("index points outside its table of large offsets")
)

// readFanout checks the table and returns its last entry: the count of objects.
func (x *index) readFanout(b []byte) (int, error) {
	var last uint32
	for i := range x.fanout {
		v := binary.BigEndian.Uint32(b[4*i:])
		if v < last {
			return 0, errFanout
		}
		x.fanout[i], last = v, v
	}
	if last > math.MaxInt32 {
		return 0, fmt.Errorf("index declares %d objects: more than this reader holds", last)
	}
	return int(last), nil
}

// parseIndex reads an .idx of version 1 or 2. The index refers to b.
func parseIndex(path string, b []byte, hash int) (*index, error) {
	x := &index{path: path, hash: hash}
	if len(b) < 8+1024+2*hash {
		return nil, errIndexSize
	}
	if string(b[:4]) != "\xfftOc" {
		return parseIndexV1(x, b)
	}
	if v := binary.BigEndian.Uint32(b[4:]); v != 2 {
		return nil, fmt.Errorf("index has version %d: want 1 or 2", v)
	}
	n, err := x.readFanout(b[8:])
	if err != nil {
		return nil, err
	}
	x.n = n
	rest := b[8+1024 : len(b)-2*hash]
	if int64(len(rest)) < int64(n)*int64(hash+8) {
		return nil, errIndexSize
	}
	x.ids, x.idStride = rest[:n*hash], hash
	rest = rest[n*(hash+4):] // after ids and CRCs
	x.offs, x.offStride = rest[:n*4], 4
	x.large = rest[n*4:]
	x.trailer = b[len(b)-2*hash : len(b)-hash]
	return x, nil
}

func parseIndexV1(x *index, b []byte) (*index, error) {
	if x.hash != 20 {
		return nil, errors.New("index of version 1 under SHA-256")
	}
	n, err := x.readFanout(b)
	if err != nil {
		return nil, err
	}
	x.n = n
	rest := b[1024 : len(b)-40]
	if int64(len(rest)) < int64(n)*24 {
		return nil, errIndexSize
	}
	if n > 0 {
		x.ids, x.idStride = rest[4:n*24], 24
		x.offs, x.offStride = rest[:n*24], 24
	}
	x.noLarge = true
	x.trailer = b[len(b)-40 : len(b)-20]
	return x, nil
}

// entry is where in the tables entry i stands.
func (x *index) entry(i int) int {
	if x.pick != nil {
		return int(x.pick[i])
	}
	return i
}

// id is entry i's id; it refers to the index.
func (x *index) id(i int) []byte {
	i = x.entry(i)
	return x.ids[i*x.idStride:][:x.hash:x.hash]
}

// offset is entry i's place in the pack.
func (x *index) offset(i int) (int64, error) {
	i = x.entry(i)
	v := binary.BigEndian.Uint32(x.offs[i*x.offStride:])
	if v < 1<<31 || x.noLarge {
		return int64(v), nil
	}
	k := int(v & (1<<31 - 1))
	if k >= len(x.large)/8 {
		return 0, errLargeOffset
	}
	o := binary.BigEndian.Uint64(x.large[8*k:])
	if o > math.MaxInt64 {
		return 0, errLargeOffset
	}
	return int64(o), nil
}

// find returns the entry of an id, -1 if there is none.
func (x *index) find(id []byte) int {
	if len(id) != x.hash {
		return -1
	}
	lo, hi := 0, int(x.fanout[id[0]])
	if id[0] > 0 {
		lo = int(x.fanout[id[0]-1])
	}
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		switch bytes.Compare(x.id(m), id) {
		case 0:
			return m
		case -1:
			lo = m + 1
		default:
			hi = m
		}
	}
	return -1
}

// midx is a multi-pack-index: one table of ids for several packs.
type midx struct {
	packs  []string   // names as stored: pack-….idx
	shared index      // tables; offStride 8, offs at the offset half of the entries
	inPack []byte     // the entries from their pack number on
	picks  [][]uint32 // entries by pack, once split
}

const (
	midxChunks = 64 // a multi-pack-index has 4 to 7 chunks
	midxPacks  = 1 << 16
)

// parseMidx reads a multi-pack-index of version 1. It refers to b.
func parseMidx(path string, b []byte, hash int) (*midx, error) {
	if len(b) < 12+hash || string(b[:4]) != "MIDX" {
		return nil, errors.New("no multi-pack-index")
	}
	if b[4] != 1 {
		return nil, fmt.Errorf("multi-pack-index has version %d: want 1", b[4])
	}
	if want := map[int]byte{20: 1, 32: 2}[hash]; b[5] != want {
		return nil, errors.New("multi-pack-index is of another object format")
	}
	chunks, packs := int(b[6]), int(binary.BigEndian.Uint32(b[8:]))
	if chunks > midxChunks || packs > midxPacks || len(b) < 12+(chunks+1)*12+hash {
		return nil, errors.New("multi-pack-index declares more than it can hold")
	}
	body := b[:len(b)-hash]
	chunk := func(name string) ([]byte, error) {
		for i := range chunks {
			e := b[12+12*i:]
			if string(e[:4]) != name {
				continue
			}
			from, to := binary.BigEndian.Uint64(e[4:]), binary.BigEndian.Uint64(e[16:])
			if from > to || to > uint64(len(body)) {
				return nil, fmt.Errorf("multi-pack-index has chunk %s outside the file", name)
			}
			return body[from:to:to], nil
		}
		return nil, nil
	}
	parts := map[string][]byte{}
	for _, name := range []string{"PNAM", "OIDF", "OIDL", "OOFF", "LOFF"} {
		c, err := chunk(name)
		if err != nil {
			return nil, err
		}
		parts[name] = c
	}
	m := &midx{shared: index{path: path, hash: hash, idStride: hash, offStride: 8, large: parts["LOFF"]}}
	if len(parts["OIDF"]) != 1024 {
		return nil, errors.New("multi-pack-index has no fan-out table")
	}
	n, err := m.shared.readFanout(parts["OIDF"])
	if err != nil {
		return nil, err
	}
	if int64(len(parts["OIDL"])) != int64(n)*int64(hash) || int64(len(parts["OOFF"])) != int64(n)*8 {
		return nil, errIndexSize
	}
	m.shared.n = n
	m.shared.ids = parts["OIDL"]
	m.inPack = parts["OOFF"]
	if n > 0 {
		m.shared.offs = m.inPack[4:]
	}
	names := parts["PNAM"]
	for range packs {
		end := bytes.IndexByte(names, 0)
		if end < 0 {
			return nil, errors.New("multi-pack-index has fewer pack names than packs")
		}
		m.packs = append(m.packs, string(names[:end]))
		names = names[end+1:]
	}
	return m, nil
}

// split gives every entry to its pack, in one pass.
func (m *midx) split() {
	m.picks = make([][]uint32, len(m.packs))
	for i := range m.shared.n {
		if k := binary.BigEndian.Uint32(m.inPack[8*i:]); k < uint32(len(m.picks)) {
			m.picks[k] = append(m.picks[k], uint32(i))
		}
	}
}

// of returns the index of pack number k alone.
func (m *midx) of(k int) *index {
	if m.picks == nil {
		m.split()
	}
	x := m.shared
	x.pick = append([]uint32{}, m.picks[k]...)
	x.n = len(x.pick)
	x.fanout = [256]uint32{}
	for _, i := range x.pick {
		x.fanout[m.shared.ids[int(i)*x.hash]]++
	}
	for b := 1; b < 256; b++ {
		x.fanout[b] += x.fanout[b-1]
	}
	return &x
}
