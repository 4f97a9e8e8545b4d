package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sort"
)

// Print names what the store holds: packs by their checksums, loose objects by their ids. Two stores with one print hold the
// same objects. It reads no object.
func (s *Store) Print() string {
	h := sha256.New()
	var names []string
	for _, p := range s.packs {
		names = append(names, fmt.Sprintf("pack %x %d %v\n", p.idx.trailer, p.size, p.promisor))
	}
	for _, t := range s.Troubles() {
		names = append(names, fmt.Sprintf("trouble %v\n", t.Err))
	}
	slices.Sort(names)
	for _, n := range names {
		_, _ = io.WriteString(h, n) // a hash takes whatever it is given
	}
	for _, r := range s.looseRefs() {
		h.Write(r.id.raw())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// IDs are the ids of all objects that Walk can visit, one behind the other, sorted, but for those that skip names. With blobs,
// only those of objects that are known to be blobs without being read.
func (s *Store) IDs(blobs bool, skip map[ID]bool) (all []byte, err error) {
	err = guarded(func() error {
		mapped := false // all is an index itself
		add := func(ids []byte, index bool) {
			switch {
			case len(ids) == 0:
			case len(all) == 0:
				all, mapped = ids, index
			default:
				all, mapped = merged(all, ids, s.hash), false
			}
		}
		for k, p := range s.packs {
			var drop []bool // by place in the index
			if blobs {
				if drop, err = s.others(k); err != nil {
					return err
				}
			}
			if x := p.idx; drop == nil && x.pick == nil && x.idStride == s.hash {
				add(x.ids, true)
				continue
			}
			ids := make([]byte, 0, p.idx.n*s.hash)
			for i := range p.idx.n {
				if id := p.idx.id(i); len(drop) == 0 || !drop[i] {
					ids = append(ids, id...)
				}
			}
			add(ids, false)
		}
		if mapped {
			all = bytes.Clone(all)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read indexes of %s: %w", s.dirs[0], err)
	}
	if !blobs {
		var ids []byte
		for _, r := range s.looseRefs() { // in the order of ids
			ids = append(ids, r.id.raw()...)
		}
		all = merged(all, ids, s.hash)
	}
	if len(skip) == 0 {
		return all, nil
	}
	out := all[:0]
	for ; len(all) > 0; all = all[s.hash:] {
		if id := all[:s.hash]; !skip[rawID(id)] {
			out = append(out, id...)
		}
	}
	return out, nil
}

// others says which objects of pack k, by place in its index, are no blobs, or counted elsewhere, or lost.
func (s *Store) others(k int) ([]bool, error) {
	g, err := s.graphOf()
	if err != nil {
		return nil, err
	}
	drop := make([]bool, s.packs[k].idx.n)
	for i := g.start[k]; i < g.start[k+1]; i++ {
		drop[g.pos[i]] = g.flag[i]&(flagCopy|flagLost) != 0 || Type(g.flag[i]&typeBits) != Blob
	}
	return drop, nil
}

// merged joins two sorted lists of ids, each id once. Indexes that are not in order make one that is not: what is looked for
// in it is then not found, and looked at again.
func merged(a, b []byte, size int) []byte {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(b) == 0 {
		return a
	}
	// Few ids go into many as a rule: what lies between two of them is copied in one piece.
	out := make([]byte, 0, len(a)+len(b))
	for ; len(b) > 0; b = b[size:] {
		id := b[:size]
		n := before(a, id, size)
		out, a = append(out, a[:n]...), a[n:]
		if !bytes.HasPrefix(a, id) {
			out = append(out, id...)
		}
	}
	return append(out, a...)
}

// before is how many bytes of a sorted list stand before an id. What is near its start is found soonest.
func before(list, id []byte, size int) int {
	less := func(i int) bool { return bytes.Compare(list[i*size:][:size], id) < 0 }
	n, step := len(list)/size, 1
	for step <= n && less(step-1) {
		step *= 2
	}
	from := step / 2
	return (from + sort.Search(min(step-1, n)-from, func(i int) bool { return !less(from + i) })) * size
}
