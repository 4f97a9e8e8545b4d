package git

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"sprawl/finding"
	"sprawl/internal/history"
	"sprawl/internal/pack"
	"sprawl/sources"
)

// Locate implements sources.Locator: messages and ref names first, then blobs in the order of ids.
func (s *Source) Locate(ctx context.Context, ids []string) iter.Seq2[sources.Located, error] {
	return func(yield func(sources.Located, error) bool) {
		if s.opts.Mode == Staged {
			s.locateStaged(ids, yield)
			return
		}
		o, err := s.objects()
		if err != nil {
			yield(sources.Located{}, err)
			return
		}
		defer o.close()
		r := o.reader(ctx)
		defer r.close()
		var blobs []string
		for _, id := range ids {
			if isHex(id) {
				blobs = append(blobs, id)
			} else if !yield(sources.Located{ID: id, Where: s.locateText(r, id)}, nil) {
				return
			}
		}
		if len(blobs) == 0 {
			return
		}
		objects, opts, err := s.past(ctx, o, r)
		defer func() { s.heads = nil }()
		if err != nil {
			yield(sources.Located{}, err)
			return
		}
		for l, err := range history.Locate(ctx, objects, opts, blobs) {
			for i := range l.Where {
				l.Where[i].Source, l.Where[i].Target = "git", s.target
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

func (s *Source) locateStaged(ids []string, yield func(sources.Located, error) bool) {
	for _, id := range ids {
		where := s.staged[id]
		if where == nil {
			where = []finding.Location{s.location(finding.StateStaged)}
		}
		if !yield(sources.Located{ID: id, Where: where}, nil) {
			return
		}
	}
}

// locateText says where a message or a ref name is.
func (s *Source) locateText(r reader, id string) []finding.Location {
	kind, name, _ := strings.Cut(id, ":")
	if kind == "ref" {
		return s.refPlace(name)
	}
	if x, err := pack.ParseID(name); err == nil {
		switch t, b, err := r.read(x, nil); {
		case err != nil:
		case t == pack.Commit:
			return s.commitPlace(name, parseCommit(b))
		case t == pack.Tag:
			return s.tagPlace(name, parseTag(b))
		}
	}
	return []finding.Location{s.location(finding.StateMessage)}
}

// past prepares the search through history.
func (s *Source) past(ctx context.Context, o objects, r reader) (history.Objects, history.Options, error) {
	opts := history.Options{HashSize: o.hash().Size(), Mailmap: s.mailmap(r, o.hash().Size()), Trouble: s.lost}
	for id := range s.tips.shallow {
		addHex(&opts.Shallow, id)
	}
	if s.opts.Mode == Range {
		sp, err := s.spanOf(ctx, r, o.hash().Size())
		if err != nil {
			return nil, opts, err
		}
		for _, id := range append(sp.edges, sp.roots...) {
			opts.Shallow = append(opts.Shallow, historyID(id))
		}
		opts.Refs = []history.Ref{{Name: "HEAD", ID: historyID(s.top), Kind: history.Head}}
		for _, x := range s.tips.refs {
			// Names only: what other refs reach is not asked for.
			if x.id == s.top.Hex() {
				opts.Refs = append(opts.Refs, history.Ref{Name: x.name, ID: historyID(s.top), Kind: history.KindOf(x.name)})
			}
		}
		return single{r: r, size: o.hash().Size(), buf: new([]byte)}, opts, nil
	}
	add := func(name, hexID string) {
		var ids []history.ID
		addHex(&ids, hexID)
		for _, id := range ids {
			opts.Refs = append(opts.Refs, history.Ref{Name: name, ID: id, Kind: history.KindOf(name)})
		}
	}
	add("HEAD", s.tips.head)
	for _, x := range s.tips.refs {
		add(x.name, x.id)
	}
	for i, id := range s.tips.stash {
		add(fmt.Sprintf("stash@{%d}", i), id)
	}
	if err := s.findDangling(ctx, o); err != nil {
		return nil, opts, err
	}
	for _, id := range s.dangling {
		opts.Loose = append(opts.Loose, historyID(id))
	}
	plan := pack.Plan{Types: pack.Of(pack.Tree)}
	if s.known != nil && s.since.Complete {
		// What is new stands in trees that are new, and in commits that are.
		size := o.hash().Size()
		opts.Barren = func(id history.ID) bool { return s.known.Has(id[:size]) }
		plan.Beyond = s.known
	}
	return scanning{single{r, o.hash().Size(), new([]byte), s.heads}, o, plan}, opts, nil
}

// lost records a commit or tree that could not be followed: places may be missing. Its absence from a partial clone stands in
// the ledger already.
func (s *Source) lost(id history.ID, err error) {
	if s.led == nil {
		return // Locate without a Walk has nobody to tell
	}
	size := 20
	if s.format.sha256 {
		size = 32
	}
	reason := finding.ReasonCorrupt
	var missing *pack.MissingError
	switch {
	case errors.Is(err, history.ErrLimit):
		reason = finding.ReasonLimit
	case errors.As(err, &missing):
		if s.format.promisor {
			return
		}
		reason = finding.ReasonMissing
	}
	s.led.Skip(finding.Skip{Target: s.target, Object: id.Hex(size), Reason: reason, Detail: "find what was found in history: " + err.Error()})
}

// findDangling learns what a walk would have.
func (s *Source) findDangling(ctx context.Context, o objects) error {
	if s.walked {
		return nil
	}
	var commits, parents []pack.ID
	err := o.walk(ctx, 1, pack.Plan{Types: pack.Of(pack.Commit)}, nil, func(_ int, obj *pack.Object) error {
		if obj.Offset == 0 && obj.Last {
			commits = append(commits, obj.ID)
			parents = append(parents, parseCommit(obj.Bytes).parents...)
		}
		return nil
	})
	if err == nil {
		s.dangling, s.walked = s.looseEnds(commits, parents), true
	}
	return err
}

// mailmap is the .mailmap of HEAD, or of the range's head.
func (s *Source) mailmap(r reader, size int) []byte {
	id := s.top
	if s.opts.Mode != Range {
		var err error
		if id, err = pack.ParseID(s.tips.head); err != nil {
			return nil
		}
	}
	b, err := fileAt(r, size, id, ".mailmap")
	if err != nil || len(b) > maxMailmap {
		return nil
	}
	return b
}

func historyID(id pack.ID) (h history.ID) {
	id.AppendRaw(h[:0])
	return h
}

func addHex(ids *[]history.ID, s string) {
	if id, err := history.ParseID(s); err == nil {
		*ids = append(*ids, id)
	}
}

// single are history's objects, read one by one.
type single struct {
	r    reader
	size int
	buf  *[]byte // of the last answer

	heads []heads
}

func (x single) Read(id history.ID) (string, []byte, error) {
	p, err := pack.RawID(id[:x.size])
	if err != nil {
		return "", nil, err
	}
	if b := headOf(x.heads, p); b != nil {
		return pack.Commit.String(), b, nil
	}
	t, b, err := x.r.read(p, *x.buf)
	if err == nil {
		*x.buf = b
	}
	return t.String(), b, err
}

// scanning can besides hand out all trees in the order they are stored in.
type scanning struct {
	single
	o    objects
	plan pack.Plan
}

// treeWorkers is how many goroutines read trees for history. It is a small number: Locate comes when the walk is over, but
// the caller has not said how many processors it may use.
const treeWorkers = 4

func (x scanning) Trees(ctx context.Context, visit func(id history.ID, content []byte) error) error {
	return x.o.walk(ctx, treeWorkers, x.plan, nil, func(_ int, o *pack.Object) error {
		if o.Offset > 0 || !o.Last {
			return nil
		}
		return visit(historyID(o.ID), o.Bytes)
	})
}
