package image

import (
	"bytes"
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"sprawl/sources"
)

const (
	// window is how much of a large file is handed out at once, and overlap how much of that the next window repeats: more than
	// any token and most keys take. Both are even, so that UTF-16 stays in step.
	window  = 1 << 20
	overlap = 64 << 10

	// inFlight bounds the bytes between the readers of layers and the workers, whatever the number of either.
	inFlight = 4 << 20
)

// classes are the sizes of buffers that are used again. Anything larger is an archive: it fills all the room there is, so that
// there is one at a time, and its buffer is kept for the next.
var classes = [...]int{16 << 10, 256 << 10, window}

// buffer holds the bytes of one blob on its way to a worker.
type buffer struct {
	b      []byte
	class  int // in classes, -1 for an archive
	weight int64
}

// job is one visit to come.
type job struct {
	blob sources.Blob
	buf  *buffer
}

// feed carries blobs from the readers of layers to the workers.
type feed struct {
	jobs  chan job
	room  *semaphore.Weighted
	pools [len(classes)]sync.Pool
	large *buffer // of the last archive; belongs to who holds all of room
}

func newFeed() *feed {
	return &feed{jobs: make(chan job, 32), room: semaphore.NewWeighted(inFlight)}
}

// take waits until n bytes more may be in flight.
func (f *feed) take(ctx context.Context, n int) (*buffer, error) {
	class := -1
	for i, size := range classes {
		if n <= size {
			class = i
			break
		}
	}
	if class < 0 {
		if err := f.room.Acquire(ctx, inFlight); err != nil {
			return nil, err
		}
		b := f.large
		if f.large = nil; b == nil || cap(b.b) < n {
			b = &buffer{b: make([]byte, n), class: class, weight: inFlight}
		}
		b.b = b.b[:n]
		return b, nil
	}
	weight := int64(classes[class])
	if err := f.room.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	if old, ok := f.pools[class].Get().(*buffer); ok {
		old.b = old.b[:n]
		return old, nil
	}
	return &buffer{b: make([]byte, n, weight), class: class, weight: weight}, nil
}

func (f *feed) release(b *buffer) {
	if b == nil {
		return
	}
	if b.class >= 0 {
		f.pools[b.class].Put(b)
	} else {
		f.large = b
	}
	f.room.Release(b.weight)
}

// give hands a blob over. The buffer, whose bytes become the blob's, is the feed's from then on, also when it fails.
func (f *feed) give(ctx context.Context, blob sources.Blob, buf *buffer) error {
	blob.Bytes = buf.b
	select {
	case f.jobs <- job{blob, buf}:
		return nil
	case <-ctx.Done():
		f.release(buf)
		return ctx.Err()
	}
}

// text hands over a small text.
func (f *feed) text(ctx context.Context, blob sources.Blob, text string) error {
	buf, err := f.take(ctx, len(text))
	if err != nil {
		return err
	}
	copy(buf.b, text)
	return f.give(ctx, blob, buf)
}

// end says that no more will come.
func (f *feed) end() { close(f.jobs) }

// consume is one worker.
func (f *feed) consume(ctx context.Context, worker int, visit func(int, sources.Blob) error) error {
	for {
		select {
		case j, ok := <-f.jobs:
			if !ok {
				return nil
			}
			err := ctx.Err() // both may have been ready
			if err == nil {
				err = visit(worker, j.blob)
			}
			f.release(j.buf)
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// blank reports whether b is one byte over and over: the hole of a disk image, the padding of a bomb.
func blank(b []byte) bool {
	return len(b) > 4096 && b[0] == b[len(b)-1] && bytes.Equal(b[1:], b[:len(b)-1])
}
