package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Tx is one transaction. It is used by one goroutine, and not after the function that was given it has returned. A function that is
// handed rows one by one must not use the Tx they come from: PostgreSQL reads one answer at a time.
type Tx struct {
	ctx context.Context // of the Update or View it belongs to
	tx  *sql.Tx
	s   *Store
}

// SQL is the transaction itself, for tables of others that change together with the store's.
func (t *Tx) SQL() *sql.Tx { return t.tx }

// Update runs f in one transaction, and commits if f returns nil. Where another transaction stood in the way f is run again, from the
// start, a few times: whatever else f changes must bear that. A full disk is ErrFull. An error of the connection while it commits leaves
// open whether it did: what is said of a target or a judgement may be said again.
func (s *Store) Update(ctx context.Context, f func(*Tx) error) error {
	const attempts = 5
	wait := 20 * time.Millisecond
	for i := 1; ; i++ {
		err := s.once(ctx, &sql.TxOptions{}, f)
		if err == nil || i == attempts || !Busy(err) {
			return full(err)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
		wait *= 4
	}
}

// View runs f in a transaction that sees one state of the store and changes nothing.
func (s *Store) View(ctx context.Context, f func(*Tx) error) error {
	o := &sql.TxOptions{ReadOnly: true}
	if s.dialect == PostgreSQL { // SQLite has no other
		o.Isolation = sql.LevelRepeatableRead
	}
	return s.once(ctx, o, f)
}

func (s *Store) once(ctx context.Context, o *sql.TxOptions, f func(*Tx) error) error {
	tx, err := s.db.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing after a commit
	if err := f(&Tx{ctx: ctx, tx: tx, s: s}); err != nil {
		return err
	}
	return tx.Commit()
}

func (t *Tx) exec(query string, args ...any) (int64, error) {
	r, err := t.tx.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// each hands the rows of a query to f.
func (t *Tx) each(f func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := t.tx.QueryContext(t.ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// one scans the only row of a query, and says whether there is one.
func (t *Tx) one(query string, args []any, into ...any) (bool, error) {
	err := t.tx.QueryRowContext(t.ctx, query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// places writes n parameters, from $first on: "$3, $4".
func places(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(first+i))
	}
	return b.String()
}

// batch is a table being filled, many rows to a statement.
type batch struct {
	t        *Tx
	table    string
	columns  []string
	conflict string // what follows the values
	args     []any
	size     int // bytes in args
}

// Bounds of a statement. Of parameters SQLite takes 32,766 (https://www.sqlite.org/limits.html), PostgreSQL 65,535.
const (
	widest  = 8192    // parameters
	longest = 4 << 20 // bytes in them
)

func (t *Tx) into(table, conflict string, columns ...string) *batch {
	return &batch{t: t, table: table, columns: columns, conflict: conflict}
}

func (b *batch) add(values ...any) error {
	b.args = append(b.args, values...)
	for _, v := range values {
		if d, ok := v.([]byte); ok {
			b.size += len(d)
		}
	}
	if len(b.args)+len(b.columns) > widest || b.size > longest {
		return b.flush()
	}
	return nil
}

// flush writes what is left. A batch that was filled without an error must be flushed.
func (b *batch) flush() error {
	if len(b.args) == 0 {
		return nil
	}
	var q strings.Builder
	fmt.Fprintf(&q, "INSERT INTO %s (%s) VALUES ", b.table, strings.Join(b.columns, ", "))
	for i := range b.args {
		switch {
		case i == 0:
			q.WriteString("(")
		case i%len(b.columns) == 0:
			q.WriteString("), (")
		default:
			q.WriteString(", ")
		}
		q.WriteString(b.t.s.engine.mark(i + 1))
	}
	q.WriteString(") " + b.conflict)
	_, err := b.t.exec(q.String(), b.args...)
	b.args, b.size = b.args[:0], 0
	return err
}

// stamp is a time as it is stored, 0 for none.
func stamp(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}

func unstamp(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// text is s as both engines take it: valid UTF-8 without NUL.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
}
