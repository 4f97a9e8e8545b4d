package crawl

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"sprawl/internal/store"
)

// ending is what is written of a job: the outcome, and who is told of it.
type ending struct {
	event Event
	write func(*store.Tx) error
}

// conclude ends a job and writes what came of it, both or neither, and only while this process still has the claim. A nil ending ends
// the job and nothing else.
func (e *engine) conclude(ctx context.Context, j *river.Job[job], t store.Target, end *ending) error {
	log := e.log(j, t)
	log.Debug("commit begins")
	again := false
	err := e.persist(ctx, func(tx *store.Tx) error {
		// First, for what it locks: who takes the job away comes before it or after the commit.
		err := e.claimed(ctx, tx, j.JobRow)
		if errors.Is(err, errFenced) && again && e.exactly(ctx, tx, j.JobRow, "completed", `UPDATE river_job SET kind = kind`) == nil {
			return nil // the database went away between an earlier commit and its answer
		}
		again = true
		if err != nil || end == nil {
			return err
		}
		return end.write(tx)
	})
	switch {
	case errors.Is(err, errFenced):
		return e.fenced(j, t)
	case err != nil && ctx.Err() != nil:
		return e.giveBack(ctx, j, t)
	case err != nil:
		return e.unwritten(ctx, j, t, end, err)
	}
	if end != nil {
		log.Debug("committed", "state", end.event.State)
		e.o.Events(end.event)
	}
	return nil
}

// unwritten is called where an outcome could not be written for as long as patience lasts. That the target failed because of it is the
// next best outcome; where that, too, cannot be written, or no space is left, this process has nothing to go on with.
func (e *engine) unwritten(ctx context.Context, j *river.Job[job], t store.Target, end *ending, err error) error {
	e.log(j, t).Error("the outcome cannot be written", "err", err)
	if end == nil || end.event.Reason == unwritable || errors.Is(err, store.ErrFull) {
		e.stop(fmt.Errorf("write to the store: %w", err))
		return errors.New(unwritable)
	}
	return e.fail(ctx, j, t, end.event, unwritable, err.Error())
}

const unwritable = "store"

// claimed ends a job in the transaction, if it is still in the hands of the attempt that claimed it as r, and is errFenced if not.
// River's JobCompleteTx asks for less: a worker that wakes after its job was given to another would complete that one's.
func (e *engine) claimed(ctx context.Context, tx *store.Tx, r *rivertype.JobRow) error {
	return e.exactly(ctx, tx, r, "running", `UPDATE river_job SET state = 'completed', finalized_at = CURRENT_TIMESTAMP`)
}

// exactly runs a statement on the row of a job, if it is in that state and in the hands of the same attempt as r.
func (e *engine) exactly(ctx context.Context, tx *store.Tx, r *rivertype.JobRow, state, statement string) error {
	if r.AttemptedAt == nil {
		return errFenced
	}
	n, err := change(context.WithoutCancel(ctx), tx,
		statement+` WHERE id = $1 AND CAST(state AS TEXT) = $2 AND attempt = $3 AND attempted_at = $4`,
		r.ID, state, r.Attempt, e.db.stamp(*r.AttemptedAt))
	if err == nil && n != 1 {
		err = errFenced
	}
	return err
}

func (e *engine) log(j *river.Job[job], t store.Target) *slog.Logger {
	return e.o.Log.With("run", j.Args.Run, "target", t.Name, "job", j.ID, "attempt", tries(j))
}
