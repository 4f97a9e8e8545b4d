package health

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

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
	all     []writer // in the order of the answer
	log     *slog.Logger
	started time.Time

	events, listed, targets, failures *family
	seconds                           *histogram
	fetched, scanned, calls, spared   *family
	inHand                            *family

	reasons words
	mu      sync.Mutex
	hand    map[claim]struct{}
}

// writer writes metrics as they are now.
type writer interface{ write(w io.Writer) }

// claim is a target of a run in this process's hands.
type claim struct{ run, target int64 }

// whats and outcomes are the values of labels: each is there from the start, at 0, so that its first rise is seen.
var (
	whats    = []crawl.What{crawl.Started, crawl.Ended, crawl.PutOff, crawl.Retried, crawl.Returned, crawl.Rescued, crawl.Fenced}
	outcomes = []store.State{store.Done, store.Same, store.Incomplete, store.Failed, store.Gone}
	buckets  = []float64{.1, .3, 1, 3, 10, 30, 100, 300, 1000, 3000} // seconds: from a repository that is as it was to one that takes an hour
)

// NewMetrics makes metrics of their own. Names follow https://prometheus.io/docs/practices/naming.
func NewMetrics(s Sources) *Metrics {
	m := &Metrics{log: s.Log, started: s.Now(), hand: map[claim]struct{}{}}
	add := func(k kind, name, label, help string) *family {
		f := newFamily(k, name, label, help)
		if label == "" {
			f.set("", 0)
		}
		m.all = append(m.all, f)
		return f
	}
	add(gauge, "sprawl_build_info", "version", "1, with the version of the tool.").set(s.Version, 1)
	m.events = add(counter, "sprawl_job_events_total", "event", "Steps of jobs in this process.")
	m.listed = add(counter, "sprawl_targets_listed_total", "", "Targets that lists named to this process; one may be named again.")
	m.targets = add(counter, "sprawl_targets_total", "outcome", "Targets whose outcome this process wrote.")
	m.failures = add(counter, "sprawl_attempt_failures_total", "reason", "Attempts that did not end well, by the reason that the store has.")
	m.seconds = newHistogram("sprawl_scan_duration_seconds", "Time that the last attempt at a target took.", buckets)
	m.all = append(m.all, m.seconds)
	m.fetched = add(counter, "sprawl_fetched_bytes_total", "", "Bytes fetched of targets.")
	m.scanned = add(counter, "sprawl_scanned_bytes_total", "", "Bytes matched of targets.")
	m.calls = add(counter, "sprawl_scan_api_calls_total", "", "Calls of registries and providers that scans made.")
	m.spared = add(counter, "sprawl_scan_api_calls_spared_total", "", "Of them, those that were answered from what was kept.")
	m.inHand = add(gauge, "sprawl_jobs_in_hand", "", "Targets that this process is scanning.")
	for _, w := range whats {
		m.events.set(label(string(w)), 0)
	}
	for _, o := range outcomes {
		m.targets.set(string(o), 0)
	}
	if s.Runs != nil {
		m.all = append(m.all, newRuns(s))
	}
	if len(s.Budgets) > 0 {
		m.all = append(m.all, budgets(s.Budgets))
	}
	return m
}

// Event counts a step of a crawl.
func (m *Metrics) Event(e crawl.Event) {
	m.hold(e)
	switch e.What {
	case crawl.Listed:
		m.listed.add("", float64(e.N))
		return
	case crawl.RunEnded:
		return
	case crawl.Retried:
		m.failures.add(m.reasons.bound(e.Reason), 1)
	case crawl.Ended:
		m.end(e)
	}
	m.events.add(label(string(e.What)), 1)
}

func (m *Metrics) end(e crawl.Event) {
	m.targets.add(string(e.State), 1)
	if e.Reason != "" {
		m.failures.add(m.reasons.bound(e.Reason), 1)
	}
	if e.Tries > 0 { // somebody looked at it
		m.seconds.observe(e.Elapsed.Seconds())
	}
	m.fetched.add("", float64(e.Counts.Fetched))
	m.scanned.add("", float64(e.Counts.Scanned))
	m.calls.add("", float64(e.Counts.Calls))
	m.spared.add("", float64(e.Counts.Spared))
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
	m.inHand.set("", float64(len(m.hand)))
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
	places := make(chan struct{}, scrapes)
	answer := func(w http.ResponseWriter, _ *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		default:
			say(w, http.StatusServiceUnavailable, "asked too often at once")
			return
		}
		var b bytes.Buffer
		for _, f := range m.all {
			f.write(&b)
		}
		writeProcess(&b, m.started)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(b.Bytes())
	}
	return http.TimeoutHandler(http.HandlerFunc(answer), scrapeTime, "too slow\n")
}
