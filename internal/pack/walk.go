package pack

import (
	"cmp"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"sprawl/internal/pack/inflate"
)

// Walk visits every object of the wanted types once, over all packs and loose objects.
//
// visit is called from at most workers goroutines (at least one), each with its own worker number from 0 on. An object's base is
// visited before it, by the same worker. trouble, which may be nil, is called from one goroutine at a time. An object whose type
// cannot be told is reported whatever types are wanted; one that was handed out in windows may be reported after some of them.
//
// The error that Walk returns ends the walk: the context's, visit's, or that the store is more than can be held. Walk returns
// after the last visit and the last trouble have returned.
//
// Memory is about 30 bytes for every object in the store, kept until Close, and for every worker the contents of at most as many
// objects as the logarithm of the number of objects, in practice two or three. Families with an object over largeFrom are made
// one at a time.
func (s *Store) Walk(ctx context.Context, workers int, types Types, trouble func(Trouble), visit func(worker int, o *Object) error) error {
	return s.WalkPlan(ctx, workers, Plan{Types: types}, trouble, visit)
}

// Plan says what a walk visits.
type Plan struct {
	Types Types
	// Want, if not nil, accepts the objects to visit. It is called from the caller's goroutine before the first visit. What no
	// wanted object derives from is not inflated; a wanted object whose base is not wanted comes without Delta.
	Want func(ID) bool
	// Beyond, if not nil, holds objects that are not visited. What a walk costs then hangs on how many others there are, not on
	// how many the store holds, but for loose ones. It is not to be changed.
	Beyond *Set
	// First are objects that come early, with all that is in their families.
	First []ID
}

// WalkPlan is Walk for what the plan says.
func (s *Store) WalkPlan(ctx context.Context, workers int, p Plan, trouble func(Trouble), visit func(worker int, o *Object) error) error {
	g, err := s.graphBeyond(p.Beyond)
	if err != nil {
		return err
	}
	w := &walk{s: s, g: g, types: p.Types, trouble: trouble, visit: visit}
	if want := p.wanted(); want != nil {
		if err := guarded(func() error { return w.mark(ctx, want) }); err != nil {
			return err
		}
	}
	if trouble != nil {
		s.walks.Do(func() {
			for _, t := range s.Troubles() {
				w.report(t)
			}
		})
	}
	roots := w.pickRoots(p.First)
	lost := w.pickLost()
	const batch = 64 // lost objects that a worker takes at once
	var nextRoot, nextLost atomic.Int64
	eg, ctx := errgroup.WithContext(ctx)
	for n := range max(workers, 1) {
		eg.Go(func() error {
			debug.SetPanicOnFault(true)
			h := &hand{walk: w, n: n, sc: scratch{view: view{ahead: readChain}}}
			for {
				i := int(nextRoot.Add(1)) - 1
				if i >= len(roots) {
					break
				}
				if err := h.family(ctx, roots[i]); err != nil {
					return err
				}
			}
			for {
				from := int(nextLost.Add(batch)) - batch
				if from >= len(lost) {
					return nil
				}
				for _, i := range lost[from:min(from+batch, len(lost))] {
					if err := h.lostNode(ctx, i); err != nil {
						return err
					}
				}
			}
		})
	}
	return eg.Wait()
}

// wanted accepts the objects to visit, nil for all.
func (p *Plan) wanted() func(ID) bool {
	switch {
	case p.Beyond == nil:
		return p.Want
	case p.Want == nil:
		return func(id ID) bool { return !p.Beyond.Has(id.raw()) }
	}
	return func(id ID) bool { return !p.Beyond.Has(id.raw()) && p.Want(id) }
}

// Len counts the objects that Walk would visit. It opens every loose object.
func (s *Store) Len(types Types) (int, error) {
	g, err := s.graphOf()
	if err != nil {
		return 0, err
	}
	n := 0
	for t := Commit; t <= Tag; t++ {
		if types.Has(t) {
			n += g.count[t]
		}
	}
	var sc scratch
	for j := range g.loose {
		i := g.start[len(g.packs)] + int32(j)
		if g.flag[i]&(typeBits|flagBroken) != 0 {
			continue
		}
		if o, err := sc.readLoose(g.looseFile(s, i), 0, 0, nil); err == nil && types.Has(o.t) {
			n++
		}
	}
	return n, nil
}

// walk is what the workers of one walk share.
type walk struct {
	s     *Store
	g     *graph
	types Types
	need  []uint64 // bits of nodes to be made: wanted ones and their bases; nil for all
	want  []uint64 // bits of wanted nodes; nil for all

	visit     func(int, *Object) error
	troubleMu sync.Mutex
	trouble   func(Trouble)
	retries   atomic.Int64

	large sync.Mutex // held by the worker whose family has an object over largeFrom
}

func (w *walk) report(t Trouble) {
	if w.trouble == nil {
		return
	}
	w.troubleMu.Lock()
	defer w.troubleMu.Unlock()
	w.trouble(t)
}

func bit(set []uint64, i int32) bool { return set[i>>6]>>(i&63)&1 != 0 }

// mark asks for every node of a wanted type, or of one that cannot be told, and notes what it takes to make it.
func (w *walk) mark(ctx context.Context, want func(ID) bool) error {
	g := w.g
	w.need = make([]uint64, len(g.off)/64+1)
	w.want = make([]uint64, len(g.off)/64+1)
	for i := range int32(len(g.off)) {
		if i&0xfff == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		f := g.flag[i]
		if f&flagCopy != 0 || f&typeBits != 0 && !w.types.Has(Type(f&typeBits)) {
			continue
		}
		id := g.id(i)
		if id.IsZero() || !want(id) {
			continue
		}
		w.want[i>>6] |= 1 << (i & 63)
		if f&flagLost != 0 {
			continue
		}
		for j := i; j >= 0 && !bit(w.need, j); j = g.base[j] {
			w.need[j>>6] |= 1 << (j & 63)
		}
	}
	return nil
}

// needed is i, or the first of its siblings after it that is to be made; -1 for none.
func (w *walk) needed(i int32) int32 {
	if w.need != nil {
		for i >= 0 && !bit(w.need, i) {
			i = w.g.next[i]
		}
	}
	return i
}

// pickRoots lists the families to make: those of first, then large ones, so that none is left for the end, the others in the
// order of packs.
func (w *walk) pickRoots(first []ID) []int32 {
	const large = 64
	g := w.g
	var early, big, rest []int32
	var is map[int32]bool
	if len(first) > 0 {
		is = make(map[int32]bool, len(first))
		for _, id := range first {
			var n int32
			if err := guarded(func() error { n, _ = g.find(0, id); return nil }); err == nil && n >= 0 {
				is[g.rootOf(n)] = true
			}
		}
	}
	for _, i := range g.roots {
		if t := g.flag[i] & typeBits; t != 0 && !w.types.Has(Type(t)) || w.need != nil && !bit(w.need, i) {
			continue
		}
		switch {
		case is[i]:
			early = append(early, i)
		case g.size[i] >= large:
			big = append(big, i)
		default:
			rest = append(rest, i)
		}
	}
	bySize := func(a, b int32) int { return cmp.Compare(g.size[b], g.size[a]) }
	slices.SortStableFunc(early, bySize)
	slices.SortStableFunc(big, bySize)
	return slices.Concat(early, big, rest)
}

// rootOf is the root of a node's family. A chain that ends in a cycle has none: any node of it does.
func (g *graph) rootOf(i int32) int32 {
	i = g.counts(i)
	if g.flag[i]&flagLost != 0 {
		return i
	}
	for g.base[i] >= 0 {
		i = g.base[i]
	}
	return i
}

func (w *walk) pickLost() []int32 {
	if w.want == nil {
		return w.g.lost
	}
	var l []int32
	for _, i := range w.g.lost {
		if bit(w.want, i) {
			l = append(l, i)
		}
	}
	return l
}

// id is a node's id, zero for a base that has none here. The caller guards.
func (g *graph) id(i int32) ID {
	k := g.pack(i)
	switch {
	case g.pos[i] == noPos:
		return ID{}
	case k == len(g.packs):
		return g.loose[i-g.start[k]].id
	}
	return rawID(g.packs[k].idx.id(int(g.pos[i])))
}

// place is a node's pack, nil for a loose object, and where its entry ends at the latest.
func (g *graph) place(i int32) (p *packFile, end int64) {
	if g.pos[i] == noPos {
		a := g.anon[int(i)-int(g.start[len(g.packs)])-len(g.loose)]
		p = g.packs[a.pack]
		return p, p.end()
	}
	k := g.pack(i)
	if k == len(g.packs) {
		return nil, 0
	}
	p = g.packs[k]
	// Only hostile indexes have two objects at one offset.
	if j := i + 1; p.idx.pick == nil && j < g.start[k+1] && g.off[j] > g.off[i] {
		return p, min(g.off[j], p.end())
	}
	return p, p.end()
}

// hand is one worker.
type hand struct {
	*walk
	n     int
	sc    scratch
	free  [][]byte
	kept  int64 // bytes in free
	stack []frame
	obj   Object
	large bool // holds walk.large
}

const (
	largeFrom = 8 << 20  // bytes from which objects are held by one worker at a time
	mostKept  = 16 << 20 // bytes of buffers that a worker keeps for the next objects
)

// admit waits until an object of n bytes may be held.
func (h *hand) admit(n int64) {
	if n >= largeFrom && !h.large {
		h.walk.large.Lock()
		h.large = true
	}
}

// leave lets the next one hold large objects.
func (h *hand) leave() {
	if h.large {
		if cap(h.sc.delta) >= largeFrom {
			h.sc.delta = nil
		}
		h.large = false
		h.walk.large.Unlock()
	}
}

// frame is a node that was made and whose children come next.
type frame struct {
	node    int32
	child   int32 // the next one to make
	depth   int
	visited bool // not so for a base that is only needed
	id      ID
	bytes   []byte
}

// room is a buffer of n bytes with the spare capacity that inflate likes.
func (h *hand) room(n int64) []byte {
	need := int(n) + inflate.Slack
	best := -1
	for i, b := range h.free {
		if cap(b) >= need && (best < 0 || cap(b) < cap(h.free[best])) {
			best = i
		}
	}
	if best < 0 {
		size := 4096
		for size < need && size < 1<<20 {
			size *= 2
		}
		if size < need {
			size = (need + 1<<20 - 1) &^ (1<<20 - 1)
		}
		return make([]byte, n, size)
	}
	b := h.free[best]
	h.free[best] = h.free[len(h.free)-1]
	h.free = h.free[:len(h.free)-1]
	h.kept -= int64(cap(b))
	return b[:n]
}

// done gives a buffer back.
func (h *hand) done(b []byte) {
	const most = 16
	if len(h.free) == most || h.kept+int64(cap(b)) > mostKept {
		return
	}
	h.free = append(h.free, b)
	h.kept += int64(cap(b))
}

// family makes a root and what derives from it, depth first.
func (h *hand) family(ctx context.Context, root int32) error {
	defer h.leave()
	defer h.drop()
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := h.whole(ctx, root)
	if err != nil || f.bytes == nil {
		return err
	}
	h.push(f)
	for len(h.stack) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		top := &h.stack[len(h.stack)-1]
		child, base := top.child, *top
		top.child = h.needed(h.g.next[child])
		if top.child < 0 {
			h.stack = h.stack[:len(h.stack)-1]
		}
		made, err := h.derive(ctx, child, base)
		if top.child < 0 {
			h.done(base.bytes)
		}
		if err != nil {
			return err
		}
		if made.bytes != nil {
			h.push(made)
		}
	}
	return nil
}

// drop empties the stack.
func (h *hand) drop() {
	for _, f := range h.stack {
		h.done(f.bytes)
	}
	h.stack = h.stack[:0]
}

func (h *hand) push(f frame) {
	if f.child = h.needed(h.g.down[f.node]); f.child < 0 {
		h.done(f.bytes)
		return
	}
	h.stack = append(h.stack, f)
}

// whole makes a node that is stored whole, and visits it. The frame has no bytes if its children cannot be made.
func (h *hand) whole(ctx context.Context, i int32) (f frame, err error) {
	p, end := h.g.place(i)
	if p == nil {
		return h.wholeLoose(ctx, i)
	}
	f = frame{node: i}
	var large *entry
	err = guard(func() error {
		f.id = h.g.id(i)
		e, err := h.sc.header(p, h.g.off[i])
		if err != nil {
			return err
		}
		if err := plausible(e.size, end-h.g.off[i]-e.head); err != nil {
			return err
		}
		if e.size > h.s.opts.MaxObject && (e.size > h.s.opts.MaxBase || h.needed(h.g.down[i]) < 0) {
			large = &e
			return nil
		}
		h.admit(e.size)
		f.bytes = h.room(e.size)
		return h.sc.inflate(p, h.g.off[i]+e.head, end, f.bytes)
	})
	if err != nil {
		return h.failed(ctx, f, err)
	}
	if large != nil {
		return frame{}, h.stream(ctx, i, f.id, p, end, *large)
	}
	return f, h.show(&f, frame{}, nil, p.suspect)
}

func (h *hand) wholeLoose(ctx context.Context, i int32) (f frame, err error) {
	path := h.g.looseFile(h.s, i)
	f = frame{node: i, id: h.g.id(i)}
	wanted := h.types
	if h.g.down[i] >= 0 {
		wanted = All
	}
	var buf []byte
	o, err := h.sc.readLoose(path, h.s.opts.MaxObject, wanted, func(n int) []byte {
		h.admit(int64(n))
		buf = h.room(int64(n))
		return buf
	})
	switch {
	case err != nil:
		return h.failed(ctx, f, looseError(path, f.id, err))
	case o.bytes == nil && wanted.Has(o.t):
		return frame{}, h.streamLoose(ctx, i, f.id, path, o)
	case o.bytes == nil:
		return frame{}, nil
	}
	f.bytes = o.bytes
	return f, h.showAs(o.t, &f, frame{}, nil, false)
}

// derive makes a node from its base, and visits it.
func (h *hand) derive(ctx context.Context, i int32, base frame) (f frame, err error) {
	p, end := h.g.place(i)
	f = frame{node: i, depth: base.depth + 1}
	err = guard(func() error {
		f.id = h.g.id(i)
		e, err := h.sc.header(p, h.g.off[i])
		if err != nil {
			return err
		}
		if err := plausible(e.size, end-h.g.off[i]-e.head); err != nil {
			return err
		}
		if e.size > h.s.opts.MaxBase {
			return &TooLargeError{ID: f.id, Size: e.size, Limit: h.s.opts.MaxBase}
		}
		h.admit(e.size)
		h.sc.delta = growSlack(h.sc.delta, e.size)
		return h.sc.inflate(p, h.g.off[i]+e.head, end, h.sc.delta)
	})
	if err != nil {
		return h.failed(ctx, f, err)
	}
	size, err := checkDelta(h.sc.delta, int64(len(base.bytes)))
	if err == nil && size > h.s.opts.MaxBase {
		err = &TooLargeError{ID: f.id, Size: size, Limit: h.s.opts.MaxBase}
	}
	if err != nil {
		return h.failed(ctx, f, err)
	}
	h.admit(size)
	f.bytes = h.room(size)
	applyDelta(f.bytes, base.bytes, h.sc.delta)
	return f, h.show(&f, base, h.sc.delta, p.suspect)
}

func (h *hand) show(f *frame, base frame, delta []byte, suspect bool) error {
	return h.showAs(Type(h.g.flag[f.node]&typeBits), f, base, delta, suspect)
}

// showAs visits a node that was made, if it is wanted.
func (h *hand) showAs(t Type, f *frame, base frame, delta []byte, suspect bool) error {
	if f.id.IsZero() || !h.types.Has(t) || h.want != nil && !bit(h.want, f.node) {
		return nil
	}
	if suspect || h.s.opts.Verify {
		if err := h.s.verify(f.id, t, f.bytes); err != nil {
			h.mismatch(f.node, f.id, t, int64(len(f.bytes)))
		}
	}
	if int64(len(f.bytes)) > h.s.opts.MaxObject {
		return h.showWindows(t, f)
	}
	f.visited = true
	h.obj = Object{ID: f.id, Type: t, Size: int64(len(f.bytes)), Bytes: f.bytes, Last: true, Depth: f.depth}
	h.obj.Derived = h.needed(h.g.down[f.node]) >= 0
	if delta != nil && base.visited {
		h.obj.Delta, h.obj.Base, h.obj.BaseSize = delta, base.id, int64(len(base.bytes))
	}
	return h.visit(h.n, &h.obj)
}

// showWindows visits a node that is held whole and is more than may be visited at once.
func (h *hand) showWindows(t Type, f *frame) error {
	size := len(f.bytes)
	for at := 0; ; {
		end := min(size, at+h.s.opts.Window)
		h.obj = Object{ID: f.id, Type: t, Size: int64(size), Bytes: f.bytes[at:end], Offset: int64(at), Last: end == size, Depth: f.depth}
		if err := h.visit(h.n, &h.obj); err != nil || end == size {
			return err
		}
		at = end - h.s.opts.Overlap
	}
}

func (h *hand) mismatch(i int32, id ID, t Type, size int64) {
	path, off := h.where(i)
	h.report(Trouble{Reason: Mismatch, ID: id, Type: t, Size: size, Err: &CorruptError{Pack: path, Offset: off, ID: id, Err: errHash}})
}

// where is a node's file and offset.
func (h *hand) where(i int32) (string, int64) {
	p, _ := h.g.place(i)
	if p == nil {
		return h.g.looseFile(h.s, i), -1
	}
	return p.path, h.g.off[i]
}

// failed tries a node that could not be made from another place that holds it; else it reports the node and all below it, and the
// frame it returns has no bytes.
func (h *hand) failed(ctx context.Context, f frame, cause error) (frame, error) {
	if f.id.IsZero() {
		f.id = h.g.name(f.node)
	}
	if t, b, ok := h.again(f.id, cause); ok {
		f.bytes = b
		return f, h.showAs(t, &f, frame{}, nil, false)
	}
	p, _ := h.g.place(f.node)
	if p != nil {
		cause = located(cause, p, h.g.off[f.node], f.id)
	}
	var err error
	h.g.below(f.node, func(j int32) {
		if err == nil && h.needs(j) {
			err = h.miss(ctx, j, f.node, cause)
		}
	})
	return frame{}, err
}

// needs says whether a node was to be visited, unless its type says otherwise.
func (h *hand) needs(i int32) bool { return h.want == nil || bit(h.want, i) }

// maxRetries bounds what a damaged store can cost: a retry may follow a chain that a walk follows once.
const maxRetries = 20000

// again reads an object that could not be made, if it stands in more than one place and is not only too large.
func (h *hand) again(id ID, cause error) (Type, []byte, bool) {
	if id.IsZero() || reasonOf(cause) == TooLarge {
		return 0, nil, false
	}
	places := 0
	_ = guard(func() error { // an index cut off under the map holds no place
		for _, p := range h.s.packs {
			if p.idx.find(id.raw()) >= 0 {
				places++
			}
		}
		return nil
	})
	if _, ok := h.s.loosePath(id); ok {
		places++
	}
	if places < 2 || h.retries.Add(1) > maxRetries {
		return 0, nil, false
	}
	t, b, err := h.s.Read(id, h.room(0))
	return t, b, err == nil
}

// miss reports node i, which cannot be made because node at could not; or visits it if another place holds it.
func (h *hand) miss(ctx context.Context, i, at int32, cause error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if h.g.pos[i] == noPos {
		return nil // No object of the walk: a base that a multi-pack-index does not list.
	}
	var id ID
	_ = guard(func() error { id = h.g.id(i); return nil }) // an index cut off under the map: the zero id
	if i != at || h.g.flag[i]&flagLost != 0 {
		if t, b, ok := h.again(id, cause); ok {
			f := frame{node: i, id: id, bytes: b}
			err := h.showAs(t, &f, frame{}, nil, false)
			h.done(b)
			return err
		}
	}
	t := Trouble{Reason: reasonOf(cause), ID: id, Type: Type(h.g.flag[i] & typeBits), Err: cause}
	if large := (*TooLargeError)(nil); errors.As(cause, &large) && i == at {
		t.Size = large.Size
	}
	if t.Reason == Corrupt && i != at {
		path, off := h.where(i)
		t.Err = &CorruptError{Pack: path, Offset: off, ID: id, Err: fmt.Errorf("its base: %w", cause)}
	}
	h.report(t)
	return nil
}

// lostNode reports a node that no root leads to.
func (h *hand) lostNode(ctx context.Context, i int32) error {
	at := int32(h.g.size[i])
	cause := errors.New("delta chain is a cycle")
	var missing *MissingError
	err := guard(func() error {
		p, _ := h.g.place(at)
		if p == nil {
			_, err := h.sc.readLoose(h.g.looseFile(h.s, at), 0, 0, nil)
			return err
		}
		e, err := h.sc.header(p, h.g.off[at])
		if err == nil && h.g.flag[at]&flagNoBase != 0 {
			missing = &MissingError{ID: e.ref}
		}
		if err == nil && h.g.flag[at]&flagBroken != 0 {
			err = errNoEntry
		}
		return err
	})
	switch {
	case err != nil:
		cause = err
	case missing != nil:
		cause = missing
	}
	if missing == nil {
		path, off := h.where(at)
		var id ID
		_ = guard(func() error { id = h.g.id(at); return nil })
		cause = &CorruptError{Pack: path, Offset: off, ID: id, Err: cause}
	}
	return h.miss(ctx, i, at, cause)
}

// stream visits an object over Options.MaxObject in windows. What derives from it is reported: it would need all of it.
func (h *hand) stream(ctx context.Context, i int32, id ID, p *packFile, end int64, e entry) error {
	start := h.g.off[i] + e.head
	var src io.Reader
	if p.f == nil {
		src = &mapReader{p.data[start:min(end+slack, p.size)]}
	} else {
		src = io.NewSectionReader(p.f, start, min(end+slack, p.size)-start)
	}
	var z io.ReadCloser
	err := guard(func() (err error) { z, err = zlib.NewReader(src); return err })
	t := Type(h.g.flag[i] & typeBits)
	if err == nil {
		defer z.Close()
		err = h.windows(ctx, i, id, t, e.size, z, p.suspect)
	}
	return h.streamed(ctx, i, id, t, e.size, err)
}

// mapReader reads a stretch of a map. bytes.Reader would do, but hands out bytes one at a time to flate, each with its checks.
type mapReader struct{ rest []byte }

func (r *mapReader) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (h *hand) streamLoose(ctx context.Context, i int32, id ID, path string, o looseObject) error {
	f, _, err := openRegular(path)
	if err != nil {
		return h.streamed(ctx, i, id, o.t, o.size, err)
	}
	defer f.Close()
	z, err := zlib.NewReader(f)
	if err == nil {
		defer z.Close()
		// The header was read before; its length is that of its text.
		_, err = io.CopyN(io.Discard, z, int64(len(fmt.Sprintf("%s %d\x00", o.t, o.size))))
	}
	if err == nil {
		err = h.windows(ctx, i, id, o.t, o.size, z, false)
	}
	return h.streamed(ctx, i, id, o.t, o.size, err)
}

// visitError is an error of visit, which ends the walk, unlike those of reading.
type visitError struct{ error }

func (e visitError) Unwrap() error { return e.error }

// streamed reports what came of streaming, and what cannot be made because the node is not held whole.
func (h *hand) streamed(ctx context.Context, i int32, id ID, t Type, size int64, err error) error {
	var v visitError
	if errors.As(err, &v) {
		return v.error
	}
	if err != nil && (h.want == nil || bit(h.want, i)) {
		path, off := h.where(i)
		h.report(Trouble{Reason: Corrupt, ID: id, Type: t, Size: size, Err: &CorruptError{Pack: path, Offset: off, ID: id, Err: err}})
	}
	large := &TooLargeError{ID: id, Size: size, Limit: h.s.opts.MaxBase}
	err = nil
	h.g.below(i, func(j int32) {
		if err == nil && j != i && h.needs(j) {
			err = h.miss(ctx, j, i, large)
		}
	})
	return err
}

// windows visits size bytes of src in windows.
func (h *hand) windows(ctx context.Context, i int32, id ID, t Type, size int64, src io.Reader, suspect bool) error {
	if !h.types.Has(t) || id.IsZero() || h.want != nil && !bit(h.want, i) {
		return nil
	}
	buf := make([]byte, h.s.opts.Window)
	var sum hash.Hash
	if suspect || h.s.opts.Verify {
		sum = h.s.hasher(t, size)
	}
	var at int64 // of buf in the object
	held := 0    // bytes of buf that repeat the window before
	for {
		if err := ctx.Err(); err != nil {
			return visitError{err}
		}
		n := int(min(int64(len(buf)-held), size-at-int64(held)))
		err := guard(func() error { _, err := io.ReadFull(src, buf[held:held+n]); return err })
		if err != nil {
			return err
		}
		if sum != nil {
			sum.Write(buf[held : held+n])
		}
		n += held
		last := at+int64(n) == size
		h.obj = Object{ID: id, Type: t, Size: size, Bytes: buf[:n], Offset: at, Last: last}
		if err := h.visit(h.n, &h.obj); err != nil {
			return visitError{err}
		}
		if last {
			break
		}
		held = min(h.s.opts.Overlap, n)
		copy(buf, buf[n-held:n])
		at += int64(n - held)
	}
	// The end of the stream, with its checksum.
	var one [1]byte
	err := guard(func() error {
		if n, err := src.Read(one[:]); n != 0 {
			return inflate.ErrSize
		} else if err != io.EOF {
			return err
		}
		return nil
	})
	if err == nil && sum != nil && !slices.Equal(sum.Sum(nil), id.raw()) {
		h.mismatch(i, id, t, size)
	}
	return err
}
