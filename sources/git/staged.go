package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sprawl/finding"
	"sprawl/internal/pack"
	"sprawl/sources"
)

// The empty tree, which git knows without it being in the store.
const (
	emptyTree1   = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
	emptyTree256 = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
)

// indexEntry is a path in the index that differs from HEAD.
type indexEntry struct {
	mode uint32
	id   pack.ID
	path string
}

// readStaged asks git for what the index in force (GIT_INDEX_FILE, else the work tree's own) holds and HEAD does not. A path
// that was only announced (git add --intent-to-add) holds nothing yet; one in conflict counts with all its versions.
func (s *Source) readStaged(ctx context.Context) ([]indexEntry, error) {
	against := s.tips.head
	if against == "" {
		against = emptyTree1
		if s.format.sha256 {
			against = emptyTree256
		}
	}
	out, err := s.exe.Run(ctx, "diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff",
		"--ignore-submodules=none", "--ita-invisible-in-index", against, "--")
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, s.fail(ErrUnsupported, "the index", "run git status in it", err)
	}
	entries, conflict, err := parseRaw(out)
	if err != nil {
		return nil, s.fail(ErrUnsupported, "the index", "", err)
	}
	if !conflict {
		return entries, nil
	}
	if out, err = s.exe.Run(ctx, "ls-files", "--stage", "--unmerged", "-z"); err != nil {
		return nil, s.fail(ErrUnsupported, "the index", "run git status in it", err)
	}
	stages, err := parseStages(out)
	if err != nil {
		return nil, s.fail(ErrUnsupported, "the index", "", err)
	}
	return append(entries, stages...), nil
}

var errAnswer = errors.New("unexpected answer of git")

// parseRaw reads ":oldmode newmode oldid newid status NUL path NUL" (git-diff-index, raw output format).
func parseRaw(out []byte) (entries []indexEntry, conflict bool, err error) {
	for len(out) > 0 {
		head, rest, ok := bytes.Cut(out, []byte{0})
		path, rest, ok2 := bytes.Cut(rest, []byte{0})
		f := strings.Fields(string(head))
		if !ok || !ok2 || len(f) != 5 || len(path) == 0 {
			return nil, false, errAnswer
		}
		out = rest
		switch f[4][0] {
		case 'D':
			continue
		case 'U':
			conflict = true
			continue
		}
		e, err := parseIndexEntry(f[1], f[3], path)
		if err != nil {
			return nil, false, err
		}
		if strings.Trim(f[3], "0") == "" {
			continue // announced, without content
		}
		entries = append(entries, e)
	}
	return entries, conflict, nil
}

// parseStages reads "mode id stage TAB path NUL" (git-ls-files --stage).
func parseStages(out []byte) (entries []indexEntry, err error) {
	for len(out) > 0 {
		one, rest, ok := bytes.Cut(out, []byte{0})
		head, path, ok2 := bytes.Cut(one, []byte{'\t'})
		f := strings.Fields(string(head))
		if !ok || !ok2 || len(f) != 3 || len(path) == 0 {
			return nil, errAnswer
		}
		out = rest
		e, err := parseIndexEntry(f[0], f[1], path)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func parseIndexEntry(mode, id string, path []byte) (indexEntry, error) {
	m, err := strconv.ParseUint(mode, 8, 32)
	if err != nil {
		return indexEntry{}, fmt.Errorf("%w: mode", errAnswer)
	}
	x, err := pack.ParseID(id)
	if err != nil {
		return indexEntry{}, fmt.Errorf("%w: %w", errAnswer, err)
	}
	return indexEntry{uint32(m), x, string(path)}, nil
}

func (s *Source) walkStaged(ctx context.Context, workers int, led *sources.Ledger, visit func(int, sources.Blob) error) error {
	entries, err := s.readStaged(ctx)
	if err != nil {
		return err
	}
	o, err := s.objects()
	if err != nil {
		return err
	}
	defer o.close()
	w := s.newWalk(ctx, o, workers, led, visit)
	defer w.close()
	var ids []pack.ID
	where := map[pack.ID][]finding.Location{}
	s.staged = map[string][]finding.Location{}
	for _, e := range entries {
		if e.mode == modeGitlink {
			w.submodule(e.path, e.id)
			continue
		}
		if where[e.id] == nil {
			ids = append(ids, e.id)
		}
		l := s.location(finding.StateStaged)
		l.Path = e.path
		if !slices.ContainsFunc(where[e.id], func(x finding.Location) bool { return x.Path == e.path }) {
			where[e.id] = append(where[e.id], l)
		}
	}
	for id, l := range where {
		s.staged[id.Hex()] = l
	}
	err = o.some(ctx, workers, ids, w.trouble, func(n int, obj *pack.Object) error {
		if obj.Type != pack.Blob {
			led.Saw(1)
			w.skip(finding.ReasonCorrupt, obj.ID, fmt.Sprintf("an entry of the index that is a %s", obj.Type), obj.Size)
			return nil
		}
		return w.blob(w.workers[n], obj, where[obj.ID])
	})
	if err != nil {
		return err
	}
	cover := s.coverage()
	cover.Refs, cover.Shallow = 0, false // neither matters to an index
	if len(entries) == 0 {
		cover.Notes = append(cover.Notes, "nothing is staged that HEAD does not hold")
	}
	led.Target(cover)
	return nil
}
