package match

import "bytes"

const (
	hiddenAtLeast = 24 // random bytes that must stay hidden for the ends of a value to show
	tailShown     = 4
	blindMask     = "********"
)

// Mask is how a value is shown. Its first keep bytes and its last 4 stand, with a star for every byte between, if at least 24
// bytes between them are random; a value that is shorter, that could be guessed, or that goes over more than one line is
// always 8 stars, so that its length stays unknown too.
func Mask(value []byte, keep int) string {
	keep = max(0, keep)
	if len(value)-keep-tailShown < hiddenAtLeast {
		return blindMask
	}
	hidden := value[keep : len(value)-tailShown]
	if !random(hidden) {
		return blindMask
	}
	for _, c := range value {
		if c < ' ' || c > '~' {
			return blindMask
		}
	}
	out := bytes.Repeat([]byte{'*'}, len(value))
	copy(out, value[:keep])
	copy(out[len(value)-tailShown:], value[len(value)-tailShown:])
	return string(out)
}

// random reports whether bytes look drawn by lot: no white space, no words, the entropy of hexadecimal digits at least.
func random(v []byte) bool {
	if bytes.IndexByte(v, ' ') >= 0 {
		return false
	}
	if allHex(v) {
		return entropy(v) >= 2.8
	}
	return entropy(v) >= 3.2 && oddness(v) >= 4.6
}
