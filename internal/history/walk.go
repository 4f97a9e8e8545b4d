package history

import (
	"context"
	"fmt"
)

// limits bound what a hostile repository can cost: a dozen trees of ten entries each, one in the other, make 10^12 paths.
type limits struct {
	steps   int // entries looked at, once for the commits and once for the refs
	places  int // in all
	nodes   int // distinct paths, directories included
	perBlob int // places of one blob
}

var defaultLimits = limits{steps: 1 << 27, places: 1 << 19, nodes: 1 << 21, perBlob: 1 << 14}

// maxParents is how many parents a commit is compared with; the widest merge known, in Linux, has 66.
const maxParents = 256

// place is one blob at one path, and what became of it. Commits and refs are indices of history; what a better class of
// commit says of a place replaces what a lesser one said.
type place struct {
	node, blob uint32
	class      class
	tips       uint8  // a bit for each class of which a tip holds it
	added      uint32 // first commit that holds it
	born       uint32 // last commit that holds it while no parent does
	strict     uint32 // last commit that lacks it while every parent holds it
	weak       uint32 // last commit that lacks it while one parent holds it and another does not
	to         uint32 // the place that strict renamed it to
	from       uint32 // the place that it was first renamed from
	tipRefs    uint32 // set of refs whose tip holds it
	pastRefs   uint32 // set of refs that reach a commit where it was born
}

// walker goes through the commits and keeps the places.
type walker struct {
	*history
	sk     *skeletons
	roots  []uint32 // the skeleton of each commit
	limits limits

	nodes     []node // paths; 0 is the root
	nodeIndex map[node]uint32
	places    []place
	index     map[[2]uint32]uint32 // places by node and blob
	count     []int                // places by blob

	steps      int
	full       bool // limits.places or limits.nodes reached
	dirs       []step
	born, gone []event // of one commit
	weak       []event
}

// node is a path: a name in a directory.
type node struct{ parent, name uint32 }

// step is a directory on the way down, with its node once that is needed.
type step struct{ name, node uint32 }

// event is a blob that comes or goes at a path.
type event struct{ node, blob uint32 }

// side is a parent's skeleton and how many parents have it.
type side struct {
	skeleton uint32
	n        int
}

func newWalker(h *history, sk *skeletons, blobs int, l limits) *walker {
	return &walker{
		history: h, sk: sk, limits: l,
		nodes: []node{{}}, nodeIndex: map[node]uint32{}, index: map[[2]uint32]uint32{}, count: make([]int, blobs),
	}
}

// walk finds all places.
func (w *walker) walk(ctx context.Context) error {
	w.roots = make([]uint32, len(w.commits))
	for i := range w.commits {
		c := &w.commits[i]
		k, ok, err := w.sk.of(ctx, c.tree)
		if err != nil {
			return err
		}
		if !ok && len(c.parents) > 0 {
			// What cannot be read is taken to have changed nothing: better than everything gone here and back after.
			k = w.roots[c.parents[0]]
		}
		w.roots[i] = k
	}
	w.sk.release()
	w.steps = w.limits.steps
	for i := range w.commits {
		if i&0xff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if w.commit(uint32(i)); w.steps <= 0 {
			id := w.commits[i].id
			w.trouble(id, fmt.Errorf("history beyond commit %s holds too many paths: %w", id.Hex(w.size), ErrLimit))
			break
		}
	}
	w.steps = w.limits.steps
	seen := map[[2]uint32]holders{}
	for rank, r := range w.refs {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.tip(r.commit, r.class, uint32(rank), r.alias, seen)
	}
	for _, c := range w.loose {
		w.tip(c, byNothing, none, true, seen)
	}
	if w.steps <= 0 {
		w.trouble(ID{}, fmt.Errorf("the refs hold too many paths, some are taken for history: %w", ErrLimit))
	}
	return nil
}

// commit compares one commit with all its parents.
func (w *walker) commit(at uint32) {
	c := &w.commits[at]
	root := w.roots[at]
	parents := c.parents
	if len(parents) > maxParents {
		w.trouble(c.id, fmt.Errorf("commit %s has %d parents: %w", c.id.Hex(w.size), len(parents), ErrLimit))
		parents = parents[:maxParents]
	}
	var few [4]side
	sides := few[:0]
	for _, p := range parents {
		sides = addSide(sides, w.roots[p], 1)
	}
	if len(sides) == 1 && sides[0].skeleton == root {
		return
	}
	w.born, w.gone, w.weak, w.dirs = w.born[:0], w.gone[:0], w.weak[:0], w.dirs[:0]
	room := !w.full
	w.diff(root, sides, len(parents))

	for _, e := range w.born {
		w.bornAt(e, at)
	}
	for _, e := range w.weak {
		if p := w.find(e); p != nil && p.class == c.class {
			p.weak = at
		}
	}
	for _, e := range w.gone {
		if p := w.find(e); p != nil && p.class == c.class {
			p.strict, p.to = at, none
		}
	}
	if len(w.born) > 0 && len(w.gone) > 0 {
		w.renames(at)
	}
	if room && w.full {
		w.trouble(c.id, fmt.Errorf("more places by commit %s than are kept: %w", c.id.Hex(w.size), ErrLimit))
	}
}

func addSide(sides []side, skeleton uint32, n int) []side {
	for i := range sides {
		if sides[i].skeleton == skeleton {
			sides[i].n += n
			return sides
		}
	}
	return append(sides, side{skeleton, n})
}

// diff collects what is in a directory and in none of the sides, and what is in one of the sides and not in the directory.
// parents is how many there are; the sides' numbers add up to it.
func (w *walker) diff(k uint32, sides []side, parents int) {
	if len(sides) == 1 && sides[0].skeleton == k {
		return
	}
	var fewLists [5][]entry
	lists := append(fewLists[:0], w.sk.entries(k))
	for _, s := range sides {
		lists = append(lists, w.sk.entries(s.skeleton))
	}
	for {
		// The sides are compared with each other at every name.
		if w.steps -= len(lists) * len(lists); w.steps <= 0 {
			return
		}
		first, found := entry{}, false
		for _, l := range lists {
			if len(l) > 0 && (!found || w.sk.cmp(l[0], first) < 0) {
				first, found = l[0], true
			}
		}
		if !found {
			return
		}
		var few [5]uint32
		heads := few[:0]
		for i, l := range lists {
			if len(l) > 0 && w.sk.cmp(l[0], first) == 0 {
				heads = append(heads, l[0].index())
				lists[i] = l[1:]
			} else {
				heads = append(heads, none)
			}
		}
		if first.isBlob() {
			w.compare(first.name, heads, sides, parents)
			continue
		}
		var fewSides [4]side
		sub := fewSides[:0]
		for i, s := range sides {
			h := heads[i+1]
			if h == none {
				h = 0
			}
			sub = addSide(sub, h, s.n)
		}
		h := heads[0]
		if h == none {
			h = 0
		}
		w.dirs = append(w.dirs, step{first.name, none})
		w.diff(h, sub, parents)
		w.dirs = w.dirs[:len(w.dirs)-1]
	}
}

// compare is diff for one file: heads are the blob in the commit and in each side, none where there is no such file or its
// blob is of no interest.
func (w *walker) compare(name uint32, heads []uint32, sides []side, parents int) {
	holds := func(blob uint32) (n int) {
		for i, s := range sides {
			if heads[i+1] == blob {
				n += s.n
			}
		}
		return n
	}
	if here := heads[0]; here != none && holds(here) == 0 {
		if n := w.path(name, w.mayAdd(here)); n != none {
			w.born = append(w.born, event{n, here})
		}
	}
	for i := range sides {
		blob := heads[i+1]
		if blob == none || blob == heads[0] || seenBefore(heads[1:i+1], blob) {
			continue
		}
		n := w.path(name, false)
		if n == none {
			continue
		}
		if holds(blob) == parents {
			w.gone = append(w.gone, event{n, blob})
		} else {
			w.weak = append(w.weak, event{n, blob})
		}
	}
}

func seenBefore(list []uint32, x uint32) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// path returns the node of a file in the directory at hand, or none if it has none and is not to get one.
func (w *walker) path(name uint32, create bool) uint32 {
	at := uint32(0)
	for i := range w.dirs {
		d := &w.dirs[i]
		if d.node == none {
			d.node = w.child(at, d.name, create)
		}
		if at = d.node; at == none {
			return none
		}
	}
	return w.child(at, name, create)
}

func (w *walker) child(parent, name uint32, create bool) uint32 {
	key := node{parent, name}
	n, ok := w.nodeIndex[key]
	switch {
	case ok:
		return n
	case !create || w.full:
		return none
	}
	n = uint32(len(w.nodes))
	w.nodes = append(w.nodes, key)
	w.nodeIndex[key] = n
	w.full = len(w.nodes) >= w.limits.nodes
	return n
}

// mayAdd reports whether a further place of the blob would be kept.
func (w *walker) mayAdd(blob uint32) bool {
	return !w.full && w.count[blob] < w.limits.perBlob
}

func (w *walker) find(e event) *place {
	i, ok := w.index[[2]uint32{e.node, e.blob}]
	if !ok {
		return nil
	}
	return &w.places[i]
}

// bornAt notes that a commit holds a blob at a path and no parent does.
func (w *walker) bornAt(e event, at uint32) {
	c := &w.commits[at]
	fresh := place{
		node: e.node, blob: e.blob, class: c.class, added: at, born: at,
		strict: none, weak: none, to: none, from: none, pastRefs: c.refs,
	}
	p := w.find(e)
	switch {
	case p == nil:
		if !w.mayAdd(e.blob) {
			return
		}
		w.index[[2]uint32{e.node, e.blob}] = uint32(len(w.places))
		w.places = append(w.places, fresh)
		if w.count[e.blob]++; w.count[e.blob] == w.limits.perBlob {
			w.tooMany(e.blob)
		}
		w.full = w.full || len(w.places) >= w.limits.places
	case c.class < p.class:
		*p = fresh
	case c.class == p.class:
		p.born = at
		p.pastRefs = w.sets.union(p.pastRefs, c.refs)
	}
}

func (w *walker) tooMany(blob uint32) {
	for id, b := range w.forest.blobs {
		if b == blob {
			w.trouble(id, fmt.Errorf("blob %s at more than %d paths: %w", id.Hex(w.size), w.limits.perBlob, ErrLimit))
		}
	}
}

// renames pairs what a commit adds with what it removes, blob by blob: files of the same name first, the rest in the order
// of their paths.
func (w *walker) renames(at uint32) {
	type named struct{ blob, name uint32 }
	same := map[named][]int{}
	left := map[uint32][]int{}
	for i, e := range w.gone {
		k := named{e.blob, w.nodes[e.node].name}
		same[k] = append(same[k], i)
	}
	taken := make([]bool, len(w.gone))
	var open []event
	for _, e := range w.born {
		k := named{e.blob, w.nodes[e.node].name}
		if q := same[k]; len(q) > 0 {
			same[k], taken[q[0]] = q[1:], true
			w.rename(w.gone[q[0]], e, at)
		} else {
			open = append(open, e)
		}
	}
	for i, e := range w.gone {
		if !taken[i] {
			left[e.blob] = append(left[e.blob], i)
		}
	}
	for _, e := range open {
		if q := left[e.blob]; len(q) > 0 {
			left[e.blob] = q[1:]
			w.rename(w.gone[q[0]], e, at)
		}
	}
}

func (w *walker) rename(from, to event, at uint32) {
	a, aOK := w.index[[2]uint32{from.node, from.blob}]
	b, bOK := w.index[[2]uint32{to.node, to.blob}]
	if !aOK || !bOK {
		return
	}
	if p := &w.places[a]; p.strict == at {
		p.to = b
	}
	if p := &w.places[b]; p.born == at && p.from == none {
		p.from = a
	}
}

// holders is how often a directory was met in the tips of refs, and in those of which classes.
type holders struct {
	refs    uint8
	classes uint8
}

// tip marks what the tree at the tip of a ref holds.
func (w *walker) tip(at uint32, c class, rank uint32, alias bool, seen map[[2]uint32]holders) {
	set := uint32(0)
	if !alias {
		set = w.sets.with(0, rank)
	}
	w.mark(0, w.roots[at], c, set, seen)
}

// mark goes into no directory that as many refs hold as a location lists, so that ten thousand tags cost little more than
// MaxRefs.
func (w *walker) mark(dir, k uint32, c class, set uint32, seen map[[2]uint32]holders) {
	key := [2]uint32{dir, k}
	s := seen[key]
	bit := uint8(1) << c
	if s.classes&bit != 0 && (set == 0 || s.refs >= MaxRefs) {
		return
	}
	s.classes |= bit
	if set != 0 && s.refs < MaxRefs {
		s.refs++
	}
	seen[key] = s
	for _, e := range w.sk.entries(k) {
		if w.steps--; w.steps <= 0 {
			return
		}
		n := w.child(dir, e.name, false)
		if n == none {
			continue
		}
		if !e.isBlob() {
			w.mark(n, e.index(), c, set, seen)
			continue
		}
		if p := w.find(event{n, e.index()}); p != nil {
			p.tips |= bit
			p.tipRefs = w.sets.union(p.tipRefs, set)
		}
	}
}
