package identity

import (
	"bytes"
	"encoding/binary"

	"sprawl/finding"
)

// Sharing finds values that another tool reported among ours by a piece of one, or by something that one is a piece of: tools
// differ in where a value begins and ends, and in whether a pair's id or its secret is what they report. It holds values, so it
// is for the time of a comparison. The zero value is empty.
type Sharing struct {
	values []ours
	at     map[uint64][]start // by what stands there
}

type ours struct {
	name  string
	value finding.Secret
}

type start struct {
	of    int32
	first bool // the value begins there
}

// pieceLen is how many bytes two values must share. Of longer values than maxShared bytes only so many are looked at.
const (
	pieceLen  = 8
	maxShared = 512
	gram      = 8
)

// Add makes a value known by a name.
func (s *Sharing) Add(name string, value finding.Secret) {
	v := value.Reveal()
	if len(v) < pieceLen {
		return
	}
	if s.at == nil {
		s.at = map[uint64][]start{}
	}
	of := int32(len(s.values))
	s.values = append(s.values, ours{name, value})
	v = v[:min(len(v), maxShared)]
	for i := 0; i+gram <= len(v); i++ {
		g := binary.LittleEndian.Uint64(v[i:])
		s.at[g] = append(s.at[g], start{of, i == 0})
	}
}

// Names of the values that v is a piece of, or that are pieces of v.
func (s *Sharing) Names(v []byte) []string {
	if len(v) < pieceLen {
		return nil
	}
	var out []string
	seen := map[int32]bool{}
	for i := 0; i+gram <= min(len(v), 4*maxShared); i++ {
		for _, x := range s.at[binary.LittleEndian.Uint64(v[i:])] {
			if seen[x.of] || i > 0 && !x.first {
				continue
			}
			if o := &s.values[x.of]; x.first && bytes.HasPrefix(v[i:], o.value.Reveal()) || i == 0 && bytes.Contains(o.value.Reveal(), v) {
				seen[x.of] = true
				out = append(out, o.name)
			}
		}
	}
	return out
}
