// Package unpack reads containers: zip and what is built on it (docx, xlsx, jar, whl, apk, odt), tar, gzip, bzip2, zstd, and
// ar with Debian packages. A container goes in as bytes or as an io.ReaderAt; its entries come out one by one through a
// callback, those of containers inside it included, and what was not opened comes out as a finding.Skip with its reason.
//
// It never writes to disk, follows no link and trusts no size that an archive states: names, absolute or not, are labels, and
// what an entry unpacks to is counted while it is read. Memory is bounded by the buffers of one entry a level. Executables
// and images are not taken apart; their bytes are matched as they are.
package unpack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"

	"sprawl/finding"
)

// Limits bound the unpacking of one container, whatever is inside it included. Fields that are zero or less take their value
// from Default.
type Limits struct {
	MaxBytes      int64 // unpacked bytes altogether
	MaxRatio      int   // unpacked bytes for each packed one, of one stream (beyond 1 MiB) and altogether (beyond 16 MiB)
	MaxEntries    int   // entries altogether
	MaxDepth      int   // containers inside each other; 1 opens the outermost only
	MaxEntryBytes int64 // unpacked bytes of one entry
}

// Default are the limits of a scan: 512 MiB unpacked, 200 for one (text of logs packs to a twentieth, deflate ends at 1032),
// 50,000 entries, a container inside a container, 32 MiB an entry.
func Default() Limits {
	return Limits{MaxBytes: 512 << 20, MaxRatio: 200, MaxEntries: 50_000, MaxDepth: 2, MaxEntryBytes: 32 << 20}
}

// The limits as a Skip's Detail names them.
const (
	LimitBytes      = "unpacked bytes"
	LimitRatio      = "compression ratio"
	LimitEntries    = "entries"
	LimitDepth      = "containers inside each other"
	LimitEntryBytes = "bytes of one entry"
	LimitOverlap    = "packed bytes: entries overlap"
)

const (
	slackStream = 1 << 20  // a stream may unpack to this much whatever its ratio
	slackTotal  = 16 << 20 // all of a container may

	firstBuffer = 64 << 10
	keepBuffer  = 4 << 20 // a larger buffer is not kept for the next container
	maxName     = 1024    // bytes of an entry's name that are kept
)

// Budget is what is left of the Limits while one container is worked through. It also holds the buffers, so a worker keeps
// one and resets it. It belongs to one goroutine.
type Budget struct {
	lim     Limits
	left    int64 // unpacked bytes
	out     int64
	packed  int64
	entries int
	buffers [][]byte // one a level
	one     [1]byte
	large   bool // holds large
}

// NewBudget starts a budget for one container.
func NewBudget(l Limits) *Budget {
	b := new(Budget)
	b.Reset(l)
	return b
}

// Reset starts b anew.
func (b *Budget) Reset(l Limits) {
	def := Default()
	if l.MaxBytes <= 0 {
		l.MaxBytes = def.MaxBytes
	}
	if l.MaxRatio <= 0 {
		l.MaxRatio = def.MaxRatio
	}
	if l.MaxEntries <= 0 {
		l.MaxEntries = def.MaxEntries
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = def.MaxDepth
	}
	if l.MaxEntryBytes <= 0 {
		l.MaxEntryBytes = def.MaxEntryBytes
	}
	*b = Budget{lim: l, left: l.MaxBytes, entries: l.MaxEntries, buffers: b.buffers}
}

// large is the one buffer of the process that holds more than keepBuffer bytes of an entry, so that memory does not grow with
// workers. A budget has it until its walk ends.
var large struct {
	sync.Mutex
	buf []byte
}

// widen returns a buffer for n bytes that begins with buf, which is too small.
func (b *Budget) widen(buf []byte, n int64) []byte {
	if n <= keepBuffer || b.large { // where containers nest, the inner one has a buffer of its own
		wider := make([]byte, len(buf), n)
		copy(wider, buf)
		return wider
	}
	large.Lock()
	b.large = true
	if int64(cap(large.buf)) < b.lim.MaxEntryBytes {
		large.buf = make([]byte, 0, b.lim.MaxEntryBytes)
	}
	wider := large.buf[:len(buf)]
	copy(wider, buf)
	return wider
}

// shrink lets go of buffers that one large entry left behind.
func (b *Budget) shrink() {
	for i, buf := range b.buffers {
		if cap(buf) > keepBuffer {
			b.buffers[i] = nil
		}
	}
	if b.large {
		b.large = false
		large.Unlock()
	}
}

// Unpacked is how many bytes were unpacked so far.
func (b *Budget) Unpacked() int64 { return b.out }

// Entry is one member of a container.
type Entry struct {
	Path  string         // inside its container: slash path without "..", a label and never a place on disk
	Bytes []byte         // valid during the call; nobody writes to it
	Size  int64          // of the entry: more than len(Bytes) where a limit cut it and its size is known
	Step  finding.Step   // of its container, Entry set to Path; or XMLText
	Outer []finding.Step // what was undone before Step, outermost first; valid during the call
}

// XMLText names the step from an office document's XML to its text: runs of one paragraph joined, since an editor splits a
// token over several runs as it likes.
const XMLText = "xml-text"

// Walk unpacks data, which its caller knows as name (used in skips, and for the entry of a gzip file). entry is called for
// every member that is not itself a container, and starts no walk of its own; its error ends the walk and is returned, as is the context's. Everything else
// that goes wrong goes to skip, whose Path is name and the entries on the way, joined by "!"; what could be read before that
// is handed out first. Directories, links and devices have no bytes and are passed over.
func Walk(ctx context.Context, name string, data []byte, lim *Budget, entry func(Entry) error, skip func(finding.Skip)) error {
	return WalkAt(ctx, name, bytes.NewReader(data), int64(len(data)), lim, entry, skip)
}

// WalkAt is Walk over a container of size bytes that is not in memory.
func WalkAt(ctx context.Context, name string, r io.ReaderAt, size int64, lim *Budget, entry func(Entry) error,
	skip func(finding.Skip),
) error {
	w := &walker{ctx: ctx, lim: lim, entry: entry, skip: skip}
	lim.packed += size
	defer lim.shrink()
	head := make([]byte, min(size, HeadBytes))
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read head of %s: %w", name, err)
	}
	f := frame{label: name, depth: 1}
	kind := Kind(head[:n])
	if !Opens(kind) {
		w.skipped(f, "", finding.ReasonUnsupported, describe(kind), size)
		return nil
	}
	err = w.open(f, kind, r, size)
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

func describe(kind string) string {
	if kind == "" {
		return "not a container"
	}
	return "no reader for " + kind
}

// errStop ends a walk whose budget is used up; the skip that says so was made where it happened.
var errStop = errors.New("budget used up")

// exceeded is a limit that was hit while reading.
type exceeded struct {
	limit string
	max   int64
	all   bool // the walk ends, not only the stream
}

func (e *exceeded) Error() string { return fmt.Sprintf("limit on %s (%d)", e.limit, e.max) }

type walker struct {
	ctx   context.Context //nolint:containedctx // lives as long as one call of Walk
	lim   *Budget
	entry func(Entry) error
	skip  func(finding.Skip)
}

// frame is one container on the way in.
type frame struct {
	label string // what skips call it
	outer []finding.Step
	depth int
}

func (w *walker) skipped(f frame, entry string, why finding.Reason, detail string, size int64) {
	p := f.label
	if entry != "" {
		p += "!" + entry
	}
	w.skip(finding.Skip{Path: p, Reason: why, Detail: detail, Size: size})
}

// trouble turns an error from reading an entry into a skip; what it returns ends the walk.
func (w *walker) trouble(f frame, entry string, err error) error {
	if cerr := w.ctx.Err(); cerr != nil {
		return fmt.Errorf("unpack %s: %w", f.label, cerr)
	}
	var x *exceeded
	if errors.As(err, &x) {
		w.skipped(f, entry, finding.ReasonLimit, x.Error(), 0)
		if x.all {
			return errStop
		}
		return nil
	}
	why := finding.ReasonCorrupt
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		why = finding.ReasonLimit
	}
	w.skipped(f, entry, why, plain(err), 0)
	return nil
}

// plain is the error's text without what a library may have quoted from the archive.
func plain(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "ends too early"
	}
	s := cleanText(err.Error())
	if i := strings.IndexByte(s, '"'); i >= 0 {
		s = strings.TrimRight(s[:i], " :")
	}
	return s
}

func (w *walker) open(f frame, kind string, r io.ReaderAt, size int64) error {
	switch kind {
	case "zip":
		return w.zip(f, r, size)
	case "tar":
		g := w.guard(io.NewSectionReader(r, 0, size), nil)
		return w.tar(f, g, "tar", g)
	case "ar":
		return w.ar(f, io.NewSectionReader(r, 0, size))
	}
	return w.stream(f, kind, io.NewSectionReader(r, 0, size))
}

// begin counts an entry.
func (w *walker) begin() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.lim.entries--; w.lim.entries < 0 {
		return &exceeded{LimitEntries, int64(w.lim.lim.MaxEntries), true}
	}
	return nil
}

// counter counts what a decompressor takes in.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// guard charges what is read through it, also what is only passed over, to the budget.
type guard struct {
	w   *walker
	r   io.Reader
	in  *counter // nil where nothing is compressed
	out int64
}

func (w *walker) guard(r io.Reader, in *counter) *guard { return &guard{w: w, r: r, in: in} }

func (g *guard) Read(p []byte) (int, error) {
	if err := g.w.ctx.Err(); err != nil {
		return 0, err
	}
	b := g.w.lim
	if b.left <= 0 {
		// Only a stream that has more to give exceeds the limit.
		var one [1]byte
		if n, err := g.r.Read(one[:]); n == 0 && err != nil {
			return 0, err
		}
		return 0, &exceeded{LimitBytes, b.lim.MaxBytes, true}
	}
	n, err := g.r.Read(p[:min(int64(len(p)), b.left)])
	g.out += int64(n)
	b.out += int64(n)
	b.left -= int64(n)
	ratio := int64(b.lim.MaxRatio)
	switch {
	case g.in != nil && g.out > slackStream+ratio*g.in.n:
		return n, &exceeded{LimitRatio, ratio, false}
	case b.out > slackTotal+ratio*b.packed:
		return n, &exceeded{LimitRatio, ratio, true}
	}
	return n, err
}

// fill reads r to its end or to the limit on one entry, into the buffer of the level. The bytes are good whatever the error.
// stated is the size in bytes that the archive claims, or less than 0; a buffer of that size is got at once if the packed bytes
// can hold as much.
func (w *walker) fill(depth int, r io.Reader, stated, packed int64) ([]byte, error) {
	for len(w.lim.buffers) <= depth {
		w.lim.buffers = append(w.lim.buffers, nil)
	}
	buf := w.lim.buffers[depth][:0]
	limit := w.lim.lim.MaxEntryBytes
	defer func() { w.lim.buffers[depth] = buf }()
	if want := min(stated, limit, packed*int64(w.lim.lim.MaxRatio)); want > int64(cap(buf)) {
		buf = w.lim.widen(buf, want)
	}
	for {
		if int64(len(buf)) >= limit {
			if n, err := r.Read(w.lim.one[:]); n == 0 && err != nil {
				return buf, eof(err)
			}
			return buf, &exceeded{LimitEntryBytes, limit, false}
		}
		if len(buf) == cap(buf) { // at the end as a rule: nothing to make room for
			n, err := r.Read(w.lim.one[:])
			if n > 0 {
				buf = append(w.lim.widen(buf, 2*int64(max(firstBuffer, len(buf)))), w.lim.one[0])
			}
			if err != nil {
				return buf, eof(err)
			}
			continue
		}
		n, err := r.Read(buf[len(buf):min(int64(cap(buf)), limit)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return buf, eof(err)
		}
	}
}

func eof(err error) error {
	if err == io.EOF { //nolint:errorlint // a wrapped io.EOF is trouble
		return nil
	}
	return err
}

// hand gives one entry out, or opens it where it is itself a container.
func (w *walker) hand(f frame, step finding.Step, body []byte, size int64) error {
	switch kind := Kind(body[:min(len(body), HeadBytes)]); {
	case Opens(kind):
		if f.depth >= w.lim.lim.MaxDepth {
			x := exceeded{LimitDepth, int64(w.lim.lim.MaxDepth), false}
			w.skipped(f, step.Entry, finding.ReasonLimit, x.Error(), size)
			return nil
		}
		inner := frame{label: f.label + "!" + step.Entry, outer: append(slices.Clip(f.outer), step), depth: f.depth + 1}
		return w.open(inner, kind, bytes.NewReader(body), int64(len(body)))
	case container(kind):
		w.skipped(f, step.Entry, finding.ReasonUnsupported, describe(kind), size)
		return nil
	}
	if err := w.entry(Entry{Path: step.Entry, Bytes: body, Size: size, Step: step, Outer: f.outer}); err != nil {
		return err
	}
	if !isOffice(step.Entry, body) {
		return nil
	}
	text := officeText(body)
	return w.entry(Entry{
		Path: step.Entry, Bytes: text, Size: int64(len(text)), Step: finding.Step{Name: XMLText},
		Outer: append(slices.Clip(f.outer), step),
	})
}

// label makes a name from an archive fit to be shown: slashes only, no drive, no "..", no control bytes, valid UTF-8, not
// longer than it need be.
func label(name string) string {
	if len(name) > maxName {
		name = name[:maxName]
	}
	name = strings.ReplaceAll(cleanText(name), `\`, "/")
	if len(name) >= 2 && name[1] == ':' && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z') {
		name = name[2:]
	}
	if name = strings.TrimPrefix(path.Clean("/"+name), "/"); name == "" {
		return "unnamed"
	}
	return name
}

// cleanText replaces control characters and what is not UTF-8.
func cleanText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' ||
			r >= '\u2066' && r <= '\u2069' {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}
