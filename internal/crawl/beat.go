package crawl

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"sprawl/internal/store"
)

// pulse gives signs of life and takes jobs from those that give none, until ctx ends. Where the database has been out of reach
// for longer than patience it ends the work.
func (e *engine) pulse(ctx context.Context) {
	for pause(ctx, e.o.Heartbeat) == nil {
		err := e.tick(ctx)
		now := e.o.Now()
		switch {
		case err == nil && !e.trouble.IsZero():
			// Nobody could give a sign of life meanwhile.
			e.trouble, e.sure = time.Time{}, now.Add(e.o.RescueAfter)
		case err == nil, ctx.Err() != nil:
		case e.trouble.IsZero():
			e.trouble = now
			e.o.Log.Warn("no sign of life could be given", "err", err)
		case now.Sub(e.trouble) > e.o.Patience:
			e.stop(fmt.Errorf("the store is out of reach: %w", err))
		}
	}
}

// rescued is a job that was taken from somebody.
type rescued struct {
	job  job
	from string
	tell string // what became of it
}

// tick is one sign of life, for all that this process has in hand. It finds what was taken from this process, and takes what others
// seem to have dropped.
func (e *engine) tick(ctx context.Context) error {
	const most = time.Minute
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	mine := e.hand.all()
	var running map[int64]*rivertype.JobRow
	var taken []rescued
	if err := e.o.Store.Update(ctx, func(tx *store.Tx) error {
		var err error
		if running, err = claims(ctx, e.client, tx); err != nil {
			return err
		}
		if err := e.beat(ctx, tx, mine); err != nil {
			return err
		}
		taken, err = e.rescueAll(ctx, tx, running, mine)
		return err
	}); err != nil {
		return err
	}
	e.beaten = len(mine) > 0
	for id, h := range mine {
		// It may have ended a moment ago instead, and then its context is nobody's any more.
		if running[id] == nil {
			h.cancel(errFenced)
		}
	}
	for _, r := range taken {
		e.o.Log.Warn("rescued", "run", r.job.Run, "target", r.job.Target, "from", r.from, "lost", r.job.Lost, "then", r.tell)
		e.o.Events(Event{What: Rescued, Run: r.job.Run, Target: store.Target{ID: r.job.Target}})
	}
	return e.lead(ctx)
}

// claims are all jobs that are in somebody's hands, by number.
func claims(ctx context.Context, client *river.Client[*sql.Tx], tx *store.Tx) (map[int64]*rivertype.JobRow, error) {
	const page = 1000
	all := map[int64]*rivertype.JobRow{}
	p := river.NewJobListParams().Kinds(kind).States(rivertype.JobStateRunning).
		OrderBy(river.JobListOrderByID, river.SortOrderAsc).First(page)
	for {
		r, err := client.JobListTx(ctx, tx.SQL(), p)
		if err != nil {
			return nil, err
		}
		for _, j := range r.Jobs {
			all[j.ID] = j
		}
		if len(r.Jobs) < page {
			return all, nil
		}
		p = p.After(r.LastCursor)
	}
}

// beat writes that this process is at the jobs it has in hand. Most jobs end before the first beat and cost none.
func (e *engine) beat(ctx context.Context, tx *store.Tx, mine map[int64]held) error {
	if e.beaten {
		if _, err := change(ctx, tx, `DELETE FROM crawl_beat WHERE worker = $1`, e.me.String()); err != nil {
			return err
		}
	}
	if len(mine) == 0 {
		return nil
	}
	args, rows := []any{e.me.String()}, make([]string, 0, len(mine))
	for id := range mine {
		args = append(args, id)
		rows = append(rows, "($"+strconv.Itoa(len(args))+", $1, "+e.db.now+")")
	}
	e.beaten = true
	_, err := change(ctx, tx, `INSERT INTO crawl_beat (job, worker, at) VALUES `+strings.Join(rows, ", ")+
		` ON CONFLICT (job) DO UPDATE SET worker = excluded.worker, at = excluded.at`, args...)
	return err
}

// fade takes back the signs of life of jobs that have ended: the last one may have been given while the run was ended beside it. What
// it cannot take back goes when the next run ends.
func (e *engine) fade(ctx context.Context) {
	if !e.beaten {
		return
	}
	const most = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	if err := e.o.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := change(ctx, tx, `DELETE FROM crawl_beat WHERE worker = $1 AND job NOT IN (SELECT id FROM river_job WHERE state = 'running')`, e.me.String())
		return err
	}); err != nil {
		e.o.Log.Info("signs of life are left behind", "err", err)
	}
}

// beats are the last signs of life by job, and the database's time.
func beats(ctx context.Context, tx *store.Tx, db dialect) (at map[int64]time.Time, now time.Time, err error) {
	var us int64
	if err := tx.SQL().QueryRowContext(ctx, `SELECT `+db.now).Scan(&us); err != nil {
		return nil, now, err
	}
	now = time.UnixMicro(us).UTC()
	rows, err := tx.SQL().QueryContext(ctx, `SELECT job, at FROM crawl_beat`)
	if err != nil {
		return nil, now, err
	}
	defer func() { _ = rows.Close() }()
	at = map[int64]time.Time{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id, &us); err != nil {
			return nil, now, err
		}
		at[id] = time.UnixMicro(us).UTC()
	}
	return at, now, rows.Err()
}

// rescueAll takes the jobs of processes that have ended, and those that nobody gives a sign of life for.
func (e *engine) rescueAll(ctx context.Context, tx *store.Tx, running map[int64]*rivertype.JobRow, mine map[int64]held) ([]rescued, error) {
	at, now, err := beats(ctx, tx, e.db)
	if err != nil {
		return nil, err
	}
	var taken []rescued
	for id, r := range running {
		if _, ok := mine[id]; ok || r.AttemptedAt == nil {
			continue
		}
		seen := *r.AttemptedAt
		if at[id].After(seen) {
			seen = at[id]
		}
		silent := now.Sub(seen) > e.o.RescueAfter && !e.o.Now().Before(e.sure)
		if !silent && !e.me.ended(claimant(r)) {
			continue
		}
		t, err := e.rescue(ctx, tx, r)
		if errors.Is(err, errFenced) {
			continue // somebody else was quicker
		}
		if err != nil {
			return nil, err
		}
		taken = append(taken, t)
	}
	return taken, nil
}

// claimant is the process that has a job in hand.
func claimant(r *rivertype.JobRow) string {
	if len(r.AttemptedBy) == 0 {
		return ""
	}
	return r.AttemptedBy[len(r.AttemptedBy)-1]
}

// rescue takes a job from whoever has it. The job goes on under a new number: whatever the other process, or River in it, still says
// of the old one finds nothing, where under the same number it would end the attempt of somebody else.
func (e *engine) rescue(ctx context.Context, tx *store.Tx, r *rivertype.JobRow) (rescued, error) {
	t := rescued{from: claimant(r), tell: "queued again"}
	if err := json.Unmarshal(r.EncodedArgs, &t.job); err != nil {
		return t, fmt.Errorf("read job %d: %w", r.ID, err)
	}
	if err := e.exactly(ctx, tx, r, "running", `DELETE FROM river_job`); err != nil {
		return t, err
	}
	t.job.Lost++
	t.job.Tries += r.Attempt - 1
	if t.job.Lost >= e.o.MaxLost {
		t.tell = "failed"
		return t, tx.PutFailed(t.job.Run, t.job.Target, "lost", "the process that scanned it ended or stalled every time", t.job.Tries+t.job.Lost)
	}
	priority := r.Priority
	if t.job.Lost > 1 { // it may well be the target that kills: everything else goes first
		priority = last
	}
	_, err := e.client.InsertManyFastTx(ctx, tx.SQL(), []river.InsertManyParams{insertion(t.job, r.Queue, priority)})
	return t, err
}
