package crawl

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
)

// patience bounds every wait of these tests.
const patience = time.Minute

// opened is a fresh, migrated store on SQLite.
func opened(t *testing.T) *store.Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "store.db"))
}

func open(t testing.TB, location string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), location, store.Options{KeyID: "k-test", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := Migrate(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// world is a list and a scanner made up for a test. The zero world has no targets and scans everything at once.
type world struct {
	t       testing.TB
	file    string
	store   *store.Store
	root    string
	targets []store.Target
	listErr func(visited int) error // after the last page
	scan    func(ctx context.Context, t store.Target, was store.Scanned) (Result, error)

	mu     sync.Mutex
	calls  map[string]int // of Scan by name
	events []Event
	judged int
}

func newWorld(t testing.TB, s *store.Store, n int) *world {
	w := &world{t: t, store: s, root: "list:test", calls: map[string]int{}}
	for i := range n {
		w.targets = append(w.targets, target(w.root, i))
	}
	return w
}

func target(root string, i int) store.Target {
	name := fmt.Sprintf("git:https://git.example/acme/%03d.git", i)
	return store.Target{Key: name, Name: name, Kind: store.Repository, Root: root, URL: name[4:], Host: "git.example"}
}

func (w *world) Root() string { return w.root }

func (w *world) List(_ context.Context, visit func([]store.Target) error) error {
	const page = 7
	for i := 0; i < len(w.targets); i += page {
		if err := visit(w.targets[i:min(i+page, len(w.targets))]); err != nil {
			return err
		}
	}
	if w.listErr != nil {
		return w.listErr(len(w.targets))
	}
	return nil
}

func (w *world) Scan(ctx context.Context, t store.Target, was store.Scanned) (Result, error) {
	w.mu.Lock()
	w.calls[t.Name]++
	w.mu.Unlock()
	if w.scan != nil {
		return w.scan(ctx, t, was)
	}
	return scanned(t, was), nil
}

// scanned is what a scan leaves that finds one credential, and nothing new the next time.
func scanned(t store.Target, was store.Scanned) Result {
	if was.Refs == "refs" {
		return Result{Scanned: was}
	}
	return Result{
		Scan: &store.Scan{
			Scanned:     store.Scanned{Refs: "refs", Complete: true, Objects: 1, At: time.Now()},
			Credentials: []finding.Credential{{ID: "c-" + t.Name}},
		},
		Counts: store.Counts{Calls: 1, Fetched: 10, Scanned: 100},
	}
}

func (w *world) event(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

func (w *world) count(what What) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.What == what {
			n++
		}
	}
	return n
}

func (w *world) scans(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[name]
}

func (w *world) finish(ctx context.Context, _ store.Run, hold func(*store.Tx) error) (*finding.Summary, error) {
	w.mu.Lock()
	w.judged++
	w.mu.Unlock()
	return &finding.Summary{}, w.store.Update(ctx, hold)
}

// options are those of a fast crawler: it beats 20 times a second.
func (w *world) options(change ...func(*Options)) Options {
	o := Options{
		Store: w.store, Listers: []Lister{w}, Scanner: w, Finish: w.finish, Workers: 4,
		Heartbeat: 50 * time.Millisecond, RescueAfter: time.Minute, MaxAttempts: 3,
		Backoff: func(int) time.Duration { return 10 * time.Millisecond }, Events: w.event, Now: time.Now, Process: "test", Name: "a",
		Version: "1", RuleSet: "r1", Log: slog.New(slog.NewTextHandler(w.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	for _, f := range change {
		f(&o)
	}
	return o
}

func (w *world) crawler(change ...func(*Options)) *Crawler {
	w.t.Helper()
	c, err := New(w.options(change...))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) run(change ...func(*Options)) store.Run {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	run, err := w.crawler(change...).Run(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}

func (w *world) outcomes(run int64) map[string]store.Outcome {
	w.t.Helper()
	all := map[string]store.Outcome{}
	if err := w.store.View(w.t.Context(), func(tx *store.Tx) error {
		os, err := tx.Outcomes(run)
		for _, o := range os {
			all[o.Target.Name] = o
		}
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) expect(run store.Run, state store.RunState, counts map[store.State]int) {
	w.t.Helper()
	if run.State != state {
		w.t.Errorf("the run is %s, want %s", run.State, state)
	}
	for s, n := range counts {
		if run.Counts.Targets[s] != n {
			w.t.Errorf("%d targets are %s, want %d (%v)", run.Counts.Targets[s], s, n, run.Counts.Targets)
		}
	}
}

func TestNightAfterNight(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		w := newWorld(t, s, 50)
		first := w.run()
		w.expect(first, store.Complete, map[store.State]int{store.Done: 50})
		if c := first.Counts; c.Calls != 50 || c.Fetched != 500 || c.Scanned != 5000 {
			t.Errorf("counts are %+v", c)
		}
		w.expect(w.run(), store.Complete, map[store.State]int{store.Same: 50})
		w.targets = w.targets[1:]
		w.expect(w.run(), store.Complete, map[store.State]int{store.Same: 49, store.Gone: 1})
		if w.judged != 3 {
			t.Errorf("judged %d times in three nights", w.judged)
		}
		for name, n := range w.calls {
			if n > 3 {
				t.Errorf("%s was scanned %d times in three nights", name, n)
			}
		}
		left(t, s)
	})
}

var errBroken = errors.New("broken pipe")
