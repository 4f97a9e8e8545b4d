package pack

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sort"
	"strings"

	"golang.org/x/sync/errgroup"
)

// graph says which object derives from which, over the whole store or a part of it. A node is an object in a pack, in the order of packs and
// offsets; then come loose objects, then bases that are no object of the graph: a multi-pack-index names only one of an object's
// copies, and a graph of a part has the bases of what it holds besides. It takes 29 bytes a node.
//
// An object that stands in several packs counts once, in the first of them; its copies point there. What derives from a copy is
// hung under that first one, so that it is inflated once, too. Since copies point to earlier packs only, that makes no cycle.
type graph struct {
	packs  []*packFile
	start  []int32 // first node of each pack, then of loose objects
	loose  []looseRef
	anon   []anonRef
	anonAt map[anonRef]int32

	beyond *Set // the objects that it leaves out; nil if it is of the whole store
	names  names

	off  []int64  // of the entry in its pack
	pos  []uint32 // of the entry in its index
	base []int32  // the node it derives from; -1 for none; of a copy, the node that counts
	down []int32  // first node that derives from it, -1 for none; the one with the most below it comes last
	next []int32  // next node with the same base, -1 for none
	size []uint32 // nodes from here down; of a lost node, the node that is the cause
	flag []uint8

	roots []int32 // nodes stored whole, and loose ones
	lost  []int32 // nodes that no root leads to
	count [8]int  // objects by type, without loose ones whose type is not known
}

// Flags of a node, above its type in the low bits.
const (
	typeBits   = 0x07
	flagBroken = 0x08 // its header cannot be read, or makes no sense
	flagNoBase = 0x10 // its base is not in the store
	flagCopy   = 0x20 // the object counts elsewhere
	flagLost   = 0x40 // below a node with one of the first two, or in a cycle
)

type looseRef struct {
	id  ID
	dir int32
}

type anonRef struct {
	pack int32
	off  int64
}

const noPos = math.MaxUint32

// graphOf builds the graph of the whole store once.
func (s *Store) graphOf() (*graph, error) {
	s.once.Do(func() { s.graph, s.gerr = s.buildGraph(nil, nil) })
	return s.graph, s.gerr
}

// buildGraph builds the graph of the whole store; or, with beyond, of the objects that it does not hold: parts are their places in
// the packs' indexes, in order. What that takes does not depend on how many the others are, but for loose ones.
func (s *Store) buildGraph(beyond *Set, parts [][]uint32) (*graph, error) {
	g := &graph{packs: s.packs, loose: s.looseRefs(), beyond: beyond}
	total := int64(len(g.loose))
	for k, p := range g.packs {
		g.start = append(g.start, int32(total-int64(len(g.loose))))
		n := p.idx.n
		if beyond != nil {
			n = len(parts[k])
		}
		if total += int64(n); total > math.MaxInt32/2 {
			return nil, fmt.Errorf("object store %s holds more objects than can be walked", s.dirs[0])
		}
	}
	packed := int32(total) - int32(len(g.loose))
	g.start = append(g.start, packed)
	g.grow(int(total))
	for k, p := range g.packs {
		from, to := g.start[k], g.start[k+1]
		if beyond == nil {
			p.order(nil, g.off[from:to], g.pos[from:to])
		} else {
			p.order(parts[k], g.off[from:to], g.pos[from:to])
		}
	}
	if err := guarded(g.dedupe); err != nil {
		return nil, fmt.Errorf("read indexes of %s: %w", s.dirs[0], err)
	}

	// Headers, in chunks: this reads a byte or two of every page of every pack.
	const chunk = 1 << 14
	var eg errgroup.Group
	eg.SetLimit(max(1, runtime.GOMAXPROCS(0)))
	type piece struct {
		pack     int
		from, to int32
	}
	var pieces []piece
	for k := range g.packs {
		for from := g.start[k]; from < g.start[k+1]; from += chunk {
			pieces = append(pieces, piece{pack: k, from: from, to: min(from+chunk, g.start[k+1])})
		}
	}
	strays := make([][]anonChild, len(pieces))
	for i, pc := range pieces {
		eg.Go(func() error {
			debug.SetPanicOnFault(true)
			strays[i] = g.headers(pc.pack, pc.from, pc.to)
			return nil
		})
	}
	_ = eg.Wait() // no piece fails: what cannot be read is flagged in the graph
	g.anonymous(slices.Concat(strays...))
	g.link()
	g.typeLoose(s)
	g.settle()
	return g, nil
}

func (g *graph) grow(n int) {
	more := n - len(g.off)
	g.off = append(g.off, make([]int64, more)...)
	g.pos = append(g.pos, make([]uint32, more)...)
	g.base = append(g.base, slices.Repeat([]int32{-1}, more)...)
	g.down = append(g.down, slices.Repeat([]int32{-1}, more)...)
	g.next = append(g.next, slices.Repeat([]int32{-1}, more)...)
	g.size = append(g.size, make([]uint32, more)...)
	g.flag = append(g.flag, make([]uint8, more)...)
}

// looseRefs lists the loose objects once.
func (s *Store) looseRefs() []looseRef {
	s.looseOnce.Do(func() { s.loose = s.listLoose() })
	return s.loose
}

// listLoose lists the loose objects that no pack holds, each once, in the order of ids.
func (s *Store) listLoose() []looseRef {
	var refs []looseRef
	raw := make([]byte, s.hash)
	for d, dir := range s.dirs {
		prefixes, err := fanoutDirs(dir)
		if err != nil {
			s.unopened(fmt.Errorf("list loose objects: %w", err))
		}
		for _, prefix := range prefixes {
			list, err := os.ReadDir(filepath.Join(dir, prefix))
			if err != nil {
				s.unopened(fmt.Errorf("list loose objects: %w", err))
				continue
			}
			for _, e := range list {
				name := e.Name()
				if len(name) != 2*s.hash-2 {
					continue // tmp_obj_… and the like
				}
				if _, err := hex.Decode(raw, []byte(prefix+name)); err != nil {
					continue
				}
				id := rawID(raw)
				if id.Hex() != prefix+name || s.packed(id) {
					continue
				}
				refs = append(refs, looseRef{id, int32(d)})
			}
		}
	}
	slices.SortFunc(refs, func(a, b looseRef) int {
		return cmp.Or(bytes.Compare(a.id.raw(), b.id.raw()), cmp.Compare(a.dir, b.dir))
	})
	return slices.CompactFunc(refs, func(a, b looseRef) bool { return a.id == b.id })
}

// fanoutDirs lists the folders of loose objects in an object folder.
func fanoutDirs(dir string) (names []string, err error) {
	list, err := os.ReadDir(dir)
	for _, e := range list {
		if name := e.Name(); len(name) == 2 && strings.Trim(name, "0123456789abcdef") == "" {
			names = append(names, name)
		}
	}
	return names, err
}

// packed says whether a pack holds an object.
func (s *Store) packed(id ID) bool {
	found := false
	_ = guarded(func() error {
		for _, p := range s.packs {
			if p.idx.find(id.raw()) >= 0 {
				found = true
				break
			}
		}
		return nil
	})
	return found
}

// order lists offsets and index positions of a pack's objects by offset: of those at the positions of part, which are in order, or
// of all where off has room for all. An offset outside the pack becomes its end, where the header cannot be read.
func (p *packFile) order(part []uint32, off []int64, pos []uint32) {
	n := len(off)
	if n == 0 {
		return
	}
	// Offset and position in one word sort fastest, and fit unless 2^a bytes hold over 2^(64-a) objects.
	posBits := bits.Len32(uint32(p.idx.n - 1))
	if bits.Len64(uint64(p.size))+posBits > 64 {
		posBits = 0
	}
	entry := func(i int) uint32 {
		if part != nil {
			return part[i]
		}
		return uint32(i)
	}
	at := func(i uint32) (o int64) {
		o = -1
		_ = guard(func() (err error) { o, err = p.idx.offset(int(i)); return err })
		if o < 0 || o > p.end() {
			o = p.end()
		}
		return max(o, 0)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if posBits == 0 && p.idx.n > 1 {
		perm := make([]int, n)
		offs := make([]int64, n)
		for i := range n {
			perm[i], offs[i] = i, at(entry(i))
		}
		slices.SortFunc(perm, func(a, b int) int { return cmp.Or(cmp.Compare(offs[a], offs[b]), cmp.Compare(a, b)) })
		for i, q := range perm {
			off[i], pos[i] = offs[q], entry(q)
		}
		return
	}
	keys := make([]uint64, n)
	for i := range n {
		q := entry(i)
		keys[i] = uint64(at(q))<<posBits | uint64(q)
	}
	slices.Sort(keys)
	for i, key := range keys {
		off[i], pos[i] = int64(key>>posBits), uint32(key&(1<<posBits-1))
	}
}

// dedupe marks the copies of objects that stand in several packs, or several times in one, by merging the indexes.
func (g *graph) dedupe() error {
	if len(g.packs) < 2 {
		return nil
	}
	type cursor struct {
		pack, at int
		id       []byte
		node     []int32 // in the order of the index
	}
	var heap []*cursor
	id := func(c *cursor) []byte { return g.packs[c.pack].idx.id(int(g.pos[c.node[c.at]])) }
	for k := range g.packs {
		if g.start[k] == g.start[k+1] {
			continue
		}
		c := &cursor{pack: k, node: g.byPos(k)}
		c.id = id(c)
		heap = append(heap, c)
	}
	less := func(a, b *cursor) bool {
		if c := bytes.Compare(a.id, b.id); c != 0 {
			return c < 0
		}
		return a.pack < b.pack
	}
	sift := func(i int) {
		for {
			m := i
			for _, c := range [2]int{2*i + 1, 2*i + 2} {
				if c < len(heap) && less(heap[c], heap[m]) {
					m = c
				}
			}
			if m == i {
				return
			}
			heap[i], heap[m] = heap[m], heap[i]
			i = m
		}
	}
	for i := len(heap) / 2; i >= 0; i-- {
		sift(i)
	}
	var last []byte
	var first int32
	for len(heap) > 0 {
		c := heap[0]
		node := c.node[c.at]
		if bytes.Equal(c.id, last) {
			g.flag[node] |= flagCopy
			g.base[node] = first
		} else {
			last, first = c.id, node
		}
		c.at++
		if c.at == len(c.node) {
			heap[0] = heap[len(heap)-1]
			heap = heap[:len(heap)-1]
		} else {
			c.id = id(c)
		}
		if len(heap) > 0 {
			sift(0)
		}
	}
	return nil
}

// byPos lists the nodes of pack k in the order of its index.
func (g *graph) byPos(k int) []int32 {
	from := g.start[k]
	nodes := make([]int32, g.start[k+1]-from)
	if g.beyond == nil {
		for i := range nodes {
			nodes[g.pos[from+int32(i)]] = from + int32(i)
		}
		return nodes
	}
	for i := range nodes {
		nodes[i] = from + int32(i)
	}
	slices.SortFunc(nodes, func(a, b int32) int { return cmp.Compare(g.pos[a], g.pos[b]) })
	return nodes
}

// anonChild is a node whose base stands at an offset of its pack for which there is no node.
type anonChild struct {
	node int32
	pack int32
	off  int64
}

// headers reads the entry headers of nodes from to to of pack k. It returns those whose base is still to be found.
func (g *graph) headers(k int, from, to int32) (strays []anonChild) {
	var sc scratch
	p := g.packs[k]
	for i := from; i < to; i++ {
		if g.flag[i]&flagCopy != 0 {
			continue
		}
		err := guard(func() error {
			e, err := sc.header(p, g.off[i])
			if err != nil {
				return err
			}
			switch e.kind {
			case kindOfs:
				if b := g.at(k, e.ofs, i); b >= 0 {
					g.base[i] = b
				} else {
					strays = append(strays, anonChild{i, int32(k), e.ofs})
				}
			case kindRef:
				switch b, at := g.find(k, e.ref); {
				case b >= 0:
					g.base[i] = b
				case at.off > 0:
					strays = append(strays, anonChild{i, at.pack, at.off})
				default:
					g.flag[i] |= flagNoBase
				}
			default:
				g.flag[i] |= e.kind
			}
			return nil
		})
		if err != nil {
			g.flag[i] |= flagBroken
		}
	}
	return strays
}

var errNoEntry = errors.New("delta's base is where no object of the index begins, and none can be read")

// counts is the node that counts for a node.
func (g *graph) counts(i int32) int32 {
	if g.flag[i]&flagCopy != 0 {
		return g.base[i]
	}
	return i
}

// at is the node at an offset of pack k, -1 for none. It is near before node near, if not -1: bases mostly are.
func (g *graph) at(k int, off int64, near int32) int32 {
	lo, hi := g.start[k], g.start[k+1]
	if near >= 0 {
		hi = near
		for step := int32(1); ; step *= 2 {
			if m := near - step; m <= lo || step > 1<<28 {
				break
			} else if g.off[m] <= off {
				lo = m
				break
			} else {
				hi = m
			}
		}
	}
	i := lo + int32(sort.Search(int(hi-lo), func(j int) bool { return g.off[lo+int32(j)] >= off }))
	if i < hi && g.off[i] == off {
		return i
	}
	return -1
}

// find is a node of an id, looked for in pack k first, if there is one; -1 for none. Where a graph of a part has none, at is where
// a pack has the object all the same.
func (g *graph) find(k int, id ID) (node int32, at anonRef) {
	for try := -1; try < len(g.packs); try++ {
		q := try
		if try < 0 {
			if q = k; k >= len(g.packs) {
				continue
			}
		}
		x := g.packs[q].idx
		i := x.find(id.raw())
		if i < 0 {
			continue
		}
		off, err := x.offset(i)
		if err != nil {
			continue
		}
		// Several nodes may claim one offset; any of them has these bytes.
		if n := g.at(q, off, -1); n >= 0 {
			return n, at
		}
		if g.beyond != nil && at.off == 0 {
			at = anonRef{int32(q), off}
		}
	}
	if j, ok := slices.BinarySearchFunc(g.loose, id, func(r looseRef, id ID) int { return bytes.Compare(r.id.raw(), id.raw()) }); ok {
		return g.start[len(g.packs)] + int32(j), at
	}
	return -1, at
}

// anonymous makes nodes for bases that are no object of the graph.
func (g *graph) anonymous(list []anonChild) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var sc scratch
	for len(list) > 0 {
		c := list[len(list)-1]
		list = list[:len(list)-1]
		if n, ok := g.anonAt[anonRef{c.pack, c.off}]; ok {
			g.base[c.node] = n
			continue
		}
		if b := g.at(int(c.pack), c.off, -1); b >= 0 {
			g.base[c.node] = b
			continue
		}
		p := g.packs[c.pack]
		var e entry
		err := guard(func() (err error) { e, err = sc.header(p, c.off); return err })
		// An entry takes more than 16 bytes as a rule: a chain of more of them than fit is made up.
		if err != nil || int64(len(g.anon)) > p.size/16 {
			g.flag[c.node] |= flagBroken
			continue
		}
		n := int32(len(g.off))
		g.grow(int(n) + 1)
		g.off[n], g.pos[n] = c.off, noPos
		g.anon = append(g.anon, anonRef{c.pack, c.off})
		if g.anonAt == nil {
			g.anonAt = map[anonRef]int32{}
		}
		g.anonAt[anonRef{c.pack, c.off}] = n
		g.base[c.node] = n
		switch e.kind {
		case kindOfs:
			list = append(list, anonChild{n, c.pack, e.ofs})
		case kindRef:
			switch b, at := g.find(int(c.pack), e.ref); {
			case b >= 0:
				g.base[n] = b
			case at.off > 0:
				list = append(list, anonChild{n, at.pack, at.off})
			default:
				g.flag[n] |= flagNoBase
			}
		default:
			g.flag[n] |= e.kind
		}
	}
}

// link hangs every node under its base, or under what counts in its base's place.
func (g *graph) link() {
	for i := int32(len(g.off)) - 1; i >= 0; i-- {
		if b := g.base[i]; b >= 0 && g.flag[i]&flagCopy == 0 {
			b = g.counts(b)
			g.base[i] = b
			g.next[i] = g.down[b]
			g.down[b] = i
		}
	}
}

// typeLoose reads the type of loose objects that others derive from: rare, since git completes packs.
func (g *graph) typeLoose(s *Store) {
	var sc scratch
	for j := range g.loose {
		i := g.start[len(g.packs)] + int32(j)
		if g.down[i] < 0 {
			continue
		}
		o, err := sc.readLoose(g.looseFile(s, i), 0, 0, nil)
		if err != nil {
			g.flag[i] |= flagBroken
			continue
		}
		g.flag[i] |= uint8(o.t)
	}
}

// settle finds roots, gives everything below them their type, counts what hangs below each node, and lists what is lost.
func (g *graph) settle() {
	firstLoose := g.start[len(g.packs)]
	lastLoose := firstLoose + int32(len(g.loose))
	for i := range int32(len(g.off)) {
		f := g.flag[i]
		switch {
		case f&flagCopy != 0 || g.base[i] >= 0:
		case f&(flagBroken|flagNoBase) != 0:
			g.below(i, func(j int32) {
				g.flag[j] |= flagLost
				g.size[j] = uint32(i)
			})
		default:
			t := f & typeBits
			g.below(i, func(j int32) {
				g.flag[j] |= t
				if j < firstLoose || j < lastLoose && t != 0 {
					g.count[t]++
				}
			})
			g.weigh(i)
			g.roots = append(g.roots, i)
		}
	}
	// A broken node may have a base, and a cycle has no root at all.
	for i := range int32(len(g.off)) {
		if g.flag[i]&flagCopy != 0 || g.flag[i]&flagLost == 0 && g.size[i] > 0 {
			continue
		}
		if g.flag[i]&flagLost == 0 {
			g.flag[i] |= flagLost
			g.size[i] = uint32(i)
		}
		g.lost = append(g.lost, i)
	}
}

// below calls do for a node and all that derive from it, a base before what derives from it.
func (g *graph) below(root int32, do func(int32)) {
	i := root
	for {
		do(i)
		if g.down[i] >= 0 {
			i = g.down[i]
			continue
		}
		for i != root && g.next[i] < 0 {
			i = g.base[i]
		}
		if i == root {
			return
		}
		i = g.next[i]
	}
}

// weigh counts the nodes below each node, and moves the heaviest child last: by then its base is not needed any more, so a walk
// holds the contents of no more nodes than the logarithm of their number.
func (g *graph) weigh(root int32) {
	i := root
	for {
		for g.down[i] >= 0 {
			i = g.down[i]
		}
		for {
			g.size[i] = 1
			heaviest, before, prev, last := int32(-1), int32(-1), int32(-1), int32(-1)
			for c := g.down[i]; c >= 0; c = g.next[c] {
				g.size[i] += g.size[c]
				if heaviest < 0 || g.size[c] > g.size[heaviest] {
					heaviest, before = c, prev
				}
				prev, last = c, c
			}
			if heaviest >= 0 && heaviest != last {
				if before < 0 {
					g.down[i] = g.next[heaviest]
				} else {
					g.next[before] = g.next[heaviest]
				}
				g.next[last], g.next[heaviest] = heaviest, -1
			}
			if i == root {
				return
			}
			if g.next[i] >= 0 {
				i = g.next[i]
				break
			}
			i = g.base[i]
		}
	}
}

// pack is the number of a node's pack, len(packs) for loose objects.
func (g *graph) pack(i int32) int {
	return sort.Search(len(g.start)-1, func(k int) bool { return g.start[k+1] > i })
}

func (g *graph) looseFile(s *Store, i int32) string {
	r := g.loose[i-g.start[len(g.packs)]]
	return looseName(s.dirs[r.dir], r.id)
}
