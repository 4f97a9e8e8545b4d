package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
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
	for _, r := range s.listLoose() {
		h.Write(r.id.raw())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// IDs are the ids of all objects that Walk can visit, one behind the other, sorted, but for those that skip names. With blobs,
// only those of objects that are known to be blobs without being read.
func (s *Store) IDs(blobs bool, skip map[ID]bool) ([]byte, error) {
	g, err := s.graphOf()
	if err != nil {
		return nil, err
	}
	var ids []ID
	err = guarded(func() error {
		for i := range int32(len(g.off)) {
			f := g.flag[i]
			if f&(flagCopy|flagLost) != 0 || blobs && Type(f&typeBits) != Blob {
				continue
			}
			if id := g.id(i); !id.IsZero() && !skip[id] {
				ids = append(ids, id)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read indexes of %s: %w", s.dirs[0], err)
	}
	slices.SortFunc(ids, func(a, b ID) int { return slices.Compare(a.raw(), b.raw()) })
	out := make([]byte, 0, len(ids)*s.hash)
	for i := range ids {
		out = append(out, ids[i].raw()...)
	}
	return out, nil
}
