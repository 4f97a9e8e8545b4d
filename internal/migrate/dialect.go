package migrate

import (
	"strconv"
	"strings"
)

// plain rewrites an expression of the dialects that peers' engines read (Rust's, Hyperscan's) as RE2 reads it: the x flag, by
// which blanks and comments are for the reader alone, is undone, and a repetition of more than a
// thousand loses its upper bound. What RE2 has no word for is left for its parser to refuse.
func plain(expr string) string {
	var b strings.Builder
	loose := []bool{false} // whether x is set, by depth of groups
	class := 0             // depth of brackets
	for i := 0; i < len(expr); i++ {
		c := expr[i]
		x := loose[len(loose)-1]
		switch {
		case c == '\\' && i+1 < len(expr):
			i++
			b.WriteString(escape(expr[i], class > 0))
		case x && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
		case class > 0:
			switch c {
			case '[':
				if strings.HasPrefix(expr[i:], "[:") {
					if end := strings.Index(expr[i:], ":]"); end > 0 {
						b.WriteString(expr[i : i+end+2])
						i += end + 1
						continue
					}
				}
				b.WriteString(`\[`)
			case ']':
				class--
				b.WriteByte(c)
			default:
				b.WriteByte(c)
			}
		case c == '[':
			class++
			b.WriteByte(c)
			if i+1 < len(expr) && expr[i+1] == '^' {
				i++
				b.WriteByte('^')
			}
			if i+1 < len(expr) && expr[i+1] == ']' {
				i++
				b.WriteString(`\]`)
			}
		case x && c == '#':
			if end := strings.IndexByte(expr[i:], '\n'); end >= 0 {
				i += end
			} else {
				i = len(expr)
			}
		case c == '{':
			n := openRepeat(expr[i:])
			if n == 0 {
				b.WriteByte(c)
				continue
			}
			b.WriteString(expr[i:i+n] + "}")
			i += strings.IndexByte(expr[i:], '}')
		case strings.HasPrefix(expr[i:], "(?#"):
			end := strings.IndexByte(expr[i:], ')')
			if end < 0 {
				end = len(expr) - i
			}
			i += end
		case c == '(':
			flags, n, scoped := readFlags(expr[i:])
			if n == 0 {
				loose = append(loose, x)
				b.WriteByte(c)
				continue
			}
			on, off, _ := strings.Cut(flags, "-")
			is := x
			if strings.Contains(on, "x") {
				is = true
			}
			if strings.Contains(off, "x") {
				is = false
			}
			rest := without(on, "xu")
			if o := without(off, "xu"); o != "" {
				rest += "-" + o
			}
			i += n - 1
			if scoped {
				loose = append(loose, is)
				b.WriteString("(?" + rest + ":")
				continue
			}
			loose[len(loose)-1] = is
			if rest != "" {
				b.WriteString("(?" + rest + ")")
			}
		case c == ')':
			if len(loose) > 1 {
				loose = loose[:len(loose)-1]
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return strings.TrimSpace(b.String())
}

// readFlags reads "(?xi)" or "(?xi:" at the start of s: the flags, how long it is, and whether a group begins with it. The
// length is 0 for any other parenthesis.
func readFlags(s string) (flags string, n int, scoped bool) {
	if !strings.HasPrefix(s, "(?") {
		return "", 0, false
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c == ')' && i > 2:
			return s[2:i], i + 1, false
		case c == ':' && i > 2:
			return s[2:i], i + 1, true
		case c == '-' || strings.IndexByte("ixsmuU", c) >= 0:
		default:
			return "", 0, false
		}
	}
	return "", 0, false
}

// maxRepeat is how far RE2 counts.
const maxRepeat = 1000

// openRepeat is how long "{n," is at the start of a repetition whose upper bound RE2 cannot count to: it is left open. 0 is for
// every other brace.
func openRepeat(s string) int {
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return 0
	}
	lo, hi, ok := strings.Cut(s[1:end], ",")
	least, err := strconv.Atoi(lo)
	most, err2 := strconv.Atoi(hi)
	if !ok || err != nil || err2 != nil || least > maxRepeat || most <= maxRepeat {
		return 0
	}
	return len(lo) + 2
}

func without(s, drop string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(drop, r) {
			return -1
		}
		return r
	}, s)
}

// escape is what stands for a backslash and c.
func escape(c byte, inClass bool) string {
	switch c {
	case 'Z':
		if !inClass {
			return `\z`
		}
	case 'h':
		if inClass {
			return `\t `
		}
		return `[\t ]`
	case 'e':
		return `\x1b`
	case '<', '>', '\'', '"', '`', '/', ' ', '#', '%', '&', '~', '@', '!', ',', ';', '=', ':':
		if c == ' ' {
			return `\x20` // a blank that a second pass over the x flag must not lose
		}
		return string(c)
	}
	return `\` + string(c)
}
