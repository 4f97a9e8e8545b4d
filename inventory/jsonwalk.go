package inventory

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds on foreign JSON.
const (
	maxRow   = 4 << 20 // bytes of one row: a folded audit log or a policy document is large, a credential is not
	maxDepth = 200     // of nesting
	maxPlain = 4 << 10 // bytes of a value outside of rows
	maxPeek  = 8 << 10 // bytes of a document within which its rows begin
)

var (
	errDeep  = errors.New("nested too deeply")
	errShape = errors.New("not JSON")
)

// jsonWalker walks a stream of JSON documents without holding one: "gh api --paginate" writes several arrays one after the
// other, "jq -c" an object a line. A value at one of the paths in rows is handed out whole; others are walked through where a
// row may stand below, else skipped. Memory is bounded by maxRow.
type jsonWalker struct {
	r    *bufio.Reader
	rows map[string]bool // paths whose values are rows: "[]", "data[]", "" for the document itself
	row  func(path string, raw []byte) error
	// large is told of a row that was skipped for its size.
	large func(path string)
	// plain is told of short values outside of rows.
	plain func(path string, raw []byte)
	// end is called behind every document.
	end func()
	// seen, if not nil, collects every path.
	seen map[string]bool

	// held is set where rows would stand, if there were any.
	held bool

	depth int
	buf   []byte
}

// documents walks until the end of the stream. io.ErrUnexpectedEOF says that the stream ends inside a document; what was handed
// out before stays good.
func (w *jsonWalker) documents() error {
	for n := 0; ; n++ {
		c, err := w.space()
		if errors.Is(err, io.EOF) {
			if n == 0 {
				return fmt.Errorf("%w: the file is empty", errShape)
			}
			return nil
		}
		if err != nil {
			return err
		}
		if c == ',' || c == 0x1E { // a record separator (RFC 7464), or pages joined by hand
			_, _ = w.r.ReadByte()
			continue
		}
		if err := w.value(""); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		w.end()
	}
}

// document walks what is there and forgives everything: it is for Head.
func (w *jsonWalker) document() {
	for {
		if _, err := w.space(); err != nil {
			return
		}
		if err := w.value(""); err != nil {
			return
		}
	}
}

func (w *jsonWalker) space() (byte, error) {
	for {
		c, err := w.r.ReadByte()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, w.r.UnreadByte()
		}
	}
}

func (w *jsonWalker) below(path string) bool {
	if w.seen != nil || w.plain != nil && strings.Count(path, ".") < 2 && !strings.Contains(path, "[]") {
		return true
	}
	for p := range w.rows {
		if strings.HasPrefix(p, path) {
			return true
		}
	}
	return false
}

// value walks the value that comes next.
func (w *jsonWalker) value(path string) error {
	c, err := w.space()
	if err != nil {
		return err
	}
	if w.seen != nil {
		w.seen[path] = true
	}
	if w.rows[path] && c == '{' && (path != "" || !w.wrapped()) || w.rows[path] && c != '[' && path != "" {
		raw, err := w.capture(maxRow)
		switch {
		case errors.Is(err, errLarge):
			w.large(path)
			return nil
		case err != nil:
			return err
		}
		return w.row(path, raw)
	}
	if c != '{' && c != '[' {
		raw, err := w.capture(maxPlain)
		if errors.Is(err, errLarge) {
			return nil
		}
		if err != nil {
			return err
		}
		if w.plain != nil {
			w.plain(path, raw)
		}
		if w.seen != nil && len(raw) < 64 && raw[0] == '"' {
			switch path[strings.LastIndexByte(path, '.')+1:] {
			case "type", "kind", "object":
				w.seen[path+"="+string(bytes.Trim(raw, `"`))] = true
			}
		}
		return nil
	}
	if !w.below(path) {
		_, err := w.capture(0)
		if errors.Is(err, errLarge) {
			err = nil
		}
		return err
	}
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > maxDepth {
		return errDeep
	}
	_, _ = w.r.ReadByte()
	if c == '[' {
		return w.elements(path)
	}
	return w.members(path)
}

// wrapped says whether the document that comes next, which may be a row itself, holds rows instead: "kubectl get" prints an object
// or a list of them, CloudTrail an event or a file of them.
func (w *jsonWalker) wrapped() bool {
	inner := false
	for p := range w.rows {
		inner = inner || p != "" && p[0] != '['
	}
	if !inner {
		return false
	}
	b, _ := w.r.Peek(maxPeek) // what is shorter comes as far as it goes
	head := jsonWalker{r: bufio.NewReader(bytes.NewReader(b)), seen: map[string]bool{}}
	_ = head.value("") // it may end in the middle
	for p := range w.rows {
		if p != "" && head.seen[p] {
			return true
		}
	}
	return false
}

func (w *jsonWalker) elements(path string) error {
	for p := range w.rows {
		w.held = w.held || strings.HasPrefix(p, path+"[]")
	}
	for first := true; ; first = false {
		c, err := w.space()
		if err != nil {
			return err
		}
		if c == ']' {
			_, _ = w.r.ReadByte()
			return nil
		}
		if !first {
			if c != ',' {
				return fmt.Errorf("%w: an array goes on without a comma", errShape)
			}
			_, _ = w.r.ReadByte()
		}
		if err := w.value(path + "[]"); err != nil {
			return err
		}
	}
}

func (w *jsonWalker) members(path string) error {
	if path != "" {
		path += "."
	}
	for first := true; ; first = false {
		c, err := w.space()
		if err != nil {
			return err
		}
		if c == '}' {
			_, _ = w.r.ReadByte()
			return nil
		}
		if !first {
			if c != ',' {
				return fmt.Errorf("%w: an object goes on without a comma", errShape)
			}
			_, _ = w.r.ReadByte()
			if c, err = w.space(); err != nil {
				return err
			}
		}
		if c != '"' {
			return fmt.Errorf("%w: a name is missing", errShape)
		}
		raw, err := w.capture(maxPlain)
		if err != nil {
			return err
		}
		var name string
		if err := json.Unmarshal(raw, &name); err != nil {
			return fmt.Errorf("%w: a name is malformed", errShape)
		}
		if c, err = w.space(); err != nil {
			return err
		}
		if c != ':' {
			return fmt.Errorf("%w: a name without a value", errShape)
		}
		_, _ = w.r.ReadByte()
		if err := w.value(path + name); err != nil {
			return err
		}
	}
}

// errLarge is returned by capture for a value that is longer than it may be; the value was read to its end.
var errLarge = errors.New("too large")

// capture reads one value to its end and returns its bytes, good until the next call. It balances brackets and knows strings;
// whether what is inside is JSON is for json.Unmarshal to say.
func (w *jsonWalker) capture(limit int) ([]byte, error) {
	w.buf = w.buf[:0]
	size, depth, quoted, escaped := 0, 0, false, false
	for {
		c, err := w.r.ReadByte()
		if err != nil {
			if err == io.EOF && size > 0 && depth == 0 && !quoted {
				break // a bare number or word at the end of the stream
			}
			return nil, err
		}
		if depth == 0 && !quoted && size > 0 && (c == ',' || c == ']' || c == '}' || c == ':' || c == ' ' || c == '\n' || c == '\r' || c == '\t') {
			if err := w.r.UnreadByte(); err != nil {
				return nil, err
			}
			break
		}
		if size == 0 && (c == ',' || c == ']' || c == '}' || c == ':') {
			return nil, fmt.Errorf("%w: a value is missing", errShape)
		}
		size++
		if size <= limit {
			w.buf = append(w.buf, c)
		}
		done := false
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
			done = !quoted && depth == 0
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
			done = depth == 0
		}
		if done {
			break
		}
	}
	if size > limit {
		if cap(w.buf) > maxRow {
			w.buf = nil
		}
		return nil, errLarge
	}
	return w.buf, nil
}
