package pipeline

import "bytes"

// Templates of Go and Jinja, made into something that parses without a byte being moved.

// blank replaces the directives of a Go or Jinja template by as many bytes of something that YAML takes for a word, or by
// blanks where a line holds nothing but directives.
func blank(data []byte) []byte {
	out := bytes.Clone(data)
	next := map[string]int{} // where each closing mark stands next, as far as known
	for i := 0; i+1 < len(out); i++ {
		if out[i] != '{' || out[i+1] != '{' && out[i+1] != '%' && out[i+1] != '#' {
			continue
		}
		if i > 0 && out[i-1] == '$' { // an expression of GitHub Actions
			continue
		}
		closing := "}}"
		if out[i+1] != '{' {
			closing = string(out[i+1]) + "}"
		}
		at, known := next[closing]
		if !known || at >= 0 && at < i+2 {
			if at = bytes.Index(out[i+2:], []byte(closing)); at >= 0 {
				at += i + 2
			}
			next[closing] = at
		}
		n := at - i - 2
		if at < 0 || n > 16<<10 {
			continue
		}
		end := i + 2 + n + 2
		for j := i; j < end; j++ {
			if out[j] != '\n' && out[j] != '\r' {
				out[j] = directive
			}
		}
		i = end - 1
	}
	settleDirectives(data, out)
	return out
}

// settleDirectives gives the marked bytes of each line what YAML can live with.
func settleDirectives(data, out []byte) {
	opens := -1 // how deep the line before is indented if it begins a block of text
	for start := 0; start < len(out); {
		end := len(out)
		if n := bytes.IndexByte(out[start:], '\n'); n >= 0 {
			end = start + n
		}
		line := out[start:end]
		i := bytes.IndexByte(line, directive)
		text := bytes.Trim(line, " \t\r\x00")
		switch {
		case i < 0:
		case len(text) == 0 && opens >= 0 && blockIndent(out[end:]) > opens:
			// As the first line of a block it must not be indented deeper than the text.
			n := min(len(line), blockIndent(out[end:]))
			replace(line[:n], ' ')
			replace(line[n:], '_')
		case len(text) == 0: // nothing else on the line
			replace(line, ' ')
		case bytes.HasSuffix(bytes.TrimRight(line[:i], " "), []byte(":")) && bytes.Contains(data[start:end], []byte("indent ")):
			replace(line, ' ') // the block that it stands for begins on the next line
		default:
			replace(line, '_')
		}
		switch {
		case len(text) > 1 && bytes.ContainsAny(text[len(text)-1:], "|>"), len(text) > 2 && bytes.ContainsAny(text[len(text)-2:len(text)-1], "|>") && bytes.ContainsAny(text[len(text)-1:], "+-"):
			opens = len(line) - len(bytes.TrimLeft(line, " "))
		case len(text) > 0 || i >= 0:
			opens = -1
		}
		start = end + 1
	}
}

func replace(line []byte, with byte) {
	for i, c := range line {
		if c == directive {
			line[i] = with
		}
	}
}

// blockIndent is how deep the first line with a text of its own is indented.
func blockIndent(rest []byte) int {
	const enough = 100 // lines
	for n := 0; n < enough && len(rest) > 0; n++ {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		rest = after
		if t := bytes.Trim(line, " \t\r\x00"); len(t) > 0 {
			return len(line) - len(bytes.TrimLeft(line, " "))
		}
	}
	return 0
}

// directive marks the bytes of a directive until it is known what becomes of them. A file that has it is no YAML anyway.
const directive = 0

// The walk over nodes. All of it follows aliases and merge keys, and takes from the budget what it looks at.
