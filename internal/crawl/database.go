package crawl

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"sprawl/internal/store"
)

// dialect is what differs between the two databases.
type dialect struct {
	driver func(*sql.DB) riverdriver.Driver[*sql.Tx]
	// now is the database's clock in microseconds: signs of life come from many machines and are compared by one clock.
	now string
	// stamp is a time as River keeps it in river_job, and micros such a column in microseconds.
	stamp  func(time.Time) any
	micros func(column string) string
	// migrated is a query whether Migrate was here.
	migrated string
}

func dialectOf(s *store.Store) dialect {
	if s.Dialect() == store.PostgreSQL {
		return dialect{
			driver:   func(db *sql.DB) riverdriver.Driver[*sql.Tx] { return riverdatabasesql.New(db) },
			now:      "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
			stamp:    func(t time.Time) any { return t },
			micros:   func(c string) string { return "CAST(extract(epoch FROM " + c + ") * 1000000 AS BIGINT)" },
			migrated: "SELECT to_regclass('crawl_lead') IS NOT NULL",
		}
	}
	return dialect{
		driver:   func(db *sql.DB) riverdriver.Driver[*sql.Tx] { return riversqlite.New(db) },
		now:      "CAST(unixepoch('subsec') * 1000000 AS BIGINT)",
		stamp:    func(t time.Time) any { return t.UTC().Format("2006-01-02 15:04:05.000") },
		micros:   func(c string) string { return "CAST(unixepoch(" + c + ", 'subsec') * 1000000 AS BIGINT)" },
		migrated: "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'crawl_lead')",
	}
}

// Migrate brings River's tables and those of this package up to date. Several processes may do so at once: who comes second finds it
// half or wholly done, fails, and looks again.
func Migrate(ctx context.Context, s *store.Store) error {
	m, err := rivermigrate.New(dialectOf(s).driver(s.DB()), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	const attempts = 5
	for i := 1; ; i++ {
		if _, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil); err == nil {
			err = s.Update(ctx, func(tx *store.Tx) error { return tables(ctx, tx) })
		}
		if err == nil || i == attempts {
			break
		}
		if err := pause(ctx, time.Duration(i)*100*time.Millisecond); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	return nil
}

func tables(ctx context.Context, tx *store.Tx) error {
	for _, table := range []string{
		// When the process that has a job in hand was last seen to be at it.
		`CREATE TABLE IF NOT EXISTS crawl_beat (job BIGINT PRIMARY KEY, worker TEXT NOT NULL, at BIGINT NOT NULL)`,
		// The same of the process at the head of the runs of some roots.
		`CREATE TABLE IF NOT EXISTS crawl_lead (office TEXT PRIMARY KEY, worker TEXT NOT NULL, at BIGINT NOT NULL)`,
	} {
		if _, err := tx.SQL().ExecContext(ctx, table); err != nil {
			return err
		}
	}
	return nil
}

// change runs a statement and returns how many rows it changed.
func change(ctx context.Context, tx *store.Tx, statement string, args ...any) (int64, error) {
	r, err := tx.SQL().ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
