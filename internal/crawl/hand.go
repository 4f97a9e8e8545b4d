package crawl

import (
	"context"
	"sync"
	"time"

	"github.com/riverqueue/river"
)

// held is a job that this process has claimed.
type held struct {
	job    *river.Job[job]
	cancel context.CancelCauseFunc
}

// hand is every job that this process has claimed and not ended. The zero hand is empty.
type hand struct {
	mu   sync.Mutex
	jobs map[int64]held
}

// take adds j and returns the context to work on it with. release ends it.
func (h *hand) take(ctx context.Context, j *river.Job[job]) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.jobs == nil {
		h.jobs = map[int64]held{}
	}
	h.jobs[j.ID] = held{job: j, cancel: cancel}
	return ctx, func() {
		cancel(nil)
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.jobs, j.ID)
	}
}

func (h *hand) all() map[int64]held {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make(map[int64]held, len(h.jobs))
	for id, j := range h.jobs {
		all[id] = j
	}
	return all
}

// gates are hosts that have asked to be left alone for a while. The zero gates are open.
type gates struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (g *gates) shut(host string, until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.until == nil {
		g.until = map[string]time.Time{}
	}
	if until.After(g.until[host]) {
		g.until[host] = until
	}
}

// wait is how long a host is still to be left alone, 0 if it is not.
func (g *gates) wait(host string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, g.until[host].Sub(now))
}
