package crawl

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
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
				w.scan = func(_ context.Context, target store.Target, was store.Scanned) (Result, error) {
					if early && z.scans(target.Name) > 0 {
						z.wake()
						for z.count(Fenced) < dropped {
							time.Sleep(time.Millisecond)
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
