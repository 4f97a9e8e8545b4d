package decode

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

// inflater keeps the readers of a Decoder.
type inflater struct {
	in   bytes.Reader
	gzip *gzip.Reader
	zlib io.ReadCloser
}

// inflate decompresses b if it begins like gzip or zlib, and reports whether it did. A stream that is cut or damaged gives
// what stands before the damage. Output beyond the budget is dropped, which Budget.Hit tells.
func (l *level) inflate() bool {
	d := l.d
	var r io.Reader
	step := Gzip
	switch b := l.b; {
	case bytes.HasPrefix(b, gzipMagic):
		d.in.Reset(b)
		if d.gzip == nil {
			d.gzip = new(gzip.Reader)
		}
		if d.gzip.Reset(&d.in) != nil {
			return false
		}
		r = d.gzip
	case isZlib(b):
		step = Zlib
		d.in.Reset(b)
		var err error
		if d.zlib == nil {
			d.zlib, err = zlib.NewReader(&d.in)
		} else {
			err = d.zlib.(zlib.Resetter).Reset(&d.in, nil)
		}
		if err != nil {
			return false
		}
		r = d.zlib
	default:
		return false
	}

	l.text = l.text[:0]
	for {
		if len(l.text) == cap(l.text) {
			l.text = append(l.text, make([]byte, max(4<<10, len(l.text)))...)[:len(l.text)]
		}
		room := min(int64(cap(l.text)-len(l.text)), l.lim.left)
		if room == 0 {
			l.lim.exceed(HitBytes)
			break
		}
		n, err := r.Read(l.text[len(l.text) : len(l.text)+int(room)])
		l.text = l.text[:len(l.text)+n]
		l.lim.left -= int64(n)
		d.work += int64(n)
		if err != nil {
			if !errors.Is(err, io.EOF) && len(l.text) == 0 {
				return false
			}
			break
		}
	}
	d.in.Reset(nil)
	if len(l.text) > 0 {
		l.put(0, len(l.b), step, formPlain)
	}
	return true
}
