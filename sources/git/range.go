package git

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"

	"sprawl/finding"
	"sprawl/internal/gitexec"
	"sprawl/internal/pack"
	"sprawl/sources"
)

// span is what a range holds.
type span struct {
	commits []pack.ID          // reachable from head and not from base, newest first
	edges   []pack.ID          // parents of those that base reaches
	roots   []pack.ID          // of the commits, those whose parents are not there
	blobs   map[pack.ID]string // new blobs, each with a path
	before  []pack.ID          // the trees of base and of the edges
	links   map[string]pack.ID // submodule entries that were added or moved, by path
	missing []lack
	cut     bool // a commit of the range has parents that a shallow clone left out
	apart   bool // no common history within a shallow clone: the two trees were compared
}

// lack is an object that is not there.
type lack struct {
	id   pack.ID
	what string
	err  error
}

// ends finds the two ends of a range.
func (s *Source) ends(ctx context.Context) error {
	var err error
	if s.opts.Base != "" {
		if s.base, err = s.resolve(ctx, s.opts.Base); err != nil {
			return err
		}
		s.bases = append(s.bases, s.base)
	}
	for _, rev := range s.opts.Not {
		id, err := s.resolve(ctx, rev)
		if err != nil {
			return err
		}
		s.bases = append(s.bases, id)
	}
	if s.top, err = s.resolve(ctx, s.opts.Head); err != nil {
		return err
	}
	if s.base == s.top {
		return s.fail(ErrSameRevision, s.opts.Base+" and "+s.opts.Head,
			"name the branch that is merged into as base; in CI that is the target branch, not the checked-out commit", nil)
	}
	return nil
}

// resolve finds the commit of a revision. The error is an *Error, or the context's.
func (s *Source) resolve(ctx context.Context, rev string) (pack.ID, error) {
	next := "fetch it first: git fetch origin " + rev
	if len(s.tips.shallow) > 0 {
		next = "fetch it first; in GitHub Actions set fetch-depth: 0"
	}
	if rev == "" || strings.HasPrefix(rev, "-") || strings.ContainsAny(rev, "\x00\n") {
		return pack.ID{}, s.fail(ErrRevision, fmt.Sprintf("%q", rev), "name a branch, a tag or a commit", nil)
	}
	if rev == "HEAD" && s.tips.head != "" {
		return pack.ParseID(s.tips.head)
	}
	var h string
	var err error
	if s.exe != nil {
		var out []byte
		if out, err = s.exe.Run(ctx, "rev-parse", "--verify", "--quiet", rev+"^{commit}"); ctx.Err() != nil {
			return pack.ID{}, err
		}
		h = strings.TrimSpace(string(out))
		var said *gitexec.Error
		if errors.As(err, &said) && said.Stderr == "" {
			err = nil // it only says that it does not know the revision
		}
	} else {
		h, err = s.goGitResolve(rev)
	}
	id, perr := pack.ParseID(h)
	if err != nil || perr != nil {
		return pack.ID{}, s.fail(ErrRevision, rev, next, err)
	}
	return id, nil
}

func (s *Source) goGitResolve(rev string) (h string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("go-git: %v", p)
		}
	}()
	r, err := gogit.PlainOpenWithOptions(s.layout.gitDir, &gogit.PlainOpenOptions{EnableDotGitCommonDir: true})
	if err != nil {
		return "", err
	}
	x, err := r.ResolveRevision(plumbing.Revision(rev))
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return x.String(), nil
}

// Sides that reach a commit.
const (
	fromBase = 1 << iota
	fromHead
)

// visited is a commit on the way down from the two ends.
type visited struct {
	id     pack.ID
	sides  uint8
	queued bool
	commit commit // without message and author
}

// byDate is a queue of commits, latest first.
type byDate []*visited

func (q byDate) Len() int { return len(q) }
func (q byDate) Less(i, j int) bool {
	if q[i].commit.when != q[j].commit.when {
		return q[i].commit.when > q[j].commit.when
	}
	return slices.Compare(q[i].id.AppendRaw(nil), q[j].id.AppendRaw(nil)) < 0
}
func (q byDate) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *byDate) Push(x any)   { *q = append(*q, x.(*visited)) }
func (q *byDate) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// slack is how far below the oldest commit of head's side the search goes on, for clocks that were wrong. A commit that base
// reaches only beyond it counts as new: too much is scanned then, never too little.
const slack = 24 * 3600

// spanOf walks down from both ends until all that is left to see is reached from base.
func (s *Source) spanOf(ctx context.Context, r reader, size int) (*span, error) {
	if s.ranged != nil {
		return s.ranged, nil
	}
	sp := &span{blobs: map[pack.ID]string{}, links: map[string]pack.ID{}}
	all := map[pack.ID]*visited{}
	var queue byDate
	open := 0 // queued commits that only head is known to reach
	var buf []byte
	reach := func(id pack.ID, sides uint8) error {
		v := all[id]
		if v == nil {
			t, b, err := r.read(id, buf)
			if err == nil && t != pack.Commit {
				err = fmt.Errorf("object %s is a %s, not a commit", id, t)
			}
			if err != nil {
				return err
			}
			buf = b
			c := parseCommit(b)
			c.author, c.tags, c.message = nil, nil, nil
			v = &visited{id: id, commit: c}
			all[id] = v
		}
		if v.sides|sides == v.sides {
			return nil
		}
		if v.queued && v.sides == fromHead {
			open--
		}
		v.sides |= sides
		if !v.queued {
			v.queued = true
			heap.Push(&queue, v)
		}
		if v.sides == fromHead {
			open++
		}
		return nil
	}
	if err := reach(s.top, fromHead); err != nil {
		return nil, s.fail(ErrMissing, s.opts.Head, "fetch it: git fetch origin "+s.opts.Head, err)
	}
	for _, id := range s.bases {
		if err := reach(id, fromBase); err != nil {
			return nil, s.fail(ErrMissing, id.Hex(), "fetch it: git fetch origin "+id.Hex(), err)
		}
	}
	common := len(s.bases) == 0
	oldest := all[s.top].commit.when
	for queue.Len() > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if open == 0 && common && queue[0].commit.when < oldest-slack {
			break
		}
		v := heap.Pop(&queue).(*visited)
		v.queued = false
		switch v.sides {
		case fromHead:
			open--
			oldest = min(oldest, v.commit.when)
		case fromBase | fromHead:
			common = true
		}
		if s.tips.shallow[v.id.Hex()] {
			continue
		}
		for _, p := range v.commit.parents {
			if err := reach(p, v.sides); err != nil && v.sides&fromHead != 0 {
				sp.missing = append(sp.missing, lack{p, "a parent of commit " + short8(v.id), err})
			}
		}
	}
	for _, v := range all {
		if v.sides == fromHead {
			sp.commits = append(sp.commits, v.id)
		}
	}
	if len(sp.commits) == 0 {
		return nil, s.fail(ErrEmptyRange, cmp.Or(s.opts.Base, "what is there already")+".."+s.opts.Head, "swap the two if head is the older one", nil)
	}
	slices.SortFunc(sp.commits, func(a, b pack.ID) int {
		return cmp.Or(cmp.Compare(all[b].commit.when, all[a].commit.when), strings.Compare(a.Hex(), b.Hex()))
	})
	if !common && len(s.opts.Not) == 0 {
		if len(s.tips.shallow) == 0 {
			return nil, s.fail(ErrNoCommon, s.opts.Base+" and "+s.opts.Head,
				"name a base that head was made from, or scan the whole history", nil)
		}
		sp.apart = true
	}
	if err := s.compare(ctx, r, size, sp, all); err != nil {
		return nil, err
	}
	s.ranged = sp
	return sp, nil
}

// compare finds the blobs of the range: what a commit holds and none of its parents does at the same path, without what the
// base's tree holds anywhere.
func (s *Source) compare(ctx context.Context, r reader, size int, sp *span, all map[pack.ID]*visited) error {
	d := differ{r: r, size: size, sp: sp}
	edges := map[pack.ID]bool{}
	for _, id := range sp.commits {
		v := all[id]
		var parents []pack.ID
		atEdge := s.tips.shallow[id.Hex()]
		if atEdge {
			sp.cut = sp.cut || len(v.commit.parents) > 0
			// What it changed is not known; what base does not hold is.
			for _, id := range s.bases {
				parents = append(parents, all[id].commit.tree)
			}
		}
		for _, p := range v.commit.parents {
			w := all[p]
			if w == nil || atEdge {
				continue
			}
			parents = append(parents, w.commit.tree)
			if w.sides&fromBase != 0 && !edges[p] {
				edges[p] = true
				sp.edges = append(sp.edges, p)
			}
		}
		if atEdge || len(parents) == 0 {
			sp.roots = append(sp.roots, id)
		}
		if sp.apart && id != s.top {
			continue
		}
		if sp.apart {
			parents = []pack.ID{all[s.base].commit.tree}
		}
		if err := d.diff(ctx, "", v.commit.tree, parents, 0); err != nil {
			return err
		}
	}
	slices.SortFunc(sp.edges, func(a, b pack.ID) int { return strings.Compare(a.Hex(), b.Hex()) })
	seen := map[pack.ID]bool{}
	for _, id := range append(slices.Clone(s.bases), sp.edges...) {
		sp.before = append(sp.before, all[id].commit.tree)
		err := walkTree(ctx, r, size, all[id].commit.tree, seen, func(path string, e entry) bool {
			if e.mode == modeTree {
				return len(sp.blobs) > 0
			}
			delete(sp.blobs, e.id)
			return false
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// differ compares trees.
type differ struct {
	r    reader
	size int
	sp   *span
}

// diff adds what tree holds and none of the parents does. Trees that cannot be read are noted as missing; of the parents'
// they count as empty.
func (d *differ) diff(ctx context.Context, path string, tree pack.ID, parents []pack.ID, depth int) error {
	if depth > maxDepth || slices.Contains(parents, tree) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t, b, err := d.r.read(tree, nil)
	if err == nil && t != pack.Tree {
		err = fmt.Errorf("object %s is a %s, not a tree", tree, t)
	}
	if err != nil {
		d.sp.missing = append(d.sp.missing, lack{tree, "the tree at /" + path, err})
		return nil
	}
	old := make([]map[string]entry, 0, len(parents))
	for _, p := range parents {
		if t, b, err := d.r.read(p, nil); err == nil && t == pack.Tree {
			m := map[string]entry{}
			for {
				e, rest, ok := nextEntry(b, d.size)
				if !ok {
					break
				}
				m[string(e.name)], b = e, rest
			}
			old = append(old, m)
		}
	}
	for {
		e, rest, ok := nextEntry(b, d.size)
		if !ok {
			return nil
		}
		b = rest
		same := false
		var below []pack.ID
		for _, m := range old {
			o, ok := m[string(e.name)]
			same = same || ok && o.id == e.id
			if ok && o.mode == modeTree {
				below = append(below, o.id)
			}
		}
		if same {
			continue
		}
		at := path + string(e.name)
		switch e.mode {
		case modeTree:
			if err := d.diff(ctx, at+"/", e.id, below, depth+1); err != nil {
				return err
			}
		case modeGitlink:
			if _, known := d.sp.links[at]; !known { // newest first: the latest counts
				d.sp.links[at] = e.id
			}
		default:
			if _, known := d.sp.blobs[e.id]; !known {
				d.sp.blobs[e.id] = at
			}
		}
	}
}

func (s *Source) walkRange(ctx context.Context, workers int, led *sources.Ledger, visit func(int, sources.Blob) error) error {
	o, err := s.objects()
	if err != nil {
		return err
	}
	defer o.close()
	w := s.newWalk(ctx, o, workers, led, visit)
	defer w.close()
	sp, err := s.spanOf(ctx, w.r, w.size)
	if err != nil {
		return err
	}
	for _, m := range sp.missing {
		w.missing[m.id] = true
		led.Saw(1)
		t := troubled(m.id, m.err)
		reason := finding.ReasonCorrupt
		if t.Reason == pack.Missing {
			reason = finding.ReasonMissing
		}
		w.skip(reason, m.id, m.what+": "+m.err.Error(), 0)
	}
	for path, id := range sp.links {
		w.submodule(path, id)
	}
	ids := slices.Clone(sp.commits)
	blobs := make([]pack.ID, 0, len(sp.blobs))
	for id := range sp.blobs {
		blobs = append(blobs, id)
	}
	// By path, which keeps versions of one file and the files of one folder near each other in the packs.
	slices.SortFunc(blobs, func(a, b pack.ID) int {
		return cmp.Or(strings.Compare(sp.blobs[a], sp.blobs[b]), strings.Compare(a.Hex(), b.Hex()))
	})
	err = o.some(ctx, workers, append(ids, blobs...), w.trouble, func(n int, obj *pack.Object) error {
		x := w.workers[n]
		switch obj.Type {
		case pack.Blob:
			return w.blob(x, obj, nil)
		case pack.Commit:
			if obj.Last && obj.Offset == 0 {
				return w.commit(x, obj.ID, parseCommit(obj.Bytes))
			}
		}
		if obj.Offset == 0 {
			led.Saw(1)
			w.skip(finding.ReasonTooLarge, obj.ID, fmt.Sprintf("a %s of this size", obj.Type), obj.Size)
		}
		return nil
	})
	if err != nil {
		return err
	}
	cover := s.coverage()
	cover.Tip, cover.Commits, cover.Refs = s.top.Hex(), len(sp.commits), 2
	cover.Partial = cover.Partial || o.promisor()
	switch {
	case sp.apart:
		cover.Notes = append(cover.Notes, "a shallow clone in which base and head have no common commit: their trees were compared, what came and went between them was not seen")
		led.Skip(finding.Skip{Target: s.target, Reason: finding.ReasonShallow, Detail: "commits between base and head: fetch more history (in GitHub Actions fetch-depth: 0)"})
	case sp.cut:
		led.Skip(finding.Skip{Target: s.target, Reason: finding.ReasonShallow, Detail: "commits of the range beyond the clone's edge: fetch more history (in GitHub Actions fetch-depth: 0)"})
	}
	led.Target(cover)
	return nil
}
