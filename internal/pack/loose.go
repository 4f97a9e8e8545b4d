package pack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// looseHead is the longest header of a loose object, "commit 9223372036854775807\x00", and some.
const looseHead = 40

// loosePath finds the file of a loose object.
func (s *Store) loosePath(id ID) (string, bool) {
	if int(id.n) != s.hash {
		return "", false
	}
	for _, d := range s.dirs {
		p := looseName(d, id)
		if _, err := os.Lstat(p); err == nil {
			return p, true
		}
	}
	return "", false
}

func looseName(dir string, id ID) string {
	h := id.Hex()
	return filepath.Join(dir, h[:2], h[2:])
}

// parseLoose reads the header of an inflated loose object.
func parseLoose(b []byte) (t Type, size int64, head int, err error) {
	bad := errors.New("malformed header of a loose object")
	nul := bytes.IndexByte(b, 0)
	if nul < 0 {
		return 0, 0, 0, bad
	}
	name, num, ok := bytes.Cut(b[:nul], []byte{' '})
	t = parseType(name)
	if !ok || t == 0 || len(num) == 0 || num[0] == '0' && len(num) > 1 {
		return 0, 0, 0, bad
	}
	u, err := strconv.ParseUint(string(num), 10, 63)
	if err != nil {
		return 0, 0, 0, bad
	}
	return t, int64(u), nul + 1, nil
}

// looseObject is a loose object's header and, unless it is over a limit, its bytes.
type looseObject struct {
	t     Type
	size  int64
	bytes []byte
}

// readLoose reads the loose object in the file. out gives the buffer for n bytes; it is not called, and bytes is nil, when
// want refuses the type or the object is over limit.
func (sc *scratch) readLoose(path string, limit int64, want Types, out func(n int) []byte) (o looseObject, err error) {
	f, st, err := openRegular(path)
	if err != nil {
		return o, err
	}
	defer f.Close()
	// The header first: most loose objects fit the first read whole.
	n := min(st.Size(), readAhead)
	if err := sc.fill(f, 0, n); err != nil {
		return o, err
	}
	var head [looseHead]byte
	k, err := sc.inf.Prefix(head[:], sc.file)
	if err != nil {
		return o, err
	}
	t, size, h, err := parseLoose(head[:k])
	if err != nil {
		return o, err
	}
	o.t, o.size = t, size
	if !want.Has(t) || size > limit {
		return o, nil
	}
	if err := plausible(size, st.Size()); err != nil {
		return o, err
	}
	if st.Size() > n {
		// What deflate adds to bytes that it cannot compress is far below an eighth.
		if err := sc.fill(f, n, min(st.Size(), size+size/8+readAhead)-n); err != nil {
			return o, err
		}
	}
	b := out(h + int(size))
	if _, err := sc.inf.Zlib(b, sc.file); err != nil {
		return o, err
	}
	o.bytes = b[h:]
	return o, nil
}

// fill reads the n bytes of f that follow the first at, which sc.file holds already.
func (sc *scratch) fill(f *os.File, at, n int64) error {
	if int64(cap(sc.file)) < at+n {
		b := make([]byte, at+n)
		copy(b, sc.file[:at])
		sc.file = b
	}
	sc.file = sc.file[:at+n]
	_, err := io.ReadFull(f, sc.file[at:])
	if err != nil {
		return fmt.Errorf("%w", err)
	}
	return nil
}

// looseError puts a loose object's name to an error.
func looseError(path string, id ID, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &MissingError{ID: id}
	}
	return &CorruptError{Pack: path, Offset: -1, ID: id, Err: err}
}
