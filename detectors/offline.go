package detectors

import (
	"encoding/json"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"sprawl/finding"
)

// Formats of kinds that no page of the provider describes.
const (
	// fromCorpus: the form is the one public rule sets and examples agree on.
	fromCorpus = "corpus"
	// undocumented: the form was seen on tokens, the provider does not promise it.
	undocumented = "undocumented"
)

func yes(source string) finding.Trait { return finding.Trait{Value: finding.Yes, Source: source} }
func no(source string) finding.Trait  { return finding.Trait{Value: finding.No, Source: source} }

// fact is one thing a credential says of itself.
func fact(field, value string) finding.Fact {
	return finding.Fact{Field: field, Value: value, Source: "offline"}
}

// inferred is a fact read from a form that its provider does not document.
func inferred(field, value string) finding.Fact {
	f := fact(field, value)
	f.Inferred = true
	return f
}

// facts leaves out the empty and the unprintable: foreign bytes become output here.
func facts(fs ...finding.Fact) []finding.Fact {
	out := fs[:0]
	for _, f := range fs {
		if f.Value != "" && len(f.Value) <= 512 && printable(f.Value) {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// stamp turns seconds since 1970 into the form facts use, RFC 3339 in UTC; "" for what is no plausible time.
func stamp(sec int64) string {
	if sec <= 0 || sec > 253402300799 { // 9999-12-31
		return ""
	}
	return time.Unix(sec, 0).UTC().Format(time.RFC3339)
}

// object parses a JSON object of at most 64 KiB; nil if it is none.
func object(b []byte) map[string]any {
	if len(b) > 64<<10 {
		return nil
	}
	var m map[string]any
	if json.Unmarshal(b, &m) != nil {
		return nil
	}
	return m
}

// text is a string or number of a JSON object, "" for anything else.
func text(m map[string]any, key string) string {
	switch v := m[key].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// seconds is a number of a JSON object as a time.
func seconds(m map[string]any, key string) string {
	if v, ok := m[key].(float64); ok && v > 0 && v < 1e15 {
		return stamp(int64(v))
	}
	return ""
}

const (
	base62Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base36Digits = "0123456789abcdefghijklmnopqrstuvwxyz"
)

// checksum is the CRC-32 (IEEE) of b in n digits of an alphabet, left-padded.
func checksum(b []byte, digits string, n int) []byte {
	v := uint64(crc32.ChecksumIEEE(b))
	out := make([]byte, n)
	for i := n - 1; i >= 0; i-- {
		out[i] = digits[v%uint64(len(digits))]
		v /= uint64(len(digits))
	}
	return out
}

func proven(ok bool) finding.Proof {
	if ok {
		return finding.ProofProven
	}
	return finding.ProofRefuted
}

// crcToken checks tokens that end in six base-62 digits of the CRC-32 of the body between a prefix and them, the form GitHub
// described in https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/.
func crcToken(prefix int) func(Match) finding.Proof {
	return func(m Match) finding.Proof {
		v := m.Value()
		if len(v) < prefix+7 {
			return finding.ProofRefuted
		}
		body, sum := v[prefix:len(v)-6], v[len(v)-6:]
		return proven(string(checksum(body, base62Digits, 6)) == string(sum))
	}
}

func crcSample(prefix string, n int) func(*rand.Rand) []byte {
	return func(r *rand.Rand) []byte {
		body := draw(r, Base62, n-6)
		return append(append([]byte(prefix), body...), checksum(body, base62Digits, 6)...)
	}
}

// draw is n random bytes of a class.
func draw(r *rand.Rand, c *Class, n int) []byte {
	var of []byte
	for b := range 256 {
		if c.Has(byte(b)) {
			of = append(of, byte(b))
		}
	}
	out := make([]byte, n)
	for i := range out {
		out[i] = of[r.IntN(len(of))]
	}
	return out
}

// Entropy is the Shannon entropy of b in bits a byte.
func Entropy[B ~string | ~[]byte](b B) float64 {
	var n [256]int
	for i := range len(b) {
		n[b[i]]++
	}
	h := 0.0
	for _, c := range n {
		if c > 0 {
			p := float64(c) / float64(len(b))
			h -= p * math.Log2(p)
		}
	}
	return h
}
