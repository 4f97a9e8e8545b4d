package crawl

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
	"sprawl/internal/testkit/postgres"
)

// soon waits until something holds.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("it never came to pass that %s", what)
		}
	}
}

// stalled is a crawler that takes the first jobs of a world and neither ends them nor gives a sign of life before it is released.
// What it brings then is marked.
type stalled struct {
	*world
	release chan struct{}
	once    sync.Once
	done    chan error
}

const marked = "c-zombie"

func stall(t *testing.T, s *store.Store, jobs int, process string) *stalled {
	t.Helper()
	z := &stalled{world: newWorld(t, s, 0), release: make(chan struct{}), done: make(chan error, 1)}
	z.scan = func(ctx context.Context, t store.Target, was store.Scanned) (Result, error) {
		<-z.release // deaf to ctx, as what is stopped is
		r := scanned(t, was)
		r.Scan.Credentials = []finding.Credential{{ID: marked}}
		return r, nil
	}
	ctx, stop := context.WithCancel(context.Background())
	c := z.crawler(func(o *Options) {
		o.Name, o.Process, o.Workers, o.PerHost = "z", process, jobs, jobs
		o.Heartbeat, o.RescueAfter = time.Hour, 2*time.Hour
	})
	go func() {
		z.done <- c.serve(ctx, func(ctx context.Context, e *engine) error {
			for {
				if err := e.discover(ctx); err != nil && ctx.Err() == nil {
					return err
				}
				if pause(ctx, 10*time.Millisecond) != nil {
					return nil
				}
			}
		})
	}()
	t.Cleanup(func() {
		stop()
		z.wake()
		if err := <-z.done; err != nil {
			t.Error(err)
		}
	})
	return z
}

// holdings are the ids of all credentials by target.
func (w *world) holdings() map[string][]string {
	w.t.Helper()
	all := map[string][]string{}
	if err := w.store.View(w.t.Context(), func(tx *store.Tx) error {
		return tx.Holdings(func(t store.Target, s store.Scan) error {
			for _, c := range s.Credentials {
				all[t.Name] = append(all[t.Name], c.ID)
			}
			return nil
		})
	}); err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) unmarked(n int) {
	w.t.Helper()
	all := w.holdings()
	if len(all) != n {
		w.t.Errorf("%d targets hold something, want %d", len(all), n)
	}
	for name, ids := range all {
		if fmt.Sprint(ids) != "[c-"+name+"]" {
			w.t.Errorf("%s holds %v", name, ids)
		}
	}
}

// queued starts a run, lists and queues its targets, and stops before any is scanned.
func (w *world) queued() {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	c := w.crawler(func(o *Options) {
		o.Events = func(e Event) {
			if e.What == Listed {
				stop()
			}
		}
	})
	w.scan = func(ctx context.Context, _ store.Target, _ store.Scanned) (Result, error) {
		<-ctx.Done()
		return Result{}, ctx.Err()
	}
	if _, err := c.Run(ctx); err == nil {
		w.t.Fatal("a run that was stopped has ended")
	}
	w.scan = nil
}

// What a stalled process finishes after its jobs were given to another counts for nothing, whether the other has finished by then or
// is still at it.
func TestZombie(t *testing.T) {
	for _, early := range []bool{true, false} {
		t.Run(map[bool]string{true: "wakes early", false: "wakes late"}[early], func(t *testing.T) {
			onEach(t, func(t *testing.T, s *store.Store, again func() *store.Store) {
				const n, dropped = 7, 3
				w := newWorld(t, s, n)
				w.queued()
				z := stall(t, again(), dropped, "test")
				soon(t, "the zombie has jobs", func() bool { return z.count(Started) == dropped })
				w.scan = func(ctx context.Context, target store.Target, was store.Scanned) (Result, error) {
					if early && z.scans(target.Name) > 0 {
						z.wake()
						for z.count(Fenced) < dropped {
							if err := pause(ctx, time.Millisecond); err != nil {
								return Result{}, err
							}
						}
					}
					return scanned(target, was), nil
				}
				run := w.run(func(o *Options) { o.RescueAfter = 500 * time.Millisecond })
				w.expect(run, store.Complete, map[store.State]int{store.Done: n})
				z.wake()
				soon(t, "the zombie is fenced", func() bool { return z.count(Fenced) == dropped })
				if w.count(Rescued) != dropped || z.count(Ended) != 0 {
					t.Errorf("%d jobs were rescued, want %d; the zombie ended %d", w.count(Rescued), dropped, z.count(Ended))
				}
				w.unmarked(n)
			})
		})
	}
}

func (z *stalled) wake() { z.once.Do(func() { close(z.release) }) }

// The jobs of a process that is known to have ended are taken at once.
func TestDeadProcess(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, again func() *store.Store) {
		const n, dropped = 7, 2
		w := newWorld(t, s, n)
		w.queued()
		z := stall(t, again(), dropped, "before")
		soon(t, "it has jobs", func() bool { return z.count(Started) == dropped })
		w.expect(w.run(), store.Complete, map[store.State]int{store.Done: n})
		z.wake()
		soon(t, "it is fenced", func() bool { return z.count(Fenced) == dropped })
		w.unmarked(n)
	})
}

// A target over which process after process dies counts as failed in the end.
func TestDeadly(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, again func() *store.Store) {
		w := newWorld(t, s, 1)
		w.queued()
		for lost := range 2 {
			z := stall(t, again(), 1, fmt.Sprint("life ", lost))
			soon(t, "it has the job", func() bool { return z.count(Started) == 1 })
			// The next one finds it.
			if lost == 0 {
				c := w.crawler(func(o *Options) { o.MaxLost = 2 })
				if err := c.serve(t.Context(), func(context.Context, *engine) error { return nil }); err != nil {
					t.Fatal(err)
				}
			}
		}
		run := w.run(func(o *Options) { o.MaxLost = 2 })
		w.expect(run, store.Partial, map[store.State]int{store.Failed: 1})
		if o := w.outcomes(run.ID)[w.targets[0].Name]; o.Reason != "lost" || o.Tries != 2 {
			t.Errorf("the outcome is %+v", o)
		}
	})
}

// A database that is away for a while costs time and nothing else, even where that is longer than jobs go without a sign of life.
func TestDatabaseAway(t *testing.T) {
	const n = 30
	away := func(t *testing.T, s *store.Store, leave, back func()) {
		w := newWorld(t, s, n)
		w.scan = func(_ context.Context, target store.Target, was store.Scanned) (Result, error) {
			time.Sleep(10 * time.Millisecond)
			return scanned(target, was), nil
		}
		type ended struct {
			run store.Run
			err error
		}
		done := make(chan ended, 1)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		go func() {
			run, err := w.crawler(func(o *Options) { o.RescueAfter = 500 * time.Millisecond }).Run(ctx)
			done <- ended{run, err}
		}()
		soon(t, "some targets have ended", func() bool { return w.count(Ended) >= 5 })
		leave()
		time.Sleep(time.Second)
		back()
		e := <-done
		if e.err != nil {
			t.Fatal(e.err)
		}
		w.expect(e.run, store.Complete, map[store.State]int{store.Done: n})
		w.unmarked(n)
		left(t, s)
	}
	t.Run("postgres", func(t *testing.T) {
		server := postgres.Start(t)
		away(t, open(t, server.Database(t)), func() { server.Stop(t) }, func() { server.Start(t) })
	})
	t.Run("sqlite", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "store.db")
		s := open(t, file)
		other := open(t, file)
		tx, err := other.DB().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		away(t, s, func() {
			if tx, err = other.DB().BeginTx(t.Context(), nil); err != nil { // immediate: it has the lock
				t.Error(err)
			}
		}, func() {
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
		})
	})
}

// A store without space ends the run with an error, and the run goes on from there once there is some.
func TestFull(t *testing.T) {
	w := newWorld(t, opened(t), 10)
	limit := func(pages string) {
		if _, err := w.store.DB().ExecContext(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Error(err)
		}
	}
	w.scan = func(_ context.Context, target store.Target, was store.Scanned) (Result, error) {
		if w.count(Ended) >= 3 {
			limit("1") // what it is now
		}
		r := scanned(target, was)
		r.Scan.Scanned.Seen = []byte(strings.Repeat(target.Name, 10_000))
		return r, nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	run, err := w.crawler(func(o *Options) { o.Workers, o.Patience = 1, 200*time.Millisecond }).Run(ctx)
	if !errors.Is(err, store.ErrFull) || run.State != store.Running {
		t.Fatalf("it ends with %v, and the run is %s", err, run.State)
	}
	limit("1000000")
	w.scan = nil
	resumed := w.run()
	if resumed.ID != run.ID {
		t.Errorf("run %d was not resumed: %d", run.ID, resumed.ID)
	}
	w.expect(resumed, store.Complete, map[store.State]int{store.Done: 10})
	w.unmarked(10)
}

func TestNothingIsLeftRunning(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		before := runtime.NumGoroutine()
		w := newWorld(t, s, 20)
		for i := range w.targets {
			w.targets[i].Host = fmt.Sprintf("host%d.example", i%4)
		}
		w.run()
		w.queued()
		soon(t, fmt.Sprintf("no more than %d goroutines are left", before), func() bool { return runtime.NumGoroutine() <= before })
	})
}
