package match

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"sprawl/detectors"
	"sprawl/finding"
)

// shape is a compiled detectors.Shape.
type shape struct {
	det        int32
	role       finding.Role
	pieces     []detectors.Piece
	left       detectors.Class
	right      detectors.Class
	ownLeft    bool // the row set Left or Right itself
	ownRight   bool
	keep       int
	lead       int // length of the leading literal
	needName   []string
	minEntropy float64
	minLen     int
	maxLen     int
	uuid       bool // a UUID may be meant
	hex        bool // hexadecimal digits are all that it may hold, or may hold nothing but
	open       bool // whatever somebody types: its bytes say nothing
	tails      bool // a word may go on behind it

	// The window: four sets of bytes the prefilter looks for. It begins winOff bytes after a point that itself stands lo to
	// hi bytes after the token's start.
	win    [4]*folds
	winOff int
	guard  guard
	head   []detectors.Class // of the bytes around the window
	headAt int               // where it begins, from the window
	lo, hi int

	back, ahead int // bytes before the point and from the window on that may decide
}

// So many bytes before a window and from it on are compared before a shape counts as standing there.
const (
	headBefore = 8
	headAfter  = 16
)

// hexSize is the largest alphabet of which values of hexadecimal digits alone are no surprise.
const hexSize = 23

// entropyFrom is the random length from which an unset MinEntropy means 2.0 bits.
const entropyFrom = 16

func compileShape(det int32, row *detectors.Shape) (shape, error) {
	s := shape{det: det, role: cmp.Or(row.Role, finding.RoleSecret), pieces: row.Pieces, needName: row.NeedName, minEntropy: row.MinEntropy}
	if len(row.Pieces) == 0 {
		return s, errors.New("no pieces")
	}
	for i, p := range row.Pieces {
		switch {
		case p.Lit != "":
			if p.Class != nil {
				return s, fmt.Errorf("piece %d is both a literal and a class", i)
			}
			s.minLen += len(p.Lit)
			s.maxLen += len(p.Lit)
			s.uuid = s.uuid || p.Lit == "-"
			if i == 0 {
				s.lead = len(p.Lit)
			}
		case p.Class == nil || p.Max < p.Min || p.Min < 0 || p.Max == 0:
			return s, fmt.Errorf("piece %d is neither a literal nor a run of %d to %d bytes of a class", i, p.Min, p.Max)
		case p.Max > maxValue:
			return s, fmt.Errorf("piece %d is longer than %d bytes", i, maxValue)
		default:
			s.minLen += p.Min
			s.maxLen += p.Max
			s.uuid = s.uuid || p.Class.Has('-') && (!p.Class.Has('g') || p.Min == uuidLen && p.Max == uuidLen)
			s.hex = s.hex || p.Class.Size() <= hexSize
			s.open = s.open || p.Class.Has('!') && p.Class.Has('*')
		}
	}
	last := row.Pieces[len(row.Pieces)-1]
	s.left, s.right = *detectors.WordBytes, *detectors.WordBytes
	if last.Class != nil {
		s.right = *last.Class.Or(detectors.WordBytes)
	}
	if row.Left != nil {
		s.left, s.ownLeft = *row.Left, true
	}
	if row.Right != nil {
		s.right, s.ownRight = *row.Right, true
	}
	s.keep = cmp.Or(row.Keep, s.lead)
	if s.minEntropy == 0 && s.minLen-s.lead >= entropyFrom {
		s.minEntropy = 2.0
	}
	return s, nil
}

// Bytes that make a longer token of which a value known only by its name would be a piece: a path, a UUID, an assignment.
var (
	moreLeft  = detectors.Of("+/.$-")
	moreRight = detectors.Of("+/=(-")
)

// wholeToken tightens the default boundaries of a value that has no literal of its own.
func (s *shape) wholeToken() {
	if !s.ownLeft {
		s.left = *s.left.Or(moreLeft)
	}
	if !s.ownRight {
		s.right = *s.right.Or(moreRight)
	}
}

// looseFrom is the length from which a run's length tells so much that its alphabet may hold any letters and digits, and
// looseWhole the length of a value of several runs from which each of them may.
const (
	looseFrom  = 20
	looseWhole = 32
	uuidLen    = 36
)

// loosened returns the shapes with letters and digits let into their long runs of some of them.
func loosened(strict []shape) []shape {
	out := slices.Clone(strict)
	for i := range out {
		s := &out[i]
		pieces := slices.Clone(s.pieces)
		for j := range pieces {
			p := &pieces[j]
			if p.Class != nil && (p.Min >= looseFrom || p.Min >= 4 && s.minLen >= looseWhole) && (p.Class.Has('f') || p.Class.Has('F')) && p.Class.Has('0') {
				p.Class = p.Class.Or(detectors.Base62)
			}
		}
		s.pieces = pieces
	}
	return out
}

// anchor picks the window that the prefilter looks for.
func (s *shape) anchor(f *folder) error {
	best := math.MaxFloat64
	lo, hi := 0, 0 // where the current segment begins, from the token's start
	seq, lits := f.seq[:0], 0
	take := func() {
		if lits == 0 || hi-lo > maxSlide {
			return
		}
		if at, cost := rarest(seq); at >= 0 && cost < best {
			best, s.lo, s.hi, s.winOff = cost, lo, hi, at
			s.win, s.guard = gramOf(seq[at:]), around(seq, at)
			first := max(0, at-headBefore)
			head := seq[first:min(len(seq), at+headAfter)]
			s.head, s.headAt = slices.Grow(s.head[:0], len(head)), first-at
			for i := range head {
				s.head = append(s.head, head[i].class)
			}
		}
	}
	for _, p := range s.pieces {
		if p.Lit != "" {
			seq = f.literal(seq, p.Lit, p.Fold)
			lits += len(p.Lit)
			continue
		}
		if at := f.spot(p.Class); p.Min > 0 {
			for range min(p.Min, 64) {
				seq = append(seq, at)
			}
		}
		if p.Min == p.Max && p.Min <= 64 {
			continue
		}
		take()
		// What follows a run of varying length is a segment of its own.
		n := len(seq) - min(p.Min, 64)
		lo, hi = lo+n+p.Min, hi+n+p.Max
		seq, lits = seq[:0], 0
	}
	take()
	f.seq = seq
	s.back = s.hi + nameBack
	s.ahead = s.maxLen - s.winOff - s.lo + shapeAhead
	if best == math.MaxFloat64 {
		return fmt.Errorf("no usable literal: none of 2 bytes or more within %d bytes of the start whose neighbourhood has at most %d forms", maxSlide, maxGrams)
	}
	return nil
}

// maxSteps bounds the backtracking of one attempt.
const maxSteps = 2048

// at matches the shape at exactly i and returns its end, or -1.
func (s *shape) at(b []byte, i int, seen *classRun) int {
	if i < 0 || len(b)-i < s.minLen {
		seen.far = max(seen.far, i+s.minLen)
		return -1
	}
	if i > 0 && s.left.Has(b[i-1]) && !escapeEnds(b, i) {
		return -1
	}
	steps := maxSteps
	return s.run(b, i, 0, &steps, seen)
}

// begins reports whether the first run of the shape may stand at i: a look at its first byte and at the last it cannot do
// without. Most do not.
func (s *shape) begins(b []byte, i int, seen *classRun) bool {
	p := &s.pieces[0]
	if p.Class == nil || p.Min == 0 {
		return true
	}
	if last := i + p.Min - 1; last < len(b) && p.Class.Has(b[last]) && p.Class.Has(b[i]) {
		return true
	}
	seen.far = max(seen.far, i+p.Min)
	return false
}

// behind matches the shape at exactly i, whatever stands before it.
func (s *shape) behind(b []byte, i int, seen *classRun) int {
	if len(b)-i < s.minLen {
		seen.far = max(seen.far, i+s.minLen)
		return -1
	}
	steps := maxSteps
	return s.run(b, i, 0, &steps, seen)
}

// classRun remembers the last long run that was measured, so that many attempts within one run measure it once.
type classRun struct {
	class    *detectors.Class
	from, to int
	far      int // the end of what was compared
}

// longRun is the length from which runs are remembered.
const longRun = 64

func (s *shape) run(b []byte, i, k int, steps *int, seen *classRun) int {
	for ; k < len(s.pieces); k++ {
		p := &s.pieces[k]
		if *steps--; *steps < 0 {
			return -1
		}
		if p.Lit != "" {
			seen.far = max(seen.far, i+len(p.Lit))
			if len(b)-i < len(p.Lit) {
				return -1
			}
			if p.Fold {
				for j := range len(p.Lit) {
					if lower(b[i+j]) != lower(p.Lit[j]) {
						return -1
					}
				}
			} else if string(b[i:i+len(p.Lit)]) != p.Lit {
				return -1
			}
			i += len(p.Lit)
			continue
		}
		if p.Min > 0 {
			// Most runs are too short, which their last byte tells.
			if len(b)-i < p.Min || !p.Class.Has(b[i+p.Min-1]) {
				seen.far = max(seen.far, i+p.Min)
				return -1
			}
		}
		n, most := 0, min(p.Max, len(b)-i)
		known := seen.class == p.Class && i >= seen.from && i < seen.to
		if known {
			n = min(seen.to-i, most)
		}
		for n < most && p.Class.Has(b[i+n]) {
			n++
		}
		switch {
		case known:
			seen.to = max(seen.to, i+n)
		case n >= longRun:
			seen.class, seen.from, seen.to = p.Class, i, i+n
		}
		seen.far = max(seen.far, i+n+1)
		if n < p.Min {
			return -1
		}
		if p.Min < n && k+1 < len(s.pieces) {
			for ; n >= p.Min; n-- {
				if e := s.run(b, i+n, k+1, steps, seen); e >= 0 {
					return e
				}
				if *steps < 0 {
					return -1
				}
			}
			return -1
		}
		i += n
	}
	if i < len(b) && s.right.Has(b[i]) {
		seen.far = max(seen.far, i+max(s.minLen, tailTo+2))
		if !s.again(b, i) && !(s.tails && wordBehind(b, i)) {
			return -1
		}
	}
	return i
}

// Letters of a word that goes on behind a token of fixed length.
const (
	tailFrom = 4
	tailTo   = 8
)

// tailed reports whether a word goes on behind the token that ends at end.
func (s *shape) tailed(b []byte, end int) bool {
	return s.tails && end < len(b) && s.right.Has(b[end]) && !s.again(b, end)
}

// wordBehind reports whether nothing but a word of lower-case letters goes on at i, as where something was put behind a token:
// TOKENextra, TOKEN_old.
func wordBehind(b []byte, i int) bool {
	if !isLetter(b[i-1]) && !isDigit(b[i-1]) {
		return false
	}
	if b[i] == '_' {
		i++
	}
	n := 0
	for i+n < len(b) && n <= tailTo && isLower(b[i+n]) {
		n++
	}
	return n >= tailFrom && n <= tailTo && (i+n == len(b) || !isWord(b[i+n]) && b[i+n] != '-')
}

// address reports whether a shape is a path of which the last part is one run.
func (s *shape) address() bool {
	n := len(s.pieces)
	return n > 1 && s.pieces[n-1].Class != nil && !s.pieces[n-1].Class.Has('/') && s.pieces[n-2].Lit == "/"
}

// again reports whether the next token of the same kind begins at i: a list without separators.
func (s *shape) again(b []byte, i int) bool {
	return s.lead >= minRepeated && len(b)-i >= s.minLen && string(b[i:i+s.lead]) == s.pieces[0].Lit && !s.pieces[0].Fold
}

// minRepeated is how long a literal must be to be told from the bytes of a token before it.
const minRepeated = 3

// escapeEnds reports whether the word byte before i is the end of an escape sequence rather than of a word: \n, \t, \u003d,
// \x3d, %3D, or a terminal's colour code.
func escapeEnds(b []byte, i int) bool {
	at := func(n int) byte {
		if i-n < 0 {
			return 0
		}
		return b[i-n]
	}
	c := at(1)
	switch {
	case (c == 'n' || c == 'r' || c == 't') && at(2) == '\\':
		return true
	case isHex(c) && isHex(at(2)):
		return at(3) == '%' || at(3) == 'x' && at(4) == '\\' ||
			isHex(at(3)) && isHex(at(4)) && at(5) == 'u' && at(6) == '\\'
	case c == 'm':
		for n := 2; n <= escapeBack; n++ {
			switch x := at(n); {
			case x == '[':
				return at(n+1) == 0x1b
			case !isDigit(x) && x != ';':
				return false
			}
		}
	}
	return false
}
