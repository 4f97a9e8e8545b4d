package decode

import (
	"bytes"
	"unicode/utf8"

	"sprawl/finding"
)

const (
	minHex = 32 // hexadecimal digits: 16 bytes, and no UUID without hyphens decodes to text

	// maxTries is how many places within one run are tried as the start of base64. A run begins with what is not base64 where
	// a path ("com/v2/…"), an identifier ("key_…", "prefix-…") or an option stands before it; so behind each of + / - _
	// another start is tried, and nowhere else: at a start that is off by one to three characters the text of a JSON or YAML
	// document does not decode to text.
	maxTries = 32

	maxDecoded = 4 // of these are decoded beyond their heads in vain

	headChars = 24 // of a run are decoded to see whether the rest is worth it

	textPercent = 80 // of a decoded base64 text that must be printable
	headPercent = 75 // of its first bytes
	hexPercent  = 95 // hexadecimal has more look-alikes: digests, ids, colours
)

// runs finds runs of base64 and hex. b[:i] is done with; the window of MinLen bytes behind i is read from its end, and the
// first byte that is not of a run makes everything up to it dead.
func (l *level) runs() {
	b, n := l.b, l.lim.lim.MinLen
	for i := 0; i+n <= len(b) && !l.stop; {
		j := i + n - 1
		for j >= i && class[b[j]]&inRun != 0 {
			j--
		}
		if j >= i {
			i = j + 1
			continue
		}
		e := i + n
		for e < len(b) && class[b[e]]&inRun != 0 {
			e++
		}
		l.d.work += int64(e - i)
		i = l.run(i, e)
	}
}

// run decodes what it can of the run b[s:e] and returns where to go on, at least e.
func (l *level) run(s, e int) int {
	// The letter of an escape that JSON or a shell puts before the run ("\nQUtJ…") is none of it.
	if s > 0 && l.b[s-1] == '\\' && bytes.IndexByte([]byte("nrt"), l.b[s]) >= 0 {
		s++
	}
	s = l.hexRuns(s, e)
	tries, decoded := 0, 0
	for e-s >= l.lim.lim.MinLen && tries < maxTries && decoded < maxDecoded && !l.stop {
		end, tried := l.base64(s, e)
		if end > s {
			s, tries, decoded = end, 0, 0
			continue
		}
		tries++
		if tried {
			decoded++
		}
		q := s
		for q < e && class[l.b[q]]&(stdOnly|urlOnly) == 0 {
			q++
		}
		for q < e && class[l.b[q]]&(stdOnly|urlOnly) != 0 {
			q++
		}
		l.d.work += int64(q - s)
		s = q
	}
	return max(s, e)
}

// hexRuns decodes the stretches of hexadecimal in b[s:e] that give text, and returns the end of the last, or s.
func (l *level) hexRuns(s, e int) int {
	b := l.b
	for i := s; i+minHex <= e && !l.stop; {
		j := i + minHex - 1
		for j >= i && class[b[j]]&inHex != 0 {
			j--
		}
		if j >= i {
			i = j + 1
			continue
		}
		h := i + minHex
		for h < e && class[b[h]]&inHex != 0 {
			h++
		}
		l.d.work += int64(h - i)
		if (h-i)%2 == 0 && l.hex(i, h) {
			s = h
		}
		i = h
	}
	return s
}

// hex decodes b[s:e], all hexadecimal digits and of even length, if that gives text.
func (l *level) hex(s, e int) bool {
	var head [minHex / 2]byte
	if !worthwhile(appendHex(head[:0], l.b[s:s+minHex]), hexPercent) || !l.begin((e-s)/2) {
		return false
	}
	l.text = appendHex(l.text, l.b[s:e])
	return l.decoded(s, e, Hex, hexPercent)
}

func appendHex(dst, src []byte) []byte {
	for i := 0; i+1 < len(src); i += 2 {
		dst = append(dst, nibble[src[i]]<<4|nibble[src[i+1]])
	}
	return dst
}

// base64 decodes what begins at p in the run that ends at e, and the lines it is continued on, and returns the end of it, or
// 0 if that does not give anything worth matching. A run belongs to the alphabet of the first of + / - _ in it and ends
// before one of the other. tried tells that more than its head was decoded.
func (l *level) base64(p, e int) (end int, tried bool) {
	b := l.b
	if !opens(b[p : p+4]) {
		return 0, false
	}
	// Eight characters turn most of the remaining words and paths away.
	l.d.work += 8
	if !promising(b[p : p+8]) {
		return 0, false
	}
	var buf [headChars / 4 * 3]byte
	head, _ := appendBase64(buf[:0], b[p:min(p+headChars, e)], len(buf))
	l.d.work += headChars
	if !worthwhile(head, headPercent) {
		return 0, false
	}

	var alphabet uint16
	for end = p; end < e; end++ {
		c := class[b[end]] & (stdOnly | urlOnly)
		if c == 0 {
			continue
		}
		if alphabet == 0 {
			alphabet = c
		}
		if c != alphabet {
			break
		}
	}
	l.d.work += int64(end - p)
	step := Base64
	if alphabet == urlOnly {
		step = Base64URL
	}

	if end == e && p >= l.unwrapped {
		if wrapped, chars := l.wrapped(p, e); wrapped > end {
			if chars%4 != 1 && l.base64Range(p, wrapped, chars, step) {
				return wrapped, true
			}
			// Its lines are tried one by one, not each with all that follow.
			l.unwrapped = wrapped
		}
	}
	chars := end - p
	if chars < l.lim.lim.MinLen || chars%4 == 1 {
		return 0, true
	}
	if end == e {
		end = padding(b, end)
	}
	if l.base64Range(p, end, chars, step) {
		return end, true
	}
	return 0, true
}

// opens reports whether four characters of base64 can begin text, UTF-16 or a container: it turns away most words and paths
// before anything is decoded.
func opens(p []byte) bool {
	c := sextet[p[0]]<<2 | sextet[p[1]]>>4
	switch {
	case class[c]&visible != 0:
		return true
	case c >= 0xc2 && c <= 0xf4:
		return sextet[p[1]]&0xf<<4>>6 == 2 // the next byte continues a UTF-8 character
	}
	return c == 0 || c == gzipMagic[0] || c >= 0xfe
}

// promising reports whether the six bytes that eight characters of base64 stand for are worthwhile, half of them printable.
func promising(p []byte) bool {
	var bits uint64
	for _, c := range p[:8] {
		bits = bits<<6 | uint64(sextet[c])
	}
	var head [6]byte
	plain, good := true, 0
	for i := range head {
		c := byte(bits >> (40 - 8*i))
		head[i] = c
		plain = plain && c-1 < utf8.RuneSelf-1
		good += int(class[c]&visible) / visible
	}
	if plain && head[0] != gzipMagic[0] && head[0] != zlibMagic && head[0] != zipMagic[0] {
		return 2*good >= len(head)
	}
	return worthwhile(head[:], 50)
}

// base64Range decodes b[p:end], which holds as many characters of base64 beside padding and line breaks.
func (l *level) base64Range(p, end, chars int, step string) bool {
	if !l.begin(chars*3/4 + 3) {
		return false
	}
	l.text, _ = appendBase64(l.text, l.b[p:end], -1)
	return l.decoded(p, end, step, textPercent)
}

// decoded hands l.text out if it is worth it, inflated if it is compressed. What only began like a compressed stream is
// judged as text.
func (l *level) decoded(start, end int, step string, percent int) bool {
	if then := l.inflate(l.text); then != "" {
		return l.hand(Piece{Start: start, End: end, Text: l.inflated, Step: finding.Step{Name: step}, Then: finding.Step{Name: then}})
	}
	if !bytes.HasPrefix(l.text, zipMagic) && !isText(l.text, percent) && !isWide(l.text) {
		return false
	}
	return l.put(start, end, step, formPlain)
}

// padding skips up to two equals signs at i.
func padding(b []byte, i int) int {
	for n := 0; n < 2 && i < len(b) && b[i] == '='; n++ {
		i++
	}
	return i
}

// wrapped follows the run b[p:e] over the lines that continue it and returns the end of the last, its padding included, and
// how many characters of base64 there are. It returns e and 0 if the run is not continued.
//
// Lines belong together where each but the last is a multiple of four characters long, stands alone on its line (indentation
// apart, as in PEM, MIME and YAML), and is as long as the line before it; the first may be shorter, since a key may stand
// before it. A last line that is shorter counts if two lines or more stand before it, or one of the usual 60 to 76 characters
// and padding proves it: else a word on the next line would be drawn in. Line breaks may be written out as \n, as in JSON.
func (l *level) wrapped(p, e int) (end, chars int) {
	b := l.b
	end, chars = e, e-p
	if chars%4 != 0 {
		return e, 0
	}
	width, lines := 0, 1
	for {
		s := lineBreak(b, end)
		if s < 0 {
			break
		}
		r := s
		for r < len(b) && class[b[r]]&inRun != 0 {
			r++
		}
		l.d.work += int64(r - end)
		n, pad := r-s, padding(b, r)
		if n == 0 || !lineOver(b, pad) {
			break
		}
		if width == 0 {
			width = max(n, chars)
		}
		if n > width {
			break
		}
		if n == width && n%4 == 0 && pad == r && n >= l.lim.lim.MinLen {
			end, chars, lines = r, chars+n, lines+1
			continue
		}
		usual := width%4 == 0 && width >= 60 && width <= 76
		if padded := pad > r; padded && (n+pad-r)%4 == 0 && (usual || lines > 1) || !padded && lines > 1 {
			return pad, chars + n
		}
		break
	}
	if lines == 1 {
		return e, 0
	}
	return end, chars
}

// lineBreak returns where the text goes on behind a line break at i and the indentation after it, or -1.
func lineBreak(b []byte, i int) int {
	switch {
	case bytes.HasPrefix(b[i:], []byte("\r\n")):
		i += 2
	case bytes.HasPrefix(b[i:], []byte("\n")):
		i++
	case bytes.HasPrefix(b[i:], []byte(`\r\n`)):
		i += 4
	case bytes.HasPrefix(b[i:], []byte(`\n`)):
		i += 2
	default:
		return -1
	}
	for n := 0; n < 64 && i < len(b) && class[b[i]]&blank != 0; n++ {
		i++
	}
	return i
}

// lineOver reports whether nothing but the end of a line, a literal or the text follows at i.
func lineOver(b []byte, i int) bool {
	return i >= len(b) || class[b[i]]&quote != 0 || bytes.IndexByte([]byte("\r\n\\<"), b[i]) >= 0
}

// appendBase64 decodes src, of either alphabet, and passes over line breaks, written-out ones too, and blanks; padding or
// any other byte ends it. It stops before the byte that would be number stop, if that is not negative, and returns where in
// src that byte begins.
func appendBase64(dst, src []byte, stop int) ([]byte, int) {
	if stop < 0 {
		stop = 1 << 62
	}
	stop += len(dst)
	var acc uint32
	bits, from := 0, 0
	for i := 0; i < len(src); i++ {
		v := sextet[src[i]]
		if v == none {
			switch src[i] {
			case '\\':
				i++
				continue
			case '\n', '\r', ' ', '\t':
				continue
			}
			break
		}
		if bits == 0 {
			from = i
		}
		acc = acc<<6 | uint32(v)
		bits += 6
		if bits >= 8 {
			if len(dst) >= stop {
				return dst, from
			}
			bits -= 8
			dst = append(dst, byte(acc>>bits))
			acc &= 1<<bits - 1
			from = i
		}
	}
	return dst, len(src)
}
