package pack

import (
	"container/list"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"hash"
	"slices"
	"strconv"
	"sync"

	"sprawl/internal/pack/inflate"
)

// maxChain is how many deltas Read follows to one object; git makes at most 4,095. Walk has no such limit.
const maxChain = 1 << 14

var errChain = errors.New("delta chain does not end: it is a cycle, or too long")

// link is one delta on the way from an object to its base.
type link struct {
	p               *packFile
	off, head, size int64
}

// Read reads one object. The bytes are appended to buf[:0] and are the caller's. Errors are *MissingError, *TooLargeError or
// *CorruptError; an object that stands in several places is read from the first that gives it. Other copies of its bases are not
// looked for, as Walk does.
//
// Bases are kept in a cache of Options.Cache bytes that all goroutines share. Besides it, and buf, memory stays under three times
// Options.MaxObject.
func (s *Store) Read(id ID, buf []byte) (Type, []byte, error) {
	sc := s.scratch.Get().(*scratch)
	defer s.scratch.Put(sc)
	var t Type
	var out []byte
	var first error
	try := func(err error) bool {
		if err != nil && first == nil {
			first = err
		}
		return err == nil
	}
	for _, p := range s.packs {
		off := int64(-1)
		err := guarded(func() (err error) {
			i := p.idx.find(id.raw())
			if i < 0 {
				return nil
			}
			if off, err = p.idx.offset(i); err != nil {
				return err
			}
			t, out, err = s.readPacked(sc, p, off, buf)
			if err == nil && (s.opts.Verify || p.suspect) {
				err = s.verify(id, t, out)
			}
			return err
		})
		if err == nil && off < 0 {
			continue
		}
		if try(located(err, p, off, id)) {
			return t, out, nil
		}
	}
	if path, ok := s.loosePath(id); ok {
		t, out, err := s.readLoose(sc, path, id, buf)
		if try(err) {
			return t, out, nil
		}
	}
	if first == nil {
		first = &MissingError{ID: id}
	}
	return 0, nil, first
}

// located puts a place to an error that has none.
func located(err error, p *packFile, off int64, id ID) error {
	var c *CorruptError
	var m *MissingError
	var l *TooLargeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &c), errors.As(err, &m):
		return err
	case errors.As(err, &l):
		if l.ID.IsZero() {
			l.ID = id
		}
		return err
	}
	return &CorruptError{Pack: p.path, Offset: off, ID: id, Err: err}
}

func (s *Store) readLoose(sc *scratch, path string, id ID, buf []byte) (Type, []byte, error) {
	o, err := sc.readLoose(path, s.opts.MaxObject, All, func(n int) []byte { return slices.Grow(buf[:0], n)[:n] })
	if err == nil && o.bytes == nil {
		return 0, nil, &TooLargeError{ID: id, Size: o.size, Limit: s.opts.MaxObject}
	}
	if err == nil && s.opts.Verify {
		err = s.verify(id, o.t, o.bytes)
	}
	if err != nil {
		return 0, nil, looseError(path, id, err)
	}
	return o.t, o.bytes, nil
}

// header reads the entry header at off.
func (sc *scratch) header(p *packFile, off int64) (entry, error) {
	if off < packHeader || off >= p.end() {
		return entry{}, errors.New("index points outside the pack")
	}
	b, err := sc.view.at(&p.file, off, min(maxHead, p.end()-off))
	if err != nil {
		return entry{}, err
	}
	return parseEntry(b, off, p.hash)
}

// slack is how many bytes after a stream are handed to the decoder with it: its fast path reads ahead.
const slack = 16

// inflate inflates the stream at start into out, which it must fill. The stream ends at end at the latest.
func (sc *scratch) inflate(p *packFile, start, end int64, out []byte) error {
	size := int64(len(out))
	n := min(end+slack, p.size) - start
	if p.f == nil {
		b, err := sc.view.at(&p.file, start, n)
		if err != nil {
			return err
		}
		_, err = sc.inf.Zlib(out, b)
		return err
	}
	// Without a map, read what a stream of this size usually takes, then what it takes at most.
	usual := min(n, size+size/8+1024)
	b, err := sc.view.at(&p.file, start, usual)
	if err != nil {
		return err
	}
	if _, err = sc.inf.Zlib(out, b); err == nil || usual == n {
		return err
	}
	if b, err = sc.view.at(&p.file, start, min(n, 4*size+readAhead)); err != nil {
		return err
	}
	_, err = sc.inf.Zlib(out, b)
	return err
}

// readPacked makes the object at off in p. The caller guards.
func (s *Store) readPacked(sc *scratch, p *packFile, off int64, buf []byte) (Type, []byte, error) {
	chain := sc.chain[:0]
	defer func() { sc.chain = chain[:0] }()
	var t Type
	var content []byte // of the base, once found
	var cached bool    // content is not to be handed out
	for content == nil {
		if b, bt, ok := s.cache.get(p, off); ok {
			t, content, cached = bt, b, true
			break
		}
		e, err := sc.header(p, off)
		if err != nil {
			return 0, nil, located(err, p, off, ID{})
		}
		if err := plausible(e.size, p.end()-off-e.head); err != nil {
			return 0, nil, located(err, p, off, ID{})
		}
		if e.size > s.opts.MaxObject {
			return 0, nil, &TooLargeError{Size: e.size, Limit: s.opts.MaxObject}
		}
		if e.kind != kindOfs && e.kind != kindRef {
			t = Type(e.kind)
			content = sc.room(len(chain) == 0, buf, e.size)
			if err := sc.inflate(p, off+e.head, p.end(), content); err != nil {
				return 0, nil, located(err, p, off, ID{})
			}
			if len(chain) > 0 {
				s.cache.put(p, off, t, content)
			}
			break
		}
		if len(chain) == maxChain {
			return 0, nil, located(errChain, p, off, ID{})
		}
		chain = append(chain, link{p, off, e.head, e.size})
		if e.kind == kindOfs {
			off = e.ofs
			continue
		}
		q, at, err := s.locate(p, e.ref)
		if err != nil {
			return 0, nil, err
		}
		if q == nil {
			path, ok := s.loosePath(e.ref)
			if !ok {
				return 0, nil, &MissingError{ID: e.ref}
			}
			if t, content, err = s.readLoose(sc, path, e.ref, nil); err != nil {
				return 0, nil, err
			}
			break
		}
		p, off = q, at
	}
	if len(chain) == 0 && cached {
		return t, append(buf[:0], content...), nil
	}
	for i := len(chain) - 1; i >= 0; i-- {
		l := chain[i]
		sc.delta = growSlack(sc.delta, l.size)
		if err := sc.inflate(l.p, l.off+l.head, l.p.end(), sc.delta); err != nil {
			return 0, nil, located(err, l.p, l.off, ID{})
		}
		size, err := checkDelta(sc.delta, int64(len(content)))
		if err != nil {
			return 0, nil, located(err, l.p, l.off, ID{})
		}
		if size > s.opts.MaxObject {
			return 0, nil, &TooLargeError{Size: size, Limit: s.opts.MaxObject}
		}
		next := sc.room(i == 0, buf, size)
		applyDelta(next, content, sc.delta)
		content = next
		if i > 0 {
			s.cache.put(l.p, l.off, t, content)
		}
	}
	return t, content, nil
}

// room is a buffer of n bytes: the caller's for the object itself, a new one for a base, which the cache may keep.
func (sc *scratch) room(last bool, buf []byte, n int64) []byte {
	if last && int64(cap(buf)) >= n {
		return buf[:n]
	}
	return make([]byte, n, n+inflate.Slack)
}

// growSlack is b with n bytes, and the spare capacity that inflate likes.
func growSlack(b []byte, n int64) []byte {
	if int64(cap(b)) < n+inflate.Slack {
		b = make([]byte, n, n+n/4+inflate.Slack)
	}
	return b[:n]
}

// locate finds an object's pack, p preferred; nil if no pack holds it.
func (s *Store) locate(p *packFile, id ID) (*packFile, int64, error) {
	if i := p.idx.find(id.raw()); i >= 0 {
		off, err := p.idx.offset(i)
		return p, off, err
	}
	for _, q := range s.packs {
		if i := q.idx.find(id.raw()); i >= 0 {
			off, err := q.idx.offset(i)
			return q, off, err
		}
	}
	return nil, 0, nil
}

var errHash = errors.New("content does not hash to the object's id")

func (s *Store) hasher(t Type, size int64) hash.Hash {
	h := sha1.New()
	if s.hash == 32 {
		h = sha256.New()
	}
	h.Write(strconv.AppendInt([]byte(t.String()+" "), size, 10))
	h.Write([]byte{0})
	return h
}

// verify holds an object against its id.
func (s *Store) verify(id ID, t Type, b []byte) error {
	h := s.hasher(t, int64(len(b)))
	h.Write(b)
	if !slices.Equal(h.Sum(nil), id.raw()) {
		return errHash
	}
	return nil
}

// baseCache keeps recently used bases, whose bytes nobody writes to.
type baseCache struct {
	mu    sync.Mutex
	limit int64
	used  int64
	byKey map[baseKey]*list.Element
	order list.List // of *cachedBase, latest first
}

type baseKey struct {
	p   *packFile
	off int64
}

type cachedBase struct {
	key   baseKey
	t     Type
	bytes []byte
}

func (c *baseCache) get(p *packFile, off int64) ([]byte, Type, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[baseKey{p, off}]
	if e == nil {
		return nil, 0, false
	}
	c.order.MoveToFront(e)
	b := e.Value.(*cachedBase)
	return b.bytes, b.t, true
}

// put keeps b unless it would push out a large part of the others.
func (c *baseCache) put(p *packFile, off int64, t Type, b []byte) {
	const overhead = 200 // an entry of map and list
	cost := int64(cap(b)) + overhead
	if cost > c.limit/4 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := baseKey{p, off}
	if c.byKey[key] != nil {
		return
	}
	if c.byKey == nil {
		c.byKey = map[baseKey]*list.Element{}
	}
	c.byKey[key] = c.order.PushFront(&cachedBase{key, t, b})
	c.used += cost
	for c.used > c.limit {
		last := c.order.Back()
		old := c.order.Remove(last).(*cachedBase)
		delete(c.byKey, old.key)
		c.used -= int64(cap(old.bytes)) + overhead
	}
}
