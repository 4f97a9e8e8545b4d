package rules

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/policy"
)

// Bounds of the stretch that an expression is tried on, in bytes from the literal it was tried for. Where a match may be
// longer, what lies outside is not found.
const (
	maxBehind  = 1024
	maxAhead   = 8192
	maxStart   = 300 // bytes before a literal up to which a match is looked for from there alone
	nearBy     = 256 // between a keyword and a match that does not hold it
	maxMatches = 16  // of one stretch
	maxCrowd   = 16  // literals before the one at hand, as far as a match may reach
)

// pattern is an expression as it runs. The expressions are compiled when their literal is met for the first time: most of a
// large set never is.
type pattern struct {
	re            func() *regexp.Regexp
	not, must     []func() *regexp.Regexp
	secret, id    int // groups; secret is -1 for the first that took part
	entropy       float64
	behind, ahead int
	tier          finding.Tier
	literals      []string
	fold          bool
	start         func() *regexp.Regexp // re from the start of the stretch on; nil where that is of no use
	near          bool                  // the literals are keywords that a match need not hold
}

// compilePattern makes a structure of an expression. Its anchors are the literals that every match holds or, where there are
// none of three bytes, the keywords: a match must then stand close to one.
func compilePattern(p *policy.Pattern, entropy float64) (detectors.Structure, policy.Position, error) {
	none := detectors.Structure{}
	tree, err := parse(p.Regexp.Value)
	if err != nil {
		return none, p.Regexp.At, err
	}
	x := &pattern{re: lazy("(" + p.Regexp.Value + ")"), entropy: entropy, secret: -1, id: -1, tier: finding.TierNamed}
	if p.Secret != "" {
		if x.secret, err = group(tree, p.Secret); err != nil {
			return none, p.Regexp.At, err
		}
	}
	if p.ID != "" {
		if x.id, err = group(tree, p.ID); err != nil {
			return none, p.Regexp.At, err
		}
	}
	for i, list := range [][]policy.Text{p.Not, p.Must} {
		for _, t := range list {
			if _, err := parse(t.Value); err != nil {
				return none, t.At, err
			}
			if i == 0 {
				x.not = append(x.not, lazy(t.Value))
			} else {
				x.must = append(x.must, lazy(t.Value))
			}
		}
	}
	n := longest(tree)
	x.behind, x.ahead = min(n, maxBehind), min(n, maxAhead)
	if l := required(tree); !math.IsInf(l.worth(), -1) {
		x.literals, x.fold = l.texts, l.fold
		x.behind = min(l.before, x.behind)
		if x.behind <= maxStart {
			// A match starts close before its literal, and need not be looked for further on.
			x.start = lazy(`\A(?s:.{0,` + strconv.Itoa(x.behind+utf8.UTFMax) + `}?)(` + p.Regexp.Value + ")")
		}
	} else {
		x.fold, x.near = true, true
		x.behind, x.ahead = x.behind+nearBy, x.ahead+nearBy
		for _, k := range p.Keywords {
			if len(k) < minLiteral {
				return none, p.Regexp.At, fmt.Errorf("a keyword of %d bytes: it takes %d to look for", len(k), minLiteral)
			}
			x.literals = append(x.literals, strings.ToLower(k))
		}
	}
	if len(x.literals) == 0 {
		return none, p.Regexp.At, fmt.Errorf("an expression without a literal of %d bytes that every match holds: add keywords", minLiteral)
	}
	// What is told by a prefix of its own is surer than what is told by what stands before it.
	if l := required(secretPart(tree, x.secret)); !math.IsInf(l.worth(), -1) {
		x.tier = finding.TierShaped
	}
	return detectors.Structure{
		Anchors: x.literals, Fold: x.fold, Reach: detectors.Local(max(x.behind, x.ahead) + 2*utf8.UTFMax), Parse: x.parse,
		Source: fmt.Sprint(p.Regexp.Value, "\x00", p.Secret, "\x00", p.ID, "\x00", p.Not, "\x00", p.Must, "\x00", entropy, "\x00", p.Keywords),
	}, policy.Position{}, nil
}

func parse(expr string) (*syntax.Regexp, error) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err == nil {
		return tree, nil
	}
	var e *syntax.Error
	if errors.As(err, &e) {
		return nil, fmt.Errorf("not an expression of RE2: %s", explain(e))
	}
	return nil, errors.New("not an expression of RE2")
}

// explain says what the parser says without what it quotes, unless that is a construct of a few bytes.
func explain(e *syntax.Error) string {
	switch e.Code {
	case syntax.ErrInvalidPerlOp, syntax.ErrInvalidEscape, syntax.ErrInvalidRepeatOp:
		if len(e.Expr) <= 8 {
			return string(e.Code) + " " + strconv.Quote(e.Expr)
		}
	}
	return string(e.Code)
}

func lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

func group(tree *syntax.Regexp, name string) (int, error) {
	names := tree.CapNames()
	if n, err := strconv.Atoi(name); err == nil {
		if n < 0 || n >= len(names) {
			return 0, fmt.Errorf("the expression has %d groups, not %d", len(names)-1, n)
		}
		return n, nil
	}
	for i, x := range names {
		if x == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("the expression has no group %q", name)
}

// secretPart is the part of an expression that is the secret: the group, or the first, or all of it.
func secretPart(re *syntax.Regexp, group int) *syntax.Regexp {
	if group == 0 {
		return re
	}
	var find func(x *syntax.Regexp) *syntax.Regexp
	find = func(x *syntax.Regexp) *syntax.Regexp {
		if x.Op == syntax.OpCapture && (group < 0 || x.Cap == group) {
			return x
		}
		for _, sub := range x.Sub {
			if y := find(sub); y != nil {
				return y
			}
		}
		return nil
	}
	if s := find(re); s != nil {
		return s
	}
	return re
}

// parse is the structure's Parse.
func (x *pattern) parse(b []byte, at int) []detectors.Found {
	end := at
	for _, l := range x.literals {
		if n := len(l); len(b)-at >= n && (string(b[at:at+n]) == l || x.fold && strings.EqualFold(string(b[at:at+n]), l)) {
			end = max(end, at+n)
		}
	}
	lo, hi := max(0, at-x.behind-utf8.UTFMax), min(len(b), at+x.ahead+utf8.UTFMax)
	if x.crowded(b[max(0, at-min(x.ahead, maxBehind)):at]) {
		return nil
	}
	var out []detectors.Found
	if x.start != nil {
		switch m := x.start().FindSubmatchIndex(b[lo:hi]); {
		case len(m) < 4 || lo+m[2] > at:
			return nil
		case lo+m[3] >= end:
			if cut := lo+m[2] == lo && lo > 0 || lo+m[3] == hi && hi < len(b); !cut {
				if f, ok := x.found(b, m[2:], lo); ok {
					out = append(out, f)
				}
			}
			return out
		}
		// It ends before the literal: another may begin behind it.
	}
	for _, m := range x.re().FindAllSubmatchIndex(b[lo:hi], maxMatches) {
		m = m[2:]
		start, stop := lo+m[0], lo+m[1]
		switch {
		case !x.near && start > at:
			return out
		case !x.near && stop < end:
			continue
		// What touches an edge of the stretch may be cut, or hold an assertion there alone.
		case start == lo && lo > 0 || stop == hi && hi < len(b):
			continue
		}
		if f, ok := x.found(b, m, lo); ok {
			out = append(out, f)
		}
	}
	return out
}

// crowded reports whether the literals stand so often before one that a match around it would be one of many: a text made of
// them costs a try of the whole stretch for each, and holds nothing.
func (x *pattern) crowded(before []byte) bool {
	n := 0
	for i := range before {
		for _, l := range x.literals {
			if k := len(l); before[i]|0x20 == l[0]|0x20 && len(before)-i >= k && (string(before[i:i+k]) == l || x.fold && strings.EqualFold(string(before[i:i+k]), l)) {
				if n++; n > maxCrowd {
					return true
				}
				break
			}
		}
	}
	return false
}

func (x *pattern) found(b []byte, m []int, base int) (detectors.Found, bool) {
	part := func(group int) (int, int, bool) {
		if 2*group+1 >= len(m) || m[2*group] < 0 || m[2*group] == m[2*group+1] {
			return 0, 0, false
		}
		return base + m[2*group], base + m[2*group+1], true
	}
	s, e, ok := part(max(x.secret, 0))
	if x.secret < 0 {
		for g := 1; 2*g+1 < len(m); g++ {
			if ss, ee, took := part(g); took {
				s, e, ok = ss, ee, true
				break
			}
		}
	}
	if !ok {
		return detectors.Found{}, false
	}
	v := b[s:e]
	if x.entropy > 0 && detectors.Entropy(v) < x.entropy {
		return detectors.Found{}, false
	}
	for _, re := range x.not {
		if re().Match(v) {
			return detectors.Found{}, false
		}
	}
	for _, re := range x.must {
		if !re().Match(v) {
			return detectors.Found{}, false
		}
	}
	f := detectors.Found{Start: base + m[0], End: base + m[1], Tier: x.tier, Parts: []detectors.FoundPart{{Role: finding.RoleSecret, Start: s, End: e}}}
	if x.id > 0 {
		if is, ie, ok := part(x.id); ok && (ie <= s || is >= e) {
			f.Parts = append(f.Parts, detectors.FoundPart{Role: finding.RoleID, Start: is, End: ie})
		}
	}
	return f, true
}
