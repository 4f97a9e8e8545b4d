package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ledger is the table that says which migrations a database has had.
const ledger = "sprawl_schema"

// steps are the migrations, oldest first: NNNN_name.sql, forward only.
func (s *Store) steps() ([]*goose.Migration, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	all := make([]*goose.Migration, 0, len(names))
	for _, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, err
		}
		up := s.engine.types.Replace(string(text))
		all = append(all, goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, up)
			return err
		}}, nil))
	}
	return all, nil
}

// schema is the version that this program writes.
func (s *Store) schema() (int64, error) {
	all, err := s.steps()
	if err != nil || len(all) == 0 {
		return 0, errors.Join(errors.New("no migrations"), err)
	}
	return all[len(all)-1].Version, nil
}

// migrate applies what the database has not had. Several processes may do so at once: PostgreSQL has a lock for it; in SQLite who
// comes second finds it half or wholly done, fails, and looks again.
func (s *Store) migrate(ctx context.Context) error {
	all, err := s.steps()
	if err != nil {
		return err
	}
	options := []goose.ProviderOption{
		goose.WithTableName(ledger), goose.WithGoMigrations(all...), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()),
	}
	if s.dialect == PostgreSQL {
		l, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(l))
	}
	p, err := goose.NewProvider(s.engine.goose, s.db, nil, options...)
	if err != nil {
		return err
	}
	const attempts = 5
	for i := 1; ; i++ {
		if err = s.forward(ctx, p); err == nil || errors.Is(err, ErrNewer) || i == attempts {
			return err
		}
		if err := pause(ctx, time.Duration(i)*100*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *Store) forward(ctx context.Context, p *goose.Provider) error {
	is, want, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if is > want {
		return newer(is, want)
	}
	_, err = p.Up(ctx)
	return err
}

// current is nil where the schema is the one that this program writes.
func (s *Store) current(ctx context.Context) error {
	want, err := s.schema()
	if err != nil {
		return err
	}
	v, err := database.NewStore(s.engine.goose, ledger)
	if err != nil {
		return err
	}
	is, err := v.GetLatestVersion(ctx, s.db)
	switch {
	case err != nil:
		return fmt.Errorf("there is no store of this program: %w", err)
	case is > want:
		return newer(is, want)
	case is < want:
		return fmt.Errorf("its schema %d is older than %d: the next crawl brings it up to date", is, want)
	}
	return nil
}

func newer(is, want int64) error {
	return fmt.Errorf("%w: its schema is %d, and this version knows %d", ErrNewer, is, want)
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
