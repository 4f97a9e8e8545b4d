package sources

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"sprawl/finding"
)

// MaxSkips is how many skips a ledger lists for each reason; further ones are counted.
const MaxSkips = 1000

// Ledger collects what a run saw and what it did not. It may be used from any goroutine. The zero Ledger is ready.
type Ledger struct {
	seen, scanned, reused, bytes atomic.Int64

	mu      sync.Mutex
	targets []finding.TargetCoverage
	counts  map[finding.Reason]int64
	skips   []finding.Skip
}

// Saw counts objects met, whatever becomes of them.
func (l *Ledger) Saw(n int64) { l.seen.Add(n) }

// Scanned counts one object matched whole, and its bytes.
func (l *Ledger) Scanned(bytes int64) { l.scanned.Add(1); l.bytes.Add(bytes) }

// Reused counts objects known from an earlier run.
func (l *Ledger) Reused(n int64) { l.reused.Add(n) }

// Progress returns the counts so far: objects seen, objects done with, bytes matched.
func (l *Ledger) Progress() (seen, done, bytes int64) {
	return l.seen.Load(), l.scanned.Load() + l.reused.Load(), l.bytes.Load()
}

// Skip records one thing that was not scanned. Its Detail names the trouble in words and never holds content.
func (l *Ledger) Skip(s finding.Skip) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[finding.Reason]int64{}
	}
	l.counts[s.Reason]++
	if l.counts[s.Reason] <= MaxSkips {
		l.skips = append(l.skips, s)
	}
}

// Include adds what another ledger held. What that one no longer listed is counted and stays unlisted.
func (l *Ledger) Include(c finding.Coverage) {
	l.seen.Add(c.Seen)
	l.scanned.Add(c.Scanned)
	l.reused.Add(c.Reused)
	l.bytes.Add(c.Bytes)
	for _, t := range c.Targets {
		l.Target(t)
	}
	for _, s := range c.Skips {
		l.Skip(s)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	listed := map[finding.Reason]int64{}
	for _, s := range c.Skips {
		listed[s.Reason]++
	}
	for r, n := range c.Skipped {
		if more := n - listed[r]; more > 0 {
			if l.counts == nil {
				l.counts = map[finding.Reason]int64{}
			}
			l.counts[r] += more
		}
	}
}

// Target records one target, once its walk knows it.
func (l *Ledger) Target(t finding.TargetCoverage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.Notes == nil {
		t.Notes = []string{}
	}
	l.targets = append(l.targets, t)
}

// Coverage returns a copy of the ledger in a stable order.
func (l *Ledger) Coverage() finding.Coverage {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := finding.Coverage{
		Targets: slices.Clone(l.targets),
		Seen:    l.seen.Load(), Scanned: l.scanned.Load(), Reused: l.reused.Load(), Bytes: l.bytes.Load(),
		Skipped: map[finding.Reason]int64{},
		Skips:   slices.Clone(l.skips),
	}
	if c.Targets == nil {
		c.Targets = []finding.TargetCoverage{}
	}
	if c.Skips == nil {
		c.Skips = []finding.Skip{}
	}
	for r, n := range l.counts {
		c.Skipped[r] = n
	}
	slices.SortFunc(c.Targets, func(a, b finding.TargetCoverage) int { return cmp.Compare(a.Target, b.Target) })
	slices.SortFunc(c.Skips, func(a, b finding.Skip) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Object, b.Object),
			cmp.Compare(a.Reason, b.Reason))
	})
	return c
}
