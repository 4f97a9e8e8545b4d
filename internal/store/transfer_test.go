package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
	"sprawl/internal/testkit/planted"
	"sprawl/internal/testkit/postgres"
)

// lived is a store that holds a row in every table, and every planted value in every Secret that it was given.
func lived(w *world) (values []string) {
	r := w.start("github:acme")
	ts := w.put(r.ID, target("1", "a"), target("2", "b"))
	var cs []finding.Credential
	for i := range 60 {
		v := planted.Token(uint64(i + 1))
		values = append(values, v)
		c := credential(fmt.Sprintf("c-%02d", i), ts[0].Name)
		c.Sightings[0].Parts = []finding.Part{{Role: finding.RoleSecret, Secret: finding.NewSecret([]byte(v)), Snippet: finding.Snippet{Text: "token = ****"}}}
		cs = append(cs, c)
	}
	scan := store.Scan{
		Credentials: cs, Scanned: store.Scanned{Refs: "r", Seen: []byte{0, 0xff, 3}, At: night},
		References: []finding.Reference{{ID: "r-1", Where: finding.Location{Path: "<a>&\x00\u2028"}}}, Coverage: finding.Coverage{Seen: 2},
	}
	w.update(func(x *store.Tx) error {
		return errors.Join(x.PutScan(r.ID, ts[0].ID, scan), x.PutFailed(r.ID, ts[1].ID, "auth", "no\x00\xffthing", 2),
			x.PutAnswer("q", "e", []byte{0xff, 0xfe}), x.PutAnswer("r", "e", []byte("text")), x.PutInventory("i", night, bytes.Repeat([]byte("row "), 900)))
	})
	w.rejudge(r.ID, cs)
	next, _ := w.judge(cs[1:], ts[0].Name)
	w.update(func(x *store.Tx) error { return x.EndRun(next.ID, store.Complete, &finding.Summary{Credentials: 59}) })
	return values
}

func (w *world) export() string {
	w.t.Helper()
	var b bytes.Buffer
	if err := w.Export(w.t.Context(), &b); err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

func TestAStoreMovesBetweenEngines(t *testing.T) {
	fresh := map[string]func() *world{
		"sqlite":   func() *world { return opened(t, filepath.Join(t.TempDir(), "s.db")) },
		"postgres": func() *world { return opened(t, postgres.Database(t)) },
	}
	for from, to := range map[string]string{"sqlite": "postgres", "postgres": "sqlite"} {
		t.Run(from+" to "+to, func(t *testing.T) {
			a, b := fresh[from](), fresh[to]()
			lived(a)
			text := a.export()
			for _, table := range []string{"meta", "runs", "targets", "outcomes", "scans", "seen", "credentials", "versions", "changes", "items", "points", "answers", "inventories"} {
				if !strings.Contains(text, `{"table":"`+table+`",`) {
					t.Errorf("the export has no row of %s", table)
				}
			}
			if err := b.Import(t.Context(), strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			equal(t, "export of what was imported", b.export(), text)
			equal(t, "known", b.known(time.Time{}), a.known(time.Time{}))
			// It goes on where the other stopped.
			b.now = a.now
			equal(t, "next run", b.start("github:acme").ID, a.start("github:acme").ID)
			equal(t, "next target", b.put(1, target("9", "z"))[0].ID, a.put(1, target("9", "z"))[0].ID)
			if err := b.Import(t.Context(), strings.NewReader(text)); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("into a store that is not empty: %v", err)
			}
		})
	}
}

func TestAnImportIsWholeOrNothing(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		from := opened(t, filepath.Join(t.TempDir(), "s.db"))
		lived(from)
		text := from.export()
		lines := strings.SplitAfter(text, "\n")
		for name, bad := range map[string]string{
			"ends early":    text[:len(text)*2/3],
			"a line less":   strings.Join(slices.Delete(slices.Clone(lines), 30, 31), ""),
			"no end":        strings.Join(lines[:len(lines)-2], ""),
			"another table": strings.Replace(text, `{"table":"seen"`, `{"table":"pg_user"`, 1),
			"no header":     strings.Join(lines[1:], ""),
			"newer":         strings.Replace(text, `"schema":1`, `"schema":2`, 1),
			"another key":   strings.Replace(text, `"key_id":"k-one"`, `"key_id":"k-two"`, 1),
			"not a number":  strings.Replace(text, `"tries":2`, `"tries":"two"`, 1),
			"empty":         "",
		} {
			if bad == text {
				t.Errorf("%s: nothing was changed", name)
			}
			if err := w.Import(t.Context(), strings.NewReader(bad)); err == nil {
				t.Errorf("%s: no error", name)
			}
			w.view(func(x *store.Tx) error {
				rs, err := x.Runs(0)
				if len(rs) > 0 {
					t.Errorf("%s: something is left", name)
				}
				return err
			})
		}
		if err := w.Import(t.Context(), strings.NewReader(text)); err != nil {
			t.Errorf("the export itself: %v", err)
		}
	})
}

// TestAnExportHasEveryColumn compares the list of columns that an export is made of with the database.
func TestAnExportHasEveryColumn(t *testing.T) {
	w := opened(t, postgres.Database(t))
	lived(w)
	text := w.export()
	rows, err := w.DB().QueryContext(t.Context(), "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'sprawl_schema'")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	n := 0
	for ; rows.Next(); n++ {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		_, after, ok := strings.Cut(text, `{"table":"`+table+`",`)
		line, _, _ := strings.Cut(after, "\n")
		if !ok || !strings.Contains(line, `"`+column+`":`) {
			t.Errorf("the export has no %s.%s", table, column)
		}
	}
	if err := rows.Err(); err != nil || n < 80 {
		t.Errorf("%d columns, %v", n, err)
	}
}

func TestNoSecretIsInTheDatabase(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		values := lived(w)
		places := map[string]string{"the export": w.export(), "the tables": dump(t, w.DB(), w.Dialect())}
		if strings.Contains(places["the export"], `"Secret"`) {
			t.Error("a document has a field for a secret")
		}
		for name, text := range places {
			if !strings.Contains(text, "token = ****") && name == "the export" || len(text) < 1000 {
				t.Fatalf("%s holds nothing", name)
			}
			for _, v := range values {
				for _, form := range forms(v) {
					if strings.Contains(text, form) {
						t.Fatalf("%s hold a planted value", name)
					}
				}
			}
		}
	})
}

// forms are a value plain, in hexadecimal, and in base64 wherever it may start in a group of three bytes.
func forms(v string) []string {
	all := []string{v, v[4:], hex.EncodeToString([]byte(v)), strings.ToUpper(hex.EncodeToString([]byte(v)))}
	for shift := range 3 {
		e := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + v))
		all = append(all, e[4:len(e)-4]) // without the groups that neighbours share
	}
	return all
}

// dump is every cell of every table as it stands, whoever made the table.
func dump(t *testing.T, db *sql.DB, d store.Dialect) string {
	t.Helper()
	ctx := context.Background()
	query := "SELECT name FROM sqlite_schema WHERE type = 'table'"
	if d == store.PostgreSQL {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	var b strings.Builder
	for _, table := range column(t, db, query) {
		rows, err := db.QueryContext(ctx, `SELECT * FROM "`+table+`"`)
		if err != nil {
			t.Fatal(err)
		}
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		cells := make([]sql.RawBytes, len(names))
		into := make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for _, c := range cells {
				b.Write(c)
				b.WriteByte('\n')
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func column(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
