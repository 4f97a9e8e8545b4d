// Package decode finds encoded stretches in a text and decodes them: base64 in both alphabets, hex, percent, backslash
// escapes, HTML entities, UTF-16, quoted-printable, gzip and zlib inside those, and string literals put together over lines.
//
// Text goes in through Decoder.Pieces, one level at a time; each Piece comes out through a callback, and the caller gives a
// piece's text back to the same Decoder for the next level. The shared Budget ends that. Finding is written so that plain
// text costs little: runs are found by looking at about every MinLen-th byte, everything else by a vectorised search for the
// byte that introduces it.
//
// It never judges whether a value is a secret, reads no file and keeps nothing of a text once Pieces has returned. What
// decodes to random bytes is not emitted: no credential looks like that, and matching it would only cost time.
package decode

import (
	"bytes"

	"sprawl/finding"
)

// Names of the steps that undo an encoding.
const (
	Base64          = "base64"
	Base64URL       = "base64url"
	Hex             = "hex"
	Percent         = "percent"
	UnicodeEscape   = "unicode-escape" // \uXXXX, \u{X}, \UXXXXXXXX, \xXX, \NNN
	HTML            = "html"
	UTF16           = "utf-16"
	QuotedPrintable = "quoted-printable"
	Gzip            = "gzip"
	Zlib            = "zlib"
	Joined          = "joined" // "abc" + "def", a backslash at the end of a line
)

// Piece is one encoded stretch and what it decodes to.
//
// For escapes, entities, quoted-printable and joined literals the stretch is a window around what is encoded, plain text
// included, so that a name to the left of a value is still there. What stands plainly in that window is matched a second
// time: a caller drops a decoded value that also occurs in b[Start:End].
type Piece struct {
	Start, End int    // of the encoded form, in the text given to Pieces
	Text       []byte // decoded; valid during the call
	Step       finding.Step
	Then       finding.Step // gzip or zlib, where what was decoded was compressed and has been inflated as well; else zero

	form form
}

// form tells At how a piece was decoded, where the name of the step leaves that open.
type form uint8

const (
	formPlain form = iota
	formWideLE
	formWideBE
	formWideRun // ASCII code units inside a binary
)

// Limits bound the decoding of one text. Fields that are zero or less take their value from Default.
type Limits struct {
	MaxBytes int64 // decoded bytes of one text, all levels together
	MaxDepth int   // levels of encoding inside each other
	MinLen   int   // shortest base64 run in characters; at least 16
}

// Default are the limits of a scan: 32 MiB decoded from one text, 6 levels (a Helm release is base64, base64, gzip, and holds
// base64 again), runs of 24 characters (18 bytes: shorter values are matched by their name, not by their form).
func Default() Limits { return Limits{MaxBytes: 32 << 20, MaxDepth: 6, MinLen: 24} }

// The limits that Hit names.
const (
	HitBytes  = "decoded bytes"
	HitDepth  = "levels of encoding"
	HitJoints = "joined literals"
)

// Budget is what is left of the Limits while one text, and whatever it decodes to, is worked through. It belongs to one
// goroutine.
type Budget struct {
	lim  Limits
	left int64
	hit  string

	joints int64
}

// NewBudget starts a budget for one text.
func NewBudget(l Limits) *Budget {
	b := new(Budget)
	b.Reset(l)
	return b
}

// Reset starts b anew, so that a worker needs one Budget only.
func (b *Budget) Reset(l Limits) {
	def := Default()
	if l.MaxBytes <= 0 {
		l.MaxBytes = def.MaxBytes
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = def.MaxDepth
	}
	if l.MinLen <= 0 {
		l.MinLen = def.MinLen
	}
	l.MinLen = max(l.MinLen, 16)
	*b = Budget{lim: l, left: l.MaxBytes}
}

// Hit names the first limit that kept something from being decoded, or is empty.
func (b *Budget) Hit() string { return b.hit }

// Left is how many bytes may still be decoded.
func (b *Budget) Left() int64 { return b.left }

// take charges n decoded bytes, if there are as many left.
func (b *Budget) take(n int) bool {
	if int64(n) > b.left {
		b.exceed(HitBytes)
		return false
	}
	b.left -= int64(n)
	return true
}

func (b *Budget) exceed(limit string) {
	if b.hit == "" {
		b.hit = limit
	}
}

// Decoder holds the scratch of one worker. Once its buffers have grown it allocates nothing.
type Decoder struct {
	levels []*level
	depth  int
	inflater

	// work counts bytes read by expanding, checking and decoding, which tests hold against the size of the input.
	work int64
}

// New makes a Decoder.
func New() *Decoder { return &Decoder{} }

// keepText is how large a buffer may have grown and still be kept for the next text.
const keepText = 4 << 20

// level is the scratch and the state of one call of Pieces; calls nest, since a callback decodes further.
type level struct {
	d     *Decoder
	b     []byte
	lim   *Budget
	emit  func(Piece)
	depth int
	stop  bool

	text      []byte
	inflated  []byte
	joints    []joint
	unwrapped int // lines of base64 that begin before this do not belong together
}

// Pieces emits what stands encoded in b, one level deep, grouped by encoding and within each from left to right; pieces of
// different encodings may overlap. emit may call Pieces of the same Decoder on the piece's Text: the depth of those calls is
// the depth that Limits.MaxDepth bounds. Base64 and hex of a gzip or zlib stream give what the stream holds; a file that is
// one is left to internal/unpack, and so is a zip inside base64, which comes out as it is.
func (d *Decoder) Pieces(b []byte, lim *Budget, emit func(Piece)) {
	if len(b) == 0 || lim.left <= 0 {
		return
	}
	if d.depth == len(d.levels) {
		d.levels = append(d.levels, &level{d: d, depth: d.depth})
	}
	l := d.levels[d.depth]
	d.depth++
	l.b, l.lim, l.emit, l.stop, l.unwrapped = b, lim, emit, false, 0
	defer func() {
		l.b, l.lim, l.emit = nil, nil, nil
		if cap(l.text) > keepText {
			l.text = nil
		}
		if cap(l.inflated) > keepText {
			l.inflated = nil
		}
		if cap(l.joints) > keepText/64 {
			l.joints = nil
		}
		d.depth--
	}()

	if l.wideText() {
		return
	}
	for _, find := range [...]func(*level){
		(*level).wideRuns, (*level).runs, (*level).percent, (*level).escapes, (*level).entities, (*level).quotedPrintable,
		(*level).joined,
	} {
		if l.stop {
			return
		}
		find(l)
	}
}

// put hands l.text out. It reports whether the caller should go on.
func (l *level) put(start, end int, step string, f form) bool {
	return l.hand(Piece{Start: start, End: end, Text: l.text, Step: finding.Step{Name: step}, form: f})
}

func (l *level) hand(p Piece) bool {
	if l.depth >= l.lim.lim.MaxDepth {
		l.lim.exceed(HitDepth)
		l.stop = true
		return false
	}
	l.emit(p)
	return true
}

// begin charges n bytes and empties l.text, making room for them.
func (l *level) begin(n int) bool {
	if !l.lim.take(n) {
		l.stop = l.lim.left <= 0
		return false
	}
	if cap(l.text) < n {
		l.text = make([]byte, 0, n+n/4)
	}
	l.text = l.text[:0]
	l.d.work += int64(n)
	return true
}

// At maps an offset in p.Text to the offset in b of what encodes the byte there; b is the text that Pieces was given. It
// decodes again up to that point, so that the many pieces without a finding carry no map. What is inside a compressed piece
// maps to its start.
func (p *Piece) At(b []byte, off int) int {
	if off <= 0 || p.Then.Name != "" && off < len(p.Text) {
		return p.Start
	}
	if off >= len(p.Text) {
		return p.End
	}
	src := b[p.Start:p.End]
	var n int
	switch p.Step.Name {
	case Base64, Base64URL:
		_, n = appendBase64(nil, src, off)
	case Hex:
		n = 2 * off
	case Percent:
		_, n = appendPercent(nil, src, off)
	case UnicodeEscape:
		_, n = appendEscapes(nil, src, off)
	case HTML:
		_, n = appendEntities(nil, src, off)
	case QuotedPrintable:
		_, n = appendQuoted(nil, src, off)
	case UTF16:
		switch p.form {
		case formWideRun:
			n = 2 * off
		default:
			_, n = appendWide(nil, src, p.form == formWideBE, off)
		}
	case Joined:
		n = joinedAt(findJoints(nil, src), off)
	}
	return p.Start + min(n, len(src))
}

// Splice appends to dst what stands before the piece on its line, at most 256 bytes of it, and then the piece's text, so that
// an encoded value is matched together with the name it is assigned to (a Kubernetes Secret). lead is the length of the part
// that is not decoded.
func (p *Piece) Splice(dst, b []byte) (text []byte, lead int) {
	s := lineStart(b, p.Start, 256)
	dst = append(dst, b[s:p.Start]...)
	return append(dst, p.Text...), p.Start - s
}

// lineStart is where the line of at begins, at most reach bytes before it.
func lineStart(b []byte, at, reach int) int {
	lo := max(0, at-reach)
	return lo + bytes.LastIndexByte(b[lo:at], '\n') + 1
}

// lineEnd is where the line of at ends, without its line feed, at most reach bytes behind it.
func lineEnd(b []byte, at, reach int) int {
	hi := min(len(b), at+reach)
	if n := bytes.IndexByte(b[at:hi], '\n'); n >= 0 {
		return at + n
	}
	return hi
}
