package main

import (
	"strings"
	"testing"
	"time"

	"sprawl/sources"
)

// TestProvisional: what is found is told at once, as provisional, on a terminal and nowhere else.
func TestProvisional(t *testing.T) {
	var err strings.Builder
	a := &app{stderr: &err, now: time.Now}
	found, stop := a.progress(&sources.Ledger{})
	stop()
	if found != nil || err.Len() > 0 {
		t.Errorf("without a terminal: %q", err.String())
	}
	var so soFar
	if so.String() != "" {
		t.Errorf("before anything was found: %q", so.String())
	}
	so.add([]string{"a-key", "b-key"})
	so.add([]string{"c-key"})
	if got, want := so.String(), ", found a-key first of 3 (provisional)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	a.stderrTTY = &tty{width: 80}
	if found, stop = a.progress(&sources.Ledger{}); found == nil {
		t.Error("nothing listens on a terminal")
	}
	stop()
}

func TestPace(t *testing.T) {
	for _, tt := range []struct {
		seen, done, bytes int64
		took              time.Duration
		want              string
	}{
		{100, 50, 1e9, 900 * time.Millisecond, ""},
		{100, 0, 0, time.Minute, ""},
		{400, 100, 50e6, 10 * time.Second, ", 5.0 MB/s, about 30s left"},
		{100, 100, 50e6, 10 * time.Second, ", 5.0 MB/s"},
	} {
		if got := pace(tt.seen, tt.done, tt.bytes, tt.took); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}
