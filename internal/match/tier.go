package match

import (
	"bytes"
	"slices"

	"sprawl/detectors"
	"sprawl/finding"
)

// handRun is the length from which a counting run says that a value was typed, not issued: by chance one of a million tokens
// holds one.
const handRun = 6

// standing lowers the tier of what has the form of its kind and yet is unlikely to open anything: a value that somebody typed,
// and a key of a provider's test mode. It says why. What is proven stays. lead is the length of the literal that v begins with.
func standing(proof finding.Proof, tier finding.Tier, v []byte, lead int) (finding.Tier, string) {
	switch {
	case proof == finding.ProofProven:
		return finding.TierProven, ""
	case testMode(v):
		return finding.TierGeneric, "; of the provider's test mode"
	case counts(v):
		return finding.TierGeneric, "; it counts, as what is typed for an example does"
	case saysNone(v):
		return finding.TierGeneric, ofItself
	case halves(v) || stutters(v) || longRow(v):
		return finding.TierGeneric, "; it repeats itself"
	case spelled(v[lead:]):
		return finding.TierGeneric, "; words stand in it"
	case cutEscape(v):
		return finding.TierGeneric, "; it holds a percent sign that escapes nothing"
	}
	return tier, ""
}

// saysNone reports whether a word in a value says that it is no secret.
func saysNone(v []byte) bool {
	return indexFold(v, "fake") >= 0 || indexFold(v, "example") >= 0 || indexFold(v, "invalid") >= 0
}

// ofItself says so behind the reason of a finding.
const ofItself = "; it says of itself that it is none"

// modeWithin is how far into a value its mode stands.
const modeWithin = 20

// testMode reports whether a value names the provider's sandbox as where it is good: sk_test_…, shippo_test_…, FLWSECK_TEST-….
func testMode(v []byte) bool {
	head := v[:min(len(v), modeWithin)]
	for _, w := range []string{"test_", "test-", "sandbox", "sbox_"} {
		if i := indexFold(head, w); i == 0 || i > 0 && !isLetter(head[i-1]) {
			return true
		}
	}
	return false
}

// counts reports whether a run such as 123456 or fedcba stands in a value, hyphens left out.
func counts(v []byte) bool {
	for _, step := range []int{1, -1} {
		n, last := 0, byte(0)
		for _, c := range v {
			switch {
			case c == '-':
				continue
			case last != 0 && (isLetter(last) || isDigit(last)) && (follows(last, c, step) || step < 0 && follows(c, last, 1)):
				if n++; n >= handRun {
					return true
				}
			default:
				n = 1
			}
			last = c
		}
	}
	return false
}

// halves reports whether the end of a value is a copy of what stands before it, of repeatFrom bytes at least.
func halves(v []byte) bool {
	for n := repeatFrom; 2*n <= len(v); n++ {
		if bytes.Equal(v[len(v)-n:], v[len(v)-2*n:len(v)-n]) {
			return true
		}
	}
	return false
}

// cutEscape reports whether a value of URL escapes holds a percent sign that begins none.
func cutEscape(v []byte) bool {
	for i, c := range v {
		if c == '%' && (i+2 >= len(v) || !isHex(v[i+1]) || !isHex(v[i+2])) {
			return true
		}
	}
	return false
}

// stutters reports whether three runs of one byte stand in a value: AAAA…BBBB…CCCC.
func stutters(v []byte) bool {
	const run, runs = 4, 3
	n, found := 1, 0
	for i := 1; i < len(v); i++ {
		if v[i] != v[i-1] {
			n = 1
			continue
		}
		if n++; n == run {
			found++
		}
	}
	return found >= runs
}

// spelledFrom is the length from which letters that follow each other as in words are words: of letters drawn by lot one of 800
// such rows reads so.
const spelledFrom = 12

// spelled reports whether words stand in a token: letters in a row that follow each other as they do in English. Addresses hold
// words as a matter of course.
func spelled(v []byte) bool {
	if bytes.ContainsAny(v, "./:") {
		return false
	}
	n := 0
	for i := 0; i <= len(v); i++ {
		if i < len(v) && isLetter(v[i]) {
			n++
			continue
		}
		if n >= spelledFrom && oddness(v[i-n:i]) < wordsOddness {
			return true
		}
		n = 0
	}
	return false
}

// longRow reports whether one byte stands in a row, as a held key writes it. Rows of A and of 0 are zero bytes, which real
// tokens are padded with.
func longRow(v []byte) bool {
	const row = 8
	n := 1
	for i := 1; i < len(v); i++ {
		if v[i] != v[i-1] || v[i] == 'A' || v[i] == '0' {
			n = 1
			continue
		}
		if n++; n >= row {
			return true
		}
	}
	return false
}

// repeatFrom is the length of a group that no value drawn by lot repeats.
const repeatFrom = 8

// filler says in what way a value under its provider's name repeats or counts, yet not so that nobody could mean it: a row of
// one letter is no value, abcd1234abcd1234 may be a weak one. Such a value is reported, as generic.
func filler(v []byte, dummy string) bool {
	return (dummy == "a repeated group" || dummy == "a counting sequence") && distinct(v) >= fillerBytes
}

// patterned is filler for a value behind a literal of its own, which says more than a name: a group of three letters will do. What
// counts is an example of somebody's.
func patterned(v []byte, dummy string) bool { return dummy == "a repeated group" && distinct(v) >= 3 }

// ofTest reports whether a value is none only in that a test put a word into it.
func ofTest(v []byte, dummy string) bool {
	return dummy == "a word of tests" && distinct(v) >= fillerBytes
}

func distinct(v []byte) int {
	var seen [256]bool
	n := 0
	for _, c := range v {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}

// fillerBut says so behind the reason of a finding.
const fillerBut = "; it repeats or counts: perhaps a filler"

// fillerBytes is how many different bytes a filler must have to be reported.
const fillerBytes = 6

// malformedFloor is what the classifier must say of a value that is named after a provider and has no form of that provider's:
// malformed, or of a kind that is not in the table. Passwords are people's, and have no form.
const malformedFloor = 0.99

// issued reports whether a value is of a form that issuers of any kind use: as many hexadecimal digits as a key of 128 bits and
// more has, or a UUID. A provider has kinds that are not in the table.
func issued(v []byte) bool {
	return isUUID(v) || len(v) >= 32 && len(v)%8 == 0 && allHex(v)
}

// documented reports whether the name that was split last holds a provider's of whose credentials the form is known.
func (m *Matcher) documented() bool {
	for i := range m.words.n {
		if m.set.formed[string(m.words.at(i))] {
			return true
		}
	}
	return false
}

// formed lists the providers whose rows say more of a value than that it looks drawn by lot.
func formed(rows []detectors.Detector) map[string]bool {
	out := map[string]bool{}
	for i := range rows {
		d := &rows[i]
		if d.Provider != "" && (len(d.Shapes) > 0 || slices.ContainsFunc(d.Named, func(n detectors.Named) bool { return !n.Random })) {
			out[d.Provider] = true
			for _, n := range d.Named {
				for _, w := range n.Keywords {
					if len(w) > 4 && vocabulary[w]&(isSecret|isPassword|isWeak|opensKey) == 0 {
						out[w] = true
					}
				}
			}
		}
	}
	return out
}

// Literals that say whose a token is: long enough not to stand at a value's start by chance.
const (
	leadFrom = 4
	leadTo   = 16
)

// leads lists what tokens of a known form begin with, and how short such a token may be.
func leads(shapes []shape) map[string]int {
	out := map[string]int{}
	for i := range shapes {
		s := &shapes[i]
		if s.lead < leadFrom || s.role == finding.RoleID {
			continue
		}
		l := s.pieces[0].Lit
		l = l[:min(len(l), leadTo)]
		if n, ok := out[l]; !ok || s.minLen < n {
			out[l] = s.minLen
		}
	}
	return out
}

// malformed reports whether a value is evidently no issuer's, although it looks drawn by lot: it begins as tokens of a known
// form do and ends too soon, or is hexadecimal but for a slip.
func (s *Set) malformed(v []byte) bool {
	for n := leadFrom; n <= min(leadTo, len(v)); n++ {
		if least, ok := s.leads[string(v[:n])]; ok {
			return len(v) < least
		}
	}
	return slip(v)
}

// slipFrom is the length from which a value that is hexadecimal but for a letter or two was not drawn from a larger alphabet:
// of 36 letters and digits 22 in a row are hexadecimal once in 50 million.
const slipFrom = 24

// slip reports whether a value is hexadecimal digits, hyphens left out, but for one or two letters: letters beyond f, or of the
// other case. The first three letters, and short words that hyphens set off before the rest, are a prefix.
func slip(v []byte) bool {
	const word = 4
	for {
		i := bytes.IndexByte(v[:min(len(v), word+1)], '-')
		if i < 0 {
			break
		}
		v = v[i+1:]
	}
	if len(v) < slipFrom {
		return false
	}
	upper, lower, other := 0, 0, 0
	for i, c := range v {
		switch {
		case isDigit(c) || c == '-':
		case !isLetter(c):
			return false
		case i < 3: // a prefix
		case !isHex(c):
			other++
		case isUpper(c):
			upper++
		default:
			lower++
		}
	}
	if upper+lower >= slipFrom/4 {
		other += min(upper, lower)
	}
	return other > 0 && other <= 2
}

// maxWeak is how long a password of a URL may be that is judged by the words in it.
const maxWeak = 20
