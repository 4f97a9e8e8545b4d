package decode

import "bytes"

// Load is what decoding a text took of those limits that hold for a text as a whole.
type Load struct{ Bytes, Joints int64 }

// Load is what was taken since Reset.
func (b *Budget) Load() Load { return Load{b.lim.MaxBytes - b.left, b.joints} }

// Plus is the load of two texts together.
func (l Load) Plus(o Load) Load { return Load{l.Bytes + o.Bytes, l.Joints + o.Joints} }

// Minus is what l holds besides o.
func (l Load) Minus(o Load) Load { return Load{l.Bytes - o.Bytes, l.Joints - o.Joints} }

// Charge takes a load that decoding the same text took before. It reports false, and takes nothing, where decoding it again
// could meet a limit.
func (b *Budget) Charge(l Load) bool {
	if b.hit != "" || l.Bytes >= b.left {
		return false
	}
	b.left -= l.Bytes
	b.joints += l.Joints
	return true
}

// Times is the load of n such texts.
func (l Load) Times(n int64) Load {
	if n > 1<<20 {
		n = 1 << 20
	}
	return Load{l.Bytes * n, l.Joints * n}
}

// Light reports whether a load stays far enough below the limits that they make no difference to what is decoded.
func (l Load) Light(lim Limits) bool {
	most := lim.MaxBytes
	if most <= 0 {
		most = Default().MaxBytes
	}
	return l.Bytes <= most/4 && l.Joints <= maxJoints/4
}

// Apart reports whether b, without NUL, may be cut in two before b[at], which begins a line, so that Pieces gives for the halves of
// a text that holds b what it gives for the whole, as long as no limit is met: nothing that is decoded goes on over that place.
// It looks at a few bytes of b on either side only; where they are too few to tell, the answer is false.
//
// What goes on from one line to the next is lines of base64, each a run of at least minRun characters; quoted-printable; and
// string literals, which end and begin with a quote or end with a backslash. See wrapped, softAt, jointAt and continuation.
func Apart(b []byte, at int) bool {
	if at < 1 || b[at-1] != '\n' {
		return false
	}
	i := at - 1 // of the line's end
	for low := max(0, i-maxBlank); i > low && (b[i-1] == '\r' || class[b[i-1]]&blank != 0); {
		i--
	}
	if i == 0 || i == at-1-maxBlank {
		return false
	}
	c := b[i-1]
	if c == '\n' {
		return true // an empty line
	}
	if c == '\\' {
		return false
	}
	if c == '=' {
		if i == at-1 || i == at-2 && b[i] == '\r' {
			// The line's length tells, and whether another follows.
			known := i-1 > maxSoft || bytes.IndexByte(b[:i-1], '\n') >= 0
			return known && at+1 < len(b) && !softAt(b, i-1)
		}
		return true
	}
	if class[c]&(quote|operand) != 0 {
		q := skipBack(b, i-1)
		if q == 0 || class[b[q]]&(operand|blank) != 0 {
			return false
		}
		if class[b[q]]&quote != 0 && !noLiteral(b[at:]) {
			return false
		}
	}
	run := i
	for low := max(0, i-minRun); run > low && class[b[run-1]]&inRun != 0; {
		run--
	}
	return run > 0 && i-run < minRun
}

// noLiteral reports whether what a line begins with cannot be a string literal behind an operator.
func noLiteral(b []byte) bool {
	for i := 0; i+1 < min(len(b), maxBlank); i++ {
		switch c := b[i]; {
		case c == '\r' || class[c]&(blank|operand) != 0:
		case class[c]&quote != 0:
			return false
		default:
			return class[b[i+1]]&quote == 0
		}
	}
	return false
}

const (
	maxBlank = 32 // at the end or the start of a line
	minRun   = 16 // no more than Budget takes as MinLen
)
