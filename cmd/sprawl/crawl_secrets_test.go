//go:build unix

package main

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"sprawl/finding"
	"sprawl/internal/identity"
	"sprawl/internal/testkit/forge"
	"sprawl/internal/testkit/process"
)

// TestKeysApart crawls the same repositories as two organisations, each with a key of its own: what they find is the same, and no id
// of one is one of the other, nor is anything else that is made with a key.
func TestKeysApart(t *testing.T) {
	t.Parallel()
	o := newAcme(t, 10, 3, 11)
	other := bytes.Repeat([]byte{0x17}, identity.KeySize)
	at, there := o.file(t), o.file(t)
	o.crawl(t, at)
	theirs := o.program
	theirs.Env = append(slices.Clone(o.program.Env), "SPRAWL_KEY="+identity.FormatKey(other))
	p := theirs.Start(t, nil, nil, o.head(there)...)
	if code := p.Wait(); code != exitFindings {
		t.Fatalf("exit %d\n%s", code, p.Log())
	}
	ours, them := o.report(t, at), o.report(t, there)
	if len(ours) != len(them) || len(ours) < 10 {
		t.Errorf("one finds %d things, the other %d", len(ours), len(them))
	}
	ids := map[string]bool{}
	for _, v := range ours {
		id, _ := v["id"].(string)
		ids[id] = id != ""
	}
	for _, v := range them {
		if id, _ := v["id"].(string); ids[id] {
			t.Errorf("both know %s", id)
		}
	}
	for _, pl := range o.plants {
		secret := finding.NewSecret([]byte(pl.Value))
		if a, b := identity.New(testKey, nil, nil).ID(secret), identity.New(other, nil, nil).ID(secret); !ids[a] || ids[b] {
			t.Errorf("a %s in %s is known by the wrong key", pl.Kind, pl.Repository)
		}
	}
	sums := map[string]bool{}
	for _, s := range joins(t, o.export(t, at)) {
		sums[s] = true
	}
	shared := slices.DeleteFunc(joins(t, o.export(t, there)), func(s string) bool { return !sums[s] })
	if len(sums) == 0 || len(shared) > 0 {
		t.Errorf("%d joins of one, of which the other has %d", len(sums), len(shared))
	}
	// Neither works in the other's store.
	if p := theirs.Start(t, nil, nil, o.head(at)...); p.Wait() != exitUsage {
		t.Errorf("a store takes another key\n%s", p.Log())
	}
}

// joins are the sums by which inventories find what is stored.
func joins(t *testing.T, export string) []string {
	t.Helper()
	var out []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if s, ok := v["sum"].(string); ok {
				out = append(out, s)
			}
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	for l := range strings.Lines(export) {
		var v any
		if err := json.Unmarshal([]byte(l), &v); err != nil {
			t.Fatal(err)
		}
		walk(v)
	}
	return out
}

// TestNoSecretIsKept crawls, is killed and crawls on, on either engine, and looks for every planted value in all that is left on the
// disk, in the databases, in what was logged and in every format of report.
func TestNoSecretIsKept(t *testing.T) {
	t.Parallel()
	o := newAcme(t, 12, 3, 12)
	for name, make := range map[string]func(*testing.T) storage{"sqlite": o.file, "postgres": o.database} {
		t.Run(name, func(t *testing.T) {
			at := make(t)
			look := newSearch(t, o.plants)
			trap := &process.Trap{Text: "msg=judged", N: 1, Spring: (*process.Process).Kill} // with all in the write-ahead log
			p := o.program.Start(t, trap.Line, nil, o.head(at)...)
			_ = p.Wait()
			look.dump(at)
			p = o.crawl(t, at)
			look.dump(at)
			look.in("the log", []byte(p.Log()+p.Stdout()))
			look.in("the export", []byte(o.export(t, at)))
			for _, format := range []string{"text", "json", "jsonl", "sarif", "html", "csv", "markdown"} {
				p := o.program.Start(t, nil, nil, "report", "--db", at.db, "--format", format)
				if code := p.Wait(); code != 0 {
					t.Errorf("report as %s: exit %d\n%s", format, code, p.Log())
				}
				look.in("the report as "+format, []byte(p.Stdout()+p.Log()))
			}
			p = o.program.Start(t, nil, nil, "crawl", "--status", "--db", at.db)
			_ = p.Wait()
			look.in("the status", []byte(p.Stdout()))
			if !look.found([]byte("x " + o.plants[0].Value + " y")) {
				t.Error("the search finds nothing")
			}
		})
	}
}

// search looks for values, as they are and encoded.
type search struct {
	t     *testing.T
	forms [][]byte
	token []byte
}

func newSearch(t *testing.T, plants []forge.Plant) *search {
	s := &search{t: t, token: []byte(acmeToken)}
	for _, p := range plants {
		v := []byte(p.Value)
		var percent strings.Builder
		for _, b := range v {
			fmt.Fprintf(&percent, "%%%02X", b)
		}
		s.forms = append(s.forms, v, []byte(url.QueryEscape(p.Value)), []byte(percent.String()), []byte(hex.EncodeToString(v)), []byte(strings.ToUpper(hex.EncodeToString(v))))
		// In base64 a value has one of three forms, by where it begins; the ends depend on what stands beside it.
		for shift := range 3 {
			all := append(bytes.Repeat([]byte{'x'}, shift), v...)
			for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				text := e.EncodeToString(all)
				s.forms = append(s.forms, []byte(text[(shift*8+5)/6:len(text)-2]))
			}
		}
	}
	return s
}

// found is whether one of them stands in data.
func (s *search) found(data []byte) bool {
	return slices.ContainsFunc(append(slices.Clone(s.forms), s.token), func(f []byte) bool { return bytes.Contains(data, f) })
}

func (s *search) in(where string, data []byte) {
	s.t.Helper()
	if len(data) == 0 {
		s.t.Errorf("%s is empty", where)
	}
	if s.found(data) {
		s.t.Errorf("a secret stands in %s", where)
	}
}

// dump looks in every column of every table, and in every byte of a file and what SQLite keeps beside it.
func (s *search) dump(p storage) {
	s.t.Helper()
	driver, tables := "pgx", `SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
	if !strings.Contains(p.db, "://") {
		files, err := filepath.Glob(p.db + "*")
		if err != nil || len(files) == 0 {
			s.t.Fatalf("no files: %v", err)
		}
		for _, f := range files { // before SQLite opens them, which may move what they hold
			data, err := os.ReadFile(f)
			if err != nil {
				s.t.Fatal(err)
			}
			if len(data) > 0 {
				s.in(filepath.Base(f), data)
			}
		}
		driver, tables = "sqlite", `SELECT '"' || name || '"' FROM sqlite_schema WHERE type = 'table'`
	}
	db, err := sql.Open(driver, p.db)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	names := s.rows(db, tables)
	if len(names) < 15 {
		s.t.Errorf("only %d tables", len(names))
	}
	for _, name := range names {
		if rows := s.rows(db, `SELECT * FROM `+string(name)); len(rows) > 0 {
			s.in("table "+string(name), bytes.Join(rows, []byte("\n")))
		}
	}
}

// rows are what a query brings, a row as the bytes of its columns; what is compressed is unpacked as well.
func (s *search) rows(db *sql.DB, query string) (out [][]byte) {
	s.t.Helper()
	rows, err := db.QueryContext(s.t.Context(), query)
	if err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		s.t.Fatal(err)
	}
	unpack, err := zstd.NewReader(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer unpack.Close()
	values, to := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		to[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			s.t.Fatal(err)
		}
		var row []byte
		for _, v := range values {
			b, ok := v.([]byte)
			if !ok {
				b = fmt.Append(nil, v)
			}
			row = append(row, b...)
			if plain, err := unpack.DecodeAll(b, nil); err == nil {
				row = append(row, plain...)
			}
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return out
}
