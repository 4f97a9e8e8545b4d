package crawl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"

	"sprawl/internal/store"
)

var (
	errFenced = errors.New("the job was taken from this process")
	errSlow   = errors.New("the scan took longer than a job may")
)

// worker is what River calls for each job that it has claimed.
type worker struct {
	river.WorkerDefaults[job]
	e *engine
}

// NextRetry is when a job is due again whose attempt failed.
func (w *worker) NextRetry(j *river.Job[job]) time.Time {
	return w.e.o.Now().Add(w.e.o.Backoff(tries(j)))
}

// tries counts the attempts at a job, the one in hand too, without those whose process died.
func tries(j *river.Job[job]) int { return j.Args.Tries + j.Attempt }

// Work scans one target and writes what came of it. What it returns tells River what is to become of the job, unless that is written
// already: then River finds it ended. No error of a scan is handed to River, which would keep its text.
func (w *worker) Work(ctx context.Context, j *river.Job[job]) error {
	e := w.e
	ctx, release := e.hand.take(ctx, j)
	defer release()
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return e.giveBack(ctx, j, store.Target{})
	}
	t, was, wanted, err := e.fetch(ctx, j)
	switch {
	case err != nil && ctx.Err() != nil:
		return e.giveBack(ctx, j, t)
	case err != nil:
		e.log(j, t).Warn("the target cannot be read from the store", "err", err)
		return river.JobSnooze(e.o.Heartbeat)
	case !wanted:
		return e.conclude(ctx, j, t, nil)
	}
	if wait := e.gates.wait(t.Host, e.o.Now()); wait > 0 {
		return e.putOff(ctx, j, t, wait, "its host wants to be left alone")
	}
	return e.attempt(ctx, j, t, was)
}

// fetch reads what a job is about. It is not wanted where its run has ended or the target has an outcome already.
func (e *engine) fetch(ctx context.Context, j *river.Job[job]) (t store.Target, was store.Scanned, wanted bool, err error) {
	err = e.o.Store.View(ctx, func(tx *store.Tx) (err error) {
		t, was, wanted, err = tx.Due(j.Args.Run, j.Args.Target)
		return err
	})
	return t, was, wanted, err
}

// attempt scans a target, once.
func (e *engine) attempt(ctx context.Context, j *river.Job[job], t store.Target, was store.Scanned) error {
	e.o.Events(Event{What: Started, Run: j.Args.Run, Target: t, Tries: tries(j)})
	e.log(j, t).Debug("job started")
	began := e.o.Now()
	r, err := e.scan(ctx, t, was)
	elapsed := e.o.Now().Sub(began)
	if err != nil && ctx.Err() != nil {
		return e.giveBack(ctx, j, t)
	}
	end := Event{What: Ended, Run: j.Args.Run, Target: t, Tries: tries(j), Elapsed: elapsed}
	var (
		later   *Later
		gone    *Gone
		refused *Refused
	)
	switch {
	case errors.As(err, &later):
		return e.later(ctx, j, t, later, end)
	case errors.As(err, &gone):
		end.State, end.Reason = store.Gone, "unknown"
		return e.conclude(ctx, j, t, &ending{end, func(tx *store.Tx) error { return tx.PutGone(j.Args.Run, t.ID, end.Reason) }})
	case errors.As(err, &refused):
		return e.fail(ctx, j, t, end, refused.Reason, refused.Detail)
	case err != nil && tries(j) >= e.o.MaxAttempts:
		return e.fail(ctx, j, t, end, reason(err), err.Error())
	case err != nil:
		return e.retry(j, t, err, elapsed)
	}
	return e.keep(ctx, j, t, r, end)
}

// scan calls the Scanner, within the time that a job has. A panic is an error like another.
func (e *engine) scan(ctx context.Context, t store.Target, was store.Scanned) (r Result, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, e.o.JobTimeout, errSlow)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			e.o.Log.Error("a scan panicked", "target", t.Name, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			r, err = Result{}, errPanic
		}
	}()
	r, err = e.o.Scanner.Scan(ctx, t, was)
	if err != nil && errors.Is(context.Cause(ctx), errSlow) {
		err = errSlow
	}
	return r, err
}

var errPanic = errors.New("the scan panicked")

// reason is a word for an error: its own, where it has one.
func reason(err error) string {
	var n net.Error
	var w interface{ Reason() string }
	switch {
	case errors.Is(err, errSlow):
		return "timeout"
	case errors.Is(err, errPanic):
		return "panic"
	case errors.As(err, &w):
		return w.Reason()
	case errors.As(err, &n):
		return "network"
	}
	return "error"
}

// keep writes what a scan found.
func (e *engine) keep(ctx context.Context, j *river.Job[job], t store.Target, r Result, end Event) error {
	run := j.Args.Run
	end.Counts = store.Counts{Calls: r.Counts.Calls, Spared: r.Counts.Spared, Fetched: r.Counts.Fetched, Scanned: r.Counts.Scanned}
	put := func(tx *store.Tx) error { return tx.PutSame(run, t.ID, r.Scanned) }
	end.State = store.Same
	if r.Scan != nil {
		put = func(tx *store.Tx) error { return tx.PutScan(run, t.ID, *r.Scan) }
		if end.State = store.Done; !r.Scan.Coverage.Complete() {
			end.State = store.Incomplete
		}
	}
	return e.conclude(ctx, j, t, &ending{end, func(tx *store.Tx) error {
		if err := put(tx); err != nil || end.Counts.Calls+end.Counts.Spared+end.Counts.Fetched+end.Counts.Scanned == 0 {
			return err
		}
		return tx.AddCounts(run, end.Counts)
	}})
}

// later puts a target off, unless it was put off for too long already.
func (e *engine) later(ctx context.Context, j *river.Job[job], t store.Target, l *Later, end Event) error {
	now := e.o.Now()
	if now.Add(l.After).Sub(j.CreatedAt) > e.o.MaxWait {
		return e.fail(ctx, j, t, end, "rate-limit", "it was put off for longer than "+e.o.MaxWait.String()+": "+l.Why)
	}
	e.gates.shut(t.Host, now.Add(l.After))
	return e.putOff(ctx, j, t, l.After, l.Why)
}

func (e *engine) putOff(_ context.Context, j *river.Job[job], t store.Target, wait time.Duration, why string) error {
	wait = max(wait, time.Millisecond)
	e.log(j, t).Debug("job put off", "wait", wait, "why", why)
	e.o.Events(Event{What: PutOff, Run: j.Args.Run, Target: t, Reason: "rate-limit", Wait: wait})
	return river.JobSnooze(wait)
}

func (e *engine) retry(j *river.Job[job], t store.Target, err error, elapsed time.Duration) error {
	wait := e.o.Backoff(tries(j))
	e.log(j, t).Info("an attempt failed, trying again", "err", err, "wait", wait)
	e.o.Events(Event{What: Retried, Run: j.Args.Run, Target: t, Reason: reason(err), Tries: tries(j), Wait: wait, Elapsed: elapsed})
	return errors.New(reason(err))
}

func (e *engine) fail(ctx context.Context, j *river.Job[job], t store.Target, end Event, reason, detail string) error {
	e.log(j, t).Info("target failed", "reason", reason, "detail", detail)
	end.State, end.Reason = store.Failed, reason
	return e.conclude(ctx, j, t, &ending{end, func(tx *store.Tx) error {
		return tx.PutFailed(j.Args.Run, t.ID, reason, detail, end.Tries)
	}})
}

// giveBack returns a job whose context has ended. River puts it back to the queue if that is because this process stops, and finds
// it gone if it was taken away.
func (e *engine) giveBack(ctx context.Context, j *river.Job[job], t store.Target) error {
	if errors.Is(context.Cause(ctx), errFenced) {
		return e.fenced(j, t)
	}
	e.log(j, t).Debug("job returned")
	e.o.Events(Event{What: Returned, Run: j.Args.Run, Target: t})
	return ctx.Err()
}

func (e *engine) fenced(j *river.Job[job], t store.Target) error {
	e.log(j, t).Warn("fenced: the job was taken from this process, and what it found is dropped")
	e.o.Events(Event{What: Fenced, Run: j.Args.Run, Target: t})
	return river.JobCancel(errFenced)
}
