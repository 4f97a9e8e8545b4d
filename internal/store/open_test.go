package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
	"sprawl/internal/testkit/postgres"
)

func clock() time.Time { return night }

// try opens a store and closes it.
func try(t testing.TB, location string, o store.Options) (key string, err error) {
	t.Helper()
	s, err := store.Open(t.Context(), location, o)
	if err != nil {
		return "", err
	}
	return s.KeyID(), s.Close()
}

func TestAStoreBelongsToOneKey(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		_, err := try(t, w.location, store.Options{KeyID: "k-two", Now: clock})
		if !errors.Is(err, store.ErrKey) || !strings.Contains(err.Error(), "k-one") || !strings.Contains(err.Error(), "k-two") {
			t.Errorf("another key: %v", err)
		}
		if _, err = try(t, w.location, store.Options{KeyID: "k-two", ReadOnly: true}); !errors.Is(err, store.ErrKey) {
			t.Errorf("another key that only reads: %v", err)
		}
		for _, o := range []store.Options{{KeyID: "k-one", Now: clock}, {ReadOnly: true}} {
			if key, err := try(t, w.location, o); err != nil || key != "k-one" {
				t.Errorf("%+v: %q, %v", o.ReadOnly, key, err)
			}
		}
		if _, err = try(t, w.location, store.Options{Now: clock}); err == nil {
			t.Error("no key, and no error")
		}
	})
}

func TestANewerSchemaIsRefused(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		if _, err := w.DB().ExecContext(t.Context(), "INSERT INTO sprawl_schema (version_id, is_applied) VALUES (4711, $1)", true); err != nil {
			t.Fatal(err)
		}
		for _, o := range []store.Options{{KeyID: "k-one", Now: clock}, {ReadOnly: true}} {
			_, err := try(t, w.location, o)
			if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "4711") {
				t.Errorf("read only %v: %v", o.ReadOnly, err)
			}
		}
	})
}

func TestReadOnlyWritesNothing(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		w.start("github:acme")
		s := w.open(store.Options{ReadOnly: true})
		err := s.View(t.Context(), func(x *store.Tx) error {
			rs, err := x.Runs(0)
			if len(rs) != 1 {
				t.Errorf("%d runs", len(rs))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if err := s.Update(t.Context(), func(x *store.Tx) error { _, err := x.StartRun(store.Run{}); return err }); err == nil {
			t.Error("it wrote")
		}
	})
	t.Run("nothing there", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "none.db")
		if _, err := try(t, path, store.Options{ReadOnly: true}); err == nil {
			t.Error("no error")
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("it was made: %v", err)
		}
		if _, err := try(t, postgres.Database(t), store.Options{ReadOnly: true}); err == nil {
			t.Error("no error for an empty database")
		}
	})
}

func TestAFileIsItsOwnersAlone(t *testing.T) {
	w := opened(t, filepath.Join(t.TempDir(), "100%25 #1?.db"))
	w.start("github:acme")
	for _, suffix := range []string{"", "-wal"} {
		st, err := os.Stat(w.location + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if m := st.Mode().Perm(); m != 0o600 {
			t.Errorf("%s is %v", suffix, m)
		}
	}
}

func TestSeveralOpenANewStoreAtOnce(t *testing.T) {
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "s.db"), "postgres": postgres.Database(t)} {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if _, err := try(t, location, store.Options{KeyID: "k-one", Now: clock}); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestAnErrorHoldsNoPassword(t *testing.T) {
	password := "hunter" + strconv.Itoa(2222)
	for _, location := range []string{
		"postgres://u:" + password + "@127.0.0.1:1/db?sslmode=disable&connect_timeout=1", "postgres://u:" + password + "@127.0.0.1:port/db",
	} {
		_, err := try(t, location, store.Options{KeyID: "k-one", Now: clock})
		if err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("%v", err)
		}
	}
}

func TestAFullDiskLosesNothingElse(t *testing.T) {
	w := opened(t, filepath.Join(t.TempDir(), "s.db"))
	a := w.start("github:acme")
	one := w.put(a.ID, target("1", "a"))[0]
	var pages int
	if err := w.DB().QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n int) { // of the store's only connection
		if _, err := w.DB().ExecContext(t.Context(), "PRAGMA max_page_count = "+strconv.Itoa(n)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages + 2)
	put := func() error {
		return w.Update(t.Context(), func(x *store.Tx) error {
			if err := x.AddCounts(a.ID, store.Counts{Calls: 1}); err != nil {
				return err
			}
			return x.PutScan(a.ID, one.ID, store.Scan{Scanned: store.Scanned{Seen: make([]byte, 1<<20)}})
		})
	}
	if err := put(); !errors.Is(err, store.ErrFull) {
		t.Fatalf("full: %v", err)
	}
	w.view(func(x *store.Tx) error {
		r, err := x.Run(a.ID)
		equal(t, "counts", r.Counts, store.Counts{Targets: map[store.State]int{store.Pending: 1}, Unlisted: []string{}})
		return err
	})
	limit(1 << 20)
	if err := put(); err != nil {
		t.Errorf("once there is space: %v", err)
	}
}

// holder is set in a process that locks a store: the file.
const holder = "SPRAWL_TEST_LOCK"

// TestHoldALock is that process: it locks, says so, and lets go when its input ends.
func TestHoldALock(t *testing.T) {
	path := os.Getenv(holder)
	if path == "" {
		t.Skip("it is run by another test")
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString("locked\n")
	_, _ = os.Stdin.Read(make([]byte, 1))
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}

func TestAnotherProcessHoldsTheLock(t *testing.T) {
	w := opened(t, filepath.Join(t.TempDir(), "s.db"))
	a := w.start("github:acme")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestHoldALock$")
	cmd.Env = append(os.Environ(), holder+"="+w.location)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	count := func(ctx context.Context) error {
		return w.Update(ctx, func(x *store.Tx) error { return x.AddCounts(a.ID, store.Counts{Calls: 1}) })
	}
	w.view(func(x *store.Tx) error { _, err := x.Runs(0); return err }) // who only reads does not wait
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := count(short); err == nil {
		t.Error("it wrote over a lock")
	}
	done := make(chan error, 1)
	go func() { done <- count(t.Context()) }()
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Errorf("once it is free: %v", err)
	}
	_ = cmd.Wait() // how the other ends is its own matter
	w.view(func(x *store.Tx) error {
		r, err := x.Run(a.ID)
		equal(t, "calls", r.Counts.Calls, int64(1))
		return err
	})
}

func TestTransactionsInEachOthersWayAreRepeated(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		a := w.start("github:acme")
		b := w.start("github:acme")
		other := w.open(store.Options{KeyID: "k-one"})
		// Two that take the same rows in opposite order: in PostgreSQL a deadlock, of which one is the victim.
		both := func(s *store.Store, first, second int64, met *sync.WaitGroup) error {
			once := sync.OnceFunc(func() {
				met.Done()
				if s.Dialect() == store.PostgreSQL { // SQLite lets one in at a time
					met.Wait()
				}
			})
			return s.Update(t.Context(), func(x *store.Tx) error {
				if err := x.AddCounts(first, store.Counts{Calls: 1}); err != nil {
					return err
				}
				once()
				return x.AddCounts(second, store.Counts{Calls: 1})
			})
		}
		var met, wg sync.WaitGroup
		met.Add(2)
		wg.Go(func() {
			if err := both(w.Store, a.ID, b.ID, &met); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := both(other, b.ID, a.ID, &met); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		for _, id := range []int64{a.ID, b.ID} {
			w.view(func(x *store.Tx) error {
				r, err := x.Run(id)
				equal(t, "calls", r.Counts.Calls, int64(2))
				return err
			})
		}
	})
}

func TestADatabaseThatComesBack(t *testing.T) {
	server := postgres.Start(t)
	w := opened(t, server.Database(t))
	a := w.start("github:acme")
	count := func() error {
		return w.Update(t.Context(), func(x *store.Tx) error { return x.AddCounts(a.ID, store.Counts{Calls: 1}) })
	}
	server.Stop(t)
	if err := count(); err == nil {
		t.Error("it wrote to a database that is not there")
	}
	server.Start(t)
	if err := count(); err != nil {
		t.Error(err)
	}
	w.view(func(x *store.Tx) error {
		r, err := x.Run(a.ID)
		equal(t, "calls", r.Counts.Calls, int64(1))
		return err
	})
}

func TestOpeningAgainLosesNothing(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		r := w.start("github:acme")
		w.rejudge(r.ID, []finding.Credential{credential("c-one", "a")})
		w.open(store.Options{KeyID: "k-one"})
		equal(t, "known", len(w.known(time.Time{})), 1)
	})
}
