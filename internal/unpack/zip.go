package unpack

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"

	"sprawl/finding"
)

// The records of a zip file (APPNOTE 4.3) and their fixed lengths. archive/zip is not used: it holds the whole directory in
// memory before the first entry, and reads nothing of a file whose directory is cut off.
const (
	sigLocal      = "PK\x03\x04"
	sigDirectory  = "PK\x01\x02"
	sigDescriptor = "PK\x07\x08"
	sigEnd        = "PK\x05\x06"
	sigEnd64      = "PK\x06\x06"
	sigLocator64  = "PK\x06\x07"

	lenLocal     = 30
	lenDirectory = 46
	lenEnd       = 22
	lenEnd64     = 56
	lenLocator64 = 20

	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3
	flagMasked     = 1 << 13
)

// member is one entry of a zip as its directory, or else its own header, describes it.
type member struct {
	name           string
	flags, method  uint16
	crc            uint32
	packed, size   int64
	header         int64 // offset of the local header
	sizeIsAGuess   bool  // a data descriptor follows, and there is no directory to ask
	crcIsNotStated bool
}

var errZip = errors.New("zip: not in form")

// zip reads by the directory at the end. Where there is none, what stands in front is read header by header.
func (w *walker) zip(f frame, r io.ReaderAt, size int64) error {
	// Entries that overlap would let a small file state that it unpacks to a lot (D. Fifield, "A better zip bomb", 2019): all
	// of them together read no more than there is.
	z := &zipFile{w: w, f: f, r: r, size: size, left: size}
	start, end, base, err := z.directory()
	if err == nil {
		err = z.byDirectory(start, end, base)
	}
	if errors.Is(err, errZip) {
		if z.seen == 0 {
			if err := z.byHeaders(); err != nil {
				return err
			}
		}
		w.skipped(f, "", finding.ReasonCorrupt, "zip: the directory is missing or damaged", size)
		return nil
	}
	return err
}

type zipFile struct {
	w    *walker
	f    frame
	r    io.ReaderAt
	size int64
	left int64 // packed bytes that may still be read
	last int64 // of them the last member took
	seen int   // members
}

// directory finds where the directory begins and ends, and what to add to the offsets in it (for an archive behind other
// data).
func (z *zipFile) directory() (start, end, base int64, err error) {
	tail := make([]byte, min(z.size, lenEnd+1<<16))
	at := z.size - int64(len(tail))
	if _, err := z.r.ReadAt(tail, at); err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, 0, errZip
	}
	i := bytes.LastIndex(tail, []byte(sigEnd))
	if i < 0 || i+lenEnd > len(tail) {
		return 0, 0, 0, errZip
	}
	e := tail[i:]
	end = at + int64(i)
	length, offset := int64(u32(e, 12)), int64(u32(e, 16))
	if length == 0xffffffff || offset == 0xffffffff || u16(e, 10) == 0xffff {
		if l, o, at64, ok := z.directory64(end - lenLocator64); ok {
			length, offset, end = l, o, at64
		}
	}
	start = end - length
	base = start - offset
	if length < 0 || offset < 0 || start < 0 || base < 0 {
		return 0, 0, 0, errZip
	}
	return start, end, base, nil
}

// directory64 reads the record of zip64 that the locator at at points to.
func (z *zipFile) directory64(at int64) (length, offset, end int64, ok bool) {
	var l [lenLocator64]byte
	if at < 0 {
		return 0, 0, 0, false
	}
	if _, err := z.r.ReadAt(l[:], at); err != nil || string(l[:4]) != sigLocator64 {
		return 0, 0, 0, false
	}
	var e [lenEnd64]byte
	// The record stands directly before its locator, but for extensions nobody writes; the offset in the locator is no help
	// where the archive stands behind other data.
	for _, end := range [...]int64{at - lenEnd64, int64(binary.LittleEndian.Uint64(l[8:]))} {
		if end < 0 || end >= z.size {
			continue
		}
		if _, err := z.r.ReadAt(e[:], end); err == nil && string(e[:4]) == sigEnd64 {
			return int64(binary.LittleEndian.Uint64(e[40:])), int64(binary.LittleEndian.Uint64(e[48:])), end, true
		}
	}
	return 0, 0, 0, false
}

func (z *zipFile) byDirectory(start, end, base int64) error {
	r := bufio.NewReader(io.NewSectionReader(z.r, start, end-start))
	var h [lenDirectory]byte
	var rest []byte
	for {
		if _, err := io.ReadFull(r, h[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return errZip
		}
		if string(h[:4]) != sigDirectory {
			return errZip
		}
		names, extras, comment := int(u16(h[:], 28)), int(u16(h[:], 30)), int(u16(h[:], 32))
		rest = append(rest[:0], make([]byte, names+extras)...)
		if _, err := io.ReadFull(r, rest); err != nil {
			return errZip
		}
		if _, err := r.Discard(comment); err != nil {
			return errZip
		}
		m := member{
			name: string(rest[:min(names, maxName)]), flags: u16(h[:], 8), method: u16(h[:], 10), crc: u32(h[:], 16),
			packed: int64(u32(h[:], 20)), size: int64(u32(h[:], 24)), header: int64(u32(h[:], 42)),
		}
		m.extend(rest[names:], true)
		m.header += base
		dir := names > 0 && rest[names-1] == '/'
		z.seen++
		if err := z.w.begin(); err != nil {
			return z.w.trouble(z.f, "", err)
		}
		if dir {
			continue
		}
		if err := z.member(m); err != nil {
			return err
		}
	}
}

// extend replaces the fields that do not fit in 32 bits by those of the zip64 extra field.
func (m *member) extend(extra []byte, central bool) {
	for len(extra) >= 4 {
		id, n := u16(extra, 0), int(u16(extra, 2))
		extra = extra[4:]
		if n > len(extra) {
			return
		}
		field := extra[:n]
		extra = extra[n:]
		if id != 1 {
			continue
		}
		fields := []*int64{&m.size, &m.packed}
		if central {
			fields = append(fields, &m.header)
		}
		for _, v := range fields {
			if *v == 0xffffffff && len(field) >= 8 {
				*v = int64(binary.LittleEndian.Uint64(field))
				field = field[8:]
			}
		}
		return
	}
}

// member reads one entry of the directory.
func (z *zipFile) member(m member) error {
	name := label(m.name)
	var h [lenLocal]byte
	if m.header < 0 || m.header >= z.size {
		return z.w.trouble(z.f, name, errZip)
	}
	if _, err := z.r.ReadAt(h[:], m.header); err != nil || string(h[:4]) != sigLocal {
		return z.w.trouble(z.f, name, errZip)
	}
	_, err := z.body(m, m.header+lenLocal+int64(u16(h[:], 26))+int64(u16(h[:], 28)))
	return err
}

// body unpacks what stands at at and hands it out. more tells, to who reads without a directory, whether to go on.
func (z *zipFile) body(m member, at int64) (more bool, err error) {
	w, name := z.w, label(m.name)
	if m.flags&(flagEncrypted|flagMasked) != 0 || m.method == 99 {
		w.skipped(z.f, name, finding.ReasonUnsupported, "encrypted", max(m.size, 0))
		return true, nil
	}
	if m.packed < 0 || m.size < 0 || at > z.size {
		return true, w.trouble(z.f, name, errZip)
	}
	if m.packed > z.left && at+m.packed <= z.size {
		return false, w.trouble(z.f, name, &exceeded{LimitOverlap, z.size, true})
	}
	in := &counter{r: io.NewSectionReader(z.r, at, min(m.packed, z.left))}
	buf := bufio.NewReader(in)
	defer func() {
		z.last = in.n - int64(buf.Buffered())
		z.left -= z.last
	}()
	var r io.Reader
	switch m.method {
	case 0:
		r = in
	case 8:
		d := flate.NewReader(buf)
		defer d.Close()
		r = d
	case 12:
		r = bzip2.NewReader(buf)
	case 93:
		d, err := newZstd(in)
		if err != nil {
			return true, w.trouble(z.f, name, fmt.Errorf("zip: zstd header: %w", err))
		}
		defer d.Close()
		r = d
	default:
		w.skipped(z.f, name, finding.ReasonUnsupported, fmt.Sprintf("zip compression method %d", m.method), m.size)
		return true, nil
	}
	body, err := w.fill(z.f.depth, w.guard(r, in), m.size, min(m.packed, z.left))
	if err == nil && at+m.packed > z.size && !m.sizeIsAGuess {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && !m.crcIsNotStated && crc32.ChecksumIEEE(body) != m.crc {
		err = errors.New("zip: the checksum does not fit")
	}
	size := m.size
	if m.sizeIsAGuess {
		size = int64(len(body))
	}
	if len(body) > 0 || err == nil {
		if err := w.hand(z.f, finding.Step{Name: "zip", Entry: name}, body, size); err != nil {
			return false, err
		}
	}
	if err != nil {
		return true, w.trouble(z.f, name, err)
	}
	return true, nil
}

// byHeaders reads the members one after the other, without a directory.
func (z *zipFile) byHeaders() error {
	var h [lenLocal]byte
	for at := int64(0); ; {
		at = z.find(at)
		if at < 0 {
			return nil
		}
		if _, err := z.r.ReadAt(h[:], at); err != nil {
			return nil
		}
		names, extras := int(u16(h[:], 26)), int(u16(h[:], 28))
		rest := make([]byte, names+extras)
		if _, err := z.r.ReadAt(rest, at+lenLocal); err != nil {
			return nil
		}
		m := member{
			name: string(rest[:min(names, maxName)]), flags: u16(h[:], 6), method: u16(h[:], 8), crc: u32(h[:], 14),
			packed: int64(u32(h[:], 18)), size: int64(u32(h[:], 22)),
		}
		m.extend(rest[names:], false)
		body := at + lenLocal + int64(len(rest))
		at = body
		if m.flags&flagDescriptor != 0 && m.packed == 0 {
			m.packed, m.size = z.size-body, 0
			m.sizeIsAGuess, m.crcIsNotStated = true, true
			if m.method == 0 {
				next := z.find(body)
				if next < 0 {
					next = z.size
				}
				m.packed = next - body
				// The descriptor of a stored member stands behind it: mark, checksum, two sizes of 4 or 8 bytes.
				for _, n := range [...]int64{16, 24} {
					var mark [4]byte
					if _, err := z.r.ReadAt(mark[:], next-n); m.packed >= n && err == nil && string(mark[:]) == sigDescriptor {
						m.packed -= n
						break
					}
				}
			}
			m.packed = min(m.packed, z.left)
		} else if m.packed > 0 && body+m.packed <= z.size {
			at = body + m.packed
		}
		if err := z.w.begin(); err != nil {
			return z.w.trouble(z.f, "", err)
		}
		if names > 0 && rest[names-1] == '/' {
			continue
		}
		more, err := z.body(m, body)
		if err != nil || !more {
			return err
		}
		if m.sizeIsAGuess {
			at = max(at, body+z.last-8) // inflating may have taken a few bytes too many
		}
	}
}

// find is where the next local header stands at or behind at, or -1.
func (z *zipFile) find(at int64) int64 {
	var buf [32 << 10]byte
	// Mostly one member follows the other.
	if n, _ := z.r.ReadAt(buf[:len(sigLocal)], at); string(buf[:n]) == sigLocal {
		return at
	}
	for at < z.size {
		n, err := z.r.ReadAt(buf[:], at)
		if i := bytes.Index(buf[:n], []byte(sigLocal)); i >= 0 {
			return at + int64(i)
		}
		if n < len(buf) || err != nil && !errors.Is(err, io.EOF) {
			return -1
		}
		at += int64(n) - int64(len(sigLocal)-1)
	}
	return -1
}

func u16(b []byte, i int) uint16 { return binary.LittleEndian.Uint16(b[i:]) }
func u32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
