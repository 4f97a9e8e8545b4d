package pack

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"
	"sort"
	"sync"
)

// Set is a set of object ids: those of one object format, sorted.
type Set struct {
	ids  []byte
	size int
	from [1<<16 + 1]uint32 // where the ids begin that begin with two bytes
}

// NewSet makes a set of raw ids, sorted and one behind the other, of size bytes each. It keeps the slice.
func NewSet(ids []byte, size int) *Set {
	s := &Set{ids: ids, size: size}
	next := 0
	for i := range len(ids) / size {
		for first := int(ids[i*size])<<8 | int(ids[i*size+1]); next <= first; next++ {
			s.from[next] = uint32(i)
		}
	}
	for ; next < len(s.from); next++ {
		s.from[next] = uint32(len(ids) / size)
	}
	return s
}

// Len is how many ids the set holds.
func (s *Set) Len() int { return len(s.ids) / s.size }

// Has says whether the set holds a raw id.
func (s *Set) Has(id []byte) bool { return s.find(id) >= 0 }

func (s *Set) at(i int) []byte { return s.ids[i*s.size:][:s.size] }

// find is the place of an id in the set, -1 for none.
func (s *Set) find(id []byte) int {
	if len(id) != s.size {
		return -1
	}
	first := int(id[0])<<8 | int(id[1])
	lo, hi := int(s.from[first]), int(s.from[first+1])
	if i := lo + sort.Search(hi-lo, func(i int) bool { return bytes.Compare(s.at(lo+i), id) >= 0 }); i < hi && bytes.Equal(s.at(i), id) {
		return i
	}
	return -1
}

// part is the store without the objects of a set.
type part struct {
	beyond *Set
	lacks  int // ids of the set that the store does not hold
	graph  *graph
	err    error
}

// graphBeyond is the graph of what a set does not hold, of everything if it is nil.
func (s *Store) graphBeyond(set *Set) (*graph, error) {
	if set == nil {
		return s.graphOf()
	}
	p := s.without(set)
	return p.graph, p.err
}

// Lacks counts the ids of a set that the store does not hold.
func (s *Store) Lacks(set *Set) (int, error) {
	p := s.without(set)
	return p.lacks, p.err
}

// without builds a part once.
func (s *Store) without(set *Set) *part {
	s.partMu.Lock()
	defer s.partMu.Unlock()
	if s.part != nil && s.part.beyond == set {
		return s.part
	}
	s.part = &part{beyond: set}
	places := make([][]uint32, len(s.packs))
	found := make([]uint64, set.Len()/64+1)
	err := guarded(func() error {
		for k, p := range s.packs {
			places[k] = p.idx.beyond(set, found)
		}
		return nil
	})
	if err != nil {
		s.part.err = fmt.Errorf("read indexes of %s: %w", s.dirs[0], err)
		return s.part
	}
	for _, r := range s.looseRefs() {
		if i := set.find(r.id.raw()); i >= 0 {
			found[i>>6] |= 1 << (i & 63)
		}
	}
	s.part.lacks = set.Len()
	for _, w := range found {
		s.part.lacks -= bits.OnesCount64(w)
	}
	s.part.graph, s.part.err = s.buildGraph(set, places)
	return s.part
}

// beyond lists the places of objects that a set does not hold, and notes in found which it does.
func (x *index) beyond(set *Set, found []uint64) []uint32 {
	places := []uint32{}
	next := 0 // of the set, where a merge has come to
	for i := range x.n {
		id, at := x.id(i), -1
		if x.n < set.Len()/16 {
			at = set.find(id)
		} else {
			for next < set.Len() && bytes.Compare(set.at(next), id) < 0 {
				next++
			}
			if next < set.Len() && bytes.Equal(set.at(next), id) {
				at = next
			}
		}
		if at < 0 {
			places = append(places, uint32(i))
		} else {
			found[at>>6] |= 1 << (at & 63)
		}
	}
	return places
}

// names are the ids by offset of the packs in which a base was looked for.
type names struct {
	mu   sync.Mutex
	pack map[int32]byOffset
}

type byOffset struct {
	off []int64
	pos []uint32
}

// name is the id of a base that a graph of a part holds without it, zero if there is none. Only what is damaged is asked for: to
// find another place that has it.
func (g *graph) name(i int32) (id ID) {
	if g.beyond == nil || g.pos[i] != noPos {
		return ID{}
	}
	a := g.anon[int(i)-int(g.start[len(g.packs)])-len(g.loose)]
	p := g.packs[a.pack]
	g.names.mu.Lock()
	defer g.names.mu.Unlock()
	x, ok := g.names.pack[a.pack]
	if !ok {
		x = byOffset{make([]int64, p.idx.n), make([]uint32, p.idx.n)}
		p.order(nil, x.off, x.pos)
		if g.names.pack == nil {
			g.names.pack = map[int32]byOffset{}
		}
		g.names.pack[a.pack] = x
	}
	if j, ok := slices.BinarySearch(x.off, a.off); ok {
		_ = guarded(func() error { id = rawID(p.idx.id(int(x.pos[j]))); return nil })
	}
	return id
}
