// Package decode finds encoded stretches in a text and decodes them.
package decode

import "sprawl/finding"

// Piece is one encoded stretch and what it decodes to.
type Piece struct {
	Start, End int    // of the encoded form in the text given to Pieces
	Text       []byte // decoded; valid during the call
	Step       finding.Step
}

// Limits bound the decoding of one text. Zero fields take the values of Default.
type Limits struct {
	MaxBytes int64 // decoded bytes of one text, all levels together
	MaxDepth int   // levels of encoding
	MinLen   int   // shortest base64 run, in characters
}

// Default are the limits of a scan.
func Default() Limits { return Limits{MaxBytes: 32 << 20, MaxDepth: 6, MinLen: 24} }

// Budget is what is left of the Limits while one text and what it decodes to are worked through.
type Budget struct {
	lim  Limits
	left int64
	hit  string
}

// NewBudget starts a budget for one text.
func NewBudget(l Limits) *Budget { return &Budget{lim: l, left: l.MaxBytes} }

// Hit names the limit that was hit, or is empty.
func (b *Budget) Hit() string { return b.hit }

// Decoder holds one worker's scratch.
type Decoder struct{}

// New makes a Decoder.
func New() *Decoder { return &Decoder{} }

// Pieces emits what stands encoded in b.
func (d *Decoder) Pieces(b []byte, lim *Budget, emit func(Piece)) {}

// At maps an offset in p.Text to the offset in b of what encodes that byte.
func (p *Piece) At(b []byte, off int) int { return p.Start }
