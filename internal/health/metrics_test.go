package health

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"sprawl/finding"
	"sprawl/internal/crawl"
	"sprawl/internal/store"
)

var now = time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func target(n int64) store.Target {
	return store.Target{ID: n, Name: "git:https://git.example/hidden/name.git", Host: "git.example", Root: "github:hidden"}
}

// scrape reads /metrics with the parser of Prometheus: NAME or NAME{label="value"} to its value. A histogram is its _count and _sum.
func scrape(t *testing.T, m *Metrics) (map[string]float64, []byte) {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(m, nil).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	p := expfmt.NewTextParser(model.LegacyValidation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for name, f := range families {
		if !strings.HasPrefix(name, "sprawl_") {
			continue
		}
		for _, m := range f.GetMetric() {
			key := name
			for _, l := range m.GetLabel() {
				key += fmt.Sprintf("{%s=%q}", l.GetName(), l.GetValue())
			}
			switch {
			case m.Counter != nil:
				got[key] = m.GetCounter().GetValue()
			case m.Gauge != nil:
				got[key] = m.GetGauge().GetValue()
			case m.Histogram != nil:
				got[key+"_count"], got[key+"_sum"] = float64(m.GetHistogram().GetSampleCount()), m.GetHistogram().GetSampleSum()
			default:
				t.Errorf("%s is of no kind that is known here", key)
			}
		}
	}
	return got, w.Body.Bytes()
}

// sources with two runs and two clients.
func sources() Sources {
	running := store.Run{ID: 8, State: store.Running, Started: now.Add(-time.Hour), Counts: store.Counts{Targets: map[store.State]int{store.Pending: 90, store.Done: 10}}}
	judged := store.Run{ID: 7, State: store.Partial, Started: now.Add(-25 * time.Hour), Ended: now.Add(-23 * time.Hour),
		Summary: &finding.Summary{BySeverity: map[finding.Severity]int{finding.SevCritical: 2, finding.SevLow: 5}}}
	return Sources{
		Version: "1.2.3", Now: func() time.Time { return now }, Log: quiet(),
		Runs: func(context.Context) (store.Run, store.Run, error) { return running, judged, nil },
		Budgets: []Budget{
			func() Left {
				return Left{Calls: 100, Spared: 60, Limit: 5000, Remaining: 4000, Reset: now.Add(time.Minute)}
			},
			func() Left { return Left{Calls: 20, Limit: 15000, Remaining: 300, Reset: now.Add(time.Hour)} },
			func() Left { return Left{Calls: 3, Limit: -1, Remaining: -1} },
		},
	}
}

// play is a short night of one process.
func play(m *Metrics) {
	ended := func(n int64, s store.State, reason string, c store.Counts) crawl.Event {
		return crawl.Event{What: crawl.Ended, Run: 8, Target: target(n), State: s, Reason: reason, Tries: 1, Elapsed: 2 * time.Second, Counts: c}
	}
	for _, e := range []crawl.Event{
		{What: crawl.Listed, Run: 8, Root: "github:hidden", N: 100},
		{What: crawl.Listed, Run: 8, Root: "github:hidden", N: 20},
		{What: crawl.Returned, Run: 8},                                                           // before it was known what it was about
		{What: crawl.PutOff, Run: 8, Target: target(9), Reason: "rate-limit", Wait: time.Minute}, // before it was started
		{What: crawl.Started, Run: 8, Target: target(1)},
		{What: crawl.Started, Run: 8, Target: target(2)},
		ended(1, store.Done, "", store.Counts{Calls: 3, Spared: 1, Fetched: 1000, Scanned: 5000}),
		{What: crawl.Retried, Run: 8, Target: target(2), Reason: "network", Tries: 1},
		{What: crawl.Started, Run: 8, Target: target(2)},
		ended(2, store.Failed, "network", store.Counts{}),
		{What: crawl.Started, Run: 8, Target: target(3)},
		{What: crawl.Rescued, Run: 8, Target: target(4)},
		{What: crawl.Started, Run: 8, Target: target(4)},
		{What: crawl.Fenced, Run: 8, Target: target(4)},
		{What: crawl.Started, Run: 8, Target: target(5)},
		ended(5, store.Same, "", store.Counts{Spared: 1, Calls: 1}),
		{What: crawl.Ended, Run: 8, Target: target(6), State: store.Gone, Reason: "unlisted"}, // swept: nobody looked at it
		{What: crawl.Started, Run: 8, Target: target(7)},
	} {
		m.Event(e)
	}
}

func TestMetrics(t *testing.T) {
	m := NewMetrics(sources())
	play(m)
	got, body := scrape(t, m)
	at := func(d time.Duration) float64 { return float64(now.Add(d).Unix()) }
	want := map[string]float64{
		`sprawl_build_info{version="1.2.3"}`:               1,
		`sprawl_job_events_total{event="started"}`:         7,
		`sprawl_job_events_total{event="ended"}`:           4,
		`sprawl_job_events_total{event="put_off"}`:         1,
		`sprawl_job_events_total{event="retried"}`:         1,
		`sprawl_job_events_total{event="returned"}`:        1,
		`sprawl_job_events_total{event="rescued"}`:         1,
		`sprawl_job_events_total{event="fenced"}`:          1,
		`sprawl_targets_listed_total`:                      120,
		`sprawl_targets_total{outcome="done"}`:             1,
		`sprawl_targets_total{outcome="same"}`:             1,
		`sprawl_targets_total{outcome="failed"}`:           1,
		`sprawl_targets_total{outcome="gone"}`:             1,
		`sprawl_targets_total{outcome="incomplete"}`:       0,
		`sprawl_attempt_failures_total{reason="network"}`:  2,
		`sprawl_attempt_failures_total{reason="unlisted"}`: 1,
		`sprawl_scan_duration_seconds_count`:               3,
		`sprawl_scan_duration_seconds_sum`:                 6,
		`sprawl_fetched_bytes_total`:                       1000,
		`sprawl_scanned_bytes_total`:                       5000,
		`sprawl_scan_api_calls_total`:                      4,
		`sprawl_scan_api_calls_spared_total`:               2,
		`sprawl_jobs_in_hand`:                              2,
		`sprawl_store_read_timestamp_seconds`:              at(0),
		`sprawl_run_state{state="running"}`:                1,
		`sprawl_run_state{state="complete"}`:               0,
		`sprawl_run_state{state="incomplete"}`:             0,
		`sprawl_run_state{state="interrupted"}`:            0,
		`sprawl_run_targets{state="pending"}`:              90,
		`sprawl_run_targets{state="done"}`:                 10,
		`sprawl_run_targets{state="same"}`:                 0,
		`sprawl_run_targets{state="incomplete"}`:           0,
		`sprawl_run_targets{state="failed"}`:               0,
		`sprawl_run_targets{state="gone"}`:                 0,
		`sprawl_run_started_timestamp_seconds`:             at(-time.Hour),
		`sprawl_run_ended_timestamp_seconds`:               at(-23 * time.Hour),
		`sprawl_credentials{severity="critical"}`:          2,
		`sprawl_credentials{severity="high"}`:              0,
		`sprawl_credentials{severity="medium"}`:            0,
		`sprawl_credentials{severity="low"}`:               5,
		`sprawl_credentials{severity="info"}`:              0,
		`sprawl_github_api_calls_total`:                    123,
		`sprawl_github_api_calls_spared_total`:             60,
		`sprawl_github_api_limit`:                          15000,
		`sprawl_github_api_remaining`:                      300,
		`sprawl_github_api_reset_timestamp_seconds`:        at(time.Hour),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"hidden", "git.example"} {
		if bytes.Contains(body, []byte(bad)) {
			t.Errorf("%q is among the metrics", bad)
		}
	}
	m.Event(crawl.Event{What: crawl.RunEnded, Run: 8})
	if got, _ := scrape(t, m); got["sprawl_jobs_in_hand"] != 0 {
		t.Errorf("%v jobs in hand of a run that has ended", got["sprawl_jobs_in_hand"])
	}
}

// TestNames holds names and help against the rules of Prometheus.
func TestNames(t *testing.T) {
	m := NewMetrics(sources())
	play(m)
	_, body := scrape(t, m)
	problems, err := promlint.New(bytes.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	lint, err := promlint.New(strings.NewReader("# TYPE sprawl_things counter\nsprawl_things 1\n")).Lint()
	if err != nil || len(lint) == 0 {
		t.Errorf("the rules find nothing in a bad name: %v", err)
	}
}

// TestDuration holds a histogram against the parser of Prometheus: what is at a bound is not above it.
func TestDuration(t *testing.T) {
	h := newHistogram("night_seconds", "Of a night.", []float64{.5, 2, 10})
	for _, v := range []float64{0, .5, .75, 2, 2.5, 11, 1e9} {
		h.observe(v)
	}
	var b bytes.Buffer
	h.write(&b)
	p := expfmt.NewTextParser(model.LegacyValidation)
	families, err := p.TextToMetricFamilies(&b)
	if err != nil {
		t.Fatal(err)
	}
	got := families["night_seconds"].GetMetric()[0].GetHistogram()
	counts := map[float64]uint64{}
	for _, u := range got.GetBucket() {
		counts[u.GetUpperBound()] = u.GetCumulativeCount()
	}
	want := map[float64]uint64{.5: 2, 2: 4, 10: 5, math.Inf(1): 7}
	if d := cmp.Diff(want, counts); d != "" || got.GetSampleCount() != 7 || got.GetSampleSum() != 1e9+16.75 {
		t.Errorf("%d observations, sum %v: %s", got.GetSampleCount(), got.GetSampleSum(), d)
	}
}

// TestEscapes: whatever a version is called, the answer can be read.
func TestEscapes(t *testing.T) {
	for _, version := range []string{`1.2"3`, `1\2`, "1\n2", `ü}{,="`} {
		s := sources()
		s.Version = version
		got, _ := scrape(t, NewMetrics(s))
		if key := fmt.Sprintf("sprawl_build_info{version=%q}", version); got[key] != 1 {
			t.Errorf("no %s in %v", key, got)
		}
	}
}

// TestScrapes: a few are answered at once, and the next is told so.
func TestScrapes(t *testing.T) {
	s := sources()
	ask := s.Runs
	asked, answered := make(chan struct{}), make(chan struct{})
	var first sync.Once
	s.Runs = func(ctx context.Context) (store.Run, store.Run, error) {
		first.Do(func() { close(asked) })
		<-answered
		return ask(ctx)
	}
	h := Handler(NewMetrics(s), nil)
	codes := make(chan int, 2*scrapes)
	get := func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
		codes <- w.Code
	}
	for range 2 * scrapes {
		go get()
	}
	<-asked
	for range scrapes { // those that are too many end while the others wait
		if c := <-codes; c != http.StatusServiceUnavailable {
			t.Errorf("%d", c)
		}
	}
	close(answered)
	for range scrapes {
		if c := <-codes; c != http.StatusOK {
			t.Errorf("%d", c)
		}
	}
}

// TestStale: while the store cannot be read, what it said last is shown with the time it is of.
func TestStale(t *testing.T) {
	s := sources()
	clock, broken := now, false
	ask := s.Runs
	s.Now = func() time.Time { return clock }
	s.Runs = func(ctx context.Context) (store.Run, store.Run, error) {
		if broken {
			return store.Run{}, store.Run{}, errors.New("database is locked")
		}
		return ask(ctx)
	}
	m := NewMetrics(s)
	scrape(t, m)
	clock, broken = now.Add(time.Hour), true
	got, _ := scrape(t, m)
	if got["sprawl_store_read_timestamp_seconds"] != float64(now.Unix()) || got[`sprawl_credentials{severity="critical"}`] != 2 {
		t.Errorf("%v", got)
	}
}

// TestFirstNight: before any run has ended nothing is made up.
func TestFirstNight(t *testing.T) {
	m := NewMetrics(Sources{Now: func() time.Time { return now }, Log: quiet(), Runs: func(context.Context) (a, b store.Run, err error) { return a, b, nil }})
	got, _ := scrape(t, m)
	for name := range got {
		if strings.HasPrefix(name, "sprawl_credentials") || strings.HasPrefix(name, "sprawl_run_ended") || strings.HasPrefix(name, "sprawl_run_started") || strings.HasPrefix(name, "sprawl_github") {
			t.Errorf("%s before there was any", name)
		}
	}
}

// TestReasons: however many reasons there are, and whatever they hold, the labels are few.
func TestReasons(t *testing.T) {
	m := NewMetrics(Sources{Now: func() time.Time { return now }, Log: quiet()})
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := range 200 {
				reason := strings.Repeat("x", i%40) + "-" + string(rune('a'+n))
				if i%7 == 0 {
					reason = "https://git.example/hidden"
				}
				m.Event(crawl.Event{What: crawl.Retried, Target: target(int64(i)), Reason: reason})
			}
		})
	}
	all.Wait()
	got, body := scrape(t, m)
	var sum float64
	n := 0
	for name, v := range got {
		if strings.HasPrefix(name, "sprawl_attempt_failures_total") {
			n, sum = n+1, sum+v
		}
	}
	if n != maxWords+1 || sum != 800 || bytes.Contains(body, []byte("hidden")) {
		t.Errorf("%d labels, %v failures", n, sum)
	}
}

// TestServer: it answers, says whether it is ready without saying why not, and ends with its context.
func TestServer(t *testing.T) {
	var log bytes.Buffer
	s := sources()
	s.Log = slog.New(slog.NewTextHandler(&log, nil))
	var trouble error
	ctx, cancel := context.WithCancel(t.Context())
	l, err := Listen(ctx, ":0")
	if err != nil {
		t.Fatal(err)
	}
	if host := l.Addr().String(); !strings.HasPrefix(host, "127.0.0.1:") {
		t.Errorf("it listens at %s where no host was given", host)
	}
	ended := make(chan error)
	go func() {
		ended <- Run(ctx, l, Handler(NewMetrics(s), func(context.Context) error { return trouble }), quiet())
	}()
	get := func(path string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	check := func(path string, status int, text string) {
		t.Helper()
		if code, body := get(path); code != status || !strings.Contains(body, text) {
			t.Errorf("%s: %d %q, want %d %q", path, code, body, status, text)
		}
	}
	check("/metrics", http.StatusOK, "sprawl_jobs_in_hand 0")
	check("/metrics", http.StatusOK, "process_cpu_seconds_total")
	check("/healthz", http.StatusOK, "ok")
	check("/readyz", http.StatusOK, "ready")
	check("/elsewhere", http.StatusNotFound, "")
	trouble = errors.New("no answer from db.internal")
	check("/healthz", http.StatusOK, "ok")
	check("/readyz", http.StatusServiceUnavailable, "not ready")
	if _, body := get("/readyz"); strings.Contains(body, "db.internal") {
		t.Errorf("who asks is told why: %q", body)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "db.internal") {
		t.Errorf("the log does not say why: %q", log.String())
	}
}

func TestListen(t *testing.T) {
	for _, bad := range []string{"", "9464", "127.0.0.1", "127.0.0.1:none", "[::1"} {
		if l, err := Listen(t.Context(), bad); err == nil {
			_ = l.Close()
			t.Errorf("it listens on %q", bad)
		}
	}
}
