package pack

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"sprawl/internal/pack/inflate"
)

// packHeader is the length of a pack's header: "PACK", version, count.
const packHeader = 12

const (
	maxAlternates     = 5       // how deep alternates nest, as in git
	maxAlternateDirs  = 256     // how many object folders one store may have
	maxAlternatesFile = 1 << 20 // bytes of info/alternates
)

// packFile is one pack with its index.
type packFile struct {
	file
	idx      *index
	idxFile  *file
	hash     int
	promisor bool
	suspect  bool // pack and index do not belong together: ids are not to be trusted unchecked
}

// end is where entries end: the trailer begins.
func (p *packFile) end() int64 { return p.size - int64(p.hash) }

// Store is an open object store. All methods may be used from several goroutines, Close after all others have returned.
//
// It sees the packs that stood there when it was opened, and Walk the loose objects that stood there at the first Walk or Print. On Unix
// packs stay readable when git deletes them afterwards; loose objects that git packs meanwhile are reported as missing.
type Store struct {
	opts  Options
	hash  int
	dirs  []string // object folders: the store's own, then its alternates
	packs []*packFile
	multi []*file // multi-pack-indexes in use

	mu     sync.Mutex // guards opened
	opened []Trouble

	cache   baseCache
	scratch sync.Pool

	looseOnce sync.Once
	loose     []looseRef

	once  sync.Once
	graph *graph
	gerr  error
	walks sync.Once // reports opened once

	partMu sync.Mutex
	part   *part // the last that was asked for
}

// Open opens the store whose objects folder is dir: .git/objects, or what GIT_OBJECT_DIRECTORY names. A part that cannot be
// opened is no error here: see Troubles.
func Open(dir string, o Options) (*Store, error) {
	o.fill()
	s := &Store{opts: o}
	st, err := os.Stat(dir)
	if err == nil && !st.IsDir() {
		err = errors.New("not a folder")
	}
	if err != nil {
		return nil, fmt.Errorf("open object store %s: %w", dir, err)
	}
	s.addDir(dir, 0, map[string]bool{})
	if o.Hash == Detect {
		s.opts.Hash = detect(s.dirs)
	}
	s.hash = s.opts.Hash.Size()
	s.cache.limit = o.Cache
	s.scratch.New = func() any { return &scratch{view: view{ahead: readChain}} }
	for _, d := range s.dirs {
		s.openPacks(d)
	}
	// The largest pack first: where an object stands in several, the first is taken, and long delta chains stay whole.
	slices.SortStableFunc(s.packs, func(a, b *packFile) int { return cmp.Compare(b.idx.n, a.idx.n) })
	return s, nil
}

// Close frees the maps. Nothing that Walk or Read handed out refers to them.
func (s *Store) Close() error {
	var errs []error
	for _, p := range s.packs {
		errs = append(errs, p.file.close())
		if p.idxFile != nil {
			errs = append(errs, p.idxFile.close())
		}
	}
	for _, f := range s.multi {
		errs = append(errs, f.close())
	}
	s.packs, s.multi = nil, nil
	return errors.Join(errs...)
}

// Hash is the store's object format.
func (s *Store) Hash() Hash { return s.opts.Hash }

// Troubles are the parts that could not be opened. The first Walk with a trouble function reports them, too.
func (s *Store) Troubles() []Trouble {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.opened)
}

// Promisor says whether the store has a pack from a partial clone: objects that others name may be missing on purpose.
func (s *Store) Promisor() bool {
	return slices.ContainsFunc(s.packs, func(p *packFile) bool { return p.promisor })
}

func (s *Store) unopened(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = append(s.opened, Trouble{Reason: Unopened, Err: err})
}

// addDir adds an object folder and those that it names as alternates.
func (s *Store) addDir(dir string, depth int, seen map[string]bool) {
	real, err := filepath.EvalSymlinks(dir)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		s.unopened(fmt.Errorf("open object folder: %w", err))
		return
	}
	if seen[real] {
		return
	}
	seen[real] = true
	s.dirs = append(s.dirs, dir)
	if s.opts.NoAlternates {
		return
	}
	name := filepath.Join(dir, "info", "alternates")
	b, err := readSmall(name, maxAlternatesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		s.unopened(fmt.Errorf("read alternates: %w", err))
		return
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, maxAlternatesFile+1)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '"' {
			if line, err = unquote(line); err != nil {
				s.unopened(fmt.Errorf("read %s: %w", name, err))
				continue
			}
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(dir, filepath.FromSlash(line))
		}
		switch {
		case depth+1 > maxAlternates || len(s.dirs) >= maxAlternateDirs:
			s.unopened(fmt.Errorf("alternate %q of %s: alternates are nested too deeply or too many", line, dir))
			continue
		}
		if st, err := os.Stat(line); err != nil {
			s.unopened(fmt.Errorf("open alternate of %s: %w", dir, err))
			continue
		} else if !st.IsDir() {
			s.unopened(fmt.Errorf("open alternate of %s: %s is not a folder", dir, line))
			continue
		}
		s.addDir(line, depth+1, seen)
	}
}

// unquote undoes git's C-style quoting.
func unquote(q string) (string, error) {
	bad := errors.New("malformed quoted path")
	if len(q) < 2 || q[len(q)-1] != '"' {
		return "", bad
	}
	q = q[1 : len(q)-1]
	var out []byte
	for i := 0; i < len(q); i++ {
		if q[i] != '\\' {
			out = append(out, q[i])
			continue
		}
		i++
		if i == len(q) {
			return "", bad
		}
		if k := strings.IndexByte(`abfnrtv"\`, q[i]); k >= 0 {
			out = append(out, "\a\b\f\n\r\t\v\"\\"[k])
			continue
		}
		if i+3 > len(q) {
			return "", bad
		}
		var v int
		for _, c := range q[i : i+3] {
			if c < '0' || c > '7' {
				return "", bad
			}
			v = v<<3 | int(c-'0')
		}
		if v > 255 {
			return "", bad
		}
		out = append(out, byte(v))
		i += 2
	}
	return string(out), nil
}

func readSmall(name string, limit int64) ([]byte, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > limit {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", name, limit)
	}
	return os.ReadFile(name)
}

// detect tells the object format from the length of file names.
func detect(dirs []string) Hash {
	for _, d := range dirs {
		names, _ := os.ReadDir(filepath.Join(d, "pack"))
		for _, e := range names {
			// pack-… as a rule, loose-… by git maintenance.
			name, _, _ := strings.Cut(e.Name(), ".")
			switch len(name) - 1 - strings.LastIndexByte(name, '-') {
			case 40:
				return SHA1
			case 64:
				return SHA256
			}
		}
		prefixes, _ := fanoutDirs(d)
		for _, prefix := range prefixes {
			names, _ := os.ReadDir(filepath.Join(d, prefix))
			for _, e := range names {
				switch len(e.Name()) {
				case 38:
					return SHA1
				case 62:
					return SHA256
				}
			}
		}
	}
	return SHA1
}

// openPacks opens the packs of one object folder.
func (s *Store) openPacks(dir string) {
	dir = filepath.Join(dir, "pack")
	list, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		s.unopened(fmt.Errorf("list packs: %w", err))
		return
	}
	names := map[string]bool{}
	for _, e := range list {
		names[e.Name()] = true
	}
	var multi *midx
	var number map[string]int
	for _, e := range list {
		stem, ok := strings.CutSuffix(e.Name(), ".pack")
		if !ok || strings.HasPrefix(stem, ".tmp-") {
			continue // A repack under way renames these. tmp_pack_…, of a transfer, does not end so.
		}
		var x *index
		var xf *file
		if names[stem+".idx"] {
			x, xf, err = s.openIndex(filepath.Join(dir, stem+".idx"))
			if err != nil {
				s.unopened(err)
				continue
			}
		} else {
			if number == nil {
				number = map[string]int{}
				if names["multi-pack-index"] {
					if multi, err = s.openMidx(filepath.Join(dir, "multi-pack-index")); err != nil {
						s.unopened(err)
					} else {
						for i, name := range multi.packs {
							number[name] = i
						}
					}
				}
			}
			k, ok := number[stem+".idx"]
			if !ok {
				s.unopened(fmt.Errorf("open %s: it has no index", filepath.Join(dir, e.Name())))
				continue
			}
			if err := guarded(func() error { x = multi.of(k); return nil }); err != nil {
				s.unopened(&CorruptError{Pack: multi.shared.path, Offset: -1, Err: err})
				continue
			}
		}
		p, err := s.openPack(filepath.Join(dir, e.Name()), x)
		if err != nil {
			if xf != nil {
				_ = xf.close()
			}
			s.unopened(err)
			continue
		}
		p.idxFile = xf
		p.promisor = names[stem+".promisor"]
		s.packs = append(s.packs, p)
	}
}

func (s *Store) openIndex(name string) (x *index, f *file, err error) {
	f, err = openFile(name, s.opts.NoMap)
	if err != nil {
		return nil, nil, fmt.Errorf("open index: %w", err)
	}
	err = guarded(func() error {
		b, err := f.whole()
		if err == nil {
			x, err = parseIndex(name, b, s.hash)
		}
		return err
	})
	if err != nil {
		_ = f.close()
		return nil, nil, &CorruptError{Pack: name, Offset: -1, Err: err}
	}
	return x, f, nil
}

func (s *Store) openMidx(name string) (m *midx, err error) {
	f, err := openFile(name, s.opts.NoMap)
	if err != nil {
		return nil, fmt.Errorf("open multi-pack-index: %w", err)
	}
	err = guarded(func() error {
		b, err := f.whole()
		if err == nil {
			m, err = parseMidx(name, b, s.hash)
		}
		return err
	})
	if err != nil {
		_ = f.close()
		return nil, &CorruptError{Pack: name, Offset: -1, Err: err}
	}
	s.multi = append(s.multi, f)
	return m, nil
}

func (s *Store) openPack(name string, x *index) (*packFile, error) {
	f, err := openFile(name, s.opts.NoMap)
	if err != nil {
		return nil, fmt.Errorf("open pack: %w", err)
	}
	p := &packFile{file: *f, idx: x, hash: s.hash}
	err = guarded(func() error {
		var v view
		head, err := v.at(&p.file, 0, packHeader)
		if err != nil {
			return err
		}
		if len(head) < packHeader || p.size < packHeader+int64(s.hash) || string(head[:4]) != "PACK" {
			return errors.New("not a pack")
		}
		if v := binary.BigEndian.Uint32(head[4:]); v != 2 && v != 3 {
			return fmt.Errorf("pack has version %d: want 2 or 3", v)
		}
		if count := int64(binary.BigEndian.Uint32(head[8:])); x.pick == nil && count != int64(x.n) {
			p.suspect = true
		}
		if x.trailer != nil {
			tail, err := v.at(&p.file, p.end(), int64(s.hash))
			if err != nil {
				return err
			}
			p.suspect = p.suspect || !bytes.Equal(tail, x.trailer)
		}
		return nil
	})
	if err != nil {
		_ = p.file.close()
		return nil, &CorruptError{Pack: name, Offset: -1, Err: err}
	}
	if p.suspect {
		// What is left of it is read all the same, and every object checked against its id.
		s.unopened(&CorruptError{Pack: name, Offset: -1, Err: errors.New("pack and index do not belong together, or the pack is incomplete")})
	}
	return p, nil
}

// Has says whether the store holds an object, packed or loose.
func (s *Store) Has(id ID) bool {
	found := false
	err := guarded(func() error {
		for _, p := range s.packs {
			if p.idx.find(id.raw()) >= 0 {
				found = true
				return nil
			}
		}
		return nil
	})
	if err == nil && found {
		return true
	}
	_, ok := s.loosePath(id)
	return ok
}

// scratch is what one goroutine needs to read objects.
type scratch struct {
	view  view
	inf   inflate.Decoder
	file  []byte // a loose object, deflated
	delta []byte
	chain []link
}
