package scan

import (
	"hash/maphash"

	"sprawl/internal/decode"
)

// quiet remembers decoded texts in which nothing was found, and what they took of the budget: from one version of a file to the
// next, the same literals are put together and the same escapes undone. The zero value is empty.
type quiet struct {
	seed  maphash.Seed
	texts []quietText // by hash; a text takes the place of another
}

type quietText struct {
	text []byte
	load decode.Load
}

const (
	quietTexts = 1 << 11
	quietBytes = 1 << 10 // longer ones are not kept
)

func (q *quiet) at(text []byte) *quietText {
	return &q.texts[maphash.Bytes(q.seed, text)%quietTexts]
}

// holds reports whether nothing is in a text, as it was before, and charges for it. Where the budget may not last the answer is
// false.
func (q *quiet) holds(text []byte, b *decode.Budget) bool {
	if q.texts == nil || len(text) == 0 || len(text) > quietBytes {
		return false
	}
	t := q.at(text)
	return string(t.text) == string(text) && b.Charge(t.load)
}

// add keeps a text of which holds was false.
func (q *quiet) add(text []byte, load decode.Load) {
	if len(text) > quietBytes {
		return
	}
	if q.texts == nil {
		q.seed, q.texts = maphash.MakeSeed(), make([]quietText, quietTexts)
	}
	t := q.at(text)
	t.text, t.load = append(t.text[:0], text...), load
}
