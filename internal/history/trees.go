package history

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// none stands for "no such index".
const none = ^uint32(0)

// maxDepth is how deep directories may nest: a path of so many components is longer than any system opens (PATH_MAX is 4096
// on Linux), and recursion stays bounded.
const maxDepth = 2048

// entry is a name and what stands under it: node is twice the index of a tree or skeleton, or twice the index of a blob
// plus one.
type entry struct{ name, node uint32 }

func (e entry) isBlob() bool  { return e.node&1 == 1 }
func (e entry) index() uint32 { return e.node >> 1 }

// forest holds all trees of a repository, reduced to subtrees and interesting blobs. record may be called from several
// goroutines; everything else is for one.
//
// Neighbours in storage are mostly versions of one directory. So a tree's entries are kept as what differs from an earlier
// tree's: 40 subtrees of which one changed take about 8 bytes instead of 320.
type forest struct {
	size   int
	blobs  map[ID]uint32 // interesting ones
	barren func(ID) bool // nil, or tells trees that hold none of them
	filter []uint64      // one bit for 20 bits of each interesting id: most entries of most trees end here

	mu     sync.Mutex
	index  map[ID]uint32 // trees, met as such or named by another
	ids    []ID
	at     []int64 // where the tree's record starts in store, by index; unread, failed
	chain  []uint8 // how many records must be read to unfold it
	store  chunks
	broken map[uint32]error // trees with a malformed entry; told when a commit is found to lead there
	names  map[string]uint32
	text   []string // of names
	recent [256]recentTree

	scratch sync.Pool // *scratch
}

// Values of forest.at that are no position.
const (
	unread = -1
	failed = -2
)

// recentTree is a tree whose entries another one may be written against.
type recentTree struct {
	tree    uint32
	entries []entry
}

// maxChain bounds the work of unfolding one tree.
const maxChain = 24

// scratch is what parsing one tree needs.
type scratch struct {
	names, ids [][]byte
	blob       []uint32 // index of the blob, or none for a subtree
	entries    []entry
	before     []entry // of the tree before
	buf        []byte
}

func newForest(size int, blobs map[ID]uint32) *forest {
	f := &forest{
		size: size, blobs: blobs, filter: make([]uint64, 1<<14),
		index: map[ID]uint32{}, broken: map[uint32]error{}, names: map[string]uint32{},
	}
	f.scratch.New = func() any { return new(scratch) }
	for id := range blobs {
		h := filterHash(id[:])
		f.filter[h>>6] |= 1 << (h & 63)
	}
	return f
}

func filterHash(id []byte) uint32 { return uint32(id[0])<<12 | uint32(id[1])<<4 | uint32(id[2])>>4 }

// tree returns the index of a tree; f.mu is held, or nothing runs beside.
func (f *forest) tree(id ID) uint32 {
	if i, ok := f.index[id]; ok {
		return i
	}
	i := uint32(len(f.ids))
	f.index[id] = i
	f.ids = append(f.ids, id)
	at := int64(unread)
	if f.barren != nil && f.barren(id) {
		at = 0 // the empty record
	}
	f.at = append(f.at, at)
	f.chain = append(f.chain, 0)
	return i
}

func (f *forest) name(b []byte) uint32 {
	if i, ok := f.names[string(b)]; ok {
		return i
	}
	i := uint32(len(f.text))
	s := string(b)
	f.names[s] = i
	f.text = append(f.text, s)
	return i
}

// record parses a tree and keeps it; of a malformed one, what stands before the damage.
func (f *forest) record(id ID, content []byte) {
	s := f.scratch.Get().(*scratch)
	defer f.scratch.Put(s)
	s.names, s.ids, s.blob = s.names[:0], s.ids[:0], s.blob[:0]
	r := treeReader{rest: content, size: f.size}
	var malformed error
	for {
		kind, name, oid, ok, err := r.next()
		if !ok {
			malformed = err
			break
		}
		blob := none
		switch kind {
		case entryLink:
			continue
		case entryBlob:
			h := filterHash(oid)
			if f.filter[h>>6]&(1<<(h&63)) == 0 {
				continue
			}
			var key ID
			copy(key[:], oid)
			if blob, ok = f.blobs[key]; !ok {
				continue
			}
		}
		s.names, s.ids, s.blob = append(s.names, name), append(s.ids, oid), append(s.blob, blob)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.tree(id)
	if f.at[t] >= 0 {
		return
	}
	if malformed != nil {
		f.broken[t] = malformed
	}
	f.keep(t, s)
}

// file makes a tree of one interesting blob without a name, for a ref that points to the blob itself.
func (f *forest) file(id ID, blob uint32) uint32 {
	t := f.tree(id)
	if f.at[t] < 0 {
		f.keep(t, &scratch{names: [][]byte{nil}, ids: [][]byte{nil}, blob: []uint32{blob}})
	}
	return t
}

// keep writes a tree's record.
func (f *forest) keep(t uint32, s *scratch) {
	s.entries, s.before = s.before[:0], s.entries
	at := 0 // in before: what was met there up to here
	for i, name := range s.names {
		// Neighbours are mostly versions of one directory: to compare with the one before is cheaper than to look up.
		old := entry{name: none}
		for n := at; n < min(at+2, len(s.before)); n++ {
			if f.text[s.before[n].name] == string(name) {
				old, at = s.before[n], n+1
				break
			}
		}
		e := old
		if old.name == none {
			e.name = f.name(name)
		}
		switch {
		case s.blob[i] != none:
			e.node = s.blob[i]<<1 | 1
		case old.name == none || old.isBlob() || !bytes.Equal(f.ids[old.index()][:f.size], s.ids[i]):
			var key ID
			copy(key[:], s.ids[i])
			e.node = f.tree(key) << 1
		}
		s.entries = append(s.entries, e)
	}
	if len(s.entries) == 0 {
		f.at[t] = 0 // store starts with the empty record
		return
	}
	last := len(s.entries) - 1
	slot := &f.recent[(s.entries[0].name*31+s.entries[last].name)%uint32(len(f.recent))]
	head, tail := shared(slot.entries, s.entries)
	base := uint64(0)
	if (head+tail)*2 >= len(s.entries) && len(slot.entries) > 0 && f.chain[slot.tree] < maxChain {
		base = uint64(slot.tree) + 1
		f.chain[t] = f.chain[slot.tree] + 1
	} else {
		head, tail = 0, 0
	}
	middle := s.entries[head : len(s.entries)-tail]
	b := binary.AppendUvarint(s.buf[:0], uint64(len(middle)))
	b = binary.AppendUvarint(b, base)
	if base > 0 {
		b = binary.AppendUvarint(b, uint64(head))
		b = binary.AppendUvarint(b, uint64(tail))
	}
	for _, e := range middle {
		b = binary.AppendUvarint(b, uint64(e.name))
		b = binary.AppendUvarint(b, uint64(e.node))
	}
	s.buf = b
	f.at[t] = f.store.add(b)
	slot.tree, slot.entries = t, append(slot.entries[:0], s.entries...)
}

// shared counts the entries at the start and at the end that a and b have in common.
func shared(a, b []entry) (head, tail int) {
	n := min(len(a), len(b))
	for head < n && a[head] == b[head] {
		head++
	}
	for tail < n-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head, tail
}

// entries unfolds a tree that has been recorded, onto buf.
func (f *forest) entries(t uint32, buf []entry) []entry {
	b := f.store.from(f.at[t])
	n, b := uvarint(b)
	if n == 0 && f.at[t] == 0 {
		return buf
	}
	base, b := uvarint(b)
	start := len(buf)
	tail := uint64(0)
	if base > 0 {
		var head uint64
		head, b = uvarint(b)
		tail, b = uvarint(b)
		buf = f.entries(uint32(base-1), buf)
		end := buf[len(buf)-int(tail):]
		// The base's tail moves behind the middle, or forward if the middle is shorter than what it replaces.
		from := len(buf) - int(tail)
		to := start + int(head) + int(n)
		buf = slices.Grow(buf, int(n))
		copy(buf[:cap(buf)][to:to+int(tail)], buf[from:from+len(end)])
		buf = buf[:to+int(tail)]
		for i := to - int(n); i < to; i++ {
			buf[i], b = readEntry(b)
		}
		return buf
	}
	for range n {
		var e entry
		e, b = readEntry(b)
		buf = append(buf, e)
	}
	return buf
}

func readEntry(b []byte) (entry, []byte) {
	name, b := uvarint(b)
	node, b := uvarint(b)
	return entry{uint32(name), uint32(node)}, b
}

// uvarint reads what keep wrote.
func uvarint(b []byte) (uint64, []byte) {
	if b[0] < 0x80 {
		return uint64(b[0]), b[1:]
	}
	v, n := binary.Uvarint(b)
	return v, b[n:]
}

// chunks is an append-only store that never moves what it holds.
type chunks struct {
	list [][]byte
}

const chunkBits = 18

// add appends a record; it lies in one piece. Position 0 is an empty record: one zero byte.
func (c *chunks) add(b []byte) int64 {
	if len(c.list) == 0 {
		c.list = append(c.list, make([]byte, 1, 1<<chunkBits))
	}
	last := len(c.list) - 1
	if cap(c.list[last])-len(c.list[last]) < len(b) {
		c.list = append(c.list, make([]byte, 0, max(1<<chunkBits, len(b))))
		last++
	}
	at := int64(last)<<32 | int64(len(c.list[last]))
	c.list[last] = append(c.list[last], b...)
	return at
}

func (c *chunks) from(at int64) []byte {
	if at == 0 {
		return []byte{0}
	}
	return c.list[at>>32][at&(1<<32-1):]
}

// skeletons holds the skeleton of each tree that a commit reaches: the tree without what leads to no interesting blob.
// Index 0 is the empty one.
type skeletons struct {
	forest  *forest
	read    func(id ID) ([]byte, error) // reads a tree that the scan did not meet
	trouble func(id ID, err error)

	index   map[string]uint32 // by content
	start   []uint32          // of the skeleton's entries in all, by index; one more at the end
	all     []entry
	height  []uint16
	done    []uint32 // the skeleton of each tree, or none
	working []bool   // trees on the stack: a store whose trees contain themselves is damaged or hostile
	stack   []frame
	key     []byte
}

func newSkeletons(f *forest, read func(ID) ([]byte, error), trouble func(ID, error)) *skeletons {
	return &skeletons{
		forest: f, read: read, trouble: trouble,
		index: map[string]uint32{"": 0}, start: []uint32{0, 0}, height: []uint16{0},
	}
}

// entries returns a skeleton's entries, sorted by name.
func (s *skeletons) entries(k uint32) []entry { return s.all[s.start[k]:s.start[k+1]] }

// cmp orders entries of skeletons by name, a directory before a file of the same name.
func (s *skeletons) cmp(a, b entry) int {
	if a.name != b.name {
		return strings.Compare(s.forest.text[a.name], s.forest.text[b.name])
	}
	return int(a.node&1) - int(b.node&1)
}

// frame is a tree being worked on.
type frame struct {
	tree uint32
	list []entry
	next int
	kept []entry
}

// of returns the skeleton of a tree. A tree that cannot be read has the empty one, with ok false; trouble has been told.
func (s *skeletons) of(ctx context.Context, root uint32) (skeleton uint32, ok bool, err error) {
	s.grow()
	if s.done[root] != none {
		return s.done[root], s.forest.at[root] != failed, nil
	}
	stack := s.stack[:0]
	defer func() { s.stack = stack[:0] }()
	push := func(t uint32) {
		if len(stack) < cap(stack) {
			stack = stack[:len(stack)+1] // with the buffers of the frame that stood there
		} else {
			stack = append(stack, frame{})
		}
		f := &stack[len(stack)-1]
		f.tree, f.next, f.list, f.kept = t, 0, f.list[:0], f.kept[:0]
		if s.load(t) {
			f.list = s.forest.entries(t, f.list)
		}
		s.grow()
		s.working[t] = true
	}
	push(root)
	for n := 0; ; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return 0, false, ctx.Err()
		}
		top := &stack[len(stack)-1]
		if top.next == len(top.list) {
			k := s.intern(top.kept)
			s.done[top.tree], s.working[top.tree] = k, false
			stack = stack[:len(stack)-1]
			if len(stack) == 0 {
				return k, s.forest.at[root] != failed, nil
			}
			continue
		}
		e := top.list[top.next]
		if e.isBlob() {
			top.kept = append(top.kept, e)
			top.next++
			continue
		}
		sub := e.index()
		switch k := s.done[sub]; {
		case k == 0:
		case k != none && int(s.height[k]) < maxDepth:
			top.kept = append(top.kept, entry{e.name, k << 1})
		case k != none:
			s.trouble(s.forest.ids[sub], fmt.Errorf("directories more than %d deep: %w", maxDepth, ErrLimit))
		case s.working[sub]:
			s.trouble(s.forest.ids[sub], fmt.Errorf("tree contains itself: %w", ErrMalformed))
		case len(stack) >= maxDepth:
			s.trouble(s.forest.ids[sub], fmt.Errorf("directories more than %d deep: %w", maxDepth, ErrLimit))
		default:
			push(sub)
			continue
		}
		top.next++
	}
}

// release lets go of everything but the skeletons and the names in them: half a million trees take some 70 MiB, and the walk
// over the commits needs that room.
func (s *skeletons) release() {
	s.index, s.done, s.working, s.stack = nil, nil, nil, nil
	*s.forest = forest{size: s.forest.size, blobs: s.forest.blobs, text: s.forest.text}
}

// grow makes room for trees met since.
func (s *skeletons) grow() {
	for len(s.done) < len(s.forest.ids) {
		s.done = append(s.done, none)
		s.working = append(s.working, false)
	}
}

// load sees to it that a tree is recorded, reading it if the scan did not meet it.
func (s *skeletons) load(t uint32) bool {
	id := s.forest.ids[t]
	if s.forest.at[t] == unread {
		content, err := s.read(id)
		if err != nil {
			s.forest.at[t] = failed
			s.trouble(id, err)
			return false
		}
		s.forest.record(id, content)
	}
	if err := s.forest.broken[t]; err != nil {
		s.trouble(id, fmt.Errorf("read tree %s: %w", id.Hex(s.forest.size), err))
	}
	return true
}

// intern returns the index of the skeleton with these entries.
func (s *skeletons) intern(list []entry) uint32 {
	if len(list) == 0 {
		return 0
	}
	// Git sorts directories as if their names ended in a slash; here they are sorted by bare name, so that a walk
	// meets equal names together. Of two entries with one name, which git does not write, the first counts.
	if !slices.IsSortedFunc(list, s.cmp) {
		slices.SortStableFunc(list, s.cmp)
	}
	list = slices.CompactFunc(list, func(a, b entry) bool { return s.cmp(a, b) == 0 })
	s.key = s.key[:0]
	height := uint16(0)
	for _, e := range list {
		s.key = binary.LittleEndian.AppendUint32(s.key, e.name)
		s.key = binary.LittleEndian.AppendUint32(s.key, e.node)
		if !e.isBlob() {
			height = max(height, s.height[e.index()])
		}
	}
	if k, ok := s.index[string(s.key)]; ok {
		return k
	}
	k := uint32(len(s.height))
	s.index[string(s.key)] = k
	s.all = append(s.all, list...)
	s.start = append(s.start, uint32(len(s.all)))
	s.height = append(s.height, height+1)
	return k
}

// scan records all trees that objects hands out in storage order.
func (f *forest) scan(ctx context.Context, objects Objects) error {
	scanner, ok := objects.(TreeScanner)
	if !ok {
		return nil
	}
	err := scanner.Trees(ctx, func(id ID, content []byte) error {
		f.record(id, content)
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("read trees: %w", err)
	}
	return nil
}
