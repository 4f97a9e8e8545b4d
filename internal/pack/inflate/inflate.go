// Package inflate decodes zlib streams (RFC 1950, RFC 1951) whose inflated size is known, in one call and into one buffer.
package inflate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
)

// ErrCorrupt is what every malformed stream gives.
var ErrCorrupt = errors.New("malformed zlib stream")

// Decoder holds tables between calls. The zero value is ready; one goroutine uses it at a time.
type Decoder struct{}

// Zlib decodes the stream that begins in into out, which it fills exactly, and returns the stream's length.
func (d *Decoder) Zlib(out, in []byte) (int, error) {
	r := bytes.NewReader(in)
	z, err := zlib.NewReader(r)
	if err != nil {
		return 0, ErrCorrupt
	}
	if _, err := io.ReadFull(z, out); err != nil {
		return 0, ErrCorrupt
	}
	if n, err := z.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return 0, ErrCorrupt
	}
	return len(in) - r.Len(), nil
}

// Prefix decodes the beginning of the stream, as much as out holds, and returns how much that is.
func (d *Decoder) Prefix(out, in []byte) (int, error) {
	z, err := zlib.NewReader(bytes.NewReader(in))
	if err != nil {
		return 0, ErrCorrupt
	}
	n, err := io.ReadFull(z, out)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return n, ErrCorrupt
	}
	return n, nil
}
