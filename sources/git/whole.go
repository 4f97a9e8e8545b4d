package git

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"sprawl/finding"
	"sprawl/internal/pack"
	"sprawl/sources"
)

// maxKnown is how many ids a worker remembers as held before it forgets them all: a bound on memory, not on what is checked.
const maxKnown = 1 << 20

// walk is one walk in progress.
type walk struct {
	s     *Source
	led   *sources.Ledger
	visit func(worker int, b sources.Blob) error
	size  int // bytes of an id
	r     reader

	workers []*worker

	mu       sync.Mutex
	missing  map[pack.ID]bool // already in the ledger
	lost     map[pack.ID]bool // could not be read
	unopened bool             // a part of the store could not be

	objects atomic.Int64 // handed out
}

// worker is the state of one worker; nobody else touches it while the walk lasts.
type worker struct {
	n      int
	delta  sources.Delta
	blobID string // of the last blob: the windows of one share it

	// Of the last window: where it ends in the blob, and how many lines stand before that.
	windowEnd int64
	lines     int

	known   map[pack.ID]bool // ids that the store holds
	commits []pack.ID
	parents []pack.ID
	heads   heads
}

func (s *Source) newWalk(ctx context.Context, o objects, workers int, led *sources.Ledger, visit func(int, sources.Blob) error) *walk {
	w := &walk{s: s, led: led, visit: visit, size: o.hash().Size(), r: o.reader(ctx), missing: map[pack.ID]bool{}, lost: map[pack.ID]bool{}}
	for n := range workers {
		w.workers = append(w.workers, &worker{n: n, known: map[pack.ID]bool{}})
	}
	return w
}

func (w *walk) close() { w.r.close() }

func (s *Source) walkWhole(ctx context.Context, workers int, led *sources.Ledger, visit func(int, sources.Blob) error) (err error) {
	if s.same {
		s.same = false
		s.unchanged(led)
		return nil
	}
	o, err := s.objects()
	if err != nil {
		return err
	}
	defer o.close()
	w := s.newWalk(ctx, o, workers, led, visit)
	defer w.close()
	cover := s.coverage()
	cover.Partial = cover.Partial || o.promisor()

	s.seen = nil
	print := ""
	if s.since != nil {
		print = s.print(o)
	}
	var reused int64
	each := func(n int, obj *pack.Object) error { return w.object(w.workers[n], obj) }
	types := pack.Of(pack.Commit, pack.Tag, pack.Blob)
	again := false
	if cover.Partial { // only the trees tell what was left out
		if again = s.since != nil; !again {
			types = pack.All
		}
	}
	err = o.walk(ctx, workers, s.plan(o, types, w.head(ctx), &reused), w.trouble, each)
	if err == nil && again {
		err = o.walk(ctx, workers, pack.Plan{Types: pack.Of(pack.Tree)}, func(t pack.Trouble) {
			if t.Type == pack.Tree {
				w.trouble(t)
			}
		}, each)
	}
	if err != nil {
		return err
	}
	led.Saw(reused)
	led.Reused(reused)
	objects := reused > 0
	for _, x := range w.workers {
		objects = objects || len(x.commits) > 0 || x.blobID != ""
		cover.Commits += len(x.commits)
	}
	if !objects && len(s.tips.refs) == 0 {
		return s.fail(ErrEmpty, "", "", nil)
	}
	if err := w.refNames(); err != nil {
		return err
	}
	if err := w.tips(); err != nil {
		return err
	}
	s.shallowSkip(led)
	if cover.Partial {
		cover.Notes = append(cover.Notes, "a partial clone: objects that it left out are at its remote and were not fetched")
	}
	led.Target(cover)

	var commits, parents []pack.ID
	s.heads = nil
	for _, x := range w.workers {
		s.heads = append(s.heads, x.heads)
		commits, parents = append(commits, x.commits...), append(parents, x.parents...)
	}
	// Nothing new leads to a commit that was seen in a store that was whole.
	if s.walked = reused == 0 || s.again || s.since.Complete; s.walked {
		s.dangling = s.looseEnds(commits, parents)
	}
	return s.remember(o, print, w, w.objects.Load()+reused)
}

// object handles whatever the store holds.
func (w *walk) object(x *worker, o *pack.Object) error {
	if o.Offset == 0 {
		w.objects.Add(1)
	}
	switch o.Type {
	case pack.Blob:
		return w.blob(x, o, nil)
	case pack.Tree:
		w.checkTree(x, o)
		return nil
	}
	if o.Offset > 0 {
		return nil
	}
	if !o.Last {
		w.led.Saw(1)
		w.skip(finding.ReasonTooLarge, o.ID, fmt.Sprintf("a %s of this size", o.Type), o.Size)
		return nil
	}
	if o.Type == pack.Tag {
		return w.tag(x, o)
	}
	x.commits = append(x.commits, o.ID)
	x.heads.keep(o.ID, o.Bytes)
	c := parseCommit(o.Bytes)
	x.parents = append(x.parents, c.parents...)
	if !c.tree.IsZero() {
		w.require(x, c.tree, "the tree of commit "+short8(o.ID))
	}
	if !w.s.tips.shallow[o.ID.Hex()] {
		for _, p := range c.parents {
			w.require(x, p, "a parent of commit "+short8(o.ID))
		}
	}
	return w.commit(x, o.ID, c)
}

func short8(id pack.ID) string { return id.Hex()[:8] }

// commit hands out a commit's message, and its merged tags.
func (w *walk) commit(x *worker, id pack.ID, c commit) error {
	h := id.Hex()
	where := w.s.commitPlace(h, c)
	if len(c.tags) > 0 {
		if err := w.text(x, "mergetag:"+h, c.tags, where); err != nil {
			return err
		}
	}
	return w.text(x, "commit:"+h, c.message, where)
}

func (s *Source) commitPlace(id string, c commit) []finding.Location {
	l := s.location(finding.StateMessage)
	l.Added = change(id, c.author, c.when)
	return []finding.Location{l}
}

func (w *walk) tag(x *worker, o *pack.Object) error {
	t := parseTag(o.Bytes)
	if !t.object.IsZero() {
		w.require(x, t.object, "what tag "+short8(o.ID)+" points to")
	}
	h := o.ID.Hex()
	return w.text(x, "tag:"+h, t.message, w.s.tagPlace(h, t))
}

func (s *Source) tagPlace(id string, t tag) []finding.Location {
	l := s.location(finding.StateMessage)
	l.Added = change(id, t.tagger, t.when)
	if t.name != "" {
		l.Refs = []string{string(bytes.ToValidUTF8([]byte(t.name), []byte("\ufffd")))}
	}
	return []finding.Location{l}
}

// text hands out a blob that is no git blob.
func (w *walk) text(x *worker, id string, b []byte, where []finding.Location) error {
	w.led.Saw(1)
	return w.visit(x.n, sources.Blob{ID: id, Bytes: b, Size: int64(len(b)), Where: where})
}

// blob hands out a blob, or a window of one.
func (w *walk) blob(x *worker, o *pack.Object, where []finding.Location) error {
	b := sources.Blob{Bytes: o.Bytes, Offset: o.Offset, Size: o.Size, Where: where}
	if o.Offset == 0 {
		w.led.Saw(1)
		x.blobID, x.lines = o.ID.Hex(), 0
		if oid, size, ok := lfsPointer(o.Bytes); ok {
			path := ""
			if len(where) > 0 {
				path = where[0].Path
			}
			w.led.Skip(finding.Skip{Target: w.s.target, Object: x.blobID, Path: path, Reason: finding.ReasonLFS, Size: size,
				Detail: "the pointer was scanned, not the object " + oid + " that it stands for"})
		}
	} else {
		// The overlap was counted with the window before.
		b.Line = x.lines - bytes.Count(o.Bytes[:max(0, min(int64(len(o.Bytes)), x.windowEnd-o.Offset))], newline)
	}
	if !o.Last {
		x.lines = b.Line + bytes.Count(o.Bytes, newline)
		x.windowEnd = o.Offset + int64(len(o.Bytes))
	}
	b.ID, b.Derived = x.blobID, o.Derived && !w.s.opts.NoDelta
	if o.Delta != nil && !w.s.opts.NoDelta {
		// A delta that cannot be read makes no difference but speed: the bytes are whole.
		if runs, baseSize, _, err := pack.Runs(o.Delta, x.delta.Runs[:0]); err == nil {
			x.delta = sources.Delta{Base: o.Base.Hex(), BaseSize: baseSize, Runs: runs}
			b.Delta = &x.delta
		}
	}
	return w.visit(x.n, b)
}

var newline = []byte{'\n'}

// skip records one object.
func (w *walk) skip(reason finding.Reason, id pack.ID, detail string, size int64) {
	w.led.Skip(finding.Skip{Target: w.s.target, Object: id.Hex(), Reason: reason, Detail: detail, Size: size})
}

// trouble records what the store could not give.
func (w *walk) trouble(t pack.Trouble) {
	reason := finding.ReasonUnreadable
	if t.Reason != pack.Mismatch {
		w.mu.Lock()
		if w.unopened = w.unopened || t.ID.IsZero(); !t.ID.IsZero() {
			w.lost[t.ID] = true
		}
		w.mu.Unlock()
	}
	switch t.Reason {
	case pack.Corrupt, pack.Mismatch:
		reason = finding.ReasonCorrupt
	case pack.Missing:
		reason = finding.ReasonMissing
		// The object itself is damaged goods; what it misses is listed by whoever names it.
		w.mu.Lock()
		w.missing[t.ID] = true
		w.mu.Unlock()
	case pack.TooLarge:
		reason = finding.ReasonTooLarge
	}
	if !t.ID.IsZero() && t.Reason != pack.Mismatch {
		w.led.Saw(1)
	}
	w.skip(reason, t.ID, t.Err.Error(), t.Size)
}

// require records an object that others name and the store does not hold, once.
func (w *walk) require(x *worker, id pack.ID, what string) {
	if x.known[id] {
		return
	}
	if w.r.has(id) {
		if len(x.known) >= maxKnown {
			clear(x.known)
		}
		x.known[id] = true
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.missing[id] {
		return
	}
	w.missing[id] = true
	w.led.Saw(1)
	w.skip(finding.ReasonMissing, id, what, 0)
}

// checkTree records what a tree names and the store does not hold.
func (w *walk) checkTree(x *worker, o *pack.Object) {
	if !o.Last || o.Offset > 0 {
		return // a tree of this size is read by nobody; those that name it say so
	}
	for b := o.Bytes; ; {
		e, rest, ok := nextEntry(b, w.size)
		if !ok {
			return
		}
		b = rest
		if e.mode != modeGitlink && !x.known[e.id] {
			w.require(x, e.id, "left out of the partial clone: an entry of tree "+short8(o.ID))
		}
	}
}

// refNames hands out the names of refs.
func (w *walk) refNames() error {
	for _, r := range w.s.tips.refs {
		name := short(r.name)
		if err := w.text(w.workers[0], "ref:"+r.name, []byte(name), w.s.refPlace(r.name)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Source) refPlace(name string) []finding.Location {
	l := s.location(finding.StateRefName)
	l.Refs = []string{short(name)}
	return []finding.Location{l}
}

// tips records what refs point to and the store does not hold.
func (w *walk) tips() error {
	check := func(name, hexID string) {
		if id, err := pack.ParseID(hexID); err == nil {
			w.require(w.workers[0], id, "what "+name+" points to")
		}
	}
	for _, r := range w.s.tips.refs {
		check(r.name, r.id)
	}
	if w.s.tips.head != "" {
		check("HEAD", w.s.tips.head)
	}
	return nil
}

// head lists the blobs in the tree of HEAD, which are of most interest and come first, and records the submodules there.
func (w *walk) head(ctx context.Context) (blobs []pack.ID) {
	id, err := pack.ParseID(w.s.tips.head)
	if err != nil {
		return nil
	}
	c, err := readCommit(w.r, id)
	if err != nil {
		return nil // the walk has it in the ledger
	}
	// What cannot be read is left out, and the context ends the walk that follows.
	_ = walkTree(ctx, w.r, w.size, c.tree, map[pack.ID]bool{}, func(path string, e entry) bool {
		switch {
		case e.mode == modeGitlink:
			w.submodule(path, e.id)
		case e.mode != modeTree && len(blobs) < maxFirst:
			blobs = append(blobs, e.id)
		}
		return e.mode == modeTree
	})
	return blobs
}

// maxFirst is how many blobs are asked for first: a larger tree shows something soon whatever the order.
const maxFirst = 20000

func (w *walk) submodule(path string, id pack.ID) {
	w.led.Skip(finding.Skip{Target: w.s.target, Object: id.Hex(), Path: path, Reason: finding.ReasonSubmodule,
		Detail: "a commit of another repository"})
}

// maxDepth is how deep folders may nest; git's own limit on paths is below it.
const maxDepth = 2048

// walkTree visits the entries of a tree and of those subtrees that visit says to enter, but for trees that seen holds, and
// adds them there; a nil seen has every path of a tree that stands in several places. What cannot be read is left out: the walk over the store has it in the ledger. The error is the context's.
func walkTree(ctx context.Context, r reader, size int, root pack.ID, seen map[pack.ID]bool, visit func(path string, e entry) (enter bool)) error {
	type todo struct {
		path  string
		id    pack.ID
		depth int
	}
	stack := []todo{{id: root}}
	var buf []byte
	for len(stack) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[t.id] || t.depth > maxDepth {
			continue
		}
		if seen != nil {
			seen[t.id] = true
		}
		typ, b, err := r.read(t.id, buf)
		if err != nil || typ != pack.Tree {
			continue
		}
		buf = b
		for {
			e, rest, ok := nextEntry(b, size)
			if !ok {
				break
			}
			b = rest
			path := t.path + string(e.name)
			if visit(path, e) {
				stack = append(stack, todo{path + "/", e.id, t.depth + 1})
			}
		}
	}
	return nil
}

// looseEnds returns the commits that neither a commit nor a ref points to.
func (s *Source) looseEnds(commits, parents []pack.ID) []pack.ID {
	pointed := make(map[pack.ID]bool, len(parents)/2)
	for _, p := range parents {
		pointed[p] = true
	}
	add := func(h string) {
		if id, err := pack.ParseID(h); err == nil {
			pointed[id] = true
		}
	}
	add(s.tips.head)
	for _, r := range s.tips.refs {
		add(r.id)
	}
	for _, id := range s.tips.stash {
		add(id)
	}
	var ends []pack.ID
	for _, c := range commits {
		if !pointed[c] {
			ends = append(ends, c)
		}
	}
	slices.SortFunc(ends, func(a, b pack.ID) int { return bytes.Compare(a.AppendRaw(nil), b.AppendRaw(nil)) })
	return ends
}
