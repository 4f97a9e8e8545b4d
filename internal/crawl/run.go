package crawl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
)

// night is one run, seen from the process at its head.
type night struct {
	*engine
	run      store.Run
	office   string
	read     []string // roots whose lists were read to their end
	unlisted []string // the others, with the reason
}

// Run crawls once: it takes up the unfinished run of the same roots, if it was made by the same rules, and else starts one; it lists
// and queues the targets and works on them, beside whoever else does, until each has an outcome; then it sweeps, judges and ends the
// run, and returns it. Where ctx ends first the run stays unfinished. Another process at the head of it is a *Busy.
func (c *Crawler) Run(ctx context.Context) (store.Run, error) {
	n := &night{office: office(c.roots())}
	err := c.serve(ctx, func(ctx context.Context, e *engine) error {
		n.engine = e
		return n.crawl(ctx)
	})
	return n.run, err
}

func (n *night) crawl(ctx context.Context) error {
	if err := n.open(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	n.mu.Lock()
	n.engine.office, n.depose = n.office, cancel
	n.mu.Unlock()
	for _, step := range []func(context.Context) error{n.discover, n.list, n.drain, n.sweep, n.end} {
		if err := step(ctx); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return err
		}
	}
	return nil
}

// open finds the run to go on with, or starts one.
func (n *night) open(ctx context.Context) error {
	resumed := false
	err := n.persist(ctx, func(tx *store.Tx) error {
		if err := n.take(ctx, tx, n.office); err != nil {
			return err
		}
		run, ok, err := tx.Unfinished(n.roots())
		if err != nil {
			return err
		}
		resumed = ok && run.RuleSet == n.o.RuleSet
		switch {
		case resumed && run.State == store.Interrupted:
			run.State, err = store.Running, tx.ResumeRun(run.ID)
		case resumed:
		case ok && run.State == store.Running: // what it has found so far was found by other rules
			err = tx.EndRun(run.ID, store.Interrupted, nil)
		}
		if err == nil && !resumed {
			run, err = tx.StartRun(store.Run{Roots: n.roots(), Version: n.o.Version, RuleSet: n.o.RuleSet})
		}
		n.run = run
		return err
	})
	if err != nil {
		return fmt.Errorf("open a run: %w", err)
	}
	n.o.Log.Info("run started", "run", n.run.ID, "resumed", resumed)
	return nil
}

// write is a transaction that only the process at the head may make.
func (n *night) write(ctx context.Context, f func(*store.Tx) error) error {
	return n.persist(ctx, func(tx *store.Tx) error {
		if err := n.hold(ctx, tx); err != nil {
			return err
		}
		return f(tx)
	})
}

func (n *night) hold(ctx context.Context, tx *store.Tx) error {
	return n.engine.hold(context.WithoutCancel(ctx), tx, n.office)
}

// list reads all lists. One that cannot be read to its end makes the run incomplete and is no reason to end it.
func (n *night) list(ctx context.Context) error {
	for _, l := range n.o.Listers {
		broken, err := n.listOne(ctx, l)
		switch {
		case broken != nil:
			return fmt.Errorf("keep the list of %s: %w", l.Root(), broken)
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			n.o.Log.Warn("a list could not be read to its end", "run", n.run.ID, "root", l.Root(), "err", err)
			n.unlisted = append(n.unlisted, l.Root()+": "+err.Error())
		default:
			n.read = append(n.read, l.Root())
			n.o.Log.Debug("listed", "run", n.run.ID, "root", l.Root())
		}
	}
	return nil
}

// listOne reads a list, again and again where that may help. broken is what went wrong on this side of it.
func (n *night) listOne(ctx context.Context, l Lister) (broken, err error) {
	visit := func(ts []store.Target) error {
		for page := range slices.Chunk(ts, 1000) {
			if broken = n.add(ctx, l.Root(), page); broken != nil {
				return broken
			}
		}
		return nil
	}
	began := n.o.Now()
	for tries := 1; ; {
		if err = l.List(ctx, visit); err == nil || broken != nil || ctx.Err() != nil {
			return broken, err
		}
		var (
			wait    = n.o.Backoff(tries)
			later   *Later
			refused *Refused
		)
		switch {
		case errors.As(err, &later):
			if wait = later.After; n.o.Now().Add(wait).Sub(began) > n.o.MaxWait {
				return nil, err
			}
		case errors.As(err, &refused), tries >= n.o.MaxAttempts:
			return nil, err
		default:
			tries++
		}
		n.o.Log.Info("a list is read again", "run", n.run.ID, "root", l.Root(), "err", err, "wait", wait)
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// add writes a page of a list, and the jobs of those of its targets that may hold something new.
func (n *night) add(ctx context.Context, root string, page []store.Target) error {
	var ts []store.Target
	var was map[int64]store.Scanned
	look, glances := n.o.Scanner.(Glancer)
	if err := n.write(ctx, func(tx *store.Tx) (err error) {
		if ts, err = tx.PutTargets(n.run.ID, page); err != nil {
			return err
		}
		if glances {
			if was, err = tx.Remembered(n.run.ID, ts); err != nil {
				return err
			}
		}
		if len(was) > 0 {
			return nil
		}
		return n.enqueue(ctx, tx, n.run.ID, ts)
	}); err != nil {
		return err
	}
	if len(was) > 0 {
		if err := n.glance(ctx, look, ts, was); err != nil {
			return err
		}
	}
	n.o.Events(Event{What: Listed, Run: n.run.ID, Root: root, N: len(page)})
	var queues []string
	for _, t := range page {
		if q := queueOf(t.Host); !slices.Contains(queues, q) {
			queues = append(queues, q)
		}
	}
	if err := n.listen(ctx, queues...); err != nil { // drain looks for queues too
		n.o.Log.Warn("a queue waits to be worked on", "run", n.run.ID, "err", err)
	}
	return nil
}

// drain waits until every target has an outcome.
func (n *night) drain(ctx context.Context) error {
	const poll = 100 * time.Millisecond
	for looked := n.o.Now(); ; {
		busy, err := n.busy(ctx)
		if err == nil && !busy {
			var done bool
			if done, err = n.requeue(ctx); done || errors.Is(err, ErrDeposed) {
				return err
			}
		}
		if now := n.o.Now(); err == nil && now.Sub(looked) > n.o.Heartbeat {
			looked, err = now, n.discover(ctx)
		}
		if err != nil && ctx.Err() == nil { // pulse says when it has been too long
			n.o.Log.Warn("the queue cannot be read", "run", n.run.ID, "err", err)
		}
		if err := pause(ctx, poll); err != nil {
			return err
		}
	}
}

// ofRun picks the jobs of a run out of all that River has.
const ofRun = ` FROM river_job WHERE kind = '` + kind + `' AND CAST(args ->> 'run' AS BIGINT) = $1 AND state `

// busy says whether a job of the run has not ended.
func (n *night) busy(ctx context.Context) (busy bool, err error) {
	err = n.o.Store.DB().QueryRowContext(ctx,
		`SELECT EXISTS (SELECT 1`+ofRun+`IN ('available', 'running', 'scheduled', 'retryable', 'pending'))`, n.run.ID).Scan(&busy)
	return busy, err
}

// requeue is called when no job is left, and done when no target is pending either. A target that is has lost its job: it gets
// another.
func (n *night) requeue(ctx context.Context) (done bool, err error) {
	var pending []store.Outcome
	err = n.write(ctx, func(tx *store.Tx) error {
		if pending, err = tx.Outcomes(n.run.ID, store.Pending); err != nil || len(pending) == 0 {
			return err
		}
		if _, err := change(ctx, tx, `DELETE`+ofRun+`= 'completed'`, n.run.ID); err != nil {
			return err
		}
		ts := make([]store.Target, len(pending))
		for i, o := range pending {
			ts[i] = o.Target
		}
		return n.enqueue(ctx, tx, n.run.ID, ts)
	})
	if err != nil || len(pending) == 0 {
		return err == nil, err
	}
	n.o.Log.Warn("targets without a job are queued again", "run", n.run.ID, "targets", len(pending))
	return false, nil
}

// sweep marks what no list names any more, of the lists that were read to their end.
func (n *night) sweep(ctx context.Context) error {
	var gone []store.Target
	if err := n.write(ctx, func(tx *store.Tx) (err error) {
		gone, err = tx.SweepGone(n.run.ID, n.read)
		return err
	}); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, t := range gone {
		n.o.Events(Event{What: Ended, Run: n.run.ID, Target: t, State: store.Gone, Reason: "unlisted"})
	}
	n.o.Log.Debug("swept", "run", n.run.ID, "gone", len(gone))
	return nil
}

// end judges, and ends the run.
func (n *night) end(ctx context.Context) error {
	var summary *finding.Summary
	if n.o.Finish != nil {
		var err error
		run := n.run
		run.Counts.Unlisted = n.unlisted
		if summary, err = n.o.Finish(ctx, run, func(tx *store.Tx) error { return n.hold(ctx, tx) }); err != nil {
			return fmt.Errorf("judge: %w", err)
		}
		n.o.Log.Debug("judged", "run", n.run.ID)
	}
	if err := n.write(ctx, func(tx *store.Tx) error { return n.close(ctx, tx, summary) }); err != nil {
		return fmt.Errorf("end the run: %w", err)
	}
	n.o.Events(Event{What: RunEnded, Run: n.run.ID, Elapsed: n.run.Ended.Sub(n.run.Started)})
	n.o.Log.Info("run ended", "run", n.run.ID, "state", n.run.State)
	return nil
}

func (n *night) close(ctx context.Context, tx *store.Tx, summary *finding.Summary) error {
	counts, err := tx.CountOutcomes(n.run.ID)
	if err != nil {
		return err
	}
	state := store.Complete
	if counts[store.Incomplete]+counts[store.Failed] > 0 || len(n.unlisted) > 0 {
		state = store.Partial
	}
	if err := tx.AddCounts(n.run.ID, store.Counts{Unlisted: n.unlisted}); err != nil {
		return err
	}
	if err := tx.EndRun(n.run.ID, state, summary); err != nil {
		return err
	}
	// Of other runs too: a job that is missing is looked up in the outcomes.
	if _, err := change(ctx, tx, `DELETE FROM river_job WHERE kind = $1 AND state IN ('completed', 'cancelled', 'discarded')`, kind); err != nil {
		return err
	}
	if _, err := change(ctx, tx, `DELETE FROM crawl_beat WHERE job NOT IN (SELECT id FROM river_job WHERE state = 'running')`); err != nil {
		return err
	}
	if _, err := change(ctx, tx, `DELETE FROM crawl_lead WHERE office = $1`, n.office); err != nil {
		return err
	}
	n.run, err = tx.Run(n.run.ID)
	return err
}
