package inventory

import (
	"bufio"
	"bytes"
	"strings"
)

// Head is the beginning of an export, looked at once for all formats.
type Head struct {
	Text []byte // UTF-8 without a byte order mark
	// Columns are the names in the first line of a table, in lower case; empty where it is none.
	Columns map[string]bool
	// Paths are the places in a JSON document that were seen: "[].hashed_token", "data[].attributes.last4". A short text adds
	// PATH=TEXT where the last name is type, kind or object.
	Paths map[string]bool

	json bool
}

// NewHead looks at the beginning of an export.
func NewHead(text []byte) *Head {
	h := &Head{Text: text, Columns: map[string]bool{}, Paths: map[string]bool{}}
	t := bytes.TrimLeft(text, " \t\r\n")
	if len(t) > 0 && (t[0] == '{' || t[0] == '[') {
		h.json = true
		w := jsonWalker{r: bufio.NewReader(bytes.NewReader(t)), seen: h.Paths}
		w.document() // it ends in the middle of things
		return h
	}
	line, _, _ := bytes.Cut(t, []byte("\n"))
	if len(line) < 16<<10 {
		if cells, err := cut(bytes.TrimRight(line, "\r"), delimiter(line)); err == nil {
			for _, c := range cells {
				if c = columnName(c); c != "" {
					h.Columns[c] = true
				}
			}
			if len(h.Columns) < 2 {
				clear(h.Columns)
			}
		}
	}
	return h
}

// has reports whether every one of the signs, separated by spaces, was seen. A sign with "!" before it must not have been.
func (h *Head) has(signs string) bool {
	for s := range strings.FieldsSeq(signs) {
		not := strings.HasPrefix(s, "!")
		s = strings.TrimPrefix(s, "!")
		if (h.Paths[s] || h.Columns[s]) == not {
			return false
		}
	}
	return true
}

// why says what there is instead of a known format.
func (h *Head) why() string {
	switch {
	case len(bytes.TrimSpace(h.Text)) == 0:
		return "the file is empty"
	case h.json && len(h.Paths) <= 1:
		return "a JSON document without rows: name its format if it is an empty listing"
	case h.json:
		return "a JSON document whose fields no format has"
	case len(h.Columns) > 0:
		return "a table whose columns no format has: give a column map to read it as csv"
	}
	return "neither JSON nor a table nor PEM"
}
