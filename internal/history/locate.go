package history

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/sources"
)

const (
	maxWas  = 16   // earlier paths listed
	maxPath = 4096 // bytes of a path; what is longer no system checks out
)

// Locate says where each of the blobs in ids (hexadecimal) stands or stood, in the order of ids, repetitions left out. Each
// gets at least one location, live ones first, then by path; Source, Target and Layer are left to the caller. An object that
// cannot be read goes to Options.Trouble and is treated as absent; only the end of the context or an error of Trees ends the
// sequence.
//
// A location is one path. Its fields:
//
//   - State is head if the tree at the tip of a branch, a remote's branch or HEAD holds the blob at the path. Otherwise it goes
//     by the most telling ref that reaches a commit which does: history for a branch or an unusual ref (merge if the first
//     such commit is a merge none of whose parents holds it), then tag, stash, note; dangling if there is none.
//   - Added is the first commit in history order (parents first, then by committer date) that holds the blob at the path or
//     at one of Was. Commits that only a lesser kind of ref reaches do not count.
//   - Gone is the commit after which it was not there again: the last one that lacks it although each of its parents has it,
//     or, where only a merge dropped it, that merge. It is nil while the tip of a ref of the kind that gave the state holds
//     it, and for a stash.
//   - Refs are the refs whose tip holds it; if there are none, those of the kind that gave the state which reach it. At most
//     MaxRefs are listed, branches before tags.
//   - Was are the paths that the very same blob had before, oldest first: it left one path and appeared at another in one
//     commit. A path that was only left so has no location of its own. A file that was moved and edited at once is two places.
//
// Added and Gone are nil, though the path is known, where a ref names a tree or a blob directly.
func Locate(ctx context.Context, objects Objects, o Options, ids []string) iter.Seq2[sources.Located, error] {
	return locate(ctx, objects, o, ids, defaultLimits)
}

func locate(ctx context.Context, objects Objects, o Options, ids []string, l limits) iter.Seq2[sources.Located, error] {
	return func(yield func(sources.Located, error) bool) {
		if len(ids) == 0 {
			return
		}
		blobs := map[ID]uint32{}
		for _, s := range ids {
			if id, err := ParseID(s); err == nil {
				if _, ok := blobs[id]; !ok {
					blobs[id] = uint32(len(blobs))
				}
			}
		}
		r, err := newResult(ctx, objects, o, blobs, l)
		if err != nil {
			yield(sources.Located{}, err)
			return
		}
		seen := map[string]bool{}
		for _, s := range ids {
			if seen[s] {
				continue
			}
			seen[s] = true
			if err := ctx.Err(); err != nil {
				yield(sources.Located{}, err)
				return
			}
			var where []finding.Location
			if id, err := ParseID(s); err == nil {
				where = r.locations(blobs[id])
			}
			if len(where) == 0 {
				where = []finding.Location{{State: finding.StateDangling}}
			}
			if !yield(sources.Located{ID: s, Where: where}, nil) {
				return
			}
		}
	}
}

// result is a finished walk.
type result struct {
	*walker
	mailmap mailmap
	byBlob  [][]uint32 // places of each blob
	changes map[uint32]*finding.Change
}

func newResult(ctx context.Context, objects Objects, o Options, blobs map[ID]uint32, l limits) (*result, error) {
	size := o.HashSize
	switch size {
	case 0:
		size = 20
	case 20, 32:
	default:
		return nil, fmt.Errorf("locate blobs: ids of %d bytes, want 20 or 32", size)
	}
	told := map[ID]bool{}
	h := &history{
		size:   size,
		forest: newForest(size, blobs),
		read: func(id ID) (string, []byte, error) {
			typ, content, err := objects.Read(id)
			if err != nil {
				err = fmt.Errorf("read object %s: %w", id.Hex(size), err)
			}
			return typ, content, err
		},
		trouble: func(id ID, err error) {
			if o.Trouble != nil && !told[id] {
				told[id] = true
				o.Trouble(id, err)
			}
		},
	}
	h.forest.barren = o.Barren
	if err := h.load(ctx, o); err != nil {
		return nil, err
	}
	if err := h.forest.scan(ctx, objects); err != nil {
		return nil, err
	}
	sk := newSkeletons(h.forest, func(id ID) ([]byte, error) {
		typ, content, err := h.read(id)
		if err == nil && typ != TypeTree {
			err = fmt.Errorf("read tree %s: is a %s: %w", id.Hex(size), typ, ErrMalformed)
		}
		return content, err
	}, h.trouble)
	w := newWalker(h, sk, len(blobs), l)
	if err := w.walk(ctx); err != nil {
		return nil, err
	}
	r := &result{
		walker: w, mailmap: parseMailmap(o.Mailmap),
		byBlob: make([][]uint32, len(blobs)), changes: map[uint32]*finding.Change{},
	}
	for i := range w.places {
		b := w.places[i].blob
		r.byBlob[b] = append(r.byBlob[b], uint32(i))
	}
	return r, nil
}

// standing reports whether a place is still held by what gives it its state.
func (p *place) standing() bool { return p.class == byStash || p.tips&(1<<p.class) != 0 }

// left returns the commit after which a place was empty, or none, and the place that the blob was moved to by it, or none.
func (p *place) left() (at, to uint32) {
	switch {
	case p.standing():
		return none, none
	case p.weak == none, p.strict != none && p.strict > p.born:
		return p.strict, p.to
	}
	return p.weak, none
}

// locations lists the places of a blob, those that were only left by a rename folded into where they went.
func (r *result) locations(blob uint32) []finding.Location {
	list := r.byBlob[blob]
	type leaving struct{ from, to, at uint32 }
	var moves []leaving
	for _, i := range list {
		at, to := r.places[i].left()
		if at == none || to == none || r.places[to].from != i {
			continue
		}
		// Moves go forward in time, or two places that were renamed into each other would both vanish.
		if next, _ := r.places[to].left(); next > at || r.places[to].standing() {
			moves = append(moves, leaving{i, to, at})
		}
	}
	slices.SortFunc(moves, func(a, b leaving) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.from, b.from)) })
	folded := map[uint32]bool{}
	for _, m := range moves {
		folded[m.from] = true
		to := &r.places[m.to]
		to.tipRefs = r.sets.union(to.tipRefs, r.places[m.from].tipRefs)
	}
	paths := make(map[uint32]string, len(list))
	for _, i := range list {
		paths[i] = r.pathOf(r.places[i].node)
	}
	var where []finding.Location
	for _, i := range list {
		if !folded[i] {
			where = append(where, r.location(i, paths))
		}
	}
	slices.SortFunc(where, func(a, b finding.Location) int {
		return cmp.Or(cmp.Compare(liveness(a.State), liveness(b.State)), cmp.Compare(a.Path, b.Path))
	})
	return where
}

func liveness(s finding.State) int {
	return slices.Index([]finding.State{
		finding.StateHead, finding.StateHistory, finding.StateMerge, finding.StateTag, finding.StateStash, finding.StateNote,
		finding.StateDangling,
	}, s)
}

func (r *result) location(i uint32, paths map[uint32]string) finding.Location {
	p := &r.places[i]
	l := finding.Location{Path: paths[i], State: r.state(p)}
	added := p.added
	for from := p.from; from != none && from != i && len(l.Was) < maxWas; from = r.places[from].from {
		if slices.Contains(l.Was, paths[from]) {
			break
		}
		l.Was = append(l.Was, paths[from])
		added = min(added, r.places[from].added)
	}
	slices.Reverse(l.Was)
	l.Added = r.change(added)
	gone, _ := p.left()
	l.Gone = r.change(gone)

	set := p.tipRefs
	kept := r.refs[:0:0]
	for _, rank := range r.sets.list[set] {
		if t := r.refs[rank]; t.class <= byTag || t.class == p.class {
			kept = append(kept, t)
		}
	}
	if len(kept) == 0 {
		for _, rank := range r.sets.list[p.pastRefs] {
			if t := r.refs[rank]; t.class == p.class {
				kept = append(kept, t)
			}
		}
	}
	for _, t := range kept {
		l.Refs = append(l.Refs, t.name)
	}
	slices.Sort(l.Refs)
	l.Refs = slices.Compact(l.Refs)
	return l
}

func (r *result) state(p *place) finding.State {
	switch p.class {
	case byBranch, byOther:
		switch {
		case p.class == byBranch && p.standing():
			return finding.StateHead
		case len(r.commits[p.added].parents) > 1 && p.from == none:
			return finding.StateMerge
		}
		return finding.StateHistory
	case byTag:
		return finding.StateTag
	case byStash:
		return finding.StateStash
	case byNote:
		return finding.StateNote
	}
	return finding.StateDangling
}

// change describes a commit; one that stands in several locations is shared.
func (r *result) change(at uint32) *finding.Change {
	if at == none || r.commits[at].bare {
		return nil
	}
	if c := r.changes[at]; c != nil {
		return c
	}
	c := &r.commits[at]
	ch := &finding.Change{Commit: c.id.Hex(r.size), Author: r.mailmap.apply(r.authors[c.author]), When: utc(c.when)}
	r.changes[at] = ch
	return ch
}

// pathOf joins no more than it returns: a hostile repository repeats a name of megabytes in thousands of paths.
func (r *result) pathOf(n uint32) string {
	var names []string
	for ; n != 0; n = r.nodes[n].parent {
		names = append(names, r.forest.text[r.nodes[n].name])
	}
	var b strings.Builder
	for i, name := range slices.Backward(names) {
		if b.Len()+len(name) >= maxPath {
			b.WriteString(name[:maxPath-b.Len()])
			b.WriteString("…")
			break
		}
		b.WriteString(name)
		if i > 0 {
			b.WriteByte('/')
		}
	}
	return b.String()
}
