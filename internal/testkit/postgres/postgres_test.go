package postgres

import (
	"database/sql"
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	for range 2 {
		db, err := sql.Open("pgx", Database(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE there (is_one BIGINT)"); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatWasCommittedSurvivesAStop(t *testing.T) {
	s := Start(t)
	db, err := sql.Open("pgx", s.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE there (is_one BIGINT)"); err != nil {
		t.Fatal(err)
	}
	s.Stop(t)
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("it answers while it is stopped")
	}
	s.Start(t)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO there VALUES (1)"); err != nil {
		t.Error(err)
	}
	dir := s.dir
	if err := s.end(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", dir, err)
	}
}
