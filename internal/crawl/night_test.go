package crawl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"sprawl/internal/store"
)

func TestResume(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		const n, before = 30, 11
		w := newWorld(t, s, n)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var begun atomic.Int64
		w.scan = func(ctx context.Context, target store.Target, was store.Scanned) (Result, error) {
			if begun.Add(1) > before {
				stop()
				<-ctx.Done()
				return Result{}, errors.Join(errBroken, ctx.Err())
			}
			return scanned(target, was), nil
		}
		run, err := w.crawler().Run(ctx)
		if !errors.Is(err, context.Canceled) || run.State != store.Running {
			t.Fatalf("stopped: %v, and the run is %s", err, run.State)
		}
		if w.judged > 0 || w.count(Ended) != before || w.count(Returned) == 0 {
			t.Errorf("judged %d times, %d targets ended, %d were returned", w.judged, w.count(Ended), w.count(Returned))
		}
		w.scan = nil
		resumed := w.run()
		if resumed.ID != run.ID {
			t.Errorf("run %d was not resumed: %d", run.ID, resumed.ID)
		}
		w.expect(resumed, store.Complete, map[store.State]int{store.Done: n})
		for _, e := range w.events {
			if e.What == Ended && e.Tries != 1 {
				t.Errorf("%s took %d attempts: what is returned spends none", e.Target.Name, e.Tries)
			}
		}
		w.unmarked(n)
		left(t, s)
	})
}

// left fails if anything is left of a run that has ended.
func left(t *testing.T, s *store.Store) {
	t.Helper()
	for _, table := range []string{"river_job", "crawl_lead", "crawl_beat"} {
		var n int
		if err := s.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows are left in %s (%v)", n, table, err)
		}
	}
}

// A page that comes twice, and a run that is resumed, give no target a second job.
func TestListedTwice(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		const n = 20
		w := newWorld(t, s, n)
		w.targets = append(w.targets, w.targets...)
		w.queued()
		var jobs int
		if err := s.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM river_job").Scan(&jobs); err != nil || jobs > 7 {
			t.Fatalf("%d jobs after one page of 7 (%v)", jobs, err)
		}
		before := len(w.calls)
		w.calls = map[string]int{}
		run := w.run()
		w.expect(run, store.Complete, map[store.State]int{store.Done: n})
		for name, calls := range w.calls {
			if calls != 1 {
				t.Errorf("%s was scanned %d times (%d before)", name, calls, before)
			}
		}
	})
}

func TestRateLimit(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		const n = 6
		w := newWorld(t, s, n)
		w.targets[n-1].Host = "other.example"
		var limited, other atomic.Int64
		w.scan = func(_ context.Context, target store.Target, was store.Scanned) (Result, error) {
			if target.Host == "other.example" {
				other.Add(1)
			} else if limited.Add(1) <= 2 {
				return Result{}, fmt.Errorf("fetch: %w", &Later{After: 300 * time.Millisecond, Why: "429"})
			}
			return scanned(target, was), nil
		}
		run := w.run(func(o *Options) { o.MaxAttempts, o.PerHost = 1, 2 })
		w.expect(run, store.Complete, map[store.State]int{store.Done: n})
		if w.count(PutOff) < 2 || limited.Load() != n+1 || other.Load() != 1 {
			t.Errorf("put off %d times; the scanner was asked %d times, and %d at the other host", w.count(PutOff), limited.Load(), other.Load())
		}
		if w.count(Retried) > 0 {
			t.Error("a rate limit spent an attempt")
		}

		w.scan = func(context.Context, store.Target, store.Scanned) (Result, error) {
			return Result{}, &Later{After: time.Hour, Why: "again and again"}
		}
		run = w.run(func(o *Options) { o.MaxWait = time.Minute })
		w.expect(run, store.Partial, map[store.State]int{store.Failed: n})
		if o := w.outcomes(run.ID)[w.targets[0].Name]; o.Reason != "rate-limit" {
			t.Errorf("the outcome is %+v", o)
		}
	})
}

// worded is an error that says what kind it is.
type worded struct{}

func (worded) Error() string  { return "half a pack" }
func (worded) Reason() string { return "corrupt" }

func TestOutcomes(t *testing.T) {
	type outcome struct {
		state         store.State
		reason        string
		tries, called int
	}
	tests := []struct {
		name string
		scan func(ctx context.Context, call int) (Result, error)
		want outcome
	}{
		{"an error goes away", func(_ context.Context, call int) (Result, error) {
			if call < 3 {
				return Result{}, errBroken
			}
			return scanned(store.Target{Name: "x"}, store.Scanned{}), nil
		}, outcome{state: store.Done, called: 3}},
		{"an error stays", func(context.Context, int) (Result, error) { return Result{}, errBroken }, outcome{store.Failed, "error", 3, 3}},
		{"an error with a word", func(context.Context, int) (Result, error) { return Result{}, fmt.Errorf("clone: %w", worded{}) }, outcome{store.Failed, "corrupt", 3, 3}},
		{"refused", func(context.Context, int) (Result, error) {
			return Result{}, fmt.Errorf("clone: %w", &Refused{Reason: "auth", Detail: "403"})
		}, outcome{store.Failed, "auth", 1, 1}},
		{"gone", func(context.Context, int) (Result, error) { return Result{}, &Gone{Why: "404"} }, outcome{store.Gone, "unknown", 0, 1}},
		{"panic", func(context.Context, int) (Result, error) { panic("mishap") }, outcome{store.Failed, "panic", 3, 3}},
		{"too slow", func(ctx context.Context, _ int) (Result, error) {
			<-ctx.Done()
			return Result{}, ctx.Err()
		}, outcome{store.Failed, "timeout", 3, 3}},
	}
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		w := newWorld(t, s, len(tests))
		w.scan = func(ctx context.Context, target store.Target, _ store.Scanned) (Result, error) {
			i := slices.IndexFunc(w.targets, func(o store.Target) bool { return o.Name == target.Name })
			return tests[i].scan(ctx, w.scans(target.Name))
		}
		run := w.run(func(o *Options) { o.JobTimeout = 500 * time.Millisecond })
		all := w.outcomes(run.ID)
		for i, tt := range tests {
			o := all[w.targets[i].Name]
			got := outcome{o.State, o.Reason, o.Tries, w.scans(w.targets[i].Name)}
			if got != tt.want {
				t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
			}
		}
		if run.State != store.Partial {
			t.Errorf("the run is %s", run.State)
		}
		left(t, s)
	})
}

func TestListEndsEarly(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		w := newWorld(t, s, 10)
		w.run()
		w.targets, w.listErr = w.targets[:3], func(int) error { return &Refused{Reason: "auth", Detail: "the token has expired"} }
		run := w.run()
		w.expect(run, store.Partial, map[store.State]int{store.Same: 3, store.Gone: 0})
		if want := []string{"list:test: auth: the token has expired"}; !slices.Equal(run.Counts.Unlisted, want) {
			t.Errorf("unlisted: %q", run.Counts.Unlisted)
		}
		w.unmarked(10)

		read := 0
		w.listErr = func(int) error { // it is read again, and that time to its end
			if read++; read == 1 {
				return &Later{After: time.Millisecond, Why: "429"}
			} else if read == 2 {
				return errBroken
			}
			return nil
		}
		run = w.run()
		w.expect(run, store.Complete, map[store.State]int{store.Same: 3, store.Gone: 7})
		w.unmarked(3)
	})
}

func TestWorkers(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, again func() *store.Store) {
		const n = 60
		w := newWorld(t, s, n)
		for i := range w.targets {
			w.targets[i].Host = fmt.Sprintf("host%d.example", i%3)
		}
		slow := func(_ context.Context, target store.Target, was store.Scanned) (Result, error) {
			time.Sleep(20 * time.Millisecond)
			return scanned(target, was), nil
		}
		w.scan = slow
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		helper := newWorld(t, again(), 0)
		helper.scan = slow
		done := make(chan error, 1)
		go func() {
			done <- helper.crawler(func(o *Options) { o.Name, o.PerHost = "b", 2 }).Work(ctx)
		}()
		run := w.run(func(o *Options) { o.PerHost = 2 })
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		w.expect(run, store.Complete, map[store.State]int{store.Done: n})
		if a, b := w.count(Ended), helper.count(Ended); a == 0 || b == 0 || a+b != n {
			t.Errorf("one process ended %d targets, the other %d", a, b)
		}
		w.unmarked(n)
	})
}

// Jobs at one host and in all are bounded.
func TestBounds(t *testing.T) {
	w := newWorld(t, opened(t), 40)
	var all, at atomic.Int64
	var most, mostAt atomic.Int64
	for i := range w.targets {
		w.targets[i].Host = []string{"busy.example", "a.example", "b.example"}[max(0, i-37)]
	}
	w.scan = func(_ context.Context, target store.Target, was store.Scanned) (Result, error) {
		top(&most, all.Add(1))
		defer all.Add(-1)
		if target.Host == "busy.example" {
			top(&mostAt, at.Add(1))
			defer at.Add(-1)
		}
		time.Sleep(5 * time.Millisecond)
		return scanned(target, was), nil
	}
	w.expect(w.run(func(o *Options) { o.Workers, o.PerHost = 3, 2 }), store.Complete, map[store.State]int{store.Done: 40})
	if most.Load() > 3 || mostAt.Load() > 2 {
		t.Errorf("%d scans at a time, %d of them at one host", most.Load(), mostAt.Load())
	}
}

func top(most *atomic.Int64, n int64) {
	for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
	}
}

func TestHead(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, again func() *store.Store) {
		w := newWorld(t, s, 3)
		inside, free := make(chan struct{}), make(chan struct{})
		w.scan = func(_ context.Context, target store.Target, was store.Scanned) (Result, error) {
			inside <- struct{}{}
			<-free
			return scanned(target, was), nil
		}
		type ended struct {
			run store.Run
			err error
		}
		// The first head is deaf and dumb from its last beat on.
		first := make(chan ended, 1)
		go func() {
			run, err := w.crawler(func(o *Options) { o.Heartbeat, o.RescueAfter = time.Hour, 2*time.Hour }).Run(t.Context())
			first <- ended{run, err}
		}()
		<-inside
		second := newWorld(t, again(), 3)
		_, err := second.crawler(func(o *Options) { o.Name = "b" }).Run(t.Context())
		var busy *Busy
		if !errors.As(err, &busy) {
			t.Fatalf("a second head: %v", err)
		}
		run := second.run(func(o *Options) { o.Name, o.Process = "b", "another" })
		second.expect(run, store.Complete, map[store.State]int{store.Done: 3})
		go func() {
			for range inside {
			}
		}()
		close(free)
		if e := <-first; !errors.Is(e.err, ErrDeposed) {
			t.Errorf("the first head ends with %v", e.err)
		}
		close(inside)
		if w.judged+second.judged != 1 {
			t.Errorf("judged %d and %d times", w.judged, second.judged)
		}
	})
}

func TestOtherRules(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		w := newWorld(t, s, 5)
		w.queued()
		run := w.run(func(o *Options) { o.RuleSet = "r2" })
		w.expect(run, store.Complete, map[store.State]int{store.Done: 5})
		if err := s.View(t.Context(), func(tx *store.Tx) error {
			old, err := tx.Run(run.ID - 1)
			if err == nil && old.State != store.Interrupted {
				t.Errorf("the run by other rules is %s", old.State)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
		left(t, s)
	})
}

// A sign of life that comes after the run was ended, as one does that was on its way meanwhile, goes with the process.
func TestLateBeat(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		w := newWorld(t, s, 5)
		w.expect(w.run(), store.Complete, map[store.State]int{store.Done: 5})
		c := w.crawler(func(o *Options) { o.Heartbeat, o.RescueAfter = time.Hour, 2*time.Hour })
		if err := c.serve(t.Context(), func(ctx context.Context, e *engine) error {
			return s.Update(ctx, func(tx *store.Tx) error { return e.beat(ctx, tx, map[int64]held{4711: {}}) })
		}); err != nil {
			t.Fatal(err)
		}
		left(t, s)
	})
}

// A pending target that has no job gets another.
func TestLostJob(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		w := newWorld(t, s, 5)
		w.scan = func(ctx context.Context, target store.Target, was store.Scanned) (Result, error) {
			if w.scans(target.Name) == 1 && target.Name == w.targets[2].Name {
				_, err := s.DB().ExecContext(ctx, "DELETE FROM river_job WHERE state = 'running'")
				return scanned(target, was), err
			}
			return scanned(target, was), nil
		}
		w.expect(w.run(), store.Complete, map[store.State]int{store.Done: 5})
		w.unmarked(5)
	})
}

func TestStatus(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		if st, err := StatusOf(t.Context(), s); err != nil || st.Run.ID != 0 {
			t.Fatalf("before any run: %+v, %v", st, err)
		}
		w := newWorld(t, s, 4)
		w.targets[3].Host = "limited.example"
		inside, free := make(chan struct{}, 4), make(chan struct{})
		w.scan = func(_ context.Context, target store.Target, was store.Scanned) (Result, error) {
			switch target.Name {
			case w.targets[3].Name:
				if w.scans(target.Name) == 1 {
					return Result{}, &Later{After: time.Hour, Why: "429"}
				}
			case w.targets[0].Name:
				return Result{}, &Refused{Reason: "auth", Detail: "403"}
			}
			inside <- struct{}{}
			<-free
			return scanned(target, was), nil
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = w.crawler(func(o *Options) { o.PerHost = 1 }).Run(ctx)
		}()
		<-inside
		var st Status
		soon(t, "the status shows it all", func() bool {
			var err error
			if st, err = StatusOf(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			return len(st.Incomplete) == 1 && len(st.Hosts) == 2 && st.Hosts[1].PutOff == 1
		})
		close(free)
		stop()
		<-done
		if st.Run.State != store.Running || st.Head.Name == "" || st.Head.Silent > patience {
			t.Errorf("the run is %s, its head %+v", st.Run.State, st.Head)
		}
		if h := st.Hosts[0]; h.Name != "git.example" || h.InHand != 1 || h.Waiting != 1 {
			t.Errorf("the first host is %+v", h)
		}
		if h := st.Hosts[1]; h.Name != "limited.example" || h.Until.Before(st.At.Add(50*time.Minute)) || h.Until.After(st.At.Add(61*time.Minute)) {
			t.Errorf("the second host is %+v at %v", h, st.At)
		}
		if len(st.InHand) != 1 || st.InHand[0].Worker.Name != st.Head.Name || st.InHand[0].Target.Name != w.targets[1].Name || st.InHand[0].Tries != 1 {
			t.Errorf("in hand: %+v", st.InHand)
		}
		if o := st.Incomplete[0]; o.Reason != "auth" {
			t.Errorf("incomplete: %+v", o)
		}
	})
}
