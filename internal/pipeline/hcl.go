package pipeline

import (
	"slices"
	"strings"

	"sprawl/finding"
)

// hclAttr is NAME = VALUE. text is a quoted string or heredoc, value then without quotes; else value is the expression.
type hclAttr struct {
	block []string
	name  string
	value string
	text  bool
	span  finding.Span
}

type hclBlock struct {
	path []string
	span finding.Span
}

// hcl reads attributes and blocks of HCL, maps and lists included, as far as braces and quotes go.
func hcl(t *text) ([]hclAttr, []hclBlock, error) {
	var attrs []hclAttr
	var blocks []hclBlock
	var path [][]string // one entry for each open brace; nil for one that is no block
	s := string(t.data)
	current := func() []string { return slices.Concat(path...) }
	var line []string // words since the last line break, for block headers
	lineAt := 0
	fail := func(at int, msg string) error {
		l, c := t.position(at)
		return &SyntaxError{Path: t.path, Line: l, Column: c, Msg: msg}
	}
	for i := 0; i < len(s); {
		if t.steps--; t.steps <= 0 {
			return attrs, blocks, nil
		}
		c := s[i]
		switch {
		case c == '\n':
			line = nil
			i++
		case c == '#' || c == '/' && i+1 < len(s) && s[i+1] == '/':
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case c == '/' && i+1 < len(s) && s[i+1] == '*':
			n := strings.Index(s[i+2:], "*/")
			if n < 0 {
				return attrs, blocks, fail(i, "a comment without an end")
			}
			i += n + 4
		case c == '"':
			end := hclString(s, i)
			if end < 0 {
				return attrs, blocks, fail(i, "a string without an end")
			}
			line = append(line, s[i+1:end-1])
			i = end
		case c == '{':
			if len(path) > 100 {
				return attrs, blocks, fail(i, "nested too deep")
			}
			if len(line) > 0 {
				blocks = append(blocks, hclBlock{append(current(), line...), t.between(lineAt, i)})
			}
			path = append(path, line)
			line = nil
			i++
		case c == '}':
			if len(path) == 0 {
				return attrs, blocks, fail(i, "a closing brace too many")
			}
			path = path[:len(path)-1]
			line = nil
			i++
		case c == '=' || c == ':':
			if i+1 < len(s) && s[i+1] == '=' || len(line) != 1 {
				i++
				continue
			}
			name := line[0]
			line = nil
			i++
			for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
				i++
			}
			start := i
			switch {
			case i < len(s) && s[i] == '{': // a map: its entries are attributes of their own
				path = append(path, []string{name})
				i++
				continue
			case i < len(s) && s[i] == '"':
				end := hclString(s, i)
				if end < 0 {
					return attrs, blocks, fail(i, "a string without an end")
				}
				rest := strings.TrimLeft(s[end:min(len(s), end+64)], " \t")
				if rest == "" || strings.IndexByte("\r\n,}#/", rest[0]) >= 0 {
					attrs = append(attrs, hclAttr{current(), name, s[start+1 : end-1], true, t.between(start+1, end-1)})
					i = end
					continue
				}
			case i+2 < len(s) && s[i] == '<' && s[i+1] == '<':
				k := i + 2
				if s[k] == '-' {
					k++
				}
				m := k
				for m < len(s) && wordByte(s[m]) {
					m++
				}
				if m > k {
					end := skipHeredoc(s[m:], strings.IndexByte(s[m:min(len(s), m+4)]+"\n", '\n'), s[k:m]) + m
					body := min(len(s), m+1)
					if end <= body {
						return attrs, blocks, fail(i, "a heredoc without an end")
					}
					attrs = append(attrs, hclAttr{current(), name, s[body:end], true, t.between(body, end)})
					i = end
					continue
				}
			}
			end := hclExpression(s, i)
			attrs = append(attrs, hclAttr{current(), name, s[start:end], false, t.between(start, end)})
			i = max(end, i+1)
		case wordByte(c):
			if line == nil {
				lineAt = i
			}
			k := i
			for k < len(s) && (wordByte(s[k]) || s[k] == '-' || s[k] == '.') {
				k++
			}
			line = append(line, s[i:k])
			i = k
		default:
			i++
		}
	}
	if len(path) > 0 {
		return attrs, blocks, fail(len(s), "a block without an end")
	}
	return attrs, blocks, nil
}

// hclString returns the offset after the closing quote; quotes inside ${ } belong to the expression there.
func hclString(s string, i int) int {
	depth := 0
	for i++; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '$' && i+1 < len(s) && s[i+1] == '{':
			depth++
			i++
		case depth > 0 && s[i] == '{':
			depth++
		case depth > 0 && s[i] == '}':
			depth--
		case s[i] == '"' && depth == 0:
			return i + 1
		case s[i] == '\n' && depth == 0:
			return -1
		}
	}
	return -1
}

// hclExpression returns the end of an expression: the line break outside of brackets.
func hclExpression(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '"':
			end := hclString(s, i)
			if end < 0 {
				return i
			}
			i = end - 1
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return i
			}
		case '\n', '\r':
			if depth == 0 {
				return i
			}
		case '#':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}
