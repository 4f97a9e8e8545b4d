package inventory

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// delimiter is what a table's first line is cut at: spreadsheets of some languages write semicolons, databases tabs.
func delimiter(line []byte) rune {
	best, n := ',', bytes.Count(line, []byte(","))
	for _, d := range []rune{';', '\t'} {
		if m := bytes.Count(line, []byte(string(d))); m > n {
			best, n = d, m
		}
	}
	return best
}

func columnName(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// cut cuts one record of a table. The cells do not share memory with b.
func cut(b []byte, comma rune) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = comma, -1, true
	cells, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	return cells, err
}

// tableReader reads a table record by record (RFC 4180, line ends of every kind), each at most maxRow bytes long: encoding/csv
// alone would read the rest of a file into one cell behind a quote that nobody closed.
type tableReader struct {
	r       *bufio.Reader
	comma   rune
	columns []string // lower case
	short   bool     // the last record has fewer cells than there are columns
	buf     []byte
}

func newTableReader(r io.Reader) (*tableReader, error) {
	t := &tableReader{r: bufio.NewReaderSize(r, 64<<10)}
	for {
		b, err := t.record()
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(b)) == 0 {
			continue
		}
		if bytes.HasPrefix(b, []byte("sep=")) && len(b) == 5 { // a line that spreadsheets write and read
			t.comma = rune(b[4])
			continue
		}
		if t.comma == 0 {
			t.comma = delimiter(b)
		}
		cells, err := cut(b, t.comma)
		if err != nil {
			return nil, fmt.Errorf("the header is malformed: %w", err)
		}
		for _, c := range cells {
			t.columns = append(t.columns, columnName(c))
		}
		return t, nil
	}
}

// record returns the bytes of one record without its line end, good until the next call; errLarge for one that was skipped.
func (t *tableReader) record() ([]byte, error) {
	t.buf = t.buf[:0]
	quoted, large := false, false
	for {
		line, err := t.r.ReadSlice('\n')
		end := errors.Is(err, io.EOF)
		if end && len(line) == 0 && len(t.buf) > 0 {
			break
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && (!end || len(line) == 0) {
			return nil, err
		}
		if bytes.Count(line, []byte{'"'})%2 == 1 {
			quoted = !quoted
		}
		if len(t.buf)+len(line) > maxRow {
			large = true
		} else {
			t.buf = append(t.buf, line...)
		}
		if ends := len(line) > 0 && line[len(line)-1] == '\n'; ends && (!quoted || large) {
			break
		}
		if end {
			break
		}
	}
	if large {
		return nil, errLarge
	}
	return bytes.TrimRight(t.buf, "\r\n"), nil
}

// next returns the next record that is not empty as its columns' values; cells without a value are left out.
func (t *tableReader) next() (map[string]any, error) {
	for {
		b, err := t.record()
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(b)) == 0 {
			continue
		}
		cells, err := cut(b, t.comma)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errShape, err)
		}
		m := make(map[string]any, len(cells))
		for i, c := range cells {
			if i < len(t.columns) && c != "" {
				m[t.columns[i]] = c
			}
		}
		t.short = len(cells) < len(t.columns)
		if len(cells) != len(t.columns) {
			return m, fmt.Errorf("%w: %d cells under %d columns", errWidth, len(cells), len(t.columns))
		}
		return m, nil
	}
}

var errWidth = fmt.Errorf("the row does not fit the header")

func (l *loading) readTable(ctx context.Context, r io.Reader) error {
	t, err := newTableReader(r)
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the file is empty", ErrForeign)
	case errors.Is(err, errLarge) || errors.Is(err, errShape):
		return fmt.Errorf("%w: %w", ErrForeign, err)
	case err != nil:
		return err
	}
	if l.Columns != "" {
		known := map[string]bool{}
		for c := range strings.FieldsSeq(l.Columns) {
			known[c] = true
		}
		// Without its header a table begins with a row, and what stands in it is not for telling.
		if !slices.ContainsFunc(t.columns, func(c string) bool { return known[c] }) {
			return fmt.Errorf("%w: its first line names none of the columns", ErrForeign)
		}
		have := map[string]bool{}
		for _, c := range t.columns {
			have[c] = true
			if !known[c] {
				l.trouble(0, "column %q is not known and was left out", cutText(c))
			}
		}
		for c := range strings.FieldsSeq(l.Columns) {
			if !have[c] {
				l.trouble(0, "column %q is missing: what it would tell stays unknown", c)
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(l.meta.Columns)) {
		if l.Prepare != nil && !slices.Contains(t.columns, columnName(c)) {
			l.trouble(0, "column %q is missing: what it would tell stays unknown", cutText(c))
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := t.next()
		if errors.Is(err, io.EOF) {
			if t.short {
				l.inv.Partial = "the file is cut off"
			}
			return nil
		}
		l.number++
		switch {
		case errors.Is(err, errLarge):
			l.trouble(l.number, "longer than %d MiB and skipped: is a quote not closed?", maxRow>>20)
			continue
		case errors.Is(err, errWidth):
			l.trouble(l.number, "%v", err)
			if len(m) == 0 {
				continue
			}
		case errors.Is(err, errShape):
			l.trouble(l.number, "malformed")
			continue
		case err != nil:
			return err
		}
		l.object(Object{m: m}, l.Mappings)
	}
}
