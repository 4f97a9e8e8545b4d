package git

import (
	"bytes"

	"sprawl/internal/pack"
)

// heads keeps what attribution wants of commits, as they pass by: their text up to the committer. Reading each of them again, one
// by one, is what a search of places would begin with.
type heads struct {
	of    map[pack.ID][]byte
	room  []byte
	bytes int
}

const (
	maxHead  = 4 << 10  // bytes of one
	maxHeads = 32 << 20 // of those that a worker keeps; what is left out is read again
	headRoom = 256 << 10
)

var committer = []byte("\ncommitter ")

func (h *heads) keep(id pack.ID, b []byte) {
	i := bytes.Index(b[:min(len(b), maxHead)], committer)
	if i < 0 {
		return
	}
	end := bytes.IndexByte(b[i+1:], '\n')
	if end < 0 || i+1+end > maxHead || h.bytes+i+end > maxHeads {
		return
	}
	b = b[:i+1+end]
	if len(h.room)+len(b) > cap(h.room) {
		h.room = make([]byte, 0, headRoom)
	}
	at := len(h.room)
	h.room = append(h.room, b...)
	if h.of == nil {
		h.of = map[pack.ID][]byte{}
	}
	h.of[id] = h.room[at:len(h.room):len(h.room)]
	h.bytes += len(b)
}

// headOf is the head of a commit that one of the workers met.
func headOf(list []heads, id pack.ID) []byte {
	for i := range list {
		if b := list[i].of[id]; b != nil {
			return b
		}
	}
	return nil
}
