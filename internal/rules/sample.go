package rules

import (
	"math/rand/v2"
	"regexp/syntax"
	"strings"

	"sprawl/detectors"
)

// Sample draws a text that an expression is likely to match: for rules that come without examples. The same source of
// randomness gives the same text; whether it matches is to be seen (assertions are not drawn).
func Sample(expr string, r *rand.Rand) (string, error) {
	tree, err := parse(expr)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	draw(tree, r, &b)
	return b.String(), nil
}

// SampleForm draws a text of a shape.
func SampleForm(s detectors.Shape, r *rand.Rand) string {
	var b strings.Builder
	for _, p := range s.Pieces {
		b.WriteString(p.Lit)
		if p.Class == nil {
			continue
		}
		var members []byte
		for c := range 256 {
			if p.Class.Has(byte(c)) {
				members = append(members, byte(c))
			}
		}
		for range count(p.Min, p.Max, r) {
			b.WriteByte(members[r.IntN(len(members))])
		}
	}
	return b.String()
}

// blockFrom is the length from which a run without an end is the body of a block, of which the least is seldom a real one.
const blockFrom = 32

// maxSample bounds a drawn text in bytes.
const maxSample = 4096

// count is how often a run is repeated: its least, or a few more where the least says nothing.
func count(least, most int, r *rand.Rand) int {
	if most < 0 {
		most = least + 24
		if least >= 32 { // the body of a block
			return 2 * least
		}
	}
	switch {
	case least >= 8 || most <= least:
		return least
	case most >= 16:
		return min(most, max(least, 16)+r.IntN(8))
	}
	return least + r.IntN(most-least+1)
}

func draw(re *syntax.Regexp, r *rand.Rand, b *strings.Builder) {
	if b.Len() > maxSample {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, c := range re.Rune {
			b.WriteRune(c)
		}
	case syntax.OpCharClass:
		b.WriteRune(oneOf(re.Rune, r))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte(pool[r.IntN(len(pool))])
	case syntax.OpCapture:
		draw(re.Sub[0], r, b)
	case syntax.OpStar, syntax.OpQuest:
		// What may be left out is left out, so that texts stay short; what is left out of a token makes it too short too.
		if re.Op == syntax.OpStar && fill(re.Sub[0], b) {
			return
		}
		if re.Op == syntax.OpStar && re.Sub[0].Op == syntax.OpCharClass && re.Flags&syntax.NonGreedy == 0 && r.IntN(2) == 0 {
			draw(re.Sub[0], r, b)
		}
	case syntax.OpPlus:
		for range count(1, -1, r) {
			draw(re.Sub[0], r, b)
		}
	case syntax.OpRepeat:
		n := re.Min
		if n >= blockFrom && re.Max < 0 {
			n *= 2
		}
		if re.Max > 0 && n == 0 && fill(re.Sub[0], b) {
			return
		}
		if re.Flags&syntax.NonGreedy == 0 && re.Min > 0 {
			n = count(re.Min, re.Max, r)
		}
		for range n {
			draw(re.Sub[0], r, b)
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			draw(sub, r, b)
		}
	case syntax.OpAlternate:
		draw(re.Sub[r.IntN(len(re.Sub))], r, b)
	}
}

// fill writes a blank for a run that may be empty and may hold one: between two words it makes the border that they need.
func fill(re *syntax.Regexp, b *strings.Builder) bool {
	switch re.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
	case syntax.OpCapture:
		return fill(re.Sub[0], b)
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if fill(sub, b) {
				return true
			}
		}
		return false
	case syntax.OpCharClass:
		blank := false
		for i := 0; i < len(re.Rune); i += 2 {
			blank = blank || re.Rune[i] <= ' ' && re.Rune[i+1] >= ' '
		}
		if !blank {
			return false
		}
	default:
		return false
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	return true
}

// pool is what is drawn where a class leaves the choice.
const pool = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// oneOf draws from a class, a letter or digit if it has one.
func oneOf(ranges []rune, r *rand.Rand) rune {
	has := func(c rune) bool {
		for i := 0; i < len(ranges); i += 2 {
			if c >= ranges[i] && c <= ranges[i+1] {
				return true
			}
		}
		return false
	}
	var can []rune
	for _, c := range pool {
		if has(c) {
			can = append(can, c)
		}
	}
	if len(can) == 0 {
		for c := rune(' '); c <= '~'; c++ {
			if has(c) {
				can = append(can, c)
			}
		}
	}
	if len(can) == 0 {
		return ranges[0]
	}
	return can[r.IntN(len(can))]
}
