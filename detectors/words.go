package detectors

import (
	"fmt"
	"strconv"
	"strings"
)

// Words says in words what a token looks like: `ghp_ and 36 letters or digits`.
func (s Shape) Words() string {
	var out []string
	for _, p := range s.Pieces {
		switch {
		case p.Lit != "" && p.Fold:
			out = append(out, quoted(p.Lit)+" in either case")
		case p.Lit != "":
			out = append(out, quoted(p.Lit))
		case p.Class != nil:
			out = append(out, amount(p.Min, p.Max)+" "+p.Class.Words())
		}
	}
	text := strings.Join(out, ", ")
	if len(s.NeedName) > 0 {
		text += "; close behind " + anyOf(s.NeedName)
	}
	return text
}

// shownLit is how much of a literal is shown, in bytes: a long one is the beginning of a value and would be taken for one.
const shownLit = 16

func quoted(lit string) string {
	if len(lit) > shownLit {
		return strconv.Quote(lit[:shownLit]) + " …"
	}
	return strconv.Quote(lit)
}

// Words says by what name a value is known, and what it looks like.
func (n Named) Words() string {
	var values []string
	for _, v := range n.Value {
		values = append(values, v.Words())
	}
	text := strings.Join(values, " or ") + " under a name with " + anyOf(n.Keywords)
	if len(n.Names) > 0 {
		text += " and " + anyOf(n.Names)
	}
	if len(n.Not) > 0 {
		text += ", without " + anyOf(n.Not)
	}
	return text
}

// Words says by what a structure is found.
func (s Structure) Words() string {
	if s.Reach.Kind == ReachAlone {
		return "all of a file at its place"
	}
	anchors := make([]string, 0, len(s.Anchors))
	for _, a := range s.Anchors {
		anchors = append(anchors, strconv.Quote(a))
	}
	const most = 4
	if n := len(anchors) - most; n > 0 {
		anchors = append(anchors[:most], fmt.Sprintf("%d more", n))
	}
	return "parsed where " + list(anchors, "or") + " stands"
}

func anyOf(words []string) string { return list(words, "or") }

func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

func amount(least, most int) string {
	if least == most {
		return strconv.Itoa(least)
	}
	if least == 0 {
		return "up to " + strconv.Itoa(most)
	}
	return strconv.Itoa(least) + " to " + strconv.Itoa(most)
}

// named are the classes that have a name of their own.
var namedClasses = []struct {
	class *Class
	words string
}{
	{Digits, "digits"}, {Lower, "lower-case letters"}, {Upper, "capitals"}, {Letters, "letters"},
	{Hex, "hexadecimal digits"}, {HexUpper, "hexadecimal digits in capitals"}, {HexAny, "hexadecimal digits of either case"},
	{LowerNum, "lower-case letters or digits"}, {UpperNum, "capitals or digits"}, {Base62, "letters or digits"}, {Base32, "base32 characters"},
	{Base64, "base64 characters"}, {Base64Pad, "base64 characters or ="}, {Base64URL, "URL-safe base64 characters"}, {WordBytes, "letters, digits or _"},
	{Visible, "visible characters"}, {UUIDBytes, "hexadecimal digits or -"},
}

// Words names a class, or spells it.
func (s *Class) Words() string {
	for _, n := range namedClasses {
		if *n.class == *s {
			return n.words
		}
	}
	return "of [" + s.spec() + "]"
}

// spec is the class as Of reads it.
func (s *Class) spec() string {
	var b strings.Builder
	hyphen := false
	for c := 0; c < 256; c++ {
		if !s.Has(byte(c)) {
			continue
		}
		if c == '-' {
			hyphen = true
			continue
		}
		end := c
		for end+1 < 256 && end+1 != '-' && s.Has(byte(end+1)) {
			end++
		}
		show := func(c int) {
			if c > ' ' && c <= '~' {
				b.WriteByte(byte(c))
			} else {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		}
		show(c)
		if end > c+1 {
			b.WriteByte('-')
		}
		if end > c {
			show(end)
		}
		c = end
	}
	if hyphen {
		b.WriteByte('-')
	}
	return b.String()
}
