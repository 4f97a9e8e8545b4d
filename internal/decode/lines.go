package decode

import (
	"bytes"
	"cmp"
	"slices"
)

const (
	// RFC 2045, 6.7: lines of quoted-printable have at most 76 characters; encoders break only lines that are nearly as long.
	// Anything shorter with an equals sign at its end is an empty assignment.
	minSoft, maxSoft = 40, 80

	maxQuoted = 64 << 10 // bytes of one window of quoted-printable
	maxJoint  = 256      // bytes between two literals
	maxJoints = 1 << 16  // joints of one text
	aroundLit = 4 << 10  // bytes of the line on either side of the first and last joint
)

// quotedPrintable decodes the lines around a soft line break or an encoded equals sign, the one ASCII character that every
// encoder must encode.
func (l *level) quotedPrintable() {
	b := l.b
	for i, lo := 0, 0; !l.stop; {
		k := bytes.IndexByte(b[i:], '=')
		if k < 0 {
			return
		}
		k += i
		i = k + 1
		if !softAt(b, k) && !bytes.HasPrefix(b[k:], []byte("=3D")) {
			continue
		}
		s := max(lo, lineStart(b, k, around))
		e := k
		for {
			e = lineEnd(b, e, around)
			q := e - 1
			if q > k && b[q] == '\r' {
				q--
			}
			if q < k || e >= len(b) || b[q] != '=' || !softAt(b, q) || e-s > maxQuoted {
				break
			}
			e++
		}
		l.d.work += int64(e - s)
		if l.begin(e - s) {
			l.text, _ = appendQuoted(l.text, b[s:e], -1)
			l.put(s, e, QuotedPrintable, formPlain)
		}
		i, lo = max(i, e), e
	}
}

// softAt reports whether the equals sign at k is a soft line break: it ends a line of the usual length, and not a SHA-256 in
// base64, as every line of a go.sum does.
func softAt(b []byte, k int) bool {
	if !isSoft(b, k) || k > 0 && b[k-1] == '=' { // an equals sign of the text is encoded; two are the padding of base64
		return false
	}
	if n := k - lineStart(b, k, maxSoft+1); n < minSoft || n > maxSoft {
		return false
	}
	const digest = 43 // characters beside the padding
	i := k
	for i > 0 && k-i < digest && class[b[i-1]]&inRun != 0 {
		i--
	}
	return k-i < digest || i == 0 || b[i-1] != ':' && b[i-1] != '-'
}

// isSoft reports whether the equals sign at k ends its line and a line that is not empty follows.
func isSoft(b []byte, k int) bool {
	k++
	if k < len(b) && b[k] == '\r' {
		k++
	}
	return k+1 < len(b) && b[k] == '\n' && b[k+1] != '\n' && b[k+1] != '\r'
}

func appendQuoted(dst, src []byte, stop int) ([]byte, int) {
	stop = limit(dst, stop)
	for i := 0; i < len(src); {
		if src[i] == '=' && isSoft(src, i) {
			i += 2
			if src[i-1] == '\r' {
				i++
			}
			continue
		}
		if len(dst) >= stop {
			return dst, i
		}
		if src[i] == '=' {
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

// joint is what stands between two parts of one string: b[start:end] is left out where they are joined.
type joint struct{ start, end int }

// joined puts string literals together: "abc" + "def" on one line, and over lines also adjacent literals, the operators of
// PHP, Lua, Visual Basic, SQL and others, and a backslash at the end of a line. Only where both ends could belong to
// one token: a sentence broken over lines is not worth another look.
func (l *level) joined() {
	b := l.b
	l.joints = findJoints(l.joints[:0], b)
	js := l.joints
	l.d.work += int64(len(js))
	l.lim.joints += int64(len(js))
	if len(js) == maxJoints {
		l.lim.exceed(HitJoints)
	}
	for i, lo := 0, 0; i < len(js) && !l.stop; {
		n := 1
		for i+n < len(js) && bytes.IndexByte(b[js[i+n-1].end:js[i+n].start], '\n') < 0 {
			n++
		}
		s := max(lo, lineStart(b, js[i].start, aroundLit))
		e := lineEnd(b, js[i+n-1].end, aroundLit)
		l.d.work += int64(e - s)
		if l.begin(e - s) {
			at := s
			for _, j := range js[i : i+n] {
				l.text = append(l.text, b[at:j.start]...)
				at = j.end
			}
			l.text = append(l.text, b[at:e]...)
			l.put(s, e, Joined, formPlain)
		}
		i, lo = i+n, e
	}
}

// joinedAt maps an offset in the joined text to one in the source.
func joinedAt(js []joint, off int) int {
	for _, j := range js {
		if j.start > off {
			break
		}
		off += j.end - j.start
	}
	return off
}

// findJoints appends the joints in b, sorted, none overlapping. Those over lines are found from line breaks; those within a
// line from the plus sign, which is rare.
func findJoints(js []joint, b []byte) []joint {
	add := func(j joint, ok bool) {
		if ok && len(js) < maxJoints {
			js = append(js, j)
		}
	}
	for i := 0; i < len(b); i++ {
		k := bytes.IndexByte(b[i:], '\n')
		if k < 0 {
			break
		}
		i += k
		p := i
		for lo := max(0, i-64); p > lo && (b[p-1] == '\r' || class[b[p-1]]&blank != 0); {
			p--
		}
		if p == 0 {
			continue
		}
		switch c := b[p-1]; {
		case class[c]&quote != 0:
			add(jointAt(b, p-1))
		case c == '\\':
			add(continuation(b, p-1, i))
		case class[c]&operand != 0:
			add(jointAt(b, skipBack(b, p-1)))
		}
	}
	for i := 0; i < len(b); i++ {
		k := bytes.IndexByte(b[i:], '+')
		if k < 0 {
			break
		}
		i += k
		if i > 0 && class[b[i-1]]&(quote|blank) != 0 {
			add(jointAt(b, skipBack(b, i)))
		}
	}
	slices.SortFunc(js, func(a, b joint) int { return cmp.Compare(a.start, b.start) })
	out := js[:0]
	for _, j := range js {
		if len(out) == 0 || j.start >= out[len(out)-1].end {
			out = append(out, j)
		}
	}
	return out
}

// skipBack goes from the last byte of an operator at i back to what stands before it and its blanks.
func skipBack(b []byte, i int) int {
	lo := max(0, i-16)
	for i > lo && (class[b[i]]&(operand|blank) != 0) {
		i--
	}
	return i
}

// jointAt reads a joint at the quote at q that ends a literal: blanks, at most one operator, a line break or none, and the
// quote that begins the next, which may have the letter of a raw or formatted string before it.
func jointAt(b []byte, q int) (joint, bool) {
	if q < 1 || class[b[q]]&quote == 0 || class[b[q-1]]&inToken == 0 {
		return joint{}, false
	}
	hi := min(len(b), q+maxJoint)
	i, ops, breaks := q+1, 0, 0
between:
	for ; i < hi; i++ {
		switch c := b[i]; {
		case c == '\n':
			breaks++
		case c == '\r' || class[c]&blank != 0:
		case class[c]&operand != 0 && ops < 3:
			ops++
		default:
			break between
		}
	}
	if i+1 < len(b) && bytes.IndexByte([]byte("fbrRuL@"), b[i]) >= 0 {
		i++
	}
	ok := i+1 < len(b) && i < q+maxJoint && class[b[i]]&quote != 0 && class[b[i+1]]&inToken != 0 && breaks <= 1 && ops+breaks > 0
	if ok && ops == 0 && plainBefore(b, q) && plainFrom(b, i) {
		return joint{}, false // two imports of Go, not two parts of a string
	}
	return joint{q, i + 1}, ok
}

// maxPlain is how long the name of a package may be.
const maxPlain = 128

// plainBefore and plainFrom report whether the literal that a quote ends, or begins, is a word or a path of words in lower case.
func plainBefore(b []byte, q int) bool {
	lo := max(0, q-maxPlain)
	i := q - 1
	for i >= lo && class[b[i]]&quote == 0 && b[i] != '\n' {
		i--
	}
	return i >= lo && b[i] == b[q] && plainWords(b[i+1:q])
}

func plainFrom(b []byte, q int) bool {
	i, hi := q+1, min(len(b), q+1+maxPlain)
	for i < hi && class[b[i]]&quote == 0 && b[i] != '\n' {
		i++
	}
	return i < hi && b[i] == b[q] && plainWords(b[q+1:i])
}

func plainWords(v []byte) bool {
	digits, path := false, false
	for _, c := range v {
		switch {
		case c >= 'a' && c <= 'z' || c == '.' || c == '-' || c == '_':
		case c >= '0' && c <= '9':
			digits = true
		case c == '/':
			path = true
		default:
			return false
		}
	}
	return path || !digits
}

// continuation reads a joint at the backslash at k before the line break at nl. In a shell and in C the next line begins at
// its first column; YAML drops the indentation.
func continuation(b []byte, k, nl int) (joint, bool) {
	if k < 1 || nl-k > 2 || class[b[k-1]]&inToken == 0 {
		return joint{}, false
	}
	i := nl + 1
	for n := 0; n < 64 && i < len(b) && class[b[i]]&blank != 0; n++ {
		i++
	}
	return joint{k, i}, i < len(b) && class[b[i]]&inToken != 0
}
