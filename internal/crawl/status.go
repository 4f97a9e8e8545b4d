package crawl

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"sprawl/internal/store"
)

// Status is how far the newest run has come, by the database's clock.
type Status struct {
	At         time.Time
	Run        store.Run // its ID is 0 where there never was one
	Head       Worker    // at the head of it, while it runs
	Hosts      []Host    // by name; of a run that has ended none
	InHand     []InHand  // oldest first
	Incomplete []store.Outcome
}

// Worker is a process that gives signs of life. The zero Worker is none.
type Worker struct {
	Name   string
	Silent time.Duration // since the last sign
}

// Host is how many jobs there are at one.
type Host struct {
	Name                    string // "" for targets without one
	Waiting, InHand, PutOff int
	Until                   time.Time // the first of those put off is due; zero where none is
}

// InHand is a target that is being scanned.
type InHand struct {
	Target store.Target
	Worker Worker
	Age    time.Duration // of this attempt
	Tries  int
}

// StatusOf reads the status of the newest run. The store may be read-only.
func StatusOf(ctx context.Context, s *store.Store) (Status, error) {
	db := dialectOf(s)
	client, err := river.NewClient(db.driver(s.DB()), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return Status{}, fmt.Errorf("read the queue: %w", err)
	}
	var st Status
	err = s.View(ctx, func(tx *store.Tx) error {
		v := view{tx: tx, db: db, client: client}
		st, err = v.status(ctx)
		return err
	})
	return st, err
}

// view reads a status in one transaction.
type view struct {
	tx     *store.Tx
	db     dialect
	client *river.Client[*sql.Tx]
	beats  map[int64]time.Time
}

func (v *view) status(ctx context.Context) (st Status, err error) {
	newest, ok, err := v.tx.LastRun()
	if err != nil || !ok {
		return st, err
	}
	if st.Run, err = v.tx.Run(newest.ID); err != nil {
		return st, err
	}
	if st.Incomplete, err = v.tx.Outcomes(st.Run.ID, store.Incomplete, store.Failed); err != nil {
		return st, err
	}
	var migrated bool // an imported store has runs and no queue
	if err := v.tx.SQL().QueryRowContext(ctx, v.db.migrated).Scan(&migrated); err != nil || !migrated {
		return st, err
	}
	if v.beats, st.At, err = beats(ctx, v.tx, v.db); err != nil {
		return st, err
	}
	if st.Head, err = v.head(ctx, st.Run, st.At); err != nil {
		return st, err
	}
	pending, err := v.tx.Outcomes(st.Run.ID, store.Pending)
	if err != nil {
		return st, err
	}
	if st.Hosts, err = v.hosts(ctx, st.Run.ID, pending); err != nil {
		return st, err
	}
	st.InHand, err = v.inHand(ctx, st, pending)
	return st, err
}

func (v *view) head(ctx context.Context, run store.Run, now time.Time) (w Worker, err error) {
	var at int64
	err = v.tx.SQL().QueryRowContext(ctx, `SELECT worker, at FROM crawl_lead WHERE office = $1`, office(run.Roots)).Scan(&w.Name, &at)
	if errors.Is(err, sql.ErrNoRows) || run.State != store.Running {
		return Worker{}, nil
	}
	w.Silent = now.Sub(time.UnixMicro(at))
	return w, err
}

func (v *view) hosts(ctx context.Context, run int64, pending []store.Outcome) ([]Host, error) {
	names := map[string]string{}
	for _, o := range pending {
		names[queueOf(o.Target.Host)] = o.Target.Host
	}
	by := map[string]*Host{}
	rows, err := v.tx.SQL().QueryContext(ctx, `SELECT queue, CAST(state AS TEXT), count(*), `+v.db.micros("min(scheduled_at)")+ofRun+
		`IN ('available', 'running', 'scheduled', 'retryable') GROUP BY queue, state`, run)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var queue, state string
		var n int
		var due int64
		if err := rows.Scan(&queue, &state, &n, &due); err != nil {
			return nil, err
		}
		h := by[queue]
		if h == nil {
			h = &Host{Name: names[queue]}
			by[queue] = h
		}
		h.add(rivertype.JobState(state), n, time.UnixMicro(due).UTC())
	}
	hosts := make([]Host, 0, len(by))
	for _, h := range by {
		hosts = append(hosts, *h)
	}
	slices.SortFunc(hosts, func(a, b Host) int { return strings.Compare(a.Name, b.Name) })
	return hosts, rows.Err()
}

func (h *Host) add(state rivertype.JobState, n int, due time.Time) {
	switch state {
	case rivertype.JobStateAvailable:
		h.Waiting += n
	case rivertype.JobStateRunning:
		h.InHand += n
	default:
		h.PutOff += n
		if h.Until.IsZero() || due.Before(h.Until) {
			h.Until = due
		}
	}
}

func (v *view) inHand(ctx context.Context, st Status, pending []store.Outcome) ([]InHand, error) {
	targets := map[int64]store.Target{}
	for _, o := range pending {
		targets[o.Target.ID] = o.Target
	}
	jobs, err := claims(ctx, v.client, v.tx)
	if err != nil {
		return nil, err
	}
	var all []InHand
	for id, r := range jobs {
		var j job
		if err := json.Unmarshal(r.EncodedArgs, &j); err != nil {
			return nil, fmt.Errorf("read job %d: %w", id, err)
		}
		if j.Run != st.Run.ID || r.AttemptedAt == nil {
			continue
		}
		seen := *r.AttemptedAt
		if v.beats[id].After(seen) {
			seen = v.beats[id]
		}
		all = append(all, InHand{
			Target: targets[j.Target], Worker: Worker{Name: claimant(r), Silent: st.At.Sub(seen)},
			Age: st.At.Sub(*r.AttemptedAt), Tries: j.Tries + r.Attempt,
		})
	}
	slices.SortFunc(all, func(a, b InHand) int {
		if a.Age != b.Age {
			return int(b.Age - a.Age)
		}
		return strings.Compare(a.Target.Name, b.Target.Name)
	})
	return all, nil
}
