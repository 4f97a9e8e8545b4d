package crawl

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"sprawl/internal/store"
)

// glancing is a world that can tell at once what holds nothing new.
type glancing struct {
	*world
	asked atomic.Int64
	same  func(t store.Target) (bool, error)
}

func (g *glancing) Same(_ context.Context, t store.Target, was store.Scanned) (bool, error) {
	g.asked.Add(1)
	if !was.Complete || was.Refs != "refs" {
		return false, errors.New("asked about what was not scanned")
	}
	return g.same(t)
}

// TestGlance has the head tell what is the same without a job, doubt some, and be in trouble with a host.
func TestGlance(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		w := newWorld(t, s, 30)
		g := &glancing{world: w, same: func(store.Target) (bool, error) { return true, nil }}
		by := func(o *Options) { o.Scanner = g }
		w.expect(w.run(by), store.Complete, map[store.State]int{store.Done: 30})
		if n := g.asked.Load(); n != 0 {
			t.Errorf("asked %d times about what was never scanned", n)
		}
		w.expect(w.run(by), store.Complete, map[store.State]int{store.Same: 30})
		for name, n := range w.calls {
			if n != 1 {
				t.Errorf("%s was scanned %d times", name, n)
			}
		}
		if n := g.asked.Load(); n != 30 {
			t.Errorf("asked %d times about 30 targets", n)
		}

		// One may hold something new, and gets its job.
		g.same = func(x store.Target) (bool, error) { return x.Name != w.targets[3].Name, nil }
		w.expect(w.run(by), store.Complete, map[store.State]int{store.Same: 30})
		if n := w.scans(w.targets[3].Name); n != 2 {
			t.Errorf("scanned %d times", n)
		}

		// A host that does not answer is left alone; its targets get jobs.
		g.asked.Store(0)
		g.same = func(store.Target) (bool, error) { return false, errBroken }
		w.expect(w.run(by), store.Complete, map[store.State]int{store.Same: 30})
		if n, most := g.asked.Load(), int64(5*w.options().Workers); n > most { // of five pages
			t.Errorf("asked %d times a host that does not answer", n)
		}
		for _, x := range w.targets {
			if w.scans(x.Name) < 2 {
				t.Errorf("%s got no job", x.Name)
			}
		}
		left(t, s)
	})
}
