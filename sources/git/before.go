package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/internal/pack"
	"sprawl/sources"
)

// Part says which half of what was there before.
type Part uint8

// Parts of what was there before.
const (
	Replaced Part = iota // what the change edits, moves or deletes: blobs that its end no longer holds
	Kept                 // every other blob
)

// Before is what stood in the trees from which a change started, with one place each: HEAD for what is staged; base, and the
// commits at which the change left it, for a range. A value in there is not new. It may be called after a Walk of s or
// without one, and is walked while s is not.
func (s *Source) Before(p Part) sources.Source { return &before{s, p} }

type before struct {
	s    *Source
	part Part
}

func (b *before) Name() string { return b.s.Name() }

// Walk implements sources.Source. Objects that cannot be read count as not there: the change is then judged by less.
func (b *before) Walk(ctx context.Context, workers int, led *sources.Ledger, visit func(worker int, b sources.Blob) error) error {
	o, err := b.s.objects()
	if err != nil {
		return err
	}
	defer o.close()
	w := b.s.newWalk(ctx, o, max(workers, 1), led, visit)
	defer w.close()
	old, gone, err := b.s.trees(ctx, w.r, w.size)
	if err != nil {
		return err
	}
	paths := map[pack.ID]string{}
	seen := map[pack.ID]bool{}
	for _, root := range old {
		err := walkTree(ctx, w.r, w.size, root, seen, func(path string, e entry) bool {
			if e.mode == modeTree {
				return true
			}
			if _, known := paths[e.id]; !known && e.mode != modeGitlink && gone(e.id) == (b.part == Replaced) {
				paths[e.id] = path
			}
			return false
		})
		if err != nil {
			return err
		}
	}
	ids := make([]pack.ID, 0, len(paths))
	for id := range paths {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b pack.ID) int { return strings.Compare(paths[a], paths[b]) })
	return o.some(ctx, len(w.workers), ids, w.trouble, func(n int, obj *pack.Object) error {
		if obj.Type != pack.Blob {
			return nil
		}
		l := b.s.location(finding.StateHead)
		l.Path = paths[obj.ID]
		return w.blob(w.workers[n], obj, []finding.Location{l})
	})
}

// trees lists the trees from which the change started, and tells which of their blobs its end does not hold.
func (s *Source) trees(ctx context.Context, r reader, size int) (old []pack.ID, gone func(pack.ID) bool, err error) {
	if s.opts.Mode == Staged {
		replaced, err := s.replaced(ctx)
		if err != nil || s.tips.head == "" {
			return nil, nil, err
		}
		head, err := pack.ParseID(s.tips.head)
		if err != nil {
			return nil, nil, err
		}
		c, err := readCommit(r, head)
		if err != nil {
			return nil, nil, s.fail(ErrMissing, "HEAD", "run git fsck in it", err)
		}
		return []pack.ID{c.tree}, func(id pack.ID) bool { return replaced[id] }, nil
	}
	sp, err := s.spanOf(ctx, r, size)
	if err != nil {
		return nil, nil, err
	}
	c, err := readCommit(r, s.top)
	if err != nil {
		return nil, nil, s.fail(ErrMissing, s.opts.Head, "", err)
	}
	held := map[pack.ID]bool{}
	err = walkTree(ctx, r, size, c.tree, map[pack.ID]bool{}, func(_ string, e entry) bool {
		if e.mode != modeTree {
			held[e.id] = true
		}
		return e.mode == modeTree
	})
	return sp.before, func(id pack.ID) bool { return !held[id] }, err
}

// replaced are the blobs of HEAD that the index has edited, moved or deleted.
func (s *Source) replaced(ctx context.Context) (map[pack.ID]bool, error) {
	if s.tips.head == "" {
		return nil, nil
	}
	out, err := s.exe.Run(ctx, "diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff",
		"--ignore-submodules=none", s.tips.head, "--")
	if err != nil {
		return nil, s.fail(ErrUnsupported, "the index", "run git status in it", err)
	}
	ids, err := parseReplaced(out)
	if err != nil {
		return nil, s.fail(ErrUnsupported, "the index", "", err)
	}
	return ids, nil
}

// parseReplaced reads the old ids of what parseRaw reads the new ones of.
func parseReplaced(out []byte) (map[pack.ID]bool, error) {
	ids := map[pack.ID]bool{}
	for f := strings.Split(string(out), "\x00"); len(f) >= 2; f = f[2:] {
		w := strings.Fields(f[0])
		if len(w) != 5 {
			return nil, errAnswer
		}
		id, err := pack.ParseID(w[2])
		if err != nil {
			return nil, errors.Join(errAnswer, err)
		}
		ids[id] = true
	}
	return ids, nil
}

// Ends returns the commits of a range as hex ids; base is "" where there is none.
func (s *Source) Ends() (base, head string) {
	if !s.base.IsZero() {
		base = s.base.Hex()
	}
	if !s.top.IsZero() {
		head = s.top.Hex()
	}
	return base, head
}

// Side names a tree of a range.
type Side uint8

// Sides of a range.
const (
	AtBase Side = iota // base, and the commits at which head left it
	AtHead
)

// Versions reads the contents that a file has in the trees of one side of a range: none where it does not stand, several
// where they differ.
func (s *Source) Versions(ctx context.Context, side Side, path string) (contents [][]byte, err error) {
	err = s.sideTrees(ctx, side, func(r reader, size int, tree pack.ID) error {
		b, err := fileIn(r, size, tree, path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
		contents = append(contents, slices.Clone(b))
		return nil
	})
	return contents, err
}

// Files lists the paths of files in one folder, without its subfolders, in any of the trees of one side of a range.
func (s *Source) Files(ctx context.Context, side Side, folder string) ([]string, error) {
	found := map[string]bool{}
	prefix := folder + "/"
	err := s.sideTrees(ctx, side, func(r reader, size int, tree pack.ID) error {
		return walkTree(ctx, r, size, tree, map[pack.ID]bool{}, func(path string, e entry) bool {
			if e.mode == modeTree {
				return strings.HasPrefix(prefix, path+"/")
			}
			if e.mode != modeGitlink && strings.HasPrefix(path, prefix) {
				found[path] = true
			}
			return false
		})
	})
	paths := make([]string, 0, len(found))
	for p := range found {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths, err
}

func (s *Source) sideTrees(ctx context.Context, side Side, visit func(r reader, size int, tree pack.ID) error) error {
	o, err := s.objects()
	if err != nil {
		return err
	}
	defer o.close()
	r := o.reader(ctx)
	defer r.close()
	size := o.hash().Size()
	var trees []pack.ID
	if side == AtBase {
		sp, err := s.spanOf(ctx, r, size)
		if err != nil {
			return err
		}
		trees = sp.before
	} else {
		c, err := readCommit(r, s.top)
		if err != nil {
			return s.fail(ErrMissing, s.opts.Head, "", err)
		}
		trees = []pack.ID{c.tree}
	}
	for _, tree := range trees {
		if err := visit(r, size, tree); err != nil {
			return err
		}
	}
	return nil
}

// Folders finds the git directory of the repository that a path belongs to and the one that its worktrees share, absolute.
func Folders(path string) (gitDir, commonDir string, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", "", fmt.Errorf("resolve %s: %w", path, err)
	}
	l, err := discover(abs)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", path, err)
	}
	return l.gitDir, l.commonDir, nil
}
