package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// form says how a column stands in an export.
type form int

const (
	number form = iota
	word        // text
	paper       // JSON, packed in the database and plain in an export
	body        // any bytes, packed in the database; in an export text where they are text
	octets      // bytes, base64 in an export
)

type column struct {
	name string
	form form
}

// columns reads "id# name doc{}": # number, nothing word, {} paper, * body, = octets.
func columns(spec string) []column {
	forms := []struct {
		mark string
		form form
	}{{"#", number}, {"{}", paper}, {"*", body}, {"=", octets}}
	words := strings.Fields(spec)
	all := make([]column, len(words))
	for i, w := range words {
		all[i] = column{w, word}
		for _, f := range forms {
			if name, ok := strings.CutSuffix(w, f.mark); ok {
				all[i] = column{name, f.form}
			}
		}
	}
	return all
}

// table is one that an export holds.
type table struct {
	name    string
	order   string // its primary key
	counted bool   // its ids are given by the database
	columns []column
}

// tables are all of the store's own, what others refer to first.
var tables = []table{
	{"meta", "name", false, columns("name value")},
	{"runs", "id", true, columns("id# state started# ended# roots version rule_set key_id calls# spared# fetched# scanned# unlisted judged# doc{}")},
	{"targets", "id", true, columns("id# target_key name was kind root url host repository default_branch visibility archived# fork# topics pushed# size# gone#")},
	{"outcomes", "run, target", false, columns("run# target# state reason detail tries# at#")},
	{"scans", "target", false, columns("target# run# refs print rules complete# objects# at# doc{}")},
	{"seen", "target", false, columns("target# ids=")},
	{"credentials", "id", false, columns("id status first_run# first_at# first_seen# last_run# gone_at# facets doc{}")},
	{"versions", "credential, run", false, columns("credential run# seq# started# status gone_at# facets doc{}")},
	{"changes", "run, credential", false, columns("run# credential at# what was is_now detail")},
	{"items", "run, part", false, columns("run# part# doc{}")},
	{"points", "run", false, columns("run# at# doc{}")},
	{"answers", "question", false, columns("question etag at# body*")},
	{"inventories", "name", false, columns("name as_of# body*")},
}

func (t table) names() []string {
	all := make([]string, len(t.columns))
	for i, c := range t.columns {
		all[i] = c.name
	}
	return all
}

// exportFormat is the first thing that a reader of an export looks for.
const exportFormat = "sprawl-store"

// line is one line of an export: the header, a row, or the end.
type line struct {
	Format string                     `json:"format,omitempty"`
	Schema int64                      `json:"schema,omitempty"`
	Key    string                     `json:"key_id,omitempty"`
	Table  string                     `json:"table,omitempty"`
	Row    map[string]json.RawMessage `json:"row,omitempty"`
	Rows   *int64                     `json:"rows,omitempty"` // of the end: how many there were
}

// Export writes the store as JSON, one object a line: a header with the schema and the key's id, every row, and how many there were.
// Documents are written plain. Tables of others in the same database are left out.
func (s *Store) Export(ctx context.Context, w io.Writer) error {
	schema, err := s.schema()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(line{Format: exportFormat, Schema: schema, Key: s.key}); err != nil {
		return err
	}
	var rows int64
	err = s.View(ctx, func(t *Tx) error {
		rows = 0
		for _, a := range tables {
			if err := t.export(a, e, &rows); err != nil {
				return fmt.Errorf("export %s: %w", a.name, err)
			}
		}
		return nil
	})
	if err == nil {
		err = e.Encode(line{Rows: &rows})
	}
	return errors.Join(err, out.Flush())
}

func (t *Tx) export(a table, e *json.Encoder, rows *int64) error {
	return t.each(func(scan func(...any) error) error {
		into := make([]any, len(a.columns))
		for i, c := range a.columns {
			into[i] = c.form.fresh()
		}
		if err := scan(into...); err != nil {
			return err
		}
		l := line{Table: a.name, Row: make(map[string]json.RawMessage, len(into))}
		for i, c := range a.columns {
			v, err := c.form.write(into[i])
			if err != nil {
				return err
			}
			l.Row[c.name] = v
		}
		*rows++
		return e.Encode(l)
	}, "SELECT "+strings.Join(a.names(), ", ")+" FROM "+a.name+" ORDER BY "+a.order)
}

// fresh is where a column is scanned into.
func (f form) fresh() any {
	switch f {
	case number:
		return new(int64)
	case word:
		return new(string)
	}
	return new([]byte)
}

func (f form) write(v any) (json.RawMessage, error) {
	b, ok := v.(*[]byte)
	if !ok || f == octets {
		return json.Marshal(v)
	}
	plain, err := unpack(*b)
	switch {
	case err != nil:
		return nil, err
	case f == paper && len(plain) == 0:
		return json.RawMessage("null"), nil
	case f == paper:
		return plain, nil
	case utf8.Valid(plain):
		return json.Marshal(string(plain))
	}
	return json.Marshal(map[string][]byte{"bytes": plain})
}

func (f form) read(raw json.RawMessage) (any, error) {
	switch f {
	case number:
		var n int64
		err := decode(raw, &n)
		return n, err
	case word:
		var s string
		err := decode(raw, &s)
		return text(s), err
	case octets:
		var b []byte
		err := decode(raw, &b)
		return append([]byte{}, b...), err // none is not NULL
	case paper:
		if string(raw) == "null" {
			return []byte{}, nil
		}
		return pack(raw)
	}
	if len(raw) > 0 && raw[0] == '{' {
		var b struct{ Bytes []byte }
		if err := decode(raw, &b); err != nil {
			return nil, err
		}
		return pack(b.Bytes)
	}
	var s string
	if err := decode(raw, &s); err != nil {
		return nil, err
	}
	return pack([]byte(s))
}

func decode[T any](raw json.RawMessage, into *T) error { return json.Unmarshal(raw, into) }

// Import fills an empty store from an export of the same schema and key. ErrNotEmpty, ErrKey; of an export that ends early nothing
// is kept.
func (s *Store) Import(ctx context.Context, r io.Reader) error {
	d := json.NewDecoder(bufio.NewReader(r))
	var head line
	if err := d.Decode(&head); err != nil || head.Format != exportFormat {
		return errors.New("import: this is not an export of a store")
	}
	schema, err := s.schema()
	switch {
	case err != nil:
		return err
	case head.Schema != schema:
		return fmt.Errorf("import: the export is of schema %d, and this version reads %d", head.Schema, schema)
	case head.Key != s.key:
		return fmt.Errorf("import: %w: the export holds ids of key %s, and the store is of key %s", ErrKey, head.Key, s.key)
	}
	// Not Update: what was read from r cannot be read again.
	err = s.once(ctx, nil, func(t *Tx) error { return t.fill(d) })
	if err != nil {
		return fmt.Errorf("import: %w", full(err))
	}
	return nil
}

func (t *Tx) fill(d *json.Decoder) error {
	for _, a := range tables[1:] {
		var n int64
		if _, err := t.one("SELECT COUNT(*) FROM "+a.name, nil, &n); err != nil {
			return err
		}
		if n > 0 {
			return ErrNotEmpty
		}
	}
	if _, err := t.exec("DELETE FROM meta"); err != nil {
		return err
	}
	if err := t.rows(d); err != nil {
		return err
	}
	for _, a := range tables {
		q := t.s.engine.counted(a.name)
		if !a.counted || q == "" {
			continue
		}
		var n int64
		if _, err := t.one(q, nil, &n); err != nil {
			return err
		}
	}
	return nil
}

// rows copies lines into tables until the end is read. Rows come table by table, in the order of tables.
func (t *Tx) rows(d *json.Decoder) error {
	var rows int64
	var now table
	var into *batch
	for {
		var l line
		if err := d.Decode(&l); err != nil {
			return fmt.Errorf("row %d: %w", rows+1, err)
		}
		if l.Rows != nil || l.Table != now.name {
			if into != nil {
				if err := into.flush(); err != nil {
					return err
				}
			}
			if l.Rows != nil {
				if *l.Rows != rows {
					return fmt.Errorf("the export names %d rows and has %d", *l.Rows, rows)
				}
				return nil
			}
			var err error
			if now, err = tableNamed(l.Table); err != nil {
				return err
			}
			into = t.into(now.name, "", now.names()...)
		}
		rows++
		values := make([]any, len(now.columns))
		for i, c := range now.columns {
			var err error
			if values[i], err = c.form.read(l.Row[c.name]); err != nil {
				return fmt.Errorf("row %d, %s.%s: %w", rows, now.name, c.name, err)
			}
		}
		if err := into.add(values...); err != nil {
			return err
		}
	}
}

func tableNamed(name string) (table, error) {
	for _, a := range tables {
		if a.name == name {
			return a, nil
		}
	}
	return table{}, fmt.Errorf("there is no table %q", name)
}
