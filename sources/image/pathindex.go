package image

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
)

// A path's mark says what an entry of a layer does to the layers below it (OCI image specification, layer.md).
const (
	markAt    = 1 // hides what has this very path: a file, a directory (opaque or not), a link, a whiteout
	markBelow = 2 // hides what is below this path: anything but a directory, and an opaque directory
	markBits  = markAt | markBelow
)

// pathIndex answers whether a layer hides a path of a lower one. It keeps eight bytes for each path, a hash under a key that
// is drawn at random for each process, so that no image can be made to confuse it.
type pathIndex struct {
	seed    maphash.Seed
	reading []entryMark
	hashes  []uint64          // sorted; the low bits are marks
	again   map[uint64]uint32 // paths that the layer holds more than once, and the ordinal of the last: that one counts
	parents *[1 << 12]uint64  // directories that were marked lately, with all that are above them
}

type entryMark struct {
	hash    uint64
	ordinal uint32
}

func (x *pathIndex) hash(path string) uint64 { return maphash.String(x.seed, path) &^ markBits }

// add marks a path, and its parents as directories: unpacking makes them.
func (x *pathIndex) add(path string, ordinal int, marks uint64) {
	x.reading = append(x.reading, entryMark{x.hash(path) | marks, uint32(min(ordinal, 1<<32-1))})
	if x.parents == nil {
		x.parents = new([1 << 12]uint64)
	}
	dir, _ := cut(path)
	for depth := 0; dir != "" && depth < maxAncestors; depth++ {
		h := x.hash(dir)
		lately := &x.parents[h>>2%uint64(len(x.parents))]
		if *lately == h {
			break
		}
		*lately = h
		x.reading = append(x.reading, entryMark{h | markAt, 0})
		dir, _ = cut(dir)
	}
	if len(x.reading) >= compactAt && len(x.reading) == cap(x.reading) {
		x.compact()
	}
}

const (
	maxAncestors = 64 // directories above a path that are marked with it
	compactAt    = 1 << 18
)

// cut splits off the last element.
func cut(path string) (dir, base string) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

func (x *pathIndex) compact() {
	slices.SortFunc(x.reading, func(a, b entryMark) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.ordinal, b.ordinal))
	})
	x.reading = slices.Compact(x.reading)
}

// finish ends the reading.
func (x *pathIndex) finish() {
	x.compact()
	x.hashes = make([]uint64, 0, len(x.reading))
	for i := 0; i < len(x.reading); {
		key, last, times, file := x.reading[i].hash&^markBits, uint32(0), 0, false
		for ; i < len(x.reading) && x.reading[i].hash&^markBits == key; i++ {
			m := x.reading[i]
			if n := len(x.hashes); n == 0 || x.hashes[n-1] != m.hash {
				x.hashes = append(x.hashes, m.hash)
			}
			if m.hash&markAt != 0 {
				times++
				last = max(last, m.ordinal)
				file = file || m.hash&markBelow != 0
			}
		}
		if times > 1 && file {
			if x.again == nil {
				x.again = map[uint64]uint32{}
			}
			x.again[key] = last
		}
	}
	x.reading, x.parents = nil, nil
}

// trail is a path as the index looks for it.
type trail struct {
	self  uint64
	above []uint64
}

func (x *pathIndex) trail(path string) trail {
	t := trail{self: x.hash(path)}
	for dir, _ := cut(path); dir != ""; dir, _ = cut(dir) {
		t.above = append(t.above, x.hash(dir))
	}
	return t
}

// hides reports whether the layer hides what a lower one has at t.
func (x *pathIndex) hides(t trail) bool {
	if x.has(t.self, markAt) {
		return true
	}
	for _, h := range t.above {
		if x.has(h, markBelow) {
			return true
		}
	}
	return false
}

// replaced reports whether the layer itself holds the path again after the entry with the ordinal.
func (x *pathIndex) replaced(t trail, ordinal int) bool {
	last, ok := x.again[t.self]
	return ok && int64(last) > int64(ordinal)
}

func (x *pathIndex) has(key uint64, marks uint64) bool {
	i, _ := slices.BinarySearch(x.hashes, key)
	for ; i < len(x.hashes) && x.hashes[i]&^markBits == key; i++ {
		if x.hashes[i]&marks != 0 {
			return true
		}
	}
	return false
}
