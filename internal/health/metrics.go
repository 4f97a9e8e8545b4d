package health

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sprawl/internal/crawl"
	"sprawl/internal/store"
)

// Sources are what metrics are made of, beside events. Now and Log are needed.
type Sources struct {
	Version string // of the tool
	Now     func() time.Time
	Log     *slog.Logger
	Runs    Runs     // nil for no metrics of runs
	Budgets []Budget // none for no metrics of GitHub's interface
}

// Metrics are those of one process. Event may be called from many goroutines.
type Metrics struct {
	registry *prometheus.Registry
	log      *slog.Logger

	events   *prometheus.CounterVec
	listed   prometheus.Counter
	targets  *prometheus.CounterVec
	failures *prometheus.CounterVec
	seconds  prometheus.Histogram
	fetched  prometheus.Counter
	scanned  prometheus.Counter
	calls    prometheus.Counter
	spared   prometheus.Counter
	inHand   prometheus.Gauge

	reasons words
	mu      sync.Mutex
	hand    map[claim]struct{}
}

// claim is a target of a run in this process's hands.
type claim struct{ run, target int64 }

// whats and outcomes are the values of labels: each is there from the start, at 0, so that its first rise is seen.
var (
	whats    = []crawl.What{crawl.Started, crawl.Ended, crawl.PutOff, crawl.Retried, crawl.Returned, crawl.Rescued, crawl.Fenced}
	outcomes = []store.State{store.Done, store.Same, store.Incomplete, store.Failed, store.Gone}
	buckets  = []float64{.1, .3, 1, 3, 10, 30, 100, 300, 1000, 3000} // seconds: from a repository that is as it was to one that takes an hour
)

// NewMetrics makes metrics in a registry of their own. Names follow https://prometheus.io/docs/practices/naming.
func NewMetrics(s Sources) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	vector := func(name, label, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(), log: s.Log, hand: map[claim]struct{}{},
		events:   vector("sprawl_job_events_total", "event", "Steps of jobs in this process."),
		listed:   counter("sprawl_targets_listed_total", "Targets that lists named to this process; one may be named again."),
		targets:  vector("sprawl_targets_total", "outcome", "Targets whose outcome this process wrote."),
		failures: vector("sprawl_attempt_failures_total", "reason", "Attempts that did not end well, by the reason that the store has."),
		seconds:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "sprawl_scan_duration_seconds", Help: "Time that the last attempt at a target took.", Buckets: buckets}),
		fetched:  counter("sprawl_fetched_bytes_total", "Bytes fetched of targets."),
		scanned:  counter("sprawl_scanned_bytes_total", "Bytes matched of targets."),
		calls:    counter("sprawl_scan_api_calls_total", "Calls of registries and providers that scans made."),
		spared:   counter("sprawl_scan_api_calls_spared_total", "Of them, those that were answered from what was kept."),
		inHand:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "sprawl_jobs_in_hand", Help: "Targets that this process is scanning."}),
	}
	for _, w := range whats {
		m.events.WithLabelValues(label(string(w)))
	}
	for _, o := range outcomes {
		m.targets.WithLabelValues(string(o))
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "sprawl_build_info", Help: "1, with the version of the tool.", ConstLabels: prometheus.Labels{"version": s.Version}})
	info.Set(1)
	m.registry.MustRegister(m.events, m.listed, m.targets, m.failures, m.seconds, m.fetched, m.scanned, m.calls, m.spared, m.inHand, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if s.Runs != nil {
		m.registry.MustRegister(newRuns(s))
	}
	if len(s.Budgets) > 0 {
		m.registry.MustRegister(newBudgets(s.Budgets))
	}
	return m
}

// Event counts a step of a crawl.
func (m *Metrics) Event(e crawl.Event) {
	m.hold(e)
	switch e.What {
	case crawl.Listed:
		m.listed.Add(float64(e.N))
		return
	case crawl.RunEnded:
		return
	case crawl.Retried:
		m.failures.WithLabelValues(m.reasons.bound(e.Reason)).Inc()
	case crawl.Ended:
		m.end(e)
	}
	m.events.WithLabelValues(label(string(e.What))).Inc()
}

func (m *Metrics) end(e crawl.Event) {
	m.targets.WithLabelValues(string(e.State)).Inc()
	if e.Reason != "" {
		m.failures.WithLabelValues(m.reasons.bound(e.Reason)).Inc()
	}
	if e.Tries > 0 { // somebody looked at it
		m.seconds.Observe(e.Elapsed.Seconds())
	}
	m.fetched.Add(float64(e.Counts.Fetched))
	m.scanned.Add(float64(e.Counts.Scanned))
	m.calls.Add(float64(e.Counts.Calls))
	m.spared.Add(float64(e.Counts.Spared))
}

// hold keeps which targets are in hand. It counts no ups and downs: a job may be put off or given back before it was started.
func (m *Metrics) hold(e crawl.Event) {
	c := claim{e.Run, e.Target.ID}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e.What {
	case crawl.Started:
		m.hand[c] = struct{}{}
	case crawl.Ended, crawl.PutOff, crawl.Retried, crawl.Returned, crawl.Fenced:
		delete(m.hand, c)
	case crawl.RunEnded:
		for h := range m.hand {
			if h.run == e.Run {
				delete(m.hand, h)
			}
		}
	}
	m.inHand.Set(float64(len(m.hand)))
}

// label makes a value of a label from a word or two of our own.
func label(s string) string { return strings.ReplaceAll(s, " ", "_") }

// words are the values that a label has had. Reasons are words of scanners, few and short; should one be neither, it is "other".
type words struct {
	mu   sync.Mutex
	seen map[string]struct{}
}

const (
	maxWords = 24
	maxWord  = 32 // bytes
)

func (w *words) bound(s string) string {
	if s == "" || len(s) > maxWord || strings.ContainsFunc(s, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') }) {
		return "other"
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.seen[s]; !ok {
		if len(w.seen) == maxWords {
			return "other"
		}
		if w.seen == nil {
			w.seen = map[string]struct{}{}
		}
		w.seen[s] = struct{}{}
	}
	return s
}

// scrape answers with all metrics. What cannot be read is left out and logged; the rest is answered.
func (m *Metrics) scrape() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: scrapeTime,
	})
}
