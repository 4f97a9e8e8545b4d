package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"sprawl/internal/crawl"
	"sprawl/internal/store"
)

// written is a terminal that several goroutines write to.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

func crawlTarget(n int64, name string) store.Target { return store.Target{ID: n, Name: name} }

// shortNight is what a process sees of a crawl; one target stays in hand.
func shortNight(events func(crawl.Event)) {
	for _, e := range []crawl.Event{
		{What: crawl.Listed, Run: 3, N: 4, Root: "github:acme"},
		{What: crawl.Started, Run: 3, Target: crawlTarget(1, "git:https://git.example/acme/shop.git"), Tries: 1},
		{What: crawl.Started, Run: 3, Target: crawlTarget(2, "git:https://git.example/acme/\x1b[31mred.git"), Tries: 1},
		{What: crawl.Ended, Run: 3, Target: crawlTarget(1, "git:https://git.example/acme/shop.git"), Tries: 1, State: store.Incomplete, Reason: "corrupt", Counts: store.Counts{Fetched: 2e6, Scanned: 5e6}},
		{What: crawl.PutOff, Run: 3, Target: crawlTarget(4, "git:https://git.example/acme/later.git"), Reason: "rate-limit", Wait: time.Minute},
		{What: crawl.Ended, Run: 3, Target: crawlTarget(9, "git:https://git.example/acme/old.git"), State: store.Gone, Reason: "unlisted"},
	} {
		events(e)
	}
}

func TestCrawlProgressTerminal(t *testing.T) {
	var err written
	a := &app{stderr: &err, stderrTTY: &tty{width: 120}, now: time.Now, log: slog.New(slog.NewTextHandler(&err, nil))}
	events, stop := a.crawlProgress(2, func() string { return "4000 calls left" })
	shortNight(events)
	want := []string{"1 of 4 targets", "2.0 MB fetched, 5.0 MB scanned", "1 incomplete", "put off 1 times", "4000 calls left", "acme/?[31mred.git"}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if strings.Contains(err.String(), want[len(want)-1]) {
			break
		}
	}
	stop()
	stop()
	got := err.String()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%q is not shown: %q", w, got)
		}
	}
	if strings.Contains(got, "level=") || strings.Contains(got, "[31mred") && !strings.Contains(got, "?[31mred") {
		t.Errorf("%q", got)
	}
}

func TestCrawlProgressLog(t *testing.T) {
	var err written
	a := &app{stderr: &err, now: time.Now, log: slog.New(slog.NewTextHandler(&err, nil))}
	events, stop := a.crawlProgress(2, nil)
	shortNight(events)
	events(crawl.Event{What: crawl.RunEnded, Run: 3, Elapsed: time.Hour})
	stop()
	for _, w := range []string{
		`msg=started run=3 target=git:https://git.example/acme/shop.git`, `msg=ended run=3 target=git:https://git.example/acme/shop.git state=incomplete reason=corrupt`,
		`msg="put off" run=3 target=git:https://git.example/acme/later.git reason=rate-limit wait=1m0s`, `msg="run ended" run=3 took=1h0m0s`,
	} {
		if !strings.Contains(err.String(), w) {
			t.Errorf("%s is not logged: %s", w, err.String())
		}
	}
	if strings.Contains(err.String(), "\x1b") {
		t.Errorf("%q", err.String())
	}
}

func TestCrawlProgressQuiet(t *testing.T) {
	var err written
	warn := slog.New(slog.NewTextHandler(&err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	for _, a := range []*app{{stderr: &err, stderrTTY: &tty{width: 80}, quiet: true, now: time.Now, log: warn}, {stderr: &err, now: time.Now, log: warn}} {
		events, stop := a.crawlProgress(2, nil)
		shortNight(events)
		stop()
	}
	if s := err.String(); s != "" {
		t.Errorf("%q", s)
	}
}

// TestTally: lines are in the order in which targets were begun, and what is put down is in no line.
func TestTally(t *testing.T) {
	clock := time.Date(2026, 11, 25, 1, 0, 0, 0, time.UTC)
	y := &tally{now: func() time.Time { return clock }, began: clock, hand: map[int64]inHand{}}
	for n := range int64(3) {
		y.add(crawl.Event{What: crawl.Started, Target: crawlTarget(n+1, fmt.Sprint("git:", n+1))})
		clock = clock.Add(10 * time.Second)
	}
	y.add(crawl.Event{What: crawl.Fenced, Target: crawlTarget(2, "git:2")})
	if got := []string{y.lane(0), y.lane(1), y.lane(2)}; fmt.Sprintf("%q", got) != `["  git:1  30s" "  git:3  10s" ""]` {
		t.Errorf("%q", got)
	}
	y.add(crawl.Event{What: crawl.Ended, Tries: 1, State: store.Done, Target: crawlTarget(1, "git:1"), Counts: store.Counts{Scanned: 30e6}})
	if got, want := y.String(), "1 of 1 targets, 0.0 MB fetched, 30.0 MB scanned, 1.0 MB/s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := cut("  git:https://git.example/acme/shop.git  1s", 16); got != "…me/shop.git  1s" {
		t.Errorf("%q", got)
	}
}
