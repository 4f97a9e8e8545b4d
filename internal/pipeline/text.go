package pipeline

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"sprawl/finding"
)

// Bounds on what one file may cost. A file beyond them is searched as text.
const (
	maxDepth = 100     // nesting of YAML
	maxNodes = 400_000 // characters that may begin a node, before the parser is let near them
	maxDocs  = 2_000
	maxSteps = 2_000_000 // nodes looked at, aliases followed: what bounds an alias bomb
)

// text is the bytes of a file with their lines and, once asked for, their YAML documents.
type text struct {
	path  string
	data  []byte
	lines []int // where each line begins, once a reader has it
	steps int   // what is left of maxSteps

	objects func() bool // it may hold objects of Kubernetes

	parsed   bool
	docs     []*yaml.Node // the content of each document, never nil
	parseErr error
	shells   map[*yaml.Node]*shellText
	template bool // the documents are those of a template with its directives blanked out
}

func newText(path string, data []byte) *text {
	t := &text{path: path, data: data, steps: maxSteps}
	t.objects = sync.OnceValue(func() bool { return hasKeys(t, "apiVersion", "kind") }) // several systems ask
	return t
}

// lineStarts splits as YAML does: at LF, CR LF, CR, NEL, LS and PS.
func lineStarts(data []byte) []int {
	starts := []int{0}
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '\n':
		case '\r':
			if i+1 < len(data) && data[i+1] == '\n' {
				i++
			}
		case 0xC2:
			if i+1 >= len(data) || data[i+1] != 0x85 {
				continue
			}
			i++
		case 0xE2:
			if i+2 >= len(data) || data[i+1] != 0x80 || data[i+2]&^1 != 0xA8 {
				continue
			}
			i += 2
		default:
			continue
		}
		starts = append(starts, i+1)
	}
	return starts
}

// offset is the byte offset of a position of the YAML reader, which counts columns in characters from 1.
func (t *text) offset(line, column int) int {
	if line < 1 || line > len(t.lines) {
		return len(t.data)
	}
	at := t.lines[line-1]
	if line == 1 && bytes.HasPrefix(t.data, bom) {
		at += len(bom)
	}
	for i := 1; i < column && at < len(t.data); i++ {
		_, size := utf8.DecodeRune(t.data[at:])
		at += size
	}
	return at
}

var bom = []byte("\xEF\xBB\xBF")

// between is the span of the bytes from start to end.
func (t *text) between(start, end int) finding.Span {
	start = max(0, min(start, len(t.data)))
	end = max(start, min(end, len(t.data)))
	l1, c1 := t.position(start)
	l2, c2 := t.position(end)
	return finding.Span{Line: l1, Column: c1, EndLine: l2, EndColumn: c2, Start: int64(start), End: int64(end)}
}

func (t *text) position(at int) (line, column int) {
	lo, hi := 0, len(t.lines)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; t.lines[mid] <= at {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo + 1, at - t.lines[lo] + 1
}

// span is where a node stands: a scalar with its quotes stripped, anything else by its first character.
func (t *text) span(n *yaml.Node) finding.Span {
	if n == nil {
		return finding.Span{}
	}
	start := t.offset(n.Line, n.Column)
	if n.Kind != yaml.ScalarNode {
		return t.between(start, start+1)
	}
	return t.locate(n, n.Value, 0)
}

// locate is the span of the nth appearance of s in a scalar. Escapes, folding and templates may keep s from standing in the
// file as it does in the value: then it is the start of the scalar.
func (t *text) locate(n *yaml.Node, s string, nth int) finding.Span {
	start := t.offset(n.Line, n.Column)
	if start >= len(t.data) {
		return t.between(start, start)
	}
	if t.spend(len(n.Value) / 64); t.steps <= 0 {
		return t.between(start, start)
	}
	window := t.data[start:min(len(t.data), start+4*len(n.Value)+4096)]
	at := 0
	for first := s; first != ""; {
		// A block scalar is indented in the file and not in its value: its first line has to do.
		i := bytes.Index(window[at:], []byte(first))
		if i < 0 {
			cut, _, more := strings.Cut(strings.TrimLeft(first, "\n"), "\n")
			if more && cut != "" && cut != first {
				first = cut
				continue
			}
			break
		}
		if nth == 0 {
			return t.between(start+at+i, start+at+i+len(first))
		}
		nth--
		at += i + len(first)
	}
	end := start
	for end < len(t.data) && t.data[end] != '\n' && t.data[end] != '\r' {
		end++
	}
	return t.between(start, end)
}

// spend takes from the budget what work over n bytes costs.
func (t *text) spend(n int) { t.steps -= n + 1 }

// shellText is a scalar read as a script, once.
type shellText struct {
	script
	vars   []variable
	byName map[string][]int // where each variable stands
	sets   map[string]int   // where each variable that the script sets begins to hold
}

// given reports whether a variable has at a position a value that a script gave it: this one, or one before it in before.
func (sh *shellText) given(v variable, before map[string]bool) bool {
	at, ok := sh.sets[v.name]
	return before[v.name] || ok && at < v.at
}

// carry adds what the script sets to what the scripts before it did.
func (sh *shellText) carry(before map[string]bool) {
	for name := range sh.sets {
		before[name] = true
	}
}

// shell reads a scalar as a script. What a template of GitHub Actions puts in is masked.
func (t *text) shell(n *yaml.Node) *shellText {
	if sh := t.shells[n]; sh != nil {
		t.steps--
		return sh
	}
	sh := &shellText{byName: map[string][]int{}}
	if t.spend(len(n.Value) / 16); t.steps <= 0 {
		return sh
	}
	text := mask(n.Value)
	sh.script, sh.vars = parseScript(text), variables(text)
	sh.sets = sh.assigned(text)
	for _, v := range sh.vars {
		sh.byName[v.name] = append(sh.byName[v.name], v.at)
	}
	for _, e := range expressions(n.Value) {
		for _, a := range accesses(e.body) {
			if a.is("env") && len(a.path) == 2 {
				sh.byName["env."+a.path[1]] = append(sh.byName["env."+a.path[1]], e.start)
			}
		}
	}
	if t.shells == nil {
		t.shells = map[*yaml.Node]*shellText{}
	}
	t.shells[n] = sh
	return sh
}

// end is the last byte that belongs to a node, to the line.
func (t *text) end(n *yaml.Node) finding.Span {
	last, depth := n, 0
	for len(last.Content) > 0 && depth < maxDepth {
		last = last.Content[len(last.Content)-1]
		depth++
	}
	line := last.Line
	if last.Kind == yaml.ScalarNode {
		line += strings.Count(strings.TrimRight(last.Value, "\n"), "\n")
		if last.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			line++
		}
	}
	line = max(1, min(line, len(t.lines)))
	at := len(t.data)
	if line < len(t.lines) {
		at = t.lines[line] - 1
	}
	return t.between(at, at)
}

// fail is an error at an offset of the YAML reader.
func (t *text) fail(line, column int, msg string) *SyntaxError {
	if line < 1 || line > len(t.lines) {
		return &SyntaxError{Path: t.path, Msg: msg}
	}
	l, c := t.position(t.offset(line, column))
	return &SyntaxError{Path: t.path, Line: l, Column: c, Msg: msg}
}

// yaml parses the file once. A file that is a template parses after its directives are blanked out, byte for byte, so that
// lines and columns stay; else docs holds the documents before the error, which stays in parseErr.
func (t *text) yaml() []*yaml.Node {
	if t.parsed {
		return t.docs
	}
	t.parsed = true
	if len(t.data) > MaxSize {
		return nil
	}
	t.docs, t.parseErr = t.load(t.data)
	if t.parseErr != nil && bytes.Contains(t.data, []byte("{{")) {
		docs, err := t.load(blank(t.data))
		if t.parseErr = err; err == nil {
			t.docs, t.template = docs, true
		}
	}
	return t.docs
}

func (t *text) load(data []byte) ([]*yaml.Node, error) {
	data = bytes.TrimPrefix(data, bom)
	tokens := len(t.lines)
	for i, c := range data {
		if strings.IndexByte(",[]{}", c) >= 0 || strings.IndexByte("-?:", c) >= 0 && (i+1 == len(data) || data[i+1] <= ' ') {
			tokens++
		}
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			l, col := t.position(i)
			return nil, &SyntaxError{Path: t.path, Line: l, Column: col, Msg: "a control character"}
		}
	}
	if tokens > maxNodes {
		return nil, &SyntaxError{Path: t.path, Msg: "too many entries"}
	}
	if !utf8.Valid(data) {
		return nil, &SyntaxError{Path: t.path, Msg: "not UTF-8"}
	}
	// Aliases are followed by the readers, against a budget, and not by the loader.
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithUniqueKeys(false),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth), loaderlimits.AliasNone())))
	if err != nil {
		return nil, t.syntax(err)
	}
	var docs []*yaml.Node
	for len(docs) < maxDocs {
		var doc yaml.Node
		err := loader.Load(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return docs, t.syntax(err)
		}
		if len(doc.Content) == 1 {
			docs = append(docs, doc.Content[0])
		}
	}
	return docs, nil
}

// syntax keeps the fixed sentences of the YAML reader's scanner and parser; what its other stages say may quote the file.
func (t *text) syntax(err error) error {
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		return &SyntaxError{Path: t.path, Msg: "not readable as YAML"}
	}
	switch {
	case strings.Contains(one.Message, "max depth"):
		return t.fail(one.Mark.Line, one.Mark.Column, "nested too deep")
	case strings.Contains(one.Message, "anchor"):
		return t.fail(one.Mark.Line, one.Mark.Column, "an alias without its anchor")
	case one.Stage == "scanner" || one.Stage == "parser":
		return t.fail(one.Mark.Line, one.Mark.Column, "not valid YAML: "+one.Message)
	}
	return t.fail(one.Mark.Line, one.Mark.Column, "not readable as YAML")
}

func asSyntax(err error, to **SyntaxError) bool { return errors.As(err, to) }
