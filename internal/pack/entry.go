package pack

import (
	"errors"
	"fmt"
	"math"
)

const (
	kindOfs = 6 // delta, base by distance in the same pack
	kindRef = 7 // delta, base by id
)

var (
	errEntryShort  = errors.New("entry header ends early")
	errEntryKind   = errors.New("entry has a reserved type")
	errEntrySize   = errors.New("entry declares a size over 63 bits")
	errOfs         = errors.New("delta's base would stand outside the pack")
	errImplausible = errors.New("declared size is more than the stored bytes can inflate to")
)

// entry is the header of an object in a pack.
type entry struct {
	kind uint8 // Commit to Tag, kindOfs or kindRef
	size int64 // inflated: of the object, or of its delta
	head int64 // bytes before the zlib stream
	ofs  int64 // kindOfs: the base's offset
	ref  ID    // kindRef: the base
}

// maxHead is the longest entry header: 10 bytes of size, 32 of id.
const maxHead = 48

// parseEntry reads the entry header that begins b and stands at off.
func parseEntry(b []byte, off int64, hash int) (e entry, err error) {
	if len(b) == 0 {
		return e, errEntryShort
	}
	c := b[0]
	e.kind = c >> 4 & 7
	size := uint64(c & 15)
	i := 1
	for shift := uint(4); c&0x80 != 0; shift += 7 {
		if i == len(b) {
			return e, errEntryShort
		}
		c = b[i]
		i++
		if shift > 60 || shift == 60 && c > 7 {
			return e, errEntrySize
		}
		size |= uint64(c&0x7f) << shift
	}
	if size > math.MaxInt64 {
		return e, errEntrySize
	}
	e.size = int64(size)
	switch e.kind {
	case kindOfs:
		var back int64
		for first := true; ; first = false {
			if i == len(b) {
				return e, errEntryShort
			}
			c = b[i]
			i++
			if !first {
				back++
			}
			if back > math.MaxInt64>>8 {
				return e, errOfs
			}
			back = back<<7 | int64(c&0x7f)
			if c < 0x80 {
				break
			}
		}
		e.ofs = off - back
		if back == 0 || e.ofs < packHeader {
			return e, errOfs
		}
	case kindRef:
		if len(b)-i < hash {
			return e, errEntryShort
		}
		e.ref = rawID(b[i : i+hash])
		i += hash
	case 0, 5:
		return e, errEntryKind
	}
	e.head = int64(i)
	return e, nil
}

// plausible holds a declared size against the stored bytes: deflate makes at most 258 bytes of 2 bits, which is 1032 to 1.
func plausible(size, stored int64) error {
	if stored < 0 || size/1032 > stored {
		return fmt.Errorf("%w: %d bytes of %d", errImplausible, size, max(stored, 0))
	}
	return nil
}
