package decode

import (
	"bytes"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

// inflater keeps the readers of a Decoder.
type inflater struct {
	in   bytes.Reader
	gzip *gzip.Reader
	zlib io.ReadCloser
}

// inflate decompresses b into l.inflated if it begins like gzip or zlib, and names which. A stream that is cut or damaged
// gives what stands before the damage. Output beyond the budget is dropped, which Budget.Hit tells.
func (l *level) inflate(b []byte) string {
	d := l.d
	var r io.Reader
	step := Gzip
	d.in.Reset(b)
	switch {
	case bytes.HasPrefix(b, gzipMagic):
		if d.gzip == nil {
			d.gzip = new(gzip.Reader)
		}
		if d.gzip.Reset(&d.in) != nil {
			return ""
		}
		r = d.gzip
	case isZlib(b):
		step = Zlib
		var err error
		if d.zlib == nil {
			d.zlib, err = zlib.NewReader(&d.in)
		} else {
			err = d.zlib.(zlib.Resetter).Reset(&d.in, nil)
		}
		if err != nil {
			return ""
		}
		r = d.zlib
	default:
		return ""
	}

	out := l.inflated[:0]
	for {
		if len(out) == cap(out) {
			out = slices.Grow(out, max(4<<10, len(out)))
		}
		room := min(int64(cap(out)-len(out)), l.lim.left)
		if room == 0 {
			l.lim.exceed(HitBytes)
			break
		}
		n, err := r.Read(out[len(out) : len(out)+int(room)])
		out = out[:len(out)+n]
		l.lim.left -= int64(n)
		d.work += int64(n)
		if err != nil {
			break
		}
	}
	d.in.Reset(nil)
	l.inflated = out
	if len(out) == 0 {
		return ""
	}
	return step
}
