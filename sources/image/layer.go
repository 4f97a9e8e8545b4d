package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sprawl/finding"
	"sprawl/internal/unpack"
	"sprawl/sources"
)

const (
	slack      = 1 << 30  // a layer may unpack to this much whatever its ratio
	zstdWindow = 64 << 20 // of a zstd frame; the default of every builder is 8 MiB or less
	maxLinks   = 64       // other names of a file that are kept
	linkBytes  = 16 << 20 // of the names of hard links, for a whole run
	wh         = ".wh."
	whOpaque   = ".wh..wh..opq"
	whMeta     = ".wh..wh." // of AUFS itself
)

// layer is a blob of an image that is read once, whatever the number of images that hold it.
type layer struct {
	digest  string // of the bytes as they are stored; in docker archives, where those have none, of the unpacked layer
	media   string
	flat    string // "" for a tar; else the path of the only file it is
	target  string // the first to name it, for the ledger
	foreign bool   // kept elsewhere: its descriptor has URLs
	open    func(ctx context.Context) (io.ReadCloser, error)

	index pathIndex
	links map[uint64][]string // other names of the file whose path has the hash
	roots map[uint64]uint64   // of a hard link's path, to the path of the file
}

// exceeded is a limit that was hit.
type exceeded struct{ what string }

func (e *exceeded) Error() string { return "limit on " + e.what }

var (
	errDigest = errors.New("its bytes are not those its digest names")
	errPacked = errors.New("a compression that is not read")
)

// readLayer hands out a layer's files. Trouble goes to the ledger; the error is the context's or that of a visit.
func (r *run) readLayer(ctx context.Context, l *layer) error {
	defer l.index.finish()
	g := &guard{ctx: ctx, lim: r.o.Limits}
	err := r.stream(ctx, l, g)
	if err == nil {
		return nil
	}
	if cerr := ctx.Err(); cerr != nil {
		return cerr
	}
	s := finding.Skip{Target: l.target, Object: l.digest, Reason: finding.ReasonCorrupt}
	var (
		limit  *exceeded
		own    *Error
		neterr net.Error
	)
	switch {
	case errors.As(err, &limit):
		s.Reason, s.Detail = finding.ReasonLimit, limit.Error()+": the rest of the layer was not read"
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		s.Reason, s.Detail = finding.ReasonLimit, "limit on a zstd window"
	case errors.Is(err, errPacked):
		s.Reason, s.Detail = finding.ReasonUnsupported, errPacked.Error()
	case errors.As(err, &own):
		s.Reason, s.Detail = finding.ReasonUnreadable, own.Error()
		if errors.Is(own, ErrNotFound) {
			s.Reason = finding.ReasonMissing
		}
	case errors.Is(err, errDigest):
		s.Detail = errDigest.Error()
	case errors.Is(err, errStalled):
		s.Reason, s.Detail = finding.ReasonUnreadable, errStalled.Error()
	case errors.As(err, &neterr):
		s.Reason, s.Detail = finding.ReasonUnreadable, "the connection broke"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		s.Detail = "ends too early"
	case errors.Is(err, tar.ErrHeader):
		s.Detail = "not a tar file, or damaged"
	case g.in.err != nil:
		s.Detail = "ends too early, or " + errDigest.Error()
	default:
		s.Detail = "cannot be unpacked"
	}
	r.led.Skip(s)
	return nil
}

func (r *run) stream(ctx context.Context, l *layer, g *guard) error {
	rc, err := l.open(ctx)
	if err != nil {
		return err
	}
	defer rc.Close()
	packed := bufio.NewReaderSize(&g.in, 128<<10)
	g.in.r = rc
	f := &filer{run: r, layer: l, guard: g}
	if l.flat != "" {
		g.r = packed
		if err := f.flat(ctx); err != nil {
			return g.cause(err)
		}
		return nil
	}
	plain, done, err := unpacked(packed)
	if err != nil {
		return g.cause(err)
	}
	defer done()
	g.r = plain
	if err := f.tar(ctx, tar.NewReader(g)); err != nil {
		return g.cause(err)
	}
	// What follows the end of the tar is no part of it, but of what the digest says.
	if _, err := io.Copy(io.Discard, packed); err != nil {
		return g.cause(err)
	}
	return nil
}

// unpacked undoes the compression that the bytes themselves show: media types are only what somebody wrote.
func unpacked(b *bufio.Reader) (r io.Reader, done func(), err error) {
	head, err := b.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { _ = z.Close() }, nil
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")), len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18":
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	case bytes.HasPrefix(head, []byte("BZh")):
		return bzip2.NewReader(b), func() {}, nil
	case bytes.HasPrefix(head, []byte("\xfd7zXZ")):
		return nil, nil, errPacked
	}
	return b, func() {}, nil
}

// guard charges what is read of a layer against its limits.
type guard struct {
	ctx context.Context //nolint:containedctx // lives as long as the reading of one layer
	lim Limits
	in  input
	r   io.Reader
	out int64
}

// input counts packed bytes and keeps what went wrong with them, apart from what their unpacking says of it.
type input struct {
	r   io.Reader
	n   int64
	err error
}

func (i *input) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	i.n += int64(n)
	if err != nil && err != io.EOF {
		i.err = err
	}
	return n, err
}

func (g *guard) Read(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := g.r.Read(p)
	g.out += int64(n)
	if lerr := g.check(g.out); lerr != nil {
		return n, lerr
	}
	return n, err
}

// check judges out unpacked bytes.
func (g *guard) check(out int64) error {
	switch {
	case out > g.lim.LayerBytes:
		return &exceeded{fmt.Sprintf("unpacked bytes (%d)", g.lim.LayerBytes)}
	case out > slack+g.lim.Ratio*g.in.n:
		return &exceeded{fmt.Sprintf("compression ratio (%d)", g.lim.Ratio)}
	}
	return nil
}

// cause is what went wrong with the packed bytes, if anything did: unpacking them fails for that reason.
func (g *guard) cause(err error) error {
	if g.in.err != nil {
		return g.in.err
	}
	return err
}

// filer takes one layer apart.
type filer struct {
	run   *run
	layer *layer
	guard *guard
	holes int64 // bytes of files, as read: a sparse file has more of them than its archive
}

func (f *filer) tar(ctx context.Context, t *tar.Reader) error {
	for n := 0; ; n++ {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return err
		}
		if n >= f.run.o.Limits.Entries {
			return &exceeded{fmt.Sprintf("entries (%d)", f.run.o.Limits.Entries)}
		}
		name := cleanPath(h.Name)
		f.mark(h, name, n)
		if h.Size <= 0 || h.Typeflag == tar.TypeDir {
			continue
		}
		f.run.led.Saw(1)
		id := f.layer.digest + "#" + strconv.Itoa(n) + ":" + name
		if err := f.file(ctx, t, id, name, h.Size); err != nil {
			return err
		}
	}
}

// mark notes what an entry does to lower layers.
func (f *filer) mark(h *tar.Header, name string, n int) {
	x := &f.layer.index
	dir, base := cut(name)
	switch {
	case name == "":
	case base == whOpaque:
		if dir != "" {
			x.add(dir, 0, markAt|markBelow)
		}
	case strings.HasPrefix(base, wh) && !strings.HasPrefix(base, whMeta):
		hidden := base[len(wh):]
		if dir != "" {
			hidden = dir + "/" + hidden
		}
		x.add(hidden, 0, markAt|markBelow) // 0: it says nothing of the layer's own files
	case h.Typeflag == tar.TypeDir:
		x.add(name, n, markAt)
	default:
		x.add(name, n, markAt|markBelow)
	}
	switch h.Typeflag {
	case tar.TypeLink:
		f.link(name, cleanPath(h.Linkname))
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		f.run.led.Saw(1)
		f.run.led.Skip(finding.Skip{Target: f.layer.target, Object: f.layer.digest, Path: name, Reason: finding.ReasonSpecialFile, Detail: "device or FIFO"})
	}
}

// link notes another name of a file. A link to a link is one to the file; a link to what the layer does not hold is nothing.
func (f *filer) link(name, to string) {
	l := f.layer
	if name == "" || to == "" || name == to {
		return
	}
	root := l.index.hash(to)
	if r, ok := l.roots[root]; ok {
		root = r
	}
	if len(l.links[root]) >= maxLinks {
		return
	}
	if atomic.AddInt64(&f.run.linked, int64(len(name))+64) > linkBytes {
		return
	}
	if l.links == nil {
		l.links, l.roots = map[uint64][]string{}, map[uint64]uint64{}
	}
	l.links[root] = append(l.links[root], name)
	l.roots[l.index.hash(name)] = root
}

func (f *filer) flat(ctx context.Context) error {
	f.run.led.Saw(1)
	return f.windows(ctx, f.guard, f.layer.digest+"#0:"+f.layer.flat, f.layer.flat, -1)
}

// file hands out a file of known size: whole if it is small, or an archive that can be opened; else in windows.
func (f *filer) file(ctx context.Context, r io.Reader, id, name string, size int64) error {
	if size <= window {
		buf, err := f.run.feed.take(ctx, int(size))
		if err != nil {
			return err
		}
		if err := f.fill(r, buf.b); err != nil {
			f.run.feed.release(buf)
			return err
		}
		return f.whole(ctx, buf, id, name)
	}
	// An archive is opened as a whole or not at all.
	head := make([]byte, unpack.HeadBytes)
	if err := f.fill(r, head); err != nil {
		return err
	}
	f.holes -= int64(len(head)) // read again below
	r = io.MultiReader(bytes.NewReader(head), r)
	if size > f.run.o.Limits.Whole || !unpack.Opens(unpack.Kind(head)) {
		return f.windows(ctx, r, id, name, size)
	}
	buf, err := f.run.feed.take(ctx, int(size))
	if err != nil {
		return err
	}
	if err := f.fill(r, buf.b); err != nil {
		f.run.feed.release(buf)
		return err
	}
	return f.whole(ctx, buf, id, name)
}

// whole hands out a file that is in one buffer.
func (f *filer) whole(ctx context.Context, buf *buffer, id, name string) error {
	if blank(buf.b) {
		f.run.led.Scanned(int64(len(buf.b)))
		f.run.feed.release(buf)
		return nil
	}
	return f.run.feed.give(ctx, sources.Blob{ID: id, Size: int64(len(buf.b)), Name: name}, buf)
}

// fill reads exactly len(b) bytes of a file.
func (f *filer) fill(r io.Reader, b []byte) error {
	n, err := io.ReadFull(r, b)
	f.holes += int64(n)
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return f.guard.check(f.holes)
}

// windows hands out a file in overlapping windows. A size that is not known is -1; the blobs then say what is known so far.
func (f *filer) windows(ctx context.Context, r io.Reader, id, name string, size int64) error {
	var carry []byte // the end of the window before
	at, line := int64(0), 0
	for last := false; !last; {
		buf, err := f.run.feed.take(ctx, window)
		if err != nil {
			return err
		}
		kept := copy(buf.b, carry)
		n, err := io.ReadFull(r, buf.b[kept:])
		f.holes += int64(n)
		switch {
		case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) && f.guard.in.err == nil: //nolint:errorlint // of ReadFull itself
			last = true
			if size >= 0 && at+int64(kept+n) != size {
				f.run.feed.release(buf)
				return io.ErrUnexpectedEOF
			}
		case err != nil:
			f.run.feed.release(buf)
			return err
		}
		if err := f.guard.check(f.holes); err != nil {
			f.run.feed.release(buf)
			return err
		}
		if n == 0 {
			f.run.feed.release(buf)
			return nil
		}
		buf.b = buf.b[:kept+n]
		total := size
		if total < 0 {
			if total = at + int64(len(buf.b)); !last {
				total++
			}
		} else if at+int64(len(buf.b)) == size {
			last = true
		}
		blob := sources.Blob{ID: id, Offset: at, Size: total, Line: line, Name: name}
		if !last {
			carry = append(carry[:0], buf.b[len(buf.b)-overlap:]...)
			step := len(buf.b) - overlap
			line += bytes.Count(buf.b[:step], []byte{'\n'})
			at += int64(step)
		}
		if blank(buf.b) {
			f.run.led.Scanned(int64(len(buf.b)))
			f.run.feed.release(buf)
			continue
		}
		if err := f.run.feed.give(ctx, blob, buf); err != nil {
			return err
		}
	}
	return nil
}

// verified reads a blob and fails at its end if it is not what its digest says. A size of -1 is not known.
type verified struct {
	io.Reader
	io.Closer
	sum  hash.Hash
	want string
	size int64
	n    int64
}

// verify wraps rc. A digest whose algorithm is not known is an error.
func verify(rc io.ReadCloser, want v1.Hash, size int64) (io.ReadCloser, error) {
	sum, err := v1.Hasher(want.Algorithm)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s", errDigest, clean(want.Algorithm, 20)), rc.Close())
	}
	return &verified{Reader: rc, Closer: rc, sum: sum, want: want.Hex, size: size}, nil
}

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.Reader.Read(p)
	v.sum.Write(p[:n])
	v.n += int64(n)
	switch {
	case v.size >= 0 && v.n > v.size:
		return n, errDigest
	case err == nil:
		return n, nil
	case err == io.EOF || v.n == v.size:
		if v.size >= 0 && v.n < v.size {
			return n, io.ErrUnexpectedEOF
		}
		if hex.EncodeToString(v.sum.Sum(nil)) != v.want {
			return n, errDigest
		}
		return n, io.EOF
	}
	return n, err
}
