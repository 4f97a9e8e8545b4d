package crawl

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"sprawl/internal/store"
)

// glanceTime bounds one question.
const glanceTime = time.Minute

// glance asks about the targets of a page that were scanned before, writes down which are the same, and gives the others their jobs. A
// process that dies in between leaves targets without a job, which get one later.
func (n *night) glance(ctx context.Context, look Glancer, ts []store.Target, was map[int64]store.Scanned) error {
	var mu sync.Mutex
	same, silent := map[int64]bool{}, map[string]bool{}
	var g errgroup.Group
	g.SetLimit(n.o.Glances)
	for _, t := range ts {
		w, known := was[t.ID]
		if !known || ctx.Err() != nil {
			continue
		}
		g.Go(func() error {
			mu.Lock()
			skip := silent[t.Host]
			mu.Unlock()
			if skip {
				return nil
			}
			ctx, stop := context.WithTimeout(ctx, glanceTime)
			defer stop()
			is, err := look.Same(ctx, t, w)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				silent[t.Host] = true
			}
			if is && err == nil {
				same[t.ID] = true
			}
			return nil
		})
	}
	_ = g.Wait() // an error is no outcome
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var ids []int64
	var ended, rest []store.Target
	for _, t := range ts {
		if same[t.ID] {
			ids, ended = append(ids, t.ID), append(ended, t)
		} else {
			rest = append(rest, t)
		}
	}
	if err := n.write(ctx, func(tx *store.Tx) error {
		if err := tx.PutAllSame(n.run.ID, ids); err != nil {
			return err
		}
		return n.enqueue(ctx, tx, n.run.ID, rest)
	}); err != nil {
		return err
	}
	for _, t := range ended {
		n.o.Events(Event{What: Ended, Run: n.run.ID, Target: t, State: store.Same, Tries: 1})
	}
	return nil
}
