// Package files is the source of plain files: a directory tree, a single file, standard input. Every file is handed out,
// binary or not; a large one comes in windows that overlap, so that memory stays bounded whatever its size.
//
// It never follows a symbolic link (what it points to is scanned where it stands), opens nothing outside the root even if a
// directory is swapped for a link during the walk, waits for no FIFO, and does not take containers apart. Git's own files
// below .git are left to sources/git, which reads them as what they are.
package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/sync/errgroup"

	"sprawl/finding"
	"sprawl/sources"
)

const (
	// DefaultMaxFile is the size up to which a file is handed out whole.
	DefaultMaxFile = 50 << 20
	// Window is how much of a larger file is handed out at once. Like Overlap it is even, so that UTF-16 stays in step.
	Window = 8 << 20
	// Overlap is how much of a window the next one repeats: longer than any token and most keys.
	Overlap = 64 << 10
)

// Options of a walk.
type Options struct {
	// Exclude are doublestar globs against the slash path below the root. One without a slash matches at any depth; one that
	// matches a directory excludes all that is in it.
	Exclude []string
	// MaxFile is the size in bytes up to which a file is handed out whole; 0 means DefaultMaxFile.
	MaxFile int64
	// Want, if not nil, says by slash path below the root which files are asked for. The others are neither opened nor noted.
	Want func(path string) bool

	window, overlap int // for tests
}

func (o Options) sizes() Options {
	if o.MaxFile <= 0 {
		o.MaxFile = DefaultMaxFile
	}
	if o.window == 0 {
		o.window, o.overlap = Window, Overlap
	}
	return o
}

// TargetError says that a target could not be read at all, and what to do about it.
type TargetError struct {
	Target string // as the user named it
	Err    error
	Next   string // the next step, a sentence
}

func (e *TargetError) Error() string {
	return fmt.Sprintf("%s: %v: %s", e.Target, e.Err, e.Next)
}

func (e *TargetError) Unwrap() error { return e.Err }

// errSpecial is the trouble with a target that is neither a file nor a directory.
var errSpecial = errors.New("neither a file nor a directory")

type dir struct {
	root string
	o    Options
}

// Dir walks the files below root, or the single file root. Blob.ID is the slash path below root (a single file's base name),
// the same for every window of a file. Files come in no particular order, each from one worker.
//
// What keeps the root itself from being read is a *TargetError; a glob that cannot be parsed is an error as well.
func Dir(root string, o Options) sources.Source { return &dir{root, o.sizes()} }

// Name is "dir:PATH", with slashes.
func (d *dir) Name() string { return "dir:" + slashPath(d.root, filepath.Separator) }

func (d *dir) target(err error) error {
	e := &TargetError{Target: d.Name(), Err: reason(err)}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Next = "check the path, or name what kind of target it is (git:, image:, github:)"
	case errors.Is(err, fs.ErrPermission):
		e.Next = "run as a user who may read it"
	case errors.Is(err, errSpecial):
		e.Next = "pipe its content in and name - as the target"
	default:
		e.Next = "check that it can be read"
	}
	return e
}

// reason is err without the operation and the path around it, which are named elsewhere.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (d *dir) Walk(ctx context.Context, workers int, led *sources.Ledger, visit func(worker int, b sources.Blob) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("walk %s: %w", d.Name(), err)
	}
	for _, g := range d.o.Exclude {
		if !doublestar.ValidatePattern(g) {
			return fmt.Errorf("exclude %q: not a glob: %w", g, doublestar.ErrBadPattern)
		}
	}
	info, err := os.Stat(d.root)
	if err != nil {
		return d.target(err)
	}
	single := ""
	at := d.root
	switch {
	case info.Mode().IsRegular():
		// The file itself may be a link, since it was asked for by name.
		if at, err = filepath.EvalSymlinks(d.root); err != nil {
			return d.target(err)
		}
		at, single = filepath.Split(at)
		if at == "" {
			at = "."
		}
	case !info.IsDir():
		return d.target(errSpecial)
	}
	root, err := os.OpenRoot(at)
	if err != nil {
		return d.target(err)
	}
	defer root.Close()

	w := &walk{dir: d, root: root, led: led, visit: visit}
	files := make(chan string, 4*max(workers, 1))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(workers, 1) + 1)
	g.Go(func() error {
		defer close(files)
		if single != "" {
			return send(gctx, files, single)
		}
		return w.list(gctx, files)
	})
	for n := range max(workers, 1) {
		g.Go(func() error { return w.work(gctx, n, files, single) })
	}
	err = g.Wait()
	if err == nil && w.handed.Load() == 0 {
		led.Skip(finding.Skip{Target: d.root, Reason: finding.ReasonNothing, Detail: "no file was read"})
	}
	led.Target(finding.TargetCoverage{Source: "dir", Target: d.root, Notes: w.notes})
	if err != nil && errors.Is(err, ctx.Err()) {
		return fmt.Errorf("walk %s: %w", d.Name(), err)
	}
	return err
}

func send(ctx context.Context, to chan<- string, s string) error {
	select {
	case to <- s:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type walk struct {
	*dir
	root   *os.Root
	led    *sources.Ledger
	visit  func(int, sources.Blob) error
	handed atomic.Int64
	notes  []string // of the goroutine that lists
}

func (w *walk) skip(rel string, why finding.Reason, detail string, size int64) {
	w.led.Skip(finding.Skip{Target: w.dir.root, Path: slashPath(rel, filepath.Separator), Reason: why, Detail: detail, Size: size})
}

// list sends the files below the root. It holds no more of a directory than a batch, and the names of directories to come.
func (w *walk) list(ctx context.Context, files chan<- string) error {
	const batch = 512
	git := 0
	for todo := []string{"."}; len(todo) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		rel := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		f, err := w.root.Open(rel)
		if err != nil {
			if rel == "." {
				return w.target(err)
			}
			w.skip(rel, finding.ReasonUnreadable, reason(err).Error(), 0)
			continue
		}
		for {
			entries, err := f.ReadDir(batch)
			for _, e := range entries {
				name := filepath.Join(rel, e.Name())
				switch w.classify(name, e) {
				case isFile:
					if err := send(ctx, files, name); err != nil {
						_ = f.Close()
						return err
					}
				case isDir:
					todo = append(todo, name)
				case isGit:
					git++
				case isNone:
				}
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					w.skip(rel, finding.ReasonUnreadable, reason(err).Error(), 0)
				}
				break
			}
		}
		_ = f.Close()
	}
	if git > 0 {
		w.notes = append(w.notes, fmt.Sprintf("%d .git director%s left out: git:PATH scans a repository with its history",
			git, map[bool]string{true: "y was", false: "ies were"}[git == 1]))
	}
	return nil
}

type entryKind int

const (
	isNone entryKind = iota
	isFile
	isDir
	isGit
)

// classify decides what becomes of a directory entry, and notes what is not read.
func (w *walk) classify(rel string, e fs.DirEntry) entryKind {
	mode := e.Type()
	switch slash := slashPath(rel, filepath.Separator); {
	case mode.IsDir() && e.Name() == ".git":
		return isGit
	case excluded(w.o.Exclude, slash):
		w.skip(rel, finding.ReasonExcluded, "", 0)
		return isNone
	case mode.IsDir():
		return isDir
	case w.o.Want != nil && !w.o.Want(slash):
		return isNone
	}
	w.led.Saw(1)
	switch {
	case mode&fs.ModeSymlink != 0:
		w.skip(rel, finding.ReasonSymlink, "not followed", 0)
	case !mode.IsRegular():
		w.skip(rel, finding.ReasonSpecialFile, special(mode), 0)
	case devices && reserved(e.Name()):
		w.skip(rel, finding.ReasonSpecialFile, "the name of a device", 0)
	default:
		return isFile
	}
	return isNone
}

func special(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "FIFO"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "not a regular file"
}

// work reads files until there are no more.
func (w *walk) work(ctx context.Context, n int, files <-chan string, single string) error {
	r := &reader{o: w.o}
	for rel := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if single != "" {
			w.led.Saw(1)
		}
		if err := w.file(ctx, n, r, rel); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (w *walk) file(ctx context.Context, n int, r *reader, rel string) error {
	f, err := w.root.OpenFile(rel, os.O_RDONLY|openFlags, 0)
	if err != nil {
		w.skip(rel, finding.ReasonUnreadable, reason(err).Error(), 0)
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		w.skip(rel, finding.ReasonUnreadable, reason(err).Error(), 0)
		return nil
	case !info.Mode().IsRegular(): // it was, when the directory was read
		w.skip(rel, finding.ReasonSpecialFile, special(info.Mode()), 0)
		return nil
	}
	id := slashPath(rel, filepath.Separator)
	where := []finding.Location{{Source: "dir", Target: w.dir.root, Path: id, State: finding.StateWorktree}}
	handed := false
	read, err := r.read(ctx, f, info.Size(), func(b sources.Blob) error {
		b.ID, b.Where = id, where
		if !handed {
			w.handed.Add(1)
		}
		handed = true
		return w.visit(n, b)
	})
	if read != nil {
		w.skip(rel, finding.ReasonUnreadable, reason(read).Error(), info.Size())
	}
	return err
}

// reader holds the buffer of one worker.
type reader struct {
	o   Options
	buf []byte
}

// keep is how large a buffer is kept for the next file.
const keep = Window + 1<<20

// read hands r out, whole if it has at most MaxFile bytes, else in windows. size is what is known of its length, -1 if
// nothing. The first error is that of reading: what was read before it has been handed out; the second one is the caller's
// or the context's.
func (r *reader) read(ctx context.Context, in io.Reader, size int64, hand func(sources.Blob) error) (read, err error) {
	defer func() {
		if cap(r.buf) > keep {
			r.buf = nil
		}
	}()
	r.buf = r.buf[:0]
	if size <= r.o.MaxFile {
		// One byte more than there should be, to see the end.
		r.buf = slices.Grow(r.buf, int(max(size, 0))+1)
		read, err = r.fill(ctx, in, r.o.MaxFile+1)
		if err != nil {
			return nil, err
		}
		if int64(len(r.buf)) <= r.o.MaxFile {
			if read != nil && len(r.buf) == 0 {
				return read, nil
			}
			return read, hand(sources.Blob{Bytes: r.buf, Size: int64(len(r.buf))})
		}
		// It is longer than was known.
		in, r.buf, size = io.MultiReader(bytes.NewReader(r.buf), in), nil, -1
	}
	r.buf = slices.Grow(r.buf, r.o.window)
	offset, line := int64(0), 0
	for {
		before := len(r.buf)
		read, err = r.fill(ctx, in, int64(r.o.window))
		if err != nil {
			return nil, err
		}
		if len(r.buf) == before {
			return read, nil // the last window ended where the file does
		}
		end := offset + int64(len(r.buf))
		if err := hand(sources.Blob{Bytes: r.buf, Offset: offset, Size: max(size, end), Line: line}); err != nil {
			return read, err
		}
		if read != nil || len(r.buf) < r.o.window {
			return read, nil
		}
		step := len(r.buf) - r.o.overlap
		line += bytes.Count(r.buf[:step], []byte{'\n'})
		offset += int64(step)
		r.buf = r.buf[:copy(r.buf, r.buf[step:])]
	}
}

// fill reads until there are upTo bytes in the buffer or no more to be had.
func (r *reader) fill(ctx context.Context, in io.Reader, upTo int64) (read, err error) {
	const chunk = 1 << 20
	for int64(len(r.buf)) < upTo {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(r.buf) == cap(r.buf) {
			r.buf = slices.Grow(r.buf, max(64<<10, len(r.buf)/2))
		}
		room := min(int64(cap(r.buf)), upTo) - int64(len(r.buf))
		n, err := in.Read(r.buf[len(r.buf) : int64(len(r.buf))+min(room, chunk)])
		r.buf = r.buf[:len(r.buf)+n]
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return err, nil
		}
	}
	return nil, nil
}

// stdin is a source that can be walked once.
type stdin struct {
	r io.Reader
	o Options
}

// Stdin reads r to its end, in windows like a large file if it is longer than DefaultMaxFile; the Size of such a window is
// what is known by then. The source walks once. A read that blocks ends with the context only if r has SetReadDeadline and
// supports it, as pipes and connections may.
func Stdin(r io.Reader) sources.Source { return &stdin{r, Options{}.sizes()} }

// Name is "-".
func (s *stdin) Name() string { return "-" }

func (s *stdin) Walk(ctx context.Context, _ int, led *sources.Ledger, visit func(worker int, b sources.Blob) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	if d, ok := s.r.(interface{ SetReadDeadline(time.Time) error }); ok {
		stop := context.AfterFunc(ctx, func() { _ = d.SetReadDeadline(time.Unix(1, 0)) })
		defer stop()
	}
	led.Saw(1)
	where := []finding.Location{{Source: "stdin", Target: "-", State: finding.StateWorktree}}
	empty := true
	r := &reader{o: s.o}
	read, err := r.read(ctx, s.r, -1, func(b sources.Blob) error {
		if b.Size == 0 {
			return nil
		}
		empty = false
		b.ID, b.Where = "-", where
		return visit(0, b)
	})
	led.Target(finding.TargetCoverage{Source: "stdin", Target: "-"})
	switch {
	case err != nil && errors.Is(err, ctx.Err()):
		return fmt.Errorf("read standard input: %w", err)
	case err != nil:
		return err
	case read != nil:
		led.Skip(finding.Skip{Target: "-", Reason: finding.ReasonUnreadable, Detail: reason(read).Error()})
	case empty:
		led.Skip(finding.Skip{Target: "-", Reason: finding.ReasonNothing, Detail: "standard input was empty"})
	}
	return nil
}

// slashPath is p with slashes, where sep is what separates names on the system: a backslash is part of a name elsewhere.
func slashPath(p string, sep rune) string {
	if sep == '/' {
		return p
	}
	return strings.ReplaceAll(p, string(sep), "/")
}

// excluded reports whether a glob matches the slash path.
func excluded(globs []string, p string) bool {
	for _, g := range globs {
		g = strings.TrimSuffix(strings.TrimPrefix(g, "/"), "/")
		of := p
		if !strings.Contains(g, "/") {
			of = path.Base(p)
		}
		if doublestar.MatchUnvalidated(g, of) || doublestar.MatchUnvalidated(g, p) {
			return true
		}
	}
	return false
}

// reserved reports whether Windows takes a name for a device, whatever its extension
// (learn.microsoft.com/windows/win32/fileio/naming-a-file).
func reserved(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base, _, _ = strings.Cut(base, ":")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, port := range []string{"COM", "LPT"} {
		if n, ok := strings.CutPrefix(base, port); ok {
			switch n {
			case "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
				return true
			}
		}
	}
	return false
}
