package decode

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// around is how much plain text of the line stands on either side of a window of escapes, and how far apart two escapes of
	// one window may be.
	around = 512

	maxRegion   = 64 << 10 // bytes of one percent-encoded token
	leftRegion  = 4 << 10  // of them before the first escape
	fewEscapes  = 3        // as many percent escapes are reason enough to decode a token
	shortRegion = 20       // bytes a token must have to be decoded for a single escape
	tellTale    = "_-.:/@=+%"
)

// percentEnd are the bytes at which a percent-encoded token ends.
func percentEnd(c byte) bool {
	return c <= ' ' || c == 0x7f || c == '<' || c == '>' || class[c]&quote != 0
}

// percent decodes the token around a %XX: three escapes are enough, or one that hides a byte that tokens and URLs are
// recognised by, in a token of 20 bytes and more.
func (l *level) percent() {
	b := l.b
	for i, lo := 0, 0; !l.stop; {
		k := bytes.IndexByte(b[i:], '%')
		if k < 0 {
			return
		}
		k += i
		if _, ok := hexByte(b, k+1); !ok {
			i = k + 1
			continue
		}
		s := k
		for s > lo && k-s < leftRegion && !percentEnd(b[s-1]) {
			s--
		}
		e, escapes, telling := k, 0, false
		for e < len(b) && e-s < maxRegion && !percentEnd(b[e]) {
			if b[e] == '%' {
				if c, ok := hexByte(b, e+1); ok {
					escapes++
					telling = telling || bytes.IndexByte([]byte(tellTale), c) >= 0
					e += 3
					continue
				}
			}
			e++
		}
		l.d.work += int64(e - s)
		if (escapes >= fewEscapes || telling && e-s >= shortRegion) && l.begin(e-s) {
			l.text, _ = appendPercent(l.text, b[s:e], -1)
			l.put(s, e, Percent, formPlain)
		}
		i, lo = e, e
	}
}

// appendPercent decodes src. It stops before the byte that would be number stop, if that is not negative, and returns where
// in src that byte begins. So do the other append functions here.
func appendPercent(dst, src []byte, stop int) ([]byte, int) {
	stop = limit(dst, stop)
	for i := 0; i < len(src); {
		if len(dst) >= stop {
			return dst, i
		}
		if src[i] == '%' {
			if c, ok := hexByte(src, i+1); ok {
				dst = append(dst, c)
				i += 3
				continue
			}
		}
		dst = append(dst, src[i])
		i++
	}
	return dst, len(src)
}

func limit(dst []byte, stop int) int {
	if stop < 0 {
		return 1 << 62
	}
	return len(dst) + stop
}

// escapes decodes windows around backslash escapes of printable ASCII. Others (colours of a terminal, accented letters in
// a translation) are no reason to decode a line, and are decoded where there is one.
func (l *level) escapes() {
	l.windows('\\', UnicodeEscape, escapeHides, appendEscapes)
}

// entities does the same for HTML and XML.
func (l *level) entities() {
	l.windows('&', HTML, entityHides, appendEntities)
}

// windows finds bytes intro at which hides gives the length of an escape, and decodes a window on the line around those
// that are close together.
func (l *level) windows(intro byte, step string, hides func([]byte, int) int,
	decode func(dst, src []byte, stop int) ([]byte, int),
) {
	b := l.b
	for i, lo := 0, 0; !l.stop; {
		k := bytes.IndexByte(b[i:], intro)
		if k < 0 {
			return
		}
		k += i
		n := hides(b, k)
		if n == 0 {
			i = k + 1
			if intro == '\\' && i < len(b) && b[i] == '\\' {
				i++
			}
			continue
		}
		s := max(lo, lineStart(b, k, around))
		// The window ends at most around bytes behind the last escape; each byte of it is looked at once.
		last := k + n
		e := lineEnd(b, last, around)
		for at := last; at < e; {
			m := bytes.IndexByte(b[at:e], intro)
			if m < 0 {
				break
			}
			at += m
			n := hides(b, at)
			if n == 0 {
				at++
				continue
			}
			at += n
			if at > e {
				break
			}
			last = at
			e += bytesToLineEnd(b, e, last+around)
		}
		l.d.work += int64(e - s)
		if l.begin(e - s) {
			l.text, _ = decode(l.text, b[s:e], -1)
			l.put(s, e, step, formPlain)
		}
		i, lo = max(e, k+1), e
	}
}

// bytesToLineEnd is how far a window that ends at e may grow towards to without passing the end of the line.
func bytesToLineEnd(b []byte, e, to int) int {
	to = min(to, len(b))
	if to <= e {
		return 0
	}
	if n := bytes.IndexByte(b[e:to], '\n'); n >= 0 {
		return n
	}
	return to - e
}

// escapeHides is the length of a backslash escape at k that stands for printable ASCII, or 0. An escape whose backslash is
// itself escaped counts: it is one inside a JSON string inside a JSON string, and the next level reads it.
func escapeHides(b []byte, k int) int {
	if k+1 < len(b) && b[k+1] == '\\' {
		if n := escapeHides1(b, k+1); n > 0 {
			return n + 1
		}
		return 0
	}
	return escapeHides1(b, k)
}

func escapeHides1(b []byte, k int) int {
	if r, n := escapeAt(b, k); n >= 4 && r >= ' ' && r < 0x7f {
		return n
	}
	return 0
}

// escapeAt reads the escape at the backslash at k: the numeric ones of JSON, JavaScript, Python, C and the shell, and the
// letters that all of them share. n is 0 if there is none; r is -1 for one half of a surrogate pair.
func escapeAt(b []byte, k int) (r rune, n int) {
	if k+1 >= len(b) {
		return 0, 0
	}
	switch c := b[k+1]; c {
	case 'u':
		if k+2 < len(b) && b[k+2] == '{' {
			for m := 1; m <= 6 && k+3+m < len(b); m++ {
				if b[k+3+m] == '}' {
					if r, ok := hexRune(b, k+3, m); ok {
						return r, m + 4
					}
					break
				}
			}
			return 0, 0
		}
		r, ok := hexRune(b, k+2, 4)
		if !ok {
			return 0, 0
		}
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if k+7 < len(b) && b[k+6] == '\\' && b[k+7] == 'u' {
			if low, ok := hexRune(b, k+8, 4); ok {
				if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
					return both, 12
				}
			}
		}
		return utf8.RuneError, 6
	case 'U':
		if r, ok := hexRune(b, k+2, 8); ok {
			return r, 10
		}
	case 'x':
		if r, ok := hexRune(b, k+2, 2); ok {
			return r, 4
		}
	case '0', '1', '2', '3':
		if k+3 < len(b) && b[k+2]&^7 == '0' && b[k+3]&^7 == '0' {
			return rune(c&3)<<6 | rune(b[k+2]&7)<<3 | rune(b[k+3]&7), 4
		}
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case '"', '\'', '\\', '/':
		return rune(c), 2
	}
	return 0, 0
}

func appendEscapes(dst, src []byte, stop int) ([]byte, int) {
	return appendRunes(dst, src, stop, '\\', escapeAt)
}

func appendEntities(dst, src []byte, stop int) ([]byte, int) {
	return appendRunes(dst, src, stop, '&', entityAt)
}

func appendRunes(dst, src []byte, stop int, intro byte, at func([]byte, int) (rune, int)) ([]byte, int) {
	stop = limit(dst, stop)
	for i := 0; i < len(src); {
		if len(dst) >= stop {
			return dst, i
		}
		if src[i] == intro {
			if r, n := at(src, i); n > 0 {
				if len(dst)+utf8.RuneLen(max(r, 0)) > stop {
					return dst, i
				}
				// \xNN and \NNN above 0x7f are bytes, not characters; as a character each still reads as something that is not
				// part of a token, which is all that is asked of it here.
				dst = utf8.AppendRune(dst, r)
				i += n
				continue
			}
		}
		dst = append(dst, src[i])
		i++
	}
	return dst, len(src)
}

// entityNames are the named references of printable ASCII (HTML Living Standard, 13.5), and the space that does not break.
var entityNames = map[string]rune{
	"amp": '&', "AMP": '&', "lt": '<', "LT": '<', "gt": '>', "GT": '>', "quot": '"', "QUOT": '"', "apos": '\'',
	"nbsp": ' ', "excl": '!', "num": '#', "dollar": '$', "percnt": '%', "lpar": '(', "rpar": ')', "ast": '*', "midast": '*',
	"plus": '+', "comma": ',', "period": '.', "sol": '/', "colon": ':', "semi": ';', "equals": '=', "quest": '?',
	"commat": '@', "lsqb": '[', "lbrack": '[', "bsol": '\\', "rsqb": ']', "rbrack": ']', "Hat": '^', "lowbar": '_',
	"UnderBar": '_', "grave": '`', "lcub": '{', "lbrace": '{', "verbar": '|', "vert": '|', "rcub": '}', "rbrace": '}',
}

const maxEntityName = 8 // "UnderBar"

func entityHides(b []byte, k int) int {
	if r, n := entityAt(b, k); n > 0 && r >= ' ' && r < 0x7f {
		return n
	}
	return 0
}

// entityAt reads the reference at the ampersand at k, its semicolon included. n is 0 if there is none.
func entityAt(b []byte, k int) (r rune, n int) {
	if k+2 >= len(b) {
		return 0, 0
	}
	if b[k+1] != '#' {
		for m := 2; m <= maxEntityName && k+1+m < len(b); m++ {
			if b[k+1+m] == ';' {
				if r, ok := entityNames[string(b[k+1:k+1+m])]; ok {
					return r, m + 2
				}
				break
			}
		}
		return 0, 0
	}
	i, base := k+2, rune(10)
	if b[i]|0x20 == 'x' {
		i, base = i+1, 16
	}
	for s := i; i < len(b) && i-s <= 8; i++ {
		if b[i] == ';' && i > s {
			return r, i + 1 - k
		}
		v := rune(nibble[b[i]])
		if v >= base {
			break
		}
		if r = r*base + v; r > utf8.MaxRune {
			break
		}
	}
	return 0, 0
}
