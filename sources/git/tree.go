package git

import (
	"context"
	"fmt"

	"sprawl/internal/pack"
)

const (
	// maxListed bounds the entries that Tree looks at: a hostile repository makes more paths of few objects than there are bytes
	// to hold them.
	maxListed = 4 << 20
	// maxListedFile is the size in bytes above which Tree leaves a file out. Nobody writes configuration of that size.
	maxListedFile = 8 << 20
)

// Tree hands out those files of a revision's tree that want asks for, by slash path from the top, in no particular order. data
// is valid during visit, which returns false to end the walk. Symbolic links, submodules, files above 8 MiB and what cannot be
// read are left out; the walk over the history has the latter in its ledger. A repository without commits has no file at HEAD.
func (s *Source) Tree(ctx context.Context, rev string, want func(path string) bool, visit func(path string, data []byte) bool) error {
	if rev == "HEAD" && s.tips.head == "" {
		return nil
	}
	id, err := s.resolve(ctx, rev)
	if err != nil {
		return err
	}
	o, err := s.objects()
	if err != nil {
		return err
	}
	defer o.close()
	r := o.reader(ctx)
	defer r.close()
	c, err := readCommit(r, id)
	if err != nil {
		return fmt.Errorf("%s at %s: %w", s.Name(), rev, err)
	}
	n, done := 0, false
	wctx, stop := context.WithCancel(ctx)
	defer stop()
	var buf []byte
	err = walkTree(wctx, r, o.hash().Size(), c.tree, nil, func(path string, e entry) bool {
		if n++; n > maxListed {
			done = true
			stop()
		}
		switch {
		case done:
			return false
		case e.mode == modeTree:
			return true
		case e.mode == modeGitlink || e.mode == modeSymlink || !want(path):
			return false
		}
		t, b, err := r.read(e.id, buf)
		if err != nil || t != pack.Blob || len(b) > maxListedFile {
			return false
		}
		buf = b
		if done = !visit(path, b); done {
			stop()
		}
		return false
	})
	if done && ctx.Err() == nil {
		return nil
	}
	return err
}
