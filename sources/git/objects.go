package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sync/errgroup"

	"sprawl/internal/gitexec"
	"sprawl/internal/pack"
)

// objects is an object store, open for one walk or one search of places.
type objects interface {
	// walk has the contract of pack.Store.WalkPlan.
	walk(ctx context.Context, workers int, p pack.Plan, trouble func(pack.Trouble), visit func(worker int, o *pack.Object) error) error
	// some is walk for the objects with the given ids, in no order and without deltas.
	some(ctx context.Context, workers int, ids []pack.ID, trouble func(pack.Trouble), visit func(worker int, o *pack.Object) error) error
	// reader serves any number of goroutines until it is closed.
	reader(ctx context.Context) reader
	hash() pack.Hash
	promisor() bool
	close() error
}

// reader reads single objects.
type reader interface {
	// read has the contract of pack.Store.Read.
	read(id pack.ID, buf []byte) (pack.Type, []byte, error)
	has(id pack.ID) bool
	close()
}

// packed are objects read by this program itself.
type packed struct{ store *pack.Store }

func (p packed) walk(ctx context.Context, workers int, plan pack.Plan, trouble func(pack.Trouble), visit func(int, *pack.Object) error) error {
	return p.store.WalkPlan(ctx, workers, plan, trouble, visit)
}

// some reads one by one: a walk begins with a look at the whole store, which a few objects are not worth. Those that do not
// fit are worth it, since only a walk hands out windows.
func (p packed) some(ctx context.Context, workers int, ids []pack.ID, trouble func(pack.Trouble), visit func(int, *pack.Object) error) error {
	var mu sync.Mutex
	large := map[pack.ID]bool{}
	var next atomic.Int64
	group, gctx := errgroup.WithContext(ctx)
	for w := range max(workers, 1) {
		group.Go(func() error {
			var buf []byte
			for {
				i := int(next.Add(1)) - 1
				if i >= len(ids) {
					return nil
				}
				if gctx.Err() != nil {
					return context.Cause(gctx)
				}
				t, b, err := p.store.Read(ids[i], buf)
				if err != nil {
					mu.Lock()
					var tooLarge *pack.TooLargeError
					if errors.As(err, &tooLarge) {
						large[ids[i]] = true
					} else {
						trouble(troubled(ids[i], err))
					}
					mu.Unlock()
					continue
				}
				buf = b
				if err := visit(w, &pack.Object{ID: ids[i], Type: t, Size: int64(len(b)), Bytes: b, Last: true}); err != nil {
					return err
				}
			}
		})
	}
	if err := group.Wait(); err != nil || len(large) == 0 {
		return err
	}
	return p.store.WalkPlan(ctx, workers, pack.Plan{Types: pack.All, Want: func(id pack.ID) bool { return large[id] }}, trouble, visit)
}

func troubled(id pack.ID, err error) pack.Trouble {
	t := pack.Trouble{Reason: pack.Corrupt, ID: id, Err: err}
	var missing *pack.MissingError
	if errors.As(err, &missing) {
		t.Reason = pack.Missing
	}
	return t
}
func (p packed) reader(context.Context) reader { return packedReader(p) }
func (p packed) hash() pack.Hash               { return p.store.Hash() }
func (p packed) promisor() bool                { return p.store.Promisor() }
func (p packed) close() error                  { return p.store.Close() }

type packedReader struct{ store *pack.Store }

func (r packedReader) read(id pack.ID, buf []byte) (pack.Type, []byte, error) {
	return r.store.Read(id, buf)
}
func (r packedReader) has(id pack.ID) bool { return r.store.Has(id) }
func (r packedReader) close()              {}

// catFile are objects read by git cat-file. It serves where a hook's environment moves the store (quarantine, alternates),
// and where internal/pack cannot open it.
type catFile struct {
	repo    *gitexec.Repo
	format  pack.Hash
	partial bool
	max     int64 // bytes of an object that is handed out whole
	window  int
	overlap int
}

const (
	defaultMaxObject = 64 << 20
	minMaxObject     = 8 << 20
	defaultWindow    = 16 << 20
	defaultOverlap   = 64 << 10
	maxRestarts      = 1000 // git ends at a corrupt object; so many are survived
)

func (c *catFile) hash() pack.Hash { return c.format }
func (c *catFile) promisor() bool  { return c.partial }
func (c *catFile) close() error    { return nil }

// header is what cat-file says before an object.
type header struct {
	id   pack.ID
	typ  pack.Type
	size int64
}

// absent reports whether git ended because a partial clone left an object out that it may not fetch.
func absent(err error) bool { return gitexec.Said(err, "from promisor remote") }

// errMissing is cat-file's "missing".
var errMissing = errors.New("missing")

func parseHeader(line []byte) (header, error) {
	f := strings.Fields(string(line))
	if len(f) < 2 {
		return header{}, fmt.Errorf("unexpected answer of git cat-file")
	}
	id, err := pack.ParseID(f[0])
	if err != nil {
		return header{}, fmt.Errorf("unexpected answer of git cat-file: %w", err)
	}
	h := header{id: id}
	if f[1] == "missing" {
		return h, errMissing
	}
	switch f[1] {
	case "commit":
		h.typ = pack.Commit
	case "tree":
		h.typ = pack.Tree
	case "blob":
		h.typ = pack.Blob
	case "tag":
		h.typ = pack.Tag
	default:
		return header{}, fmt.Errorf("unexpected object type of git cat-file")
	}
	if len(f) != 3 {
		return header{}, fmt.Errorf("unexpected answer of git cat-file")
	}
	if h.size, err = strconv.ParseInt(f[2], 10, 64); err != nil || h.size < 0 {
		return header{}, fmt.Errorf("unexpected size of git cat-file")
	}
	return h, nil
}

// list returns the ids of all objects of the types, in the order they are stored in.
func (c *catFile) list(ctx context.Context, types pack.Types, trouble func(pack.Trouble)) ([]pack.ID, error) {
	p, err := c.repo.Start(ctx, "cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
	if err != nil {
		return nil, err
	}
	defer p.Close()
	var ids []pack.ID
	in := bufio.NewReader(p.Stdout)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("list objects: %w", err)
		}
		h, err := parseHeader(line)
		if errors.Is(err, errMissing) {
			trouble(pack.Trouble{Reason: pack.Corrupt, ID: h.id, Err: errors.New("git cannot read it")})
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list objects: %w", err)
		}
		if types.Has(h.typ) {
			ids = append(ids, h.id)
		}
	}
	if err := p.Wait(); err != nil {
		if ctx.Err() != nil || len(ids) == 0 {
			return nil, err
		}
		trouble(pack.Trouble{Reason: pack.Unopened, Err: err})
	}
	return ids, nil
}

// job is one object on its way to a worker. The windows of a large one follow the first through more, which is then closed.
type job struct {
	o    pack.Object
	more chan pack.Object
}

func (c *catFile) walk(ctx context.Context, workers int, plan pack.Plan, trouble func(pack.Trouble), visit func(int, *pack.Object) error) error {
	if trouble == nil {
		trouble = func(pack.Trouble) {}
	}
	ids, err := c.list(ctx, plan.Types, trouble)
	if err != nil {
		return err
	}
	ids = slices.DeleteFunc(ids, func(id pack.ID) bool {
		return plan.Beyond != nil && plan.Beyond.Has(id.AppendRaw(nil)) || plan.Want != nil && !plan.Want(id)
	})
	return c.some(ctx, workers, ids, trouble, visit)
}

func (c *catFile) some(ctx context.Context, workers int, ids []pack.ID, trouble func(pack.Trouble), visit func(int, *pack.Object) error) error {
	jobs := make(chan job)
	group, ctx := errgroup.WithContext(ctx)
	for w := range max(workers, 1) {
		group.Go(func() error {
			for j := range jobs {
				if err := visit(w, &j.o); err != nil {
					return err
				}
				if j.more == nil {
					continue
				}
				for o := range j.more {
					if err := visit(w, &o); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(jobs)
		for restarts := 0; len(ids) > 0; restarts++ {
			done, err := c.pass(ctx, ids, jobs, trouble)
			if err == nil {
				return nil
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if restarts == maxRestarts || done >= len(ids) {
				return err
			}
			if absent(err) {
				err = &pack.MissingError{ID: ids[done]}
			}
			trouble(troubled(ids[done], err))
			ids = ids[done+1:]
		}
		return nil
	})
	return group.Wait()
}

// pass reads objects through one git until it ends, and says how many it was through with.
func (c *catFile) pass(ctx context.Context, ids []pack.ID, jobs chan<- job, trouble func(pack.Trouble)) (done int, err error) {
	p, err := c.repo.Start(ctx, "cat-file", "--batch", "--buffer")
	if err != nil {
		return 0, err
	}
	defer p.Close()
	var feed errgroup.Group
	feed.Go(func() error {
		defer p.Stdin.Close()
		w := bufio.NewWriter(p.Stdin)
		var line []byte
		for _, id := range ids {
			line = append(id.AppendHex(line[:0]), '\n')
			if _, err := w.Write(line); err != nil {
				return err // git has ended; the reading side knows why
			}
		}
		return w.Flush()
	})
	// Close ends git, which ends the writing: without it, leaving early would wait for a writer that nobody reads from.
	defer func() { p.Close(); _ = feed.Wait() }()
	in := bufio.NewReaderSize(p.Stdout, 64<<10)
	for ; done < len(ids); done++ {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return done, ended(p, err)
		}
		h, err := parseHeader(line)
		if errors.Is(err, errMissing) {
			trouble(pack.Trouble{Reason: pack.Missing, ID: ids[done], Err: &pack.MissingError{ID: ids[done]}})
			continue
		}
		if err != nil {
			return done, err
		}
		if err := c.hand(ctx, in, h, jobs); err != nil {
			return done, ended(p, err)
		}
	}
	return done, ended(p, nil)
}

// ended joins git and prefers its own words over those of a pipe that broke.
func ended(p *gitexec.Process, err error) error {
	if err == nil {
		return p.Wait()
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.EPIPE) {
		p.Close() // it may have gigabytes to say still
		return err
	}
	if werr := p.Wait(); werr != nil {
		return werr
	}
	return err
}

// hand reads one object and the line break after it, and hands a copy to a worker.
func (c *catFile) hand(ctx context.Context, in *bufio.Reader, h header, jobs chan<- job) error {
	j := job{o: pack.Object{ID: h.id, Type: h.typ, Size: h.size, Last: true}}
	if h.size <= c.max {
		b := make([]byte, h.size)
		if _, err := io.ReadFull(in, b); err != nil {
			return err
		}
		j.o.Bytes = b
		if err := send(ctx, jobs, j); err != nil {
			return err
		}
		return lineBreak(in)
	}
	j.more = make(chan pack.Object)
	defer close(j.more)
	var prev []byte
	for at := int64(0); ; {
		b := make([]byte, min(int64(c.window), h.size-at))
		n := copy(b, prev)
		if _, err := io.ReadFull(in, b[n:]); err != nil {
			return err
		}
		o := pack.Object{ID: h.id, Type: h.typ, Size: h.size, Bytes: b, Offset: at, Last: at+int64(len(b)) == h.size}
		if at == 0 {
			j.o = o
			if err := send(ctx, jobs, j); err != nil {
				return err
			}
		} else if err := send(ctx, j.more, o); err != nil {
			return err
		}
		if o.Last {
			return lineBreak(in)
		}
		prev = bytes.Clone(b[len(b)-c.overlap:])
		at += int64(len(b) - c.overlap)
	}
}

func send[T any](ctx context.Context, ch chan<- T, v T) error {
	select {
	case ch <- v:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func lineBreak(in *bufio.Reader) error {
	c, err := in.ReadByte()
	if err == nil && c != '\n' {
		err = errors.New("unexpected answer of git cat-file")
	}
	return err
}

// reader starts git when it is first asked.
func (c *catFile) reader(ctx context.Context) reader {
	return &catReader{start: func(args ...string) (*gitexec.Process, error) { return c.repo.Start(ctx, args...) }, max: c.max}
}

type catReader struct {
	start func(args ...string) (*gitexec.Process, error)
	max   int64

	mu    sync.Mutex
	batch conversation // whole objects
	check conversation // headers only
}

// conversation is one git that answers line by line.
type conversation struct {
	p  *gitexec.Process
	in *bufio.Reader
}

func (c *conversation) ask(start func(...string) (*gitexec.Process, error), mode string, id pack.ID) (header, error) {
	if c.p == nil {
		p, err := start("cat-file", mode)
		if err != nil {
			return header{}, err
		}
		c.p, c.in = p, bufio.NewReader(p.Stdout)
	}
	if _, err := c.p.Stdin.Write(append(id.AppendHex(nil), '\n')); err != nil {
		return header{}, c.broken(err)
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return header{}, c.broken(err)
	}
	return parseHeader(line)
}

// broken joins git, so that the next question starts another.
func (c *conversation) broken(err error) error {
	err = ended(c.p, err)
	c.p = nil
	return err
}

func (c *conversation) close() {
	if c.p != nil {
		c.p.Close()
		c.p = nil
	}
}

func (r *catReader) read(id pack.ID, buf []byte) (pack.Type, []byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, err := r.batch.ask(r.start, "--batch", id)
	if errors.Is(err, errMissing) || absent(err) {
		return 0, nil, &pack.MissingError{ID: id}
	}
	if err != nil {
		return 0, nil, &pack.CorruptError{Pack: "the object store", Offset: -1, ID: id, Err: err}
	}
	if h.size > r.max {
		if _, err := r.batch.in.Discard(int(h.size) + 1); err != nil {
			return 0, nil, r.batch.broken(err)
		}
		return 0, nil, &pack.TooLargeError{ID: id, Size: h.size, Limit: r.max}
	}
	if int64(cap(buf)) < h.size {
		buf = make([]byte, h.size)
	}
	buf = buf[:h.size]
	_, err = io.ReadFull(r.batch.in, buf)
	if err == nil {
		err = lineBreak(r.batch.in)
	}
	if err != nil {
		return 0, nil, &pack.CorruptError{Pack: "the object store", Offset: -1, ID: id, Err: r.batch.broken(err)}
	}
	return h.typ, buf, nil
}

func (r *catReader) has(id pack.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.check.ask(r.start, "--batch-check", id)
	return err == nil
}

func (r *catReader) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.batch.close()
	r.check.close()
}
