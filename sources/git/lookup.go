package git

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"sync"

	"sprawl/internal/pack"
)

// lookup answers File from a store that stays open as long as the Source is in use: who owns a file is asked of many files in few
// folders.
type lookup struct {
	mu    sync.Mutex
	r     reader
	trees map[pack.ID][]byte
}

// maxTrees is how many trees are kept; then all are forgotten.
const maxTrees = 4096

// file reads a file from a commit's tree. The error wraps fs.ErrNotExist if there is none.
func (s *Source) file(ctx context.Context, id pack.ID, path string) ([]byte, error) {
	if s.moved { // git answers, and must end with the question
		o, err := s.objects()
		if err != nil {
			return nil, err
		}
		defer o.close()
		r := o.reader(ctx)
		defer r.close()
		return fileAt(r, o.hash().Size(), id, path)
	}
	l := &s.lookup
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh := l.r == nil
	for {
		if l.r == nil {
			o, err := s.objects()
			if err != nil {
				return nil, err
			}
			l.r, l.trees = o.reader(ctx), map[pack.ID][]byte{}
			runtime.AddCleanup(s, func(o objects) { _ = o.close() }, o)
		}
		b, err := fileAt(l, s.hashSize(), id, path)
		if err == nil || fresh || errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
		// The store may have been repacked since.
		l.r, fresh = nil, true
	}
}

func (l *lookup) read(id pack.ID, buf []byte) (pack.Type, []byte, error) {
	if b, ok := l.trees[id]; ok {
		return pack.Tree, b, nil
	}
	t, b, err := l.r.read(id, buf)
	if err == nil && t == pack.Tree {
		if len(l.trees) == maxTrees {
			clear(l.trees)
		}
		l.trees[id] = b
	}
	return t, b, err
}

func (l *lookup) has(id pack.ID) bool { return l.r.has(id) }
func (l *lookup) close()              {}
