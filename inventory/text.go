package inventory

import (
	"bufio"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// headSize is how much of an export decides its format.
const headSize = 64 << 10

// plain returns r as UTF-8 without a byte order mark. PowerShell's ">" writes UTF-16 with one, and spreadsheets save tables so;
// where it is missing, the zero bytes of the first characters tell.
func plain(r io.Reader) io.Reader {
	if _, ok := r.(*utf8Reader); ok {
		return r
	}
	br := bufio.NewReaderSize(r, 4096)
	b, _ := br.Peek(4) // an error comes back with the first read
	switch {
	case len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF:
		_, _ = br.Discard(3)
	case len(b) >= 2 && b[0] == 0xFF && b[1] == 0xFE:
		_, _ = br.Discard(2)
		return &utf8Reader{r: &wideReader{r: br, order: binary.LittleEndian}}
	case len(b) >= 2 && b[0] == 0xFE && b[1] == 0xFF:
		_, _ = br.Discard(2)
		return &utf8Reader{r: &wideReader{r: br, order: binary.BigEndian}}
	case len(b) == 4 && b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		return &utf8Reader{r: &wideReader{r: br, order: binary.LittleEndian}}
	case len(b) == 4 && b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		return &utf8Reader{r: &wideReader{r: br, order: binary.BigEndian}}
	}
	return &utf8Reader{r: br}
}

// utf8Reader marks what plain has been through.
type utf8Reader struct{ r io.Reader }

func (u *utf8Reader) Read(p []byte) (int, error) { return u.r.Read(p) }

// wideReader turns UTF-16 into UTF-8. A lone surrogate becomes U+FFFD, an odd last byte is dropped.
type wideReader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	high  rune   // a surrogate that waits for its other half
	out   []byte // made and not yet read
}

func (w *wideReader) Read(p []byte) (int, error) {
	for len(w.out) == 0 {
		var in [2]byte
		w.out = w.out[:0]
		for len(w.out) < 2048 {
			if _, err := io.ReadFull(w.r, in[:]); err != nil {
				if len(w.out) > 0 {
					break
				}
				if err == io.ErrUnexpectedEOF {
					err = io.EOF
				}
				return 0, err
			}
			c := rune(w.order.Uint16(in[:]))
			switch {
			case w.high != 0:
				w.out = utf8.AppendRune(w.out, utf16.DecodeRune(w.high, c))
				w.high = 0
			case c >= 0xD800 && c < 0xDC00:
				w.high = c
			default:
				w.out = utf8.AppendRune(w.out, c)
			}
		}
	}
	n := copy(p, w.out)
	w.out = w.out[n:]
	return n, nil
}
