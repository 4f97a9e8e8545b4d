package inventory

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// beginsJSON looks at what comes next and leaves it there.
func beginsJSON(r *bufio.Reader) bool {
	b, _ := r.Peek(512)
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

func (l *loading) readJSON(ctx context.Context, r io.Reader) error {
	byPath := map[string][]Mapping{}
	rows := map[string]bool{}
	for _, m := range l.Mappings {
		byPath[m.Rows] = append(byPath[m.Rows], m)
		rows[m.Rows] = true
	}
	w := jsonWalker{r: bufio.NewReaderSize(r, 64<<10), rows: rows}
	w.row = func(path string, raw []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.number++
		o, err := decode(raw)
		if err != nil {
			l.trouble(l.number, "malformed: %v", err)
			return nil
		}
		l.object(o, byPath[path])
		return nil
	}
	w.large = func(string) {
		l.number++
		l.trouble(l.number, "longer than %d MiB and skipped", maxRow>>20)
	}
	w.plain = func(path string, raw []byte) {
		if path == "" {
			return
		}
		var v any
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if d.Decode(&v) == nil {
			if s, _ := asText(v); s != "" && len(l.envelope) < 100 {
				l.envelope[path] = s
			}
		}
	}
	w.end = l.endDocument
	err := w.documents()
	if err == nil && l.number == 0 && !w.held {
		return fmt.Errorf("%w: nothing in it stands where its rows would", ErrForeign)
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		if l.number == 0 && !w.held {
			return fmt.Errorf("%w: it is cut off before its first row", ErrForeign)
		}
		l.inv.Partial = "the file is cut off"
		l.endDocument()
		err = nil
	case errors.Is(err, errShape) || errors.Is(err, errDeep):
		if l.number == 0 {
			return fmt.Errorf("%w: %w", ErrForeign, err)
		}
		l.inv.Partial = "the file is damaged behind row " + strconv.Itoa(l.number)
		l.endDocument()
		err = nil
	}
	return err
}

// decode reads one object; numbers keep their digits, since ids are longer than a float64 is exact.
func decode(raw []byte) (Object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return Object{}, errors.New("not JSON")
	}
	if m, ok := v.(map[string]any); ok {
		return Object{m: m}, nil
	}
	return Object{m: map[string]any{"value": v}}, nil
}

// Signs in what surrounds the rows that there are more of them. A page that says of itself that it is the last is none.
var (
	moreIf = []string{
		"IsTruncated", "NextToken", "Marker", "nextToken", "next", "nextLink", "@odata.nextLink", "odata.nextLink", "nextPageToken", "next_page",
		"next_page_token", "nextPageUri", "next_page_uri", "has_more", "links.next", "metadata.continue", "meta.pagination.next-page", "response_metadata.next_cursor",
		"next_cursor", "pages.next", "meta.next", "meta.links.next",
	}
	scopeIn       = []string{"repository", "repository.full_name", "project", "project.path_with_namespace", "group", "organization", "account", "namespace", "scope"}
	environmentIn = []string{"environment", "environment.name"}
)

// endDocument applies what stood around the rows of a document.
func (l *loading) endDocument() {
	document := min(l.document, len(l.inv.Rows))
	rows := l.inv.Rows[document:]
	pick := func(paths []string) string {
		for _, p := range paths {
			if s := l.envelope[p]; s != "" && s != "null" {
				return s
			}
		}
		return ""
	}
	scope, env := pick(scopeIn), pick(environmentIn)
	for i := range rows {
		r := &rows[i]
		if r.Scope == "" && r.Class == Reference {
			r.Scope = scope
		}
		if r.Environment == "" && r.Class == Reference {
			r.Environment = env
		}
	}
	rows = slices.DeleteFunc(rows, func(r Row) bool {
		if r.Class != Reference {
			return false
		}
		id := rowID{r.Class, strings.Join([]string{r.Record.System, r.Record.Key, r.Scope, r.Environment}, "\x00")}
		n, ok := l.first[id]
		if ok {
			l.trouble(r.Number, "repeats row %d and was left out", n)
		} else {
			l.first[id] = r.Number
		}
		return ok
	})
	l.inv.Rows = l.inv.Rows[:document+len(rows)]
	goesOn := false
	for _, p := range moreIf {
		s := l.envelope[p]
		goesOn = goesOn || s != "" && s != "false" && s != "null" && s != "0"
	}
	// The last of several pages that stand in one file says that there is none behind it.
	switch {
	case strings.HasPrefix(l.inv.Partial, "the file"):
	case goesOn:
		l.inv.Partial = "the listing goes on behind its last page"
	default:
		l.inv.Partial = ""
	}
	if n, err := strconv.Atoi(pick([]string{"total_count", "result_info.total_count", "totalCount"})); err == nil && n > l.number && l.inv.Partial == "" {
		l.inv.Partial = fmt.Sprintf("the listing says it has %d rows and %d are here", n, l.number)
	}
	clear(l.envelope)
	l.document = len(l.inv.Rows)
}
