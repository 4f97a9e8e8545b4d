package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// patience is how long SQLite waits for a lock that another process holds.
const patience = 10 * time.Second

// Options say how a store is opened.
type Options struct {
	KeyID    string           // names the organisation key that makes the ids; "" only with ReadOnly
	Now      func() time.Time // the clock; may be nil with ReadOnly
	ReadOnly bool             // nothing is written, and a store that is not there or is of an older schema is an error
}

// Store is an open store. Its methods may be called from any goroutine. SQLite has one connection, so what uses DB inside an Update
// waits for itself; inside, (*Tx).SQL is there.
type Store struct {
	db      *sql.DB
	dialect Dialect
	engine  engine
	name    string // for people: without credentials
	key     string
	now     func() time.Time
}

// Open opens the store at a location, "FILE" or "postgres://…", and brings its schema up to date. The first Open with a key binds the
// store to it: with another one the error is ErrKey and names both. A store of a newer schema is ErrNewer. A new file is readable by
// its owner alone. No error holds a password.
//
// A file stands on one machine's own disk: SQLite's WAL does not work over a network. In WAL mode with synchronous=NORMAL a loss of
// power may undo the last transactions and never damages earlier ones (https://www.sqlite.org/pragma.html#pragma_synchronous).
func Open(ctx context.Context, location string, o Options) (*Store, error) {
	if !o.ReadOnly && (o.KeyID == "" || o.Now == nil) {
		return nil, errors.New("open store: it needs an organisation key's id and a clock")
	}
	s := &Store{now: o.Now}
	if err := s.connect(location, o.ReadOnly); err != nil {
		return nil, fmt.Errorf("open store %s: %w", s.name, err)
	}
	if err := s.ready(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", s.name, full(err)), s.Close())
	}
	return s, nil
}

func (s *Store) connect(location string, readOnly bool) error {
	var err error
	if strings.HasPrefix(location, "postgres://") || strings.HasPrefix(location, "postgresql://") {
		s.dialect, s.name = PostgreSQL, "postgres"
		s.db, err = s.postgres(location, readOnly)
	} else {
		s.dialect, s.name = SQLite, location
		s.db, err = file(location, readOnly)
	}
	s.engine = engines[s.dialect]
	return err
}

func (s *Store) postgres(location string, readOnly bool) (*sql.DB, error) {
	c, err := pgx.ParseConfig(location)
	if err != nil {
		return nil, errors.New("the location is not of the form postgres://USER@HOST:PORT/DATABASE") // pgx's own text quotes it
	}
	s.name = "postgres://" + net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) + "/" + c.Database
	// A process that is stopped in the middle of a transaction gives its locks back by then
	// (https://www.postgresql.org/docs/15/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT).
	c.RuntimeParams["idle_in_transaction_session_timeout"] = "60s"
	if readOnly {
		c.RuntimeParams["default_transaction_read_only"] = "on"
	}
	return stdlib.OpenDB(*c), nil
}

func file(path string, readOnly bool) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	slashed := filepath.ToSlash(abs)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(" + strconv.FormatInt(patience.Milliseconds(), 10) + ")", "foreign_keys(1)", "synchronous(NORMAL)",
	}}
	connections := 1
	if readOnly {
		q.Set("mode", "ro")
		connections = 4
	} else {
		q.Add("_pragma", "journal_mode(WAL)")
		f, err := os.OpenFile(abs, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- the path is the user's word
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: slashed, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	return db, nil
}

// ready brings the schema up to date and compares keys.
func (s *Store) ready(ctx context.Context, o Options) error {
	if o.ReadOnly {
		if err := s.current(ctx); err != nil {
			return err
		}
	} else if err := s.migrate(ctx); err != nil {
		return err
	} else if _, err := s.db.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ('key', $1) ON CONFLICT (name) DO NOTHING", o.KeyID); err != nil {
		return err
	}
	err := s.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'key'").Scan(&s.key)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if o.KeyID != "" && s.key != o.KeyID {
		return fmt.Errorf("%w: it holds ids of key %s, and this is key %s", ErrKey, s.key, o.KeyID)
	}
	return nil
}

// Close ends every connection. Transactions that run are rolled back.
func (s *Store) Close() error { return s.db.Close() }

// DB is the database itself, for tables of others beside the store's own.
func (s *Store) DB() *sql.DB { return s.db }

// Dialect names the engine.
func (s *Store) Dialect() Dialect { return s.dialect }

// KeyID names the organisation key whose ids the store holds, "" for one that was never bound.
func (s *Store) KeyID() string { return s.key }

// String names the store for people, without credentials.
func (s *Store) String() string { return s.name }
