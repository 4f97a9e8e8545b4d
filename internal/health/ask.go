package health

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

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
	last []prometheus.Metric

	read, state, targets, started, ended, credentials *prometheus.Desc
}

func newRuns(s Sources) *runs {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &runs{
		ask: s.Runs, now: s.Now, log: s.Log,
		read:        desc("sprawl_store_read_timestamp_seconds", "When the metrics of runs were read from the store."),
		state:       desc("sprawl_run_state", "1 for the state of the newest run, 0 for all others.", "state"),
		targets:     desc("sprawl_run_targets", "Targets of the newest run, by their state in it, whichever process wrote it.", "state"),
		started:     desc("sprawl_run_started_timestamp_seconds", "When the newest run began."),
		ended:       desc("sprawl_run_ended_timestamp_seconds", "When the last run ended that was judged."),
		credentials: desc("sprawl_credentials", "Credentials that the last judged run reported, without those that a decision covers.", "severity"),
	}
}

// Describe implements prometheus.Collector.
func (r *runs) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{r.read, r.state, r.targets, r.started, r.ended, r.credentials} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (r *runs) Collect(ch chan<- prometheus.Metric) {
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
	for _, m := range r.last {
		ch <- m
	}
}

func (r *runs) make(newest, judged store.Run) []prometheus.Metric {
	var all []prometheus.Metric
	add := func(d *prometheus.Desc, v float64, labels ...string) {
		all = append(all, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...))
	}
	add(r.read, seconds(r.now()))
	for _, s := range []store.RunState{store.Running, store.Complete, store.Partial, store.Interrupted} {
		add(r.state, map[bool]float64{true: 1}[newest.State == s], string(s))
	}
	if newest.ID != 0 {
		add(r.started, seconds(newest.Started))
		for _, s := range append([]store.State{store.Pending}, outcomes...) {
			add(r.targets, float64(newest.Counts.Targets[s]), string(s))
		}
	}
	if judged.ID != 0 && judged.Summary != nil {
		add(r.ended, seconds(judged.Ended))
		for _, s := range finding.Severities() {
			add(r.credentials, float64(judged.Summary.BySeverity[s]), string(s))
		}
	}
	return all
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// budgets are metrics of GitHub's clients: what they cost together, and what is left to the one that has the least.
type budgets struct {
	all                                    []Budget
	calls, spared, limit, remaining, reset *prometheus.Desc
}

func newBudgets(all []Budget) *budgets {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return &budgets{
		all:       all,
		calls:     desc("sprawl_github_api_calls_total", "Calls of GitHub's interface."),
		spared:    desc("sprawl_github_api_calls_spared_total", "Of them, those that cost nothing of the limit: what was kept is still true."),
		limit:     desc("sprawl_github_api_limit", "Calls an hour that GitHub allows."),
		remaining: desc("sprawl_github_api_remaining", "Calls that are left until the limit is reset."),
		reset:     desc("sprawl_github_api_reset_timestamp_seconds", "When the limit is reset."),
	}
}

// Describe implements prometheus.Collector.
func (b *budgets) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{b.calls, b.spared, b.limit, b.remaining, b.reset} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (b *budgets) Collect(ch chan<- prometheus.Metric) {
	least := Left{Remaining: -1}
	var calls, spared int64
	for _, ask := range b.all {
		l := ask()
		calls, spared = calls+l.Calls, spared+l.Spared
		if l.Remaining >= 0 && (least.Remaining < 0 || l.Remaining < least.Remaining) {
			least = l
		}
	}
	ch <- prometheus.MustNewConstMetric(b.calls, prometheus.CounterValue, float64(calls))
	ch <- prometheus.MustNewConstMetric(b.spared, prometheus.CounterValue, float64(spared))
	if least.Remaining < 0 {
		return
	}
	ch <- prometheus.MustNewConstMetric(b.limit, prometheus.GaugeValue, float64(least.Limit))
	ch <- prometheus.MustNewConstMetric(b.remaining, prometheus.GaugeValue, float64(least.Remaining))
	if !least.Reset.IsZero() {
		ch <- prometheus.MustNewConstMetric(b.reset, prometheus.GaugeValue, seconds(least.Reset))
	}
}
