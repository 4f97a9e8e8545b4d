package decode

import (
	"bytes"
	"unicode/utf8"
)

// Classes of bytes, as bits of class.
const (
	inRun   = 1 << iota // base64 of either alphabet
	stdOnly             // + and /
	urlOnly             // - and _
	inHex
	visible // printable ASCII, tab and line breaks
	blank   // space and tab
	quote   // " ' `
	inToken // what a credential is made of; two literals are joined where both ends are
	operand // what puts literals together, in one language or another
)

var class = func() (t [256]uint16) {
	set := func(bit uint16, s string) {
		for i := range len(s) {
			t[s[i]] |= bit
		}
	}
	for c := range 256 {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			t[c] |= inRun | inHex | inToken
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			t[c] |= inRun | inToken
		}
		if c >= 0x20 && c < 0x7f {
			t[c] |= visible
		}
	}
	set(visible, "\t\r\n")
	set(blank, " \t")
	set(inRun|stdOnly, "+/")
	set(inRun|urlOnly, "-_")
	set(quote, "\"'`")
	set(inToken, "_-+/=.:")
	set(operand, "+.&_|<>^~")
	return t
}()

// sextet is the value of a base64 character of either alphabet, none for other bytes.
const none = 0xff

var sextet = func() (t [256]byte) {
	for c := range t {
		t[c] = none
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	t['-'], t['_'] = 62, 63
	return t
}()

// nibble is the value of a hexadecimal digit, none for other bytes.
var nibble = func() (t [256]byte) {
	for c := range t {
		t[c] = none
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	for i, c := range []byte("ABCDEF") {
		t[c] = byte(10 + i)
	}
	return t
}()

// hexByte reads two hexadecimal digits at i.
func hexByte(b []byte, i int) (byte, bool) {
	if i < 0 || i+1 >= len(b) {
		return 0, false
	}
	hi, lo := nibble[b[i]], nibble[b[i+1]]
	return hi<<4 | lo, hi != none && lo != none
}

// hexRune reads n hexadecimal digits at i.
func hexRune(b []byte, i, n int) (r rune, ok bool) {
	if i+n > len(b) {
		return 0, false
	}
	for _, c := range b[i : i+n] {
		v := nibble[c]
		if v == none {
			return 0, false
		}
		r = r<<4 | rune(v)
	}
	return r, true
}

// isText reports whether at least percent of a hundred bytes are printable ASCII or belong to a UTF-8 character. A character
// that the end of p cuts counts.
func isText(p []byte, percent int) bool {
	good := 0
	for i := 0; i < len(p); {
		if p[i] < utf8.RuneSelf {
			if class[p[i]]&visible != 0 {
				good++
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(p[i:])
		switch {
		case r != utf8.RuneError:
			good += n
		case !utf8.FullRune(p[i:]):
			n = len(p) - i
			good += n
		}
		i += n
	}
	return good*100 >= percent*len(p)
}

// isWide reports whether p looks like UTF-16 of mostly ASCII, in one byte order or the other.
// A byte order mark is passed over.
func isWide(p []byte) bool {
	if len(p) >= 2 && (p[0] == 0xff && p[1] == 0xfe || p[0] == 0xfe && p[1] == 0xff) {
		p = p[2:]
	}
	le, be := wideShare(p)
	return len(p) >= 4 && (le >= 75 || be >= 75)
}

// wideShare is the share in percent of code units of p that are printable ASCII, read in either byte order.
func wideShare(p []byte) (le, be int) {
	units := len(p) / 2
	if units == 0 {
		return 0, 0
	}
	for i := 0; i < 2*units; i += 2 {
		switch {
		case p[i+1] == 0 && class[p[i]]&visible != 0:
			le++
		case p[i] == 0 && class[p[i+1]]&visible != 0:
			be++
		}
	}
	return le * 100 / units, be * 100 / units
}

var (
	gzipMagic = []byte{0x1f, 0x8b, 8}
	zipMagic  = []byte("PK\x03\x04")
)

// isContainer reports whether p begins like a format that is opened further on.
func isContainer(p []byte) bool {
	return bytes.HasPrefix(p, gzipMagic) || bytes.HasPrefix(p, zipMagic) || isZlib(p)
}

// zlibMagic begins a zlib header.
const zlibMagic = 0x78

// isZlib checks the two bytes of a zlib header (RFC 1950, 2.2) with the usual window of 32 KiB and no preset dictionary.
func isZlib(p []byte) bool {
	return len(p) > 2 && p[0] == zlibMagic && p[1]&0x20 == 0 && (uint(p[0])<<8|uint(p[1]))%31 == 0
}

// worthwhile judges decoded bytes: text, UTF-16 text, or a container. percent is how much of a text must be printable.
func worthwhile(p []byte, percent int) bool {
	return isContainer(p) || isText(p, percent) || isWide(p)
}
