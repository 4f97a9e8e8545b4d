package pipeline

import "strings"

// The expressions of GitHub Actions, as far as their names go.
// https://docs.github.com/en/actions/reference/workflows-and-actions/expressions

// expression is one ${{ … }} in a text; body is at body0 in it.
type expression struct {
	start, end int
	body       string
	body0      int
}

func expressions(s string) []expression {
	var out []expression
	for at := 0; ; {
		i := strings.Index(s[at:], "${{")
		if i < 0 {
			return out
		}
		start := at + i
		n := closing(s[start+3:])
		if n < 0 {
			return out
		}
		end := start + 3 + n + 2
		out = append(out, expression{start, end, s[start+3 : end-2], start + 3})
		at = end
	}
}

// closing finds the }} that is not in a string.
func closing(s string) int {
	quoted := false
	for i := 0; i+1 < len(s); i++ {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case !quoted && s[i] == '}' && s[i+1] == '}':
			return i
		}
	}
	return -1
}

// access is a chain of names: secrets.NAME, github.event.pull_request.head.ref. A member that is computed is "*", and index
// then holds the expression.
type access struct {
	at, end int
	path    []string // lower case but for the members
	index   string
}

func (a access) is(prefix ...string) bool {
	if len(a.path) < len(prefix) {
		return false
	}
	for i, p := range prefix {
		if !strings.EqualFold(a.path[i], p) {
			return false
		}
	}
	return true
}

func (a access) String() string { return strings.Join(a.path, ".") }

// accesses lists the chains of one expression; those inside an index come after the chain they belong to.
func accesses(s string) []access { return accessesAt(s, 0, 0) }

func accessesAt(s string, base, depth int) []access {
	var out []access
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\'':
			for i++; i < len(s) && s[i] != '\''; i++ {
			}
			i++
			continue
		case digit(c):
			for i < len(s) && (wordByte(s[i]) || s[i] == '.') {
				i++
			}
			continue
		case !letter(c) && c != '_':
			i++
			continue
		}
		start := i
		i = name(s, i)
		a := access{at: base + start, path: []string{strings.ToLower(s[start:i])}}
		var inner []access
	chain:
		for {
			j := skipBlank(s, i)
			switch {
			case j < len(s) && s[j] == '.':
				j = skipBlank(s, j+1)
				k := name(s, j)
				if k == j {
					if j < len(s) && s[j] == '*' {
						a.path = append(a.path, "*")
						i = j + 1
						continue
					}
					break chain
				}
				a.path = append(a.path, s[j:k])
				i = k
			case j < len(s) && s[j] == '[':
				k := bracket(s, j)
				if k < 0 {
					i = len(s)
					break chain
				}
				in := strings.TrimSpace(s[j+1 : k])
				if len(in) > 1 && in[0] == '\'' && in[len(in)-1] == '\'' && !strings.Contains(in[1:len(in)-1], "'") {
					a.path = append(a.path, in[1:len(in)-1])
				} else {
					a.path = append(a.path, "*")
					if a.index == "" {
						a.index = in
					}
					if depth < 4 {
						inner = append(inner, accessesAt(s[j+1:k], base+j+1, depth+1)...)
					}
				}
				i = k + 1
			default:
				break chain
			}
		}
		a.end = base + i
		if i < len(s) && skipBlank(s, i) < len(s) && s[skipBlank(s, i)] == '(' && len(a.path) == 1 {
			continue // a function
		}
		out = append(append(out, a), inner...)
	}
	return out
}

func name(s string, i int) int {
	for i < len(s) && (wordByte(s[i]) || s[i] == '-') {
		i++
	}
	return i
}

func skipBlank(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

func bracket(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '\'':
			for i++; i < len(s) && s[i] != '\''; i++ {
			}
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// arguments splits the inside of a call at its commas.
func arguments(s string) []string {
	var out []string
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\'':
			for i++; i < len(s) && s[i] != '\''; i++ {
			}
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(s[start:i]))
				start = i + 1
			}
		}
	}
	return append(out, strings.TrimSpace(s[min(start, len(s)):]))
}
