package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"sprawl/internal/crawl"
	"sprawl/internal/store"
)

// maxLanes bounds the lines for targets in hand, so that the bar stays on a screen.
const maxLanes = 16

// crawlProgress shows how a crawl fares until stop is called, which may be done more than once. On a terminal that is a bar and a
// line for each target in hand, up to workers; elsewhere, and with --quiet, lines of the log at level info, a summary each minute
// among them. budget, which may be nil, says in a few words what is left of a provider's limit. events may be called from many
// goroutines.
func (a *app) crawlProgress(workers int, budget func() string) (events func(crawl.Event), stop func()) {
	t := &tally{now: a.now, began: a.now(), budget: budget, hand: map[int64]inHand{}}
	if a.stderrTTY == nil || a.quiet {
		return func(e crawl.Event) { t.add(e); a.logEvent(e) }, ticking(time.Minute, func() { a.log.Info("crawl", "so far", t.String()) })
	}
	p := mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(a.stderrTTY.width), mpb.WithRefreshRate(250*time.Millisecond), mpb.WithAutoRefresh())
	lanes := []mpb.BarFiller{mpb.BarFillerFunc(func(w io.Writer, st decor.Statistics) error {
		_, err := fmt.Fprintf(w, "%.*s\n", max(st.AvailableWidth, 1), "  "+t.cost())
		return err
	})}
	for i := range min(workers, maxLanes) {
		lanes = append(lanes, mpb.BarFillerFunc(func(w io.Writer, st decor.Statistics) error {
			_, err := fmt.Fprintln(w, cut(t.lane(i), st.AvailableWidth))
			return err
		}))
	}
	bar := p.New(0, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarWidth(24), mpb.BarRemoveOnComplete(), mpb.BarBtmExtender(lanes...),
		mpb.PrependDecorators(decor.Name("crawling ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + t.progress() })))
	end := ticking(250*time.Millisecond, func() {
		listed, done := t.targets()
		bar.SetTotal(int64(listed)+1, false)
		bar.SetCurrent(int64(done))
	})
	return t.add, sync.OnceFunc(func() {
		end()
		bar.Abort(true)
		p.Wait()
	})
}

// ticking calls f again and again until stop is called.
func ticking(d time.Duration, f func()) (stop func()) {
	quit := make(chan struct{})
	var joined sync.WaitGroup
	joined.Go(func() {
		tick := time.NewTicker(d)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				f()
			}
		}
	})
	return sync.OnceFunc(func() { close(quit); joined.Wait() })
}

// logEvent writes what somebody who reads the log of a night wants to know of every target.
func (a *app) logEvent(e crawl.Event) {
	log := a.log.With("run", e.Run)
	if e.Target.Name != "" {
		log = log.With("target", clean(e.Target.Name))
	}
	switch e.What {
	case crawl.Started:
		log.Info("started", "tries", e.Tries)
	case crawl.Ended:
		log.Info("ended", "state", e.State, "reason", clean(e.Reason), "took", e.Elapsed.Round(time.Millisecond), "fetched", e.Counts.Fetched, "scanned", e.Counts.Scanned)
	case crawl.PutOff:
		log.Info("put off", "reason", clean(e.Reason), "wait", e.Wait.Round(time.Second))
	case crawl.RunEnded:
		log.Info("run ended", "took", e.Elapsed.Round(time.Second))
	}
}

// tally is what the events of a process add up to.
type tally struct {
	now    func() time.Time
	began  time.Time
	budget func() string

	mu               sync.Mutex
	listed, done     int
	incomplete       int // failed ones too
	putOff           int
	fetched, scanned int64
	hand             map[int64]inHand
}

// inHand is a target that is being scanned.
type inHand struct {
	id    int64
	name  string
	since time.Time
}

func (t *tally) add(e crawl.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e.What {
	case crawl.Listed:
		t.listed += e.N
	case crawl.Started:
		t.hand[e.Target.ID] = inHand{e.Target.ID, clean(e.Target.Name), t.now()}
		return
	case crawl.PutOff:
		t.putOff++
	case crawl.Ended:
		t.end(e)
	}
	delete(t.hand, e.Target.ID)
}

func (t *tally) end(e crawl.Event) {
	if e.Tries == 0 { // swept without a look: it was not listed either
		return
	}
	t.done++
	if e.State == store.Incomplete || e.State == store.Failed {
		t.incomplete++
	}
	t.fetched += e.Counts.Fetched
	t.scanned += e.Counts.Scanned
}

// targets counts those listed and done. A process may end more than it was told of: another one listed them.
func (t *tally) targets() (listed, done int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(t.listed, t.done), t.done
}

// String is one line with all of it.
func (t *tally) String() string { return t.progress() + ", " + t.cost() }

// progress is how far it has come.
func (t *tally) progress() string {
	listed, done := t.targets()
	return fmt.Sprintf("%d of %d targets", done, listed)
}

// cost is what that took, and what did not go well.
func (t *tally) cost() string {
	listed, done := t.targets()
	t.mu.Lock()
	fetched, scanned, incomplete, putOff := t.fetched, t.scanned, t.incomplete, t.putOff
	t.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%.1f MB fetched, %.1f MB scanned%s", float64(fetched)/1e6, float64(scanned)/1e6, pace(int64(listed), int64(done), scanned, t.now().Sub(t.began)))
	if incomplete > 0 {
		fmt.Fprintf(&b, ", %d incomplete", incomplete)
	}
	if putOff > 0 {
		fmt.Fprintf(&b, ", put off %d times", putOff)
	}
	if t.budget != nil {
		if s := t.budget(); s != "" {
			b.WriteString(", " + clean(s))
		}
	}
	return b.String()
}

// lane is the line of the i-th target in hand, the oldest first; "" where there are fewer.
func (t *tally) lane(i int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i >= len(t.hand) {
		return ""
	}
	all := make([]inHand, 0, len(t.hand))
	for _, h := range t.hand {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b inHand) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.id, b.id)) })
	return fmt.Sprintf("  %s  %v", all[i].name, t.now().Sub(all[i].since).Round(time.Second))
}

// cut shortens a line to a width, in characters, from its start: the end of an address tells more.
func cut(s string, width int) string {
	r := []rune(s)
	if width <= 1 || len(r) <= width {
		return s
	}
	return "…" + string(r[len(r)-width+1:])
}
