package rules

import (
	"math"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what is looked for in an expression.
const (
	minLiteral  = 3  // bytes: what the engine takes as an anchor
	maxLiterals = 96 // of one expression
	maxExact    = 96 // strings of a part that is spelt out
)

// literals is a set of strings of which every match holds one.
type literals struct {
	texts  []string
	fold   bool // they are lower case and stand for either case
	before int  // bytes of a match that may stand before the one that is meant
}

// worth is how good anchors they are: long ones are rare, many are not.
func (l literals) worth() float64 {
	if len(l.texts) == 0 || len(l.texts) > maxLiterals {
		return math.Inf(-1)
	}
	least := math.MaxInt
	for _, t := range l.texts {
		least = min(least, len(t))
	}
	if least < minLiteral {
		return math.Inf(-1)
	}
	return float64(min(least, 12)) - math.Log2(float64(len(l.texts)))/2
}

// required finds the best literals of an expression; there are none where it has no part that every match must hold.
func required(re *syntax.Regexp) literals {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass:
		l, _ := exact(re)
		return l
	case syntax.OpCapture:
		return required(re.Sub[0])
	case syntax.OpPlus:
		l := required(re.Sub[0])
		l.before = unbounded
		return l
	case syntax.OpRepeat:
		if l, ok := exact(re); ok {
			return l
		}
		if re.Min > 0 {
			l := required(re.Sub[0])
			l.before = unbounded
			return l
		}
	case syntax.OpAlternate:
		all := literals{}
		for _, sub := range re.Sub {
			l := required(sub)
			if math.IsInf(l.worth(), -1) {
				return literals{}
			}
			all = all.or(l)
		}
		return all
	case syntax.OpConcat:
		var best literals
		better := func(l literals) {
			if l.worth() > best.worth() {
				best = l
			}
		}
		// Neighbours that are spelt out make longer strings together: A(?:KIA|SIA).
		run, from, before := literals{texts: []string{""}}, 0, 0
		for i, sub := range re.Sub {
			l, ok := exact(sub)
			if !ok {
				better(run)
				better(within(re.Sub[from:i], sub).behind(run.before))
				better(required(sub).behind(before))
				before = min(unbounded, before+longest(sub))
				run, from = literals{texts: []string{""}, before: before}, i+1
				continue
			}
			if joined, ok := run.then(l); ok {
				run = joined
			} else {
				better(run)
				run, from = l.behind(before), i
			}
			before = min(unbounded, before+longest(sub))
			if isWidthless(sub) {
				continue
			}
			better(run)
		}
		better(run)
		return best
	}
	return literals{}
}

// within is what is required of one of several alternatives together with what stands before them: A(?:KIA|3T[A-Z]).
func within(before []*syntax.Regexp, re *syntax.Regexp) literals {
	for re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	if re.Op != syntax.OpAlternate || len(before) == 0 {
		return literals{}
	}
	all := literals{}
	for _, sub := range re.Sub {
		l := required(&syntax.Regexp{Op: syntax.OpConcat, Sub: append(slices.Clone(before), flat(sub)...)})
		if math.IsInf(l.worth(), -1) {
			return literals{}
		}
		all = all.or(l)
	}
	return all
}

func flat(re *syntax.Regexp) []*syntax.Regexp {
	if re.Op == syntax.OpConcat {
		return re.Sub
	}
	return []*syntax.Regexp{re}
}

func isWidthless(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpEmptyMatch:
		return true
	}
	return false
}

// behind says that so many bytes more may stand before them.
func (l literals) behind(n int) literals {
	l.before = min(unbounded, l.before+n)
	return l
}

func (l literals) or(o literals) literals {
	return literals{dedupe(append(slices.Clone(l.texts), o.texts...)), l.fold || o.fold, max(l.before, o.before)}.folded()
}

func (l literals) then(o literals) (literals, bool) {
	if len(l.texts)*len(o.texts) > maxExact {
		return literals{}, false
	}
	var out []string
	for _, a := range l.texts {
		for _, b := range o.texts {
			out = append(out, a+b)
		}
	}
	return literals{dedupe(out), l.fold || o.fold, l.before}.folded(), true
}

// folded lowers what stands for either case. A letter beyond ASCII has cases that the engine does not know.
func (l literals) folded() literals {
	if !l.fold {
		return l
	}
	for i, t := range l.texts {
		l.texts[i] = strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}, t)
	}
	l.texts = dedupe(l.texts)
	return l
}

func dedupe(ss []string) []string {
	slices.Sort(ss)
	return slices.Compact(ss)
}

// exact lists the strings an expression stands for, if they are few.
func exact(re *syntax.Regexp) (literals, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		fold := re.Flags&syntax.FoldCase != 0
		for _, r := range re.Rune {
			if fold && r >= utf8.RuneSelf {
				return literals{}, false
			}
		}
		return literals{texts: []string{string(re.Rune)}, fold: fold}.folded(), true
	case syntax.OpCharClass:
		n := 0
		for i := 0; i < len(re.Rune); i += 2 {
			n += int(re.Rune[i+1]-re.Rune[i]) + 1
			if n > 24 {
				return literals{}, false
			}
		}
		var out []string
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if r == longS || r == kelvin {
					continue
				}
				out = append(out, string(r))
			}
		}
		// [Aa] is how the parser writes a letter of either case.
		if len(out) == 2 && strings.EqualFold(out[0], out[1]) && out[0] != out[1] && out[0][0] < utf8.RuneSelf {
			return literals{texts: []string{strings.ToLower(out[0])}, fold: true}, true
		}
		if len(out) > 8 {
			return literals{}, false
		}
		return literals{texts: out}, true
	case syntax.OpCapture:
		return exact(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min == re.Max && re.Min > 0 && re.Min <= 16 {
			one, ok := exact(re.Sub[0])
			all := one
			for i := 1; ok && i < re.Min; i++ {
				all, ok = all.then(one)
			}
			return all, ok
		}
	case syntax.OpQuest:
		if l, ok := exact(re.Sub[0]); ok {
			return l.or(literals{texts: []string{""}}), true
		}
	case syntax.OpConcat:
		all := literals{texts: []string{""}}
		for _, sub := range re.Sub {
			l, ok := exact(sub)
			if !ok {
				return literals{}, false
			}
			if all, ok = all.then(l); !ok {
				return literals{}, false
			}
		}
		return all, true
	case syntax.OpAlternate:
		var all literals
		for _, sub := range re.Sub {
			l, ok := exact(sub)
			if !ok || len(all.texts)+len(l.texts) > maxExact {
				return literals{}, false
			}
			all = all.or(l)
		}
		return all, true
	}
	if isWidthless(re) {
		return literals{texts: []string{""}}, true
	}
	return literals{}, false
}

// What folding adds to s and k. No credential is written with them, so they are left out of account.
const (
	longS  = '\u017F'
	kelvin = '\u212A'
)

// unbounded is the length of what has no end.
const unbounded = 1 << 30

// longest is how many bytes a match may have.
func longest(re *syntax.Regexp) int {
	n := 0
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			n += max(1, utf8.RuneLen(r))
		}
	case syntax.OpCharClass:
		n = 1
		for i := 0; i < len(re.Rune); i += 2 {
			if lo, hi := re.Rune[i], re.Rune[i+1]; lo != hi || lo != longS && lo != kelvin {
				n = max(n, utf8.RuneLen(hi))
			}
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		n = utf8.UTFMax
	case syntax.OpCapture, syntax.OpQuest:
		n = longest(re.Sub[0])
	case syntax.OpStar, syntax.OpPlus:
		n = unbounded
	case syntax.OpRepeat:
		if re.Max < 0 {
			n = unbounded
		} else {
			n = min(unbounded, longest(re.Sub[0])*re.Max)
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			n = min(unbounded, n+longest(sub))
		}
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			n = max(n, longest(sub))
		}
	}
	return n
}
