package decode

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	wideHead = 4 << 10 // bytes by which a whole text is judged
	minUnits = 16      // code units of a stretch inside a binary
)

// wideText decodes the whole of b if it is UTF-16: by its byte order mark, or because nine of ten code units of its head are
// ASCII. It reports whether it is.
func (l *level) wideText() bool {
	b := l.b
	if len(b) < 4 {
		return false
	}
	head := b[:min(len(b), wideHead)&^1]
	var big bool
	switch {
	case b[0] == 0xff && b[1] == 0xfe:
	case b[0] == 0xfe && b[1] == 0xff:
		big = true
	default:
		if len(head) < 2*minUnits || bytes.IndexByte(head, 0) < 0 {
			return false
		}
		le, be := wideShare(head)
		if le < 90 && be < 90 {
			return false
		}
		big = be >= 90
	}
	l.d.work += int64(len(head))
	// A byte order mark is two bytes that random data begins with now and then.
	var buf [wideHead * 3 / 2]byte
	sample, _ := appendWide(buf[:0], head[:min(len(head), 512)], big, -1)
	if !isText(sample, 95) || bytes.IndexByte(sample, 0) >= 0 {
		return false
	}
	if !l.begin(len(b) * 3 / 2) {
		return true
	}
	f := formWideLE
	if big {
		f = formWideBE
	}
	l.text, _ = appendWide(l.text, b, big, -1)
	// The mark and the reserve for characters of three bytes are given back: most texts are ASCII.
	l.lim.left += int64(len(b)*3/2 - len(l.text))
	l.put(0, len(b), UTF16, f)
	return true
}

// appendWide decodes src; a byte order mark at its start and a byte left over at its end are dropped. See appendPercent for
// stop.
func appendWide(dst, src []byte, big bool, stop int) ([]byte, int) {
	stop = limit(dst, stop)
	unit := func(i int) rune {
		if big {
			return rune(src[i])<<8 | rune(src[i+1])
		}
		return rune(src[i+1])<<8 | rune(src[i])
	}
	i := 0
	if len(src) >= 2 && unit(0) == 0xfeff {
		i = 2
	}
	for i+1 < len(src) {
		if len(dst) >= stop {
			return dst, i
		}
		r, n := unit(i), 2
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
			i += 2
			continue
		}
		if utf16.IsSurrogate(r) {
			if i+3 < len(src) {
				if both := utf16.DecodeRune(r, unit(i+2)); both != utf8.RuneError {
					r, n = both, 4
				}
			}
			if n == 2 {
				r = utf8.RuneError
			}
		}
		if len(dst)+utf8.RuneLen(r) > stop {
			return dst, i
		}
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst, len(src)
}

// wideRuns finds stretches of ASCII in UTF-16 inside other bytes, in either byte order and at any offset: sixteen code units
// are 31 bytes, so one of two neighbouring bytes at every sixteenth place is NUL and the other printable.
func (l *level) wideRuns() {
	b := l.b
	if bytes.IndexByte(b, 0) < 0 {
		return
	}
	printable := func(i int) bool { return b[i] != 0 && class[b[i]]&visible != 0 }
	for i, lo := 0, 0; i+1 < len(b) && !l.stop; {
		p := -1
		switch {
		case b[i+1] == 0 && printable(i):
			p = i
		case b[i] == 0 && printable(i+1):
			p = i + 1
		}
		if p < 0 {
			i += minUnits
			continue
		}
		s, e := p, p
		for s-2 >= lo && b[s-1] == 0 && printable(s-2) {
			s -= 2
		}
		for e+2 < len(b) && b[e+1] == 0 && printable(e+2) {
			e += 2
		}
		l.d.work += int64(e - s + 1)
		if units := (e-s)/2 + 1; units >= minUnits && l.begin(units) {
			for j := s; j <= e; j += 2 {
				l.text = append(l.text, b[j])
			}
			l.put(s, e+1, UTF16, formWideRun)
		}
		lo = e + 1
		i = max(i+minUnits, e+1)
	}
}
