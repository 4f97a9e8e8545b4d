package mirror

import (
	"context"
	"os"
	"time"
)

// lock is a file that one process holds at a time, and one holder within it. The system lets go of it when the process ends,
// however it ends, so there is none left behind by a dead one. The file stays: to remove one that another process is about to
// lock would give two of them the lock.
type lock struct{ file *os.File }

// How long a lock is waited for before it is asked for again: at first, and at most.
const firstTry, lastTry = 5 * time.Millisecond, 250 * time.Millisecond

// acquire waits for a lock until ctx ends.
func acquire(ctx context.Context, path string) (*lock, error) {
	for wait := firstTry; ; wait = min(2*wait, lastTry) {
		l, err := try(path)
		if l != nil || err != nil {
			return l, err
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil, context.Cause(ctx)
		case <-t.C:
		}
	}
}

// try takes a lock if nobody holds it; nil without an error says that somebody does.
func try(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // a name that address.folder made
	if err != nil {
		return nil, err
	}
	ok, err := tryFile(f)
	if err != nil || !ok {
		_ = f.Close()
		return nil, err
	}
	return &lock{f}, nil
}

func (l *lock) release() { _ = l.file.Close() }
