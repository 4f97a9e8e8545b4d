package history

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"
	"strings"
)

// class is by what a commit is reached, the most telling first.
type class uint8

const (
	byBranch class = iota // HEAD included
	byOther
	byTag
	byStash
	byNote
	byNothing
)

func (k Kind) class() class {
	switch k {
	case Head, Branch, Remote:
		return byBranch
	case Tag:
		return byTag
	case Stash:
		return byStash
	case Note:
		return byNote
	}
	return byOther
}

// commit is one commit, or a tree or blob that a ref names directly; such a one has no parents and is bare.
type commit struct {
	id      ID
	tree    uint32 // in the forest
	parents []uint32
	author  uint32 // in history.authors
	when    int64
	class   class
	bare    bool
	refs    uint32 // the set of refs that reach it
}

// history holds the commits, parents before children, siblings by committer date and then by id. Indices count from 0.
type history struct {
	size    int
	read    func(id ID) (string, []byte, error)
	trouble func(id ID, err error)
	forest  *forest

	commits []commit
	authors []string // as written
	refs    []tip    // in the order of preference
	loose   []uint32 // commits of Options.Loose that no other commit has as parent
	sets    refSets
}

// tip is a ref and the commit it leads to.
type tip struct {
	name   string // short
	class  class
	alias  bool // HEAD, a remote's or the stash log's first, beside the ref that it repeats
	commit uint32
}

// maxTagDepth bounds tags that point to tags.
const maxTagDepth = 16

// loader reads the graph.
type loader struct {
	*history
	index   map[ID]uint32 // commits, trees and blobs met
	absent  []bool        // by index
	shallow map[ID]bool
	byName  map[string]uint32 // authors
	peeled  map[ID]ID
}

// load reads every commit that a ref or a loose id leads to.
func (h *history) load(ctx context.Context, o Options) error {
	l := &loader{
		history: h, index: map[ID]uint32{}, shallow: map[ID]bool{},
		byName: map[string]uint32{}, peeled: map[ID]ID{},
	}
	for _, id := range o.Shallow {
		l.shallow[id] = true
	}
	refs := slices.Clone(o.Refs)
	slices.SortFunc(refs, func(a, b Ref) int {
		return cmp.Or(cmp.Compare(a.Kind.class(), b.Kind.class()), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name),
			bytes.Compare(a.ID[:], b.ID[:]))
	})
	for _, r := range refs {
		if c := l.root(r.ID); c != none {
			h.refs = append(h.refs, tip{name: shortName(r.Name), class: r.Kind.class(), alias: isAlias(r.Name), commit: c})
		}
	}
	loose := slices.Clone(o.Loose)
	slices.SortFunc(loose, func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range slices.Compact(loose) {
		if c := l.root(id); c != none {
			h.loose = append(h.loose, c)
		}
	}
	for i := uint32(0); int(i) < len(h.commits); i++ {
		if i&0xff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		l.fill(i)
	}
	l.sort()
	h.classify()
	return nil
}

// root follows tags from a ref's id and returns the index of what they lead to, or none if that can't be read or is a blob
// of no interest.
func (l *loader) root(id ID) uint32 {
	from := id
	if to, ok := l.peeled[id]; ok {
		id = to
	}
	if i, ok := l.index[id]; ok {
		return i
	}
	for range maxTagDepth {
		if b, ok := l.forest.blobs[id]; ok {
			l.peeled[from] = id
			return l.bare(id, l.forest.file(id, b))
		}
		typ, content, err := l.read(id)
		if err != nil {
			l.trouble(id, err)
			return none
		}
		switch typ {
		case TypeCommit:
			l.peeled[from] = id
			return l.commit(id)
		case TypeTree:
			l.peeled[from] = id
			return l.bare(id, l.forest.tree(id))
		case TypeTag:
			if id, err = parseTag(content, l.size); err != nil {
				l.trouble(from, fmt.Errorf("read tag %s: %w", from.Hex(l.size), err))
				return none
			}
		default:
			return none
		}
	}
	l.trouble(from, fmt.Errorf("more than %d tags one behind the other: %w", maxTagDepth, ErrLimit))
	return none
}

func (l *loader) commit(id ID) uint32 {
	if i, ok := l.index[id]; ok {
		return i
	}
	i := uint32(len(l.commits))
	l.index[id] = i
	l.commits = append(l.commits, commit{id: id})
	l.absent = append(l.absent, false)
	return i
}

// bare makes a node for a tree that stands without a commit.
func (l *loader) bare(id ID, tree uint32) uint32 {
	if i, ok := l.index[id]; ok {
		return i
	}
	i := l.commit(id)
	l.commits[i].tree, l.commits[i].bare, l.commits[i].when = tree, true, maxSeconds+1 // after every commit
	return i
}

// fill reads a commit and makes room for its parents.
func (l *loader) fill(i uint32) {
	if l.commits[i].bare {
		return
	}
	id := l.commits[i].id
	if l.forest.barren != nil && l.forest.barren(id) {
		l.commits[i].tree = l.forest.tree(id) // an empty one under the commit's id, which no tree has
		return
	}
	typ, content, err := l.read(id)
	if err == nil && typ != TypeCommit {
		err = fmt.Errorf("read commit %s: is a %s: %w", id.Hex(l.size), typ, ErrMalformed)
	}
	if err != nil {
		l.absent[i] = true
		l.trouble(id, err)
		return
	}
	data, err := parseCommit(content, l.size)
	if err != nil {
		l.absent[i] = true
		l.trouble(id, fmt.Errorf("read commit %s: %w", id.Hex(l.size), err))
		return
	}
	author, ok := l.byName[string(data.author)]
	if !ok {
		author = uint32(len(l.authors))
		l.authors = append(l.authors, string(data.author))
		l.byName[string(data.author)] = author
	}
	var parents []uint32
	if !l.shallow[id] {
		for _, p := range data.parents {
			parents = append(parents, l.commit(p))
		}
	}
	c := &l.commits[i]
	c.tree, c.author, c.when, c.parents = l.forest.tree(data.tree), author, data.when, parents
}

// ready is a heap of commits whose parents have all been placed.
type ready struct {
	of   []commit
	list []uint32
}

func (r *ready) Len() int      { return len(r.list) }
func (r *ready) Swap(i, j int) { r.list[i], r.list[j] = r.list[j], r.list[i] }
func (r *ready) Push(x any)    { r.list = append(r.list, x.(uint32)) }
func (r *ready) Less(i, j int) bool {
	return earlier(&r.of[r.list[i]], &r.of[r.list[j]]) < 0
}
func (r *ready) Pop() any {
	x := r.list[len(r.list)-1]
	r.list = r.list[:len(r.list)-1]
	return x
}

func earlier(a, b *commit) int {
	return cmp.Or(cmp.Compare(a.when, b.when), bytes.Compare(a.id[:], b.id[:]))
}

// sort brings the commits into history order and leaves out the absent ones.
func (l *loader) sort() {
	h := l.history
	children := make([][]uint32, len(h.commits))
	waiting := make([]uint32, len(h.commits))
	r := &ready{of: h.commits}
	for i := range h.commits {
		if l.absent[i] {
			continue
		}
		c := &h.commits[i]
		c.parents = slices.DeleteFunc(c.parents, func(p uint32) bool { return l.absent[p] })
		waiting[i] = uint32(len(c.parents))
		for _, p := range c.parents {
			children[p] = append(children[p], uint32(i))
		}
		if len(c.parents) == 0 {
			r.list = append(r.list, uint32(i))
		}
	}
	heap.Init(r)
	place := make([]uint32, len(h.commits))
	for i := range place {
		place[i] = none
	}
	order := make([]uint32, 0, len(h.commits))
	for r.Len() > 0 {
		i := heap.Pop(r).(uint32)
		place[i] = uint32(len(order))
		order = append(order, i)
		for _, c := range children[i] {
			if waiting[c]--; waiting[c] == 0 {
				heap.Push(r, c)
			}
		}
	}
	// Ids that are hashes allow no cycle; a damaged or hostile store does. Its commits go last and lose the parents that
	// stand behind them.
	var rest []uint32
	for i := range h.commits {
		if !l.absent[i] && place[i] == none {
			rest = append(rest, uint32(i))
		}
	}
	slices.SortFunc(rest, func(a, b uint32) int { return earlier(&h.commits[a], &h.commits[b]) })
	for _, i := range rest {
		l.trouble(h.commits[i].id, fmt.Errorf("commit %s descends from itself: %w", h.commits[i].id.Hex(l.size), ErrMalformed))
		place[i] = uint32(len(order))
		order = append(order, i)
	}

	sorted := make([]commit, len(order))
	for at, i := range order {
		c := h.commits[i]
		parents := c.parents[:0]
		for _, p := range c.parents {
			if place[p] < uint32(at) {
				parents = append(parents, place[p])
			}
		}
		if len(parents) > 1 { // the first one leads, whatever follows is a set
			slices.Sort(parents[1:])
			others := slices.Compact(parents[1:])
			c.parents = parents[:1+len(others)]
			if i := slices.Index(others, parents[0]); i >= 0 {
				c.parents = slices.Delete(c.parents, 1+i, 2+i)
			}
		} else {
			c.parents = parents
		}
		sorted[at] = c
	}
	h.commits = sorted
	h.refs = slices.DeleteFunc(h.refs, func(t tip) bool { return place[t.commit] == none })
	for i := range h.refs {
		h.refs[i].commit = place[h.refs[i].commit]
	}
	h.loose = slices.DeleteFunc(h.loose, func(c uint32) bool { return place[c] == none })
	for i := range h.loose {
		h.loose[i] = place[h.loose[i]]
	}
}

// classify tells by what each commit is reached.
func (h *history) classify() {
	type named struct {
		class  class
		commit uint32
	}
	proper := map[named]bool{} // commits with a ref of a name of its own
	for _, r := range h.refs {
		if !r.alias {
			proper[named{r.class, r.commit}] = true
		}
	}
	parent := make([]bool, len(h.commits))
	for i := range h.commits {
		h.commits[i].class = byNothing
		for _, p := range h.commits[i].parents {
			parent[p] = true
		}
	}
	h.sets.init()
	for rank := range h.refs {
		r := &h.refs[rank]
		r.alias = r.alias && proper[named{r.class, r.commit}]
		c := &h.commits[r.commit]
		c.class = min(c.class, r.class)
		if !r.alias {
			c.refs = h.sets.with(c.refs, uint32(rank))
		}
	}
	for i := len(h.commits) - 1; i >= 0; i-- {
		c := &h.commits[i]
		for _, p := range c.parents {
			h.commits[p].class = min(h.commits[p].class, c.class)
			h.commits[p].refs = h.sets.union(h.commits[p].refs, c.refs)
		}
	}
	h.loose = slices.DeleteFunc(h.loose, func(c uint32) bool { return parent[c] })
}

// shortName is the name as people write it.
func shortName(full string) string {
	for _, prefix := range []string{"refs/heads/", "refs/remotes/", "refs/tags/", "refs/"} {
		if s, ok := strings.CutPrefix(full, prefix); ok {
			return s
		}
	}
	return full
}

// isAlias tells names that mostly repeat another ref.
func isAlias(full string) bool {
	return full == "HEAD" || full == "stash@{0}" || strings.HasPrefix(full, "refs/remotes/") && strings.HasSuffix(full, "/HEAD")
}

// refSets holds sets of refs, each a number. A set keeps the MaxRefs of its refs that come first; as the first of a union
// are among the first of its parts, nothing is lost by that. With ten thousand tags a commit still costs one step.
type refSets struct {
	list  [][]uint32
	index map[string]uint32
	known map[[2]uint32]uint32 // unions
	buf   []uint32
	key   []byte
}

func (s *refSets) init() {
	s.list = [][]uint32{nil}
	s.index = map[string]uint32{"": 0}
	s.known = map[[2]uint32]uint32{}
}

func (s *refSets) with(set, ref uint32) uint32 { return s.union(set, s.intern([]uint32{ref})) }

func (s *refSets) union(a, b uint32) uint32 {
	if a == b || b == 0 {
		return a
	}
	if a == 0 {
		return b
	}
	pair := [2]uint32{min(a, b), max(a, b)}
	if u, ok := s.known[pair]; ok {
		return u
	}
	s.buf = append(append(s.buf[:0], s.list[a]...), s.list[b]...)
	slices.Sort(s.buf)
	u := slices.Compact(s.buf)
	id := s.intern(u[:min(len(u), MaxRefs)])
	s.known[pair] = id
	return id
}

func (s *refSets) intern(refs []uint32) uint32 {
	s.key = s.key[:0]
	for _, r := range refs {
		s.key = append(s.key, byte(r), byte(r>>8), byte(r>>16), byte(r>>24))
	}
	if id, ok := s.index[string(s.key)]; ok {
		return id
	}
	id := uint32(len(s.list))
	s.list = append(s.list, slices.Clone(refs))
	s.index[string(s.key)] = id
	return id
}
