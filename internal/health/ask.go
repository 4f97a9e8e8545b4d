package health

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
)

// Runs reads the newest run, and the newest that was judged; the zero Run where there is none.
type Runs func(ctx context.Context) (newest, judged store.Run, err error)

// Stored reads runs of a store.
func Stored(s *store.Store) Runs {
	return func(ctx context.Context) (newest, judged store.Run, err error) {
		err = s.View(ctx, func(tx *store.Tx) (err error) {
			if newest, _, err = tx.LastRun(); err != nil {
				return err
			}
			judged, _, err = tx.LastRun(store.Complete, store.Partial)
			return err
		})
		return newest, judged, err
	}
}

// Budget says what calls of GitHub's interface by one client have cost, and what is left.
type Budget func() Left

// Left is the state of a Budget.
type Left struct {
	Calls, Spared    int64
	Limit, Remaining int       // calls an hour; -1 where GitHub does not say
	Reset            time.Time // when the hour ends; zero likewise
}

// askTime bounds a question to the store: an answer that comes later than the scrape is none.
const askTime = 2 * time.Second

// runs are metrics read from the store. While it cannot be read they stay as they were, and so does the time they are of.
type runs struct {
	ask  Runs
	now  func() time.Time
	log  *slog.Logger
	mu   sync.Mutex
	last []byte // as they were written
}

func newRuns(s Sources) *runs { return &runs{ask: s.Runs, now: s.Now, log: s.Log} }

func (r *runs) write(w io.Writer) {
	r.mu.Lock() // two scrapes at once ask once after the other
	defer r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	newest, judged, err := r.ask(ctx)
	if err != nil {
		level := slog.LevelWarn
		if errors.Is(err, context.DeadlineExceeded) { // a long transaction of this process, as a rule
			level = slog.LevelDebug
		}
		r.log.Log(ctx, level, "metrics: the store cannot be read", "err", err)
	} else {
		r.last = r.make(newest, judged)
	}
	_, _ = w.Write(r.last)
}

func (r *runs) make(newest, judged store.Run) []byte {
	read := newFamily(gauge, "sprawl_store_read_timestamp_seconds", "", "When the metrics of runs were read from the store.")
	state := newFamily(gauge, "sprawl_run_state", "state", "1 for the state of the newest run, 0 for all others.")
	targets := newFamily(gauge, "sprawl_run_targets", "state", "Targets of the newest run, by their state in it, whichever process wrote it.")
	started := newFamily(gauge, "sprawl_run_started_timestamp_seconds", "", "When the newest run began.")
	ended := newFamily(gauge, "sprawl_run_ended_timestamp_seconds", "", "When the last run ended that was judged.")
	credentials := newFamily(gauge, "sprawl_credentials", "severity", "Credentials that the last judged run reported, without those that a decision covers.")
	read.set("", seconds(r.now()))
	for _, s := range []store.RunState{store.Running, store.Complete, store.Partial, store.Interrupted} {
		state.set(string(s), map[bool]float64{true: 1}[newest.State == s])
	}
	if newest.ID != 0 {
		started.set("", seconds(newest.Started))
		for _, s := range append([]store.State{store.Pending}, outcomes...) {
			targets.set(string(s), float64(newest.Counts.Targets[s]))
		}
	}
	if judged.ID != 0 && judged.Summary != nil {
		ended.set("", seconds(judged.Ended))
		for _, s := range finding.Severities() {
			credentials.set(string(s), float64(judged.Summary.BySeverity[s]))
		}
	}
	var b bytes.Buffer
	for _, f := range []*family{read, state, targets, started, ended, credentials} {
		f.write(&b)
	}
	return b.Bytes()
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// budgets are metrics of GitHub's clients: what they cost together, and what is left to the one that has the least.
type budgets []Budget

func (b budgets) write(w io.Writer) {
	least := Left{Remaining: -1}
	var calls, spared int64
	for _, ask := range b {
		l := ask()
		calls, spared = calls+l.Calls, spared+l.Spared
		if l.Remaining >= 0 && (least.Remaining < 0 || l.Remaining < least.Remaining) {
			least = l
		}
	}
	single(w, counter, "sprawl_github_api_calls_total", "Calls of GitHub's interface.", float64(calls))
	single(w, counter, "sprawl_github_api_calls_spared_total", "Of them, those that cost nothing of the limit: what was kept is still true.", float64(spared))
	if least.Remaining < 0 {
		return
	}
	single(w, gauge, "sprawl_github_api_limit", "Calls an hour that GitHub allows.", float64(least.Limit))
	single(w, gauge, "sprawl_github_api_remaining", "Calls that are left until the limit is reset.", float64(least.Remaining))
	if !least.Reset.IsZero() {
		single(w, gauge, "sprawl_github_api_reset_timestamp_seconds", "When the limit is reset.", seconds(least.Reset))
	}
}
